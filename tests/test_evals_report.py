"""The report and the terminal summary hold what they claim, and nothing is loaded from anywhere."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="the evals extra is not installed")

from rich.console import Console

from evals import gates, judge, results, robustness, terminal
from evals.cases import Case
from evals.compare import Comparison, compare
from evals.report import report_page, write_report
from evals.report_cases import case_details
from evals.run import Run, load_run, run
from tests import fakes_evals as fakes

VOID = {"meta", "link", "br", "img", "input", "line", "rect", "polyline", "polygon"}


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Broken retrieval, with one case repaired by it on purpose."""
    before = run(fakes.suite(), fakes.GoodSubject())
    after = run(fakes.suite(), fakes.BrokenRetriever())
    before.results[0].passed, after.results[0].passed = False, True
    return compare(before, after)


@pytest.fixture(scope="module")
def page(comparison: Comparison) -> str:
    return report_page(comparison.after, gates.check(comparison.after, comparison), comparison)


class Outline(HTMLParser):
    """Checks nesting and collects ids, links and what would be fetched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        if tag == "a":
            self.links.append(found.get("href") or "")
        self.fetched += [str(found[name]) for name in ("src", "srcset", "data") if name in found]
        self.fetched += [str(found.get("href"))] if tag == "link" else []
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.stack.pop() == tag


def test_the_page_is_well_formed_and_self_contained(page: str) -> None:
    outline = Outline(page)
    assert outline.stack == []
    assert outline.fetched == []
    assert not re.search(r"https?:|@import|url\(", page)
    assert len(outline.ids) == len(set(outline.ids))


def test_every_link_leads_to_something_on_the_page(page: str) -> None:
    outline = Outline(page)
    assert outline.links
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)


def test_the_page_says_the_verdict_the_counts_and_the_worst_slice_first(page: str, comparison: Comparison) -> None:
    top = page[page.index("<body>") : page.index('class="cards"')]
    assert ">FAIL<" in top
    assert 'href="#fixed"><b class="good">1<' in top
    assert f'href="#broken"><b class="bad">{len(comparison.broken)}<' in top
    assert comparison.worst_slice is not None and f"worst slice: {comparison.worst_slice.type}" in top


def test_headline_figures_stand_with_interval_number_and_change(page: str, comparison: Comparison) -> None:
    card = re.search(r'<div class="card"><div class="name">nugget recall.*?</div></div>', page)
    assert card is not None
    change = comparison.change("nugget_recall")
    assert change is not None
    assert "0.0<small> %</small>" in card[0]
    assert "n = 40" in card[0]
    assert "-100.0 [-100.0, -100.0] · p &lt; 0.001" in card[0] or "p < 0.001" in card[0]


def test_broken_and_fixed_cases_stand_under_their_headings(page: str, comparison: Comparison) -> None:
    broken = page[page.index('id="broken"') : page.index('id="fixed"')]
    fixed = page[page.index('id="fixed"') : page.index('id="failing"')]
    assert re.findall(r'id="case-([^"]+)"', broken) == list(comparison.broken)
    assert re.findall(r'id="case-([^"]+)"', fixed) == ["who-0"]


def test_every_case_is_on_the_page_once(page: str, comparison: Comparison) -> None:
    shown = re.findall(r'id="case-([^"]+)"', page)
    assert sorted(shown) == sorted(result.id for result in comparison.after.results)


def test_a_failing_case_shows_all_that_is_needed_to_find_the_cause(comparison: Comparison) -> None:
    result = next(r for r in comparison.after.results if r.id == "leave-0")
    shown = case_details(result)
    assert "How many days of annual leave" in shown
    assert '<li class="no">sixty</li>' in shown
    assert "Staff members may carry over at most sixty days of annual" in shown  # where it stands
    assert f"evidence: rank {result.ranks[0]}" in shown
    assert "holds the evidence" in shown
    assert "<b>retrieved but not selected</b>" in shown
    assert result.answer is not None and f"<mark>{result.answer['citations'][0]['quote']}</mark>" in shown


def test_text_from_documents_and_questions_is_escaped() -> None:
    hostile = '<script>alert("x")</script>'
    after = run(fakes.suite(1), fakes.GoodSubject())
    result = after.results[0].model_copy(deep=True)
    assert result.case and result.answer
    result.case = result.case.model_copy(update={"question": hostile})
    result.answer["answer"] = hostile
    result.answer["citations"][0]["quote"] = "script"
    result.passages[0]["text"] = result.passages[0]["document_id"] = hostile
    result.error = hostile
    shown = case_details(result)
    assert "<script" not in shown
    assert "&lt;<mark>script</mark>&gt;" in shown


def test_the_report_is_a_page_and_the_run_beside_it(tmp_path: Path, comparison: Comparison) -> None:
    page = write_report(comparison.after, [], comparison, tmp_path / "report")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert load_run(tmp_path / "report" / "run.json") == comparison.after


def test_a_report_without_a_baseline_or_answers_is_still_whole() -> None:
    for subject in (fakes.Crashing(), fakes.AlwaysRefusing()):
        outline = Outline(report_page(run(fakes.suite(1), subject)))
        assert outline.stack == []


def test_robustness_and_judge_stand_in_the_report() -> None:
    clean = run(fakes.suite(), fakes.GoodSubject())
    varied = run(robustness.vary(fakes.suite(), "misspelt"), fakes.GoodSubject())
    opinion = judge.judge(clean, lambda prompt: '{"grade": "some", "reason": "half"}')
    page = report_page(clean, [], None, robustness.drops(clean, {"misspelt": varied}), opinion)
    assert "<td>misspelt</td><td>nugget recall</td>" in page
    assert "judge (beside the scores, no gate): 50.0" in page


def printed(after: Run, before: Run | None = None) -> str:
    out = io.StringIO()
    comparison = compare(before, after) if before else None
    terminal.summary(after, gates.check(after, comparison), comparison, Console(file=out, width=110))
    return out.getvalue()


def test_the_terminal_summary_starts_with_the_verdict_and_names_broken_gates() -> None:
    good = run(fakes.suite(), fakes.GoodSubject())
    assert printed(good).startswith("PASS  fake (all)")
    assert printed(good, good).startswith("SAME")
    assert re.search(r"risk over coverage\s+0\.000\s+\[0\.000, 0\.000\]\s+\d+\n", printed(good))
    assert re.search(r"answer p95, ms\s+\d+\s+\[\d+, \d+\]\s+\d+\n", printed(good))
    text = printed(run(fakes.suite(), fakes.LyingAnswerer()), good)
    assert text.startswith("FAIL")
    assert "gate verbatim: a quote does not stand word for word" in text
    assert re.search(r"quotes verbatim\s+100.0\s+\d+\.\d\s+\[", text)


def test_a_question_with_markup_is_printed_as_it_is() -> None:
    case = Case(id="m", type="unanswerable", question="[red]what[/red] [/]", status="not_found")  # type: ignore[arg-type]
    text = printed(run(fakes.Suite("m", (case,), {"m": "m:1"}), fakes.LyingAnswerer()))
    assert "[red]what[/red] [/]" in text


def test_shares_and_intervals_read_well() -> None:
    assert terminal.share(0.1234) == "12.3"
    assert terminal.share(-0.05, signed=True) == "-5.0"
    assert terminal.share(float("nan")) == "–"
    assert terminal.interval(0.1, 0.2) == "[10.0, 20.0]"
    assert terminal.share(142.42, "count") == "142.4"


def test_the_results_page_shows_both_systems_paired_and_by_type(comparison: Comparison) -> None:
    text = "\n\n".join(results.tables("fake", comparison.before, comparison.after))
    change = comparison.change("nugget_recall")
    assert change is not None
    moved = change.difference
    difference = f"{terminal.share(moved.value, signed=True)} {terminal.interval(moved.low, moved.high, signed=True)}"
    assert re.search(
        rf"^\| nugget recall \| [^|]+ \| [^|]+ \| {re.escape(difference)} \| < 0.001 \| 40 \|$", text, re.M
    )
    by_type = text[text.index("nugget recall by type") : text.index("evidence@5 by type")]
    scored = {r.type for r in comparison.after.results if "nugget_recall" in r.scores}
    assert set(re.findall(r"^\| (\w+) \| ", by_type, re.M)) - {"type"} == scored


def test_broken_and_fixed_stand_in_sections_that_their_counts_open(page: str, comparison: Comparison) -> None:
    for name, ids in (("broken", comparison.broken), ("fixed", comparison.fixed)):
        section = page[page.index(f'<section id="{name}">') :]
        section = section[: section.index("</section>")]
        assert set(re.findall(r'id="case-([^"]+)"', section)) == set(ids)
    assert '"#broken"' in page and "details.case" in page[page.index("<script>") :]


def test_every_type_is_shown_paired_and_the_reader_is_warned_of_too_few_moved_cases(comparison: Comparison) -> None:
    page = report_page(comparison.after, [], comparison)
    table = page[page.index("By type, paired") :]
    assert all(f"<td>{of_type.type}</td>" in table for of_type in comparison.slices)
    one = run(fakes.suite(), fakes.GoodSubject())
    other = one.model_copy(deep=True)
    other.results[0].scores["nugget_recall"] = 0.0
    assert "fewer than 6 cases moved" in report_page(other, [], compare(one, other))
