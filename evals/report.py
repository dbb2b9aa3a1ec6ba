"""One self-contained HTML page: verdict, headline, what changed, where it fails, then every failing case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from evals import plots
from evals.compare import Change, Comparison
from evals.gates import Breach
from evals.judge import Judgement
from evals.metrics import Figure, p_value
from evals.report_cases import case_details
from evals.robustness import Drop
from evals.run import CaseResult, Run
from evals.scoring import BLAME_WORDS, METRICS, Metric
from evals.style import CSS, SCRIPT
from evals.terminal import caveats, interval, judge_line, share, verdict, worst_words


def write_report(
    run: Run,
    breaches: Sequence[Breach],
    comparison: Comparison | None,
    folder: Path,
    drops: Sequence[Drop] = (),
    judgement: Judgement | None = None,
) -> Path:
    """Write `index.html` and `run.json` into a folder, which is made if need be, and give the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    run.save(folder / "run.json")
    page = folder / "index.html"
    page.write_text(report_page(run, breaches, comparison, drops, judgement), encoding="utf-8")
    return page


def report_page(
    run: Run,
    breaches: Sequence[Breach] = (),
    comparison: Comparison | None = None,
    drops: Sequence[Drop] = (),
    judgement: Judgement | None = None,
) -> str:
    """The page as HTML that loads nothing from anywhere."""
    word = verdict(breaches, comparison)
    title = f"{word} · {run.conditions.suite} · Focal Point evals"
    sections = [
        _header(run, word, comparison),
        *(_breach(breach) for breach in breaches),
        _cards(run, comparison),
        f'<div class="pair"><div class="stack">{_by_type(run, comparison)}{_latency(run)}</div>'
        f'<div class="stack">{_blame(run)}{_risk(run)}</div></div>',
        _metrics(run, comparison),
        _types(comparison),
        _robustness(drops),
        f"<p>{escape(judge_line(judgement))}</p>" if judgement else "",
        _cases(run, comparison),
        _conditions(run),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}</style></head>'
        f"<body><main>{''.join(sections)}</main><script>{SCRIPT}</script></body></html>\n"
    )


def _header(run: Run, word: str, comparison: Comparison | None) -> str:
    conditions = run.conditions
    half = {"all": "all cases", "dev": "calibration half", "test": "held-out half"}.get(
        conditions.half, conditions.half
    )
    before = f"{comparison.before.name} → " if comparison else ""
    failed = sum(not result.passed for result in run.results)
    tally = [f'<a href="#failing"><b class="{"bad" if failed else "good"}">{failed}</b><small>failing</small></a>']
    if comparison:
        fixed, broken = len(comparison.fixed), len(comparison.broken)
        tally.insert(0, f'<a href="#broken"><b class="{"bad" if broken else ""}">{broken}</b><small>broken</small></a>')
        tally.insert(0, f'<a href="#fixed"><b class="{"good" if fixed else ""}">{fixed}</b><small>fixed</small></a>')
    lines = [worst_words(comparison).removeprefix(" · "), *caveats(comparison)] if comparison else []
    line = "".join(f"<p>{escape(each)}</p>" for each in lines if each)
    return (
        f'<header><div class="verdict {word}">{word}</div><div><h1>{escape(conditions.suite)}, {half}</h1>'
        f"<p>{escape(before + run.name)} · {len(run.results)} cases · {conditions.seconds:.0f} s</p>{line}</div>"
        f'<div class="tally">{"".join(tally)}</div></header>'
    )


def _breach(breach: Breach) -> str:
    links = ", ".join(_link(case, breach.gate != "cases") for case in breach.cases[:12]) + (
        " …" if len(breach.cases) > 12 else ""
    )
    return f'<p class="breach"><b>{escape(breach.gate)}</b>: {escape(breach.message)}<br>{links}</p>'


def _link(case_id: str, is_shown: bool = True) -> str:
    if not is_shown:
        return escape(case_id)
    return f'<a href="#case-{escape(case_id)}">{escape(case_id)}</a>'


