"""The look of the report: one style sheet for light and dark, and the few lines of script that open a linked case."""

CSS = """
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #5d6b7c; --line: #dfe4ea; --faint: #eef1f5;
  --blue: #1769aa; --bar: #5b92e5; --good: #1c7c4a; --bad: #c0362c; --warn: #a66a00; --mark: #fff0b3; --hit: #e3f3e8; }
@media (prefers-color-scheme: dark) { :root {
  --page: #12161c; --card: #1a2029; --ink: #e4e9f0; --soft: #93a1b3; --line: #2c3542; --faint: #222a35;
  --blue: #7db8f0; --bar: #4f86d9; --good: #5cc98c; --bad: #ff8479; --warn: #f0b955; --mark: #5a4a12; --hit: #17382a;
  } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 80px; }
a { color: var(--blue); text-decoration: none; } a:hover { text-decoration: underline; }
h2 { font-size: 17px; margin: 36px 0 10px; } h3 { font-size: 13px; margin: 14px 0 4px; color: var(--soft);
  font-weight: 600; text-transform: uppercase; letter-spacing: .04em; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
header { display: flex; gap: 20px; align-items: center; flex-wrap: wrap; }
.verdict { font-size: 30px; font-weight: 800; letter-spacing: .03em; padding: 6px 22px; border-radius: 10px;
  color: #fff; background: #2f7d52; }
.verdict.FAIL, .verdict.WORSE { background: #b93a30; } .verdict.MIXED { background: #9a6500; }
.verdict.SAME { background: #4d6076; }
header h1 { font-size: 20px; margin: 0; } header p { margin: 2px 0 0; color: var(--soft); }
.tally { margin-left: auto; display: flex; gap: 10px; } .tally a, .tally span { border: 1px solid var(--line);
  background: var(--card); border-radius: 10px; padding: 6px 14px; text-align: center; color: var(--ink); }
.tally b { display: block; font-size: 22px; line-height: 1.2; } .tally small { color: var(--soft); }
.breach { border-left: 4px solid var(--bad); background: var(--card); margin: 12px 0 0; padding: 8px 14px;
  border-radius: 0 8px 8px 0; }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin: 22px 0 0; }
.card, section.box { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.card .name { color: var(--soft); font-size: 13px; } .card .value { font-size: 28px; font-weight: 700;
  line-height: 1.25; }
.card .value small { font-size: 15px; font-weight: 500; color: var(--soft); } .card .interval { font-size: 13px;
  color: var(--soft); } .card .change { font-size: 13px; margin-top: 4px; font-weight: 600; }
.pair { margin-top: 14px; display: grid; grid-template-columns: 3fr 2fr; gap: 14px; align-items: start; }
.stack { display: grid; gap: 14px; }
@media (max-width: 820px) {
  .cards { grid-template-columns: repeat(2, 1fr); } .pair { grid-template-columns: 1fr; } .tally { margin-left: 0; } }
section.box h2 { margin: 0 0 8px; font-size: 15px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 12.5px; } td.n, th.n { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--faint); vertical-align: top; }
tr.grey td { color: var(--soft); } tr:last-child td { border-bottom: 0; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
svg .soft { fill: var(--soft); } svg .bar { fill: var(--bar); opacity: .85; } svg .axis { stroke: var(--line); }
svg .whisker { stroke: var(--ink); stroke-width: 1.3; opacity: .75; } svg .curve { fill: none; stroke: var(--blue);
  stroke-width: 2; } svg .shade { fill: var(--blue); opacity: .1; } svg .before { stroke: var(--warn);
  stroke-width: 2.5; }
details.case { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 8px 0;
  padding: 0 16px; scroll-margin-top: 12px; }
details.case > summary { cursor: pointer; padding: 10px 0; display: flex; gap: 12px; align-items: baseline;
  list-style: none; } details.case > summary::-webkit-details-marker { display: none; }
details.case > summary::before { content: "\\25B8"; color: var(--soft); } details[open].case > summary::before {
  content: "\\25BE"; } summary .id { font: 12.5px ui-monospace, Consolas, monospace; color: var(--soft);
  flex: 0 0 auto; }
summary .q { flex: 1 1 auto; overflow-wrap: anywhere; } .tag { font-size: 12px; border-radius: 999px; padding: 1px 9px;
  border: 1px solid var(--line); color: var(--soft); white-space: nowrap; flex: 0 0 auto; }
.tag.bad { border-color: var(--bad); color: var(--bad); } .tag.good { border-color: var(--good); color: var(--good); }
@media (max-width: 700px) { details.case > summary { flex-wrap: wrap; } }
.answer { white-space: pre-wrap; background: var(--faint); border-radius: 8px; padding: 10px 14px;
  overflow-wrap: anywhere; }
mark { background: var(--mark); color: inherit; border-radius: 3px; padding: 0 1px; }
ul.facts { list-style: none; padding: 0; margin: 0; } ul.facts li::before { display: inline-block; width: 1.4em;
  font-weight: 700; } ul.facts li.yes::before { content: "\\2713"; color: var(--good); }
ul.facts li.no::before { content: "\\2717"; color: var(--bad); }
ol.passages { margin: 0; padding-left: 1.8em; font-size: 13.5px; } ol.passages li { padding: 3px 8px;
  border-radius: 6px;
  overflow-wrap: anywhere; } ol.passages li.hit { background: var(--hit); }
blockquote { margin: 4px 0; padding: 0 0 0 12px; border-left: 3px solid var(--line); font-size: 14px; }
details.more > summary { cursor: pointer; color: var(--blue); padding: 8px 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 12.5px/1.5 ui-monospace, Consolas, monospace; }
"""

SCRIPT = """
function openLinked() {
  var id = decodeURIComponent(location.hash.slice(1)), place = id && document.getElementById(id);
  for (var at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  if (place && (id === "broken" || id === "fixed"))
    for (var cases = place.querySelectorAll("details.case"), i = 0; i < cases.length; i++) cases[i].open = true;
  if (place) place.scrollIntoView();
}
addEventListener("hashchange", openLinked); openLinked();
"""