def _cards(run: Run, comparison: Comparison | None) -> str:
    cards = []
    for name, metric in METRICS.items():
        figure = comparison.figure(name) if comparison else run.figure(name)
        if not metric.headline or not figure.n:
            continue
        change = comparison.change(name) if comparison else None
        before = change.difference.before if change else None
        line = plots.whisker(figure, before) if metric.unit == "share" else ""
        percent = "<small> %</small>" if metric.unit == "share" else ""
        cards.append(
            f'<div class="card"><div class="name">{metric.label}</div>'
            f'<div class="value">{share(figure.value, metric.unit)}{percent}</div>{line}'
            f'<div class="interval">{interval(figure.low, figure.high, metric.unit)} · n = {figure.n}</div>'
            f"{_change(change)}</div>"
        )
    latency = run.latency().get("answer")
    if latency:
        cards.append(
            f'<div class="card"><div class="name">whole answer, p95</div><div class="value">{latency["p95"]:.0f}'
            f'<small> ms</small></div><div class="interval">p50 {latency["p50"]:.0f} ms · n = {latency["n"]:.0f}</div>'
            "</div>"
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _change(change: Change | None) -> str:
    if change is None:
        return ""
    style = {"better": "good", "worse": "bad", "unclear": "soft"}[change.direction]
    return f'<div class="change {style}">{_points(change)} · p {p_value(change.difference.p)}</div>'


def _points(change: Change) -> str:
    moved, unit = change.difference, METRICS[change.metric].unit
    return f"{share(moved.value, unit, True)} {interval(moved.low, moved.high, unit, True)}"


def _by_type(run: Run, comparison: Comparison | None) -> str:
    was = {s.type: s.change.difference.before for s in comparison.slices} if comparison else {}
    rows = [plots.Bar(of_type, _type_figure(run, of_type), was.get(of_type)) for of_type in run.types()]
    rows = sorted((row for row in rows if row.figure.n), key=lambda row: row.figure.value)
    note = "nugget recall; correct refusal or right status where a type has no facts; % with 95 % interval"
    tick = " · tick: before" if comparison else ""
    return (
        f'<section class="box"><h2>By type of case</h2>{plots.bars(rows, "score by type")}'
        f'<p class="soft">{note}{tick}</p></section>'
    )


def _type_figure(run: Run, of_type: str) -> Figure:
    return next(
        (f for name in ("nugget_recall", "correct_refusal") if (f := run.figure(name, of_type)).n),
        run.figure("status", of_type),
    )


def _blame(run: Run) -> str:
    blamed = {blame: [r.id for r in run.results if r.blame == blame and not r.passed] for blame in BLAME_WORDS}
    partly = sum(r.blame is not None and r.passed for r in run.results)
    rows = [
        f'<tr><td><a href="#case-{escape(ids[0])}">{escape(BLAME_WORDS[blame])}</a></td>'
        f'<td class="n">{len(ids)}</td></tr>'
        for blame, ids in sorted(blamed.items(), key=lambda item: -len(item[1]))
        if ids
    ]
    rows.append(f'<tr class="grey"><td>passed, but some facts missing</td><td class="n">{partly}</td></tr>')
    return f'<section class="box"><h2>Stage to blame</h2><table>{"".join(rows)}</table></section>'


def _risk(run: Run) -> str:
    curve = run.risk_coverage()
    area = f"{curve.area:.3f} [{curve.low:.3f}, {curve.high:.3f}], n = {len(curve.risk)}" if curve.coverage else "–"
    return (
        f'<section class="box"><h2>Risk over coverage <span class="soft">· area {area}</span></h2>'
        f"{plots.risk_coverage_plot(curve)}"
        '<p class="soft">% of facts missing among the most confident answers</p></section>'
    )


def _latency(run: Run) -> str:
    rows = [
        f'<tr><td>{escape(stage)}</td><td class="n">{t["p50"]:.0f}</td>'
        f'<td class="n">{t["p95"]:.0f} [{t["p95 low"]:.0f}, {t["p95 high"]:.0f}]</td>'
        f'<td class="n">{t["p99"]:.0f}</td><td class="n">{t["n"]:.0f}</td></tr>'
        for stage, t in run.latency().items()
    ]
    heads = '<tr><th></th><th class="n">p50</th><th class="n">p95</th><th class="n">p99</th><th class="n">n</th></tr>'
    return f'<section class="box"><h2>Latency, ms</h2><table>{heads}{"".join(rows)}</table></section>'


def _metrics(run: Run, comparison: Comparison | None) -> str:
    rows = [_metric_row(name, metric, run, comparison) for name, metric in METRICS.items() if run.figure(name).n]
    base = '<th class="n">before</th>' if comparison else ""
    diff = '<th class="n">change</th><th class="n">p</th><th class="n">moved</th>' if comparison else ""
    heads = f'<tr><th>metric</th>{base}<th class="n">now</th><th class="n">95 %</th>{diff}<th class="n">n</th></tr>'
    return f'<h2>All metrics</h2><section class="box scroll"><table>{heads}{"".join(rows)}</table></section>'


def _types(comparison: Comparison | None) -> str:
    """Every type of case, paired; the one that lost most first."""
    if comparison is None or not comparison.slices:
        return ""
    rows = []
    for of_type in comparison.slices:
        moved, metric = of_type.change.difference, METRICS[of_type.change.metric]
        numbers = [
            share(moved.before),
            share(moved.after),
            _points(of_type.change),
            p_value(of_type.corrected_p).lstrip("= "),
            str(moved.moved),
            str(moved.n),
        ]
        cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
        rows.append(f"<tr><td>{escape(of_type.type)}</td><td>{metric.label}</td>{cells}</tr>")
    names = ("before", "now", "change", "p, corrected", "moved", "n")
    heads = "".join(f'<th class="n">{name}</th>' for name in names)
    return (
        f'<h2>By type, paired</h2><section class="box scroll"><table><tr><th>type</th><th>metric</th>{heads}</tr>'
        f"{''.join(rows)}</table></section>"
    )


def _metric_row(name: str, metric: Metric, run: Run, comparison: Comparison | None) -> str:
    figure = comparison.figure(name) if comparison else run.figure(name)
    cells = [metric.label + (" ·&nbsp;gated" if metric.gated else "")]
    change = comparison.change(name) if comparison else None
    numbers = [share(figure.value, metric.unit), interval(figure.low, figure.high, metric.unit)]
    if comparison:
        moved = change.difference if change else None
        numbers.insert(0, share(moved.before, metric.unit) if moved else "–")
        numbers += (
            [_points(change), p_value(moved.p).lstrip("= "), str(moved.moved)] if change and moved else ["–", "", ""]
        )
    numbers.append(str(figure.n))
    direction = change.direction if change else "unclear"
    style = {"better": "good", "worse": "bad", "unclear": "grey" if comparison else ""}[direction]
    return f'<tr class="{style}"><td>{cells[0]}</td>{"".join(f"<td class=n>{number}</td>" for number in numbers)}</tr>'


def _robustness(drops: Sequence[Drop]) -> str:
    if not drops:
        return ""
    rows = []
    for drop in drops:
        moved, change = drop.difference, Change(drop.metric, drop.difference)
        style = {"better": "good", "worse": "bad", "unclear": "grey"}[change.direction]
        numbers = [
            share(moved.before),
            share(moved.after),
            _points(change),
            p_value(moved.p).lstrip("= "),
            str(moved.n),
        ]
        cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
        rows.append(f'<tr class="{style}"><td>{drop.variant}</td><td>{METRICS[drop.metric].label}</td>{cells}</tr>')
    heads = "".join(f'<th class="n">{name}</th>' for name in ("clean", "varied", "change", "p", "n"))
    return (
        f'<h2>Robustness</h2><section class="box scroll"><table><tr><th>question</th><th>metric</th>{heads}</tr>'
        f"{''.join(rows)}</table></section>"
    )


def _cases(run: Run, comparison: Comparison | None) -> str:
    before = {result.id: result for result in comparison.before.results} if comparison else {}
    broken = set(comparison.broken) if comparison else set()
    fixed = set(comparison.fixed) if comparison else set()
    failing = [r for r in run.results if not r.passed and r.id not in broken]
    partly = [r for r in run.results if r.passed and r.blame and r.id not in fixed]
    passing = [r for r in run.results if r.passed and not r.blame and r.id not in fixed]

    def listed(results: Sequence[CaseResult]) -> str:
        return "".join(case_details(result, before.get(result.id)) for result in results) or "<p class=soft>none</p>"

    parts = []
    if comparison:
        parts.append(
            f'<section id="broken"><h2>Broken</h2>{listed([r for r in run.results if r.id in broken])}</section>'
        )
        parts.append(f'<section id="fixed"><h2>Fixed</h2>{listed([r for r in run.results if r.id in fixed])}</section>')
    parts.append(f'<h2 id="failing">Failing{" as before" if comparison else ""}</h2>')
    for blame, words in [*BLAME_WORDS.items(), (None, "status not as expected")]:
        blamed = [result for result in failing if result.blame == blame]
        if blamed:
            parts.append(f"<h3>{escape(words)} ({len(blamed)})</h3>{listed(blamed)}")
    parts.append(
        f'<details class="more"><summary>{len(partly)} passed with facts missing</summary>{listed(partly)}</details>'
    )
    parts.append(f'<details class="more"><summary>{len(passing)} passed in full</summary>{listed(passing)}</details>')
    return "".join(parts)


def _conditions(run: Run) -> str:
    text = json.dumps(run.conditions.model_dump(), indent=1, ensure_ascii=False)
    return f'<details class="more"><summary>conditions of this run</summary><pre>{escape(text)}</pre></details>'
