"""Bad systems are caught: broken retriever, lying answerer, always refusing, citing while refusing, crashing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="the evals extra is not installed")

from evals import gates, terminal
from evals.cases import Suite
from evals.compare import compare
from evals.run import Run, load_run, run
from tests import fakes_evals as fakes


@pytest.fixture(scope="module")
def good() -> Run:
    return run(fakes.suite(), fakes.GoodSubject())


def caught(good: Run, subject: fakes.GoodSubject) -> set[str]:
    after = run(fakes.suite(), subject)
    breaches = gates.check(after, compare(good, after))
    assert gates.exit_status(breaches) == bool(breaches)
    return {breach.gate for breach in breaches}


def test_the_good_system_passes_every_gate(good: Run) -> None:
    assert gates.check(good, compare(good, good)) == []
    assert good.figure("nugget_recall").value == 1
    assert good.figure("correct_refusal").value == 1
    assert all(result.passed and result.blame is None for result in good.results)


def test_a_broken_retriever_is_caught(good: Run) -> None:
    assert {"nugget_recall", "evidence@5", "citation_precision", "correct_refusal"} <= caught(
        good, fakes.BrokenRetriever()
    )


def test_a_lying_answerer_is_caught(good: Run) -> None:
    assert "verbatim" in caught(good, fakes.LyingAnswerer())


def test_a_lying_answerer_is_caught_without_a_baseline() -> None:
    breaches = gates.check(run(fakes.suite(1), fakes.LyingAnswerer()))
    assert breaches[0].gate == "verbatim"
    assert set(breaches[0].cases) == {"who-0", "convoy-0", "when-0", "crash-0"} | {"none-0"} & set(breaches[0].cases)


class LyingInItsOwnWords(fakes.GoodSubject):
    """Quotes faithfully and says the contrary."""

    def ask(self, question: fakes.Question) -> fakes.Answer:
        answer = super().ask(question)
        return replace(answer, answer=f"It is not true that {answer.answer}") if answer.citations else answer


def test_an_answerer_that_says_other_words_than_it_quotes_is_caught(good: Run) -> None:
    assert caught(good, LyingInItsOwnWords()) == {"wording"}


def test_an_always_refusing_answerer_is_caught(good: Run) -> None:
    assert {"nugget_recall", "false_abstention"} <= caught(good, fakes.AlwaysRefusing())


def test_a_refusal_with_a_citation_is_caught(good: Run) -> None:
    assert "refusal" in caught(good, fakes.CitingRefuser())


def test_a_superseded_edition_is_caught_and_blamed(good: Run) -> None:
    after = run(fakes.suite(), fakes.WrongEdition())
    before = run(fakes.suite(), fakes.GoodSubject())
    assert "wrong_edition" in {breach.gate for breach in gates.check(after, compare(before, after))}
    assert {r.blame for r in after.results if r.id.startswith("when")} == {"wrong_edition"}


def test_a_crash_is_a_result_and_is_caught(good: Run) -> None:
    after = run(fakes.suite(), fakes.Crashing())
    assert {result.status for result in after.results} == {"error"}
    assert after.results[0].error == "RuntimeError: the index is gone"
    assert {"error", "nugget_recall", "false_abstention"} <= caught(good, fakes.Crashing())


def test_long_answers_are_caught() -> None:
    wordy = run(fakes.suite(1), fakes.GoodSubject())
    for result in wordy.results:
        result.scores["words"] = 151.0
    assert [breach.gate for breach in gates.check(wordy)] == ["words"]


def test_a_drop_within_noise_passes(good: Run) -> None:
    after = good.model_copy(deep=True)
    after.results[0].scores["nugget_recall"] = 0.0
    assert gates.check(after, compare(good, after)) == []


def test_stages_are_blamed() -> None:
    broken = run(fakes.suite(1), fakes.BrokenRetriever())
    blamed = {result.id: result.blame for result in broken.results}
    assert blamed["none-0"] == "answered_the_unanswerable"
    assert blamed["who-0"] == "retrieved_not_selected"  # six passages only: all are within the first ten
    refusing = run(fakes.suite(1), fakes.AlwaysRefusing())
    assert {r.blame for r in refusing.results if r.id != "none-0"} == {"selected_but_threshold"}


class WithoutCircular(fakes.GoodSubject):
    """The circular was never loaded."""

    def documents(self) -> dict[str, str]:
        return {"handbook": "x"}

    def search(self, question: fakes.Question, limit: int) -> list[fakes.Hit]:
        return [hit for hit in super().search(question, limit) if hit.document_id != "circular"]


class GarbledReader(fakes.GoodSubject):
    """The handbook is loaded, but its words were lost in reading."""

    def passages(self, document_id: str) -> list[tuple[str, str]]:
        return [(key, "□□□" if document_id == "handbook" else text) for key, text in super().passages(document_id)]

    def search(self, question: fakes.Question, limit: int) -> list[fakes.Hit]:
        return [hit for hit in super().search(question, limit) if hit.document_id != "handbook"]


class ShortSighted(GarbledReader):
    """The handbook is read and loaded, but never retrieved."""

    def passages(self, document_id: str) -> list[tuple[str, str]]:
        return fakes.GoodSubject.passages(self, document_id)


@pytest.mark.parametrize(
    ("subject", "case_id", "blame"),
    [
        (WithoutCircular(), "leave-0", "not_indexed"),
        (GarbledReader(), "who-0", "not_read"),
        (ShortSighted(), "who-0", "not_retrieved"),
    ],
)
def test_what_never_arrived_is_blamed_on_the_stage_that_lost_it(
    subject: fakes.GoodSubject, case_id: str, blame: str
) -> None:
    results = {result.id: result for result in run(fakes.suite(1), subject).results}
    assert results[case_id].blame == blame
    assert results[case_id].ranks == [None]


class HalfRetrieved(fakes.GoodSubject):
    """Answers from one of two passages that a question needs; the other is far down."""

    def search(self, question: fakes.Question, limit: int) -> list[fakes.Hit]:
        handbook = [hit for hit in super().search(question, 100) if hit.document_id == "handbook"]
        padding = [replace(handbook[0], passage_id=f"pad-{n}", text="nothing") for n in range(12)]
        circular = [hit for hit in super().search(question, 100) if hit.document_id == "circular"]
        return [*handbook, *padding, *circular][:limit]


def test_a_fact_whose_evidence_was_not_retrieved_is_not_blamed_on_selection() -> None:
    by_id = {case.id: case for case in fakes.suite(1).cases}
    who, leave = by_id["who-0"], by_id["leave-0"]
    both = who.model_copy(update={"facts": (*who.facts, *leave.facts), "evidence": (*who.evidence, *leave.evidence)})
    result = run(Suite("both", (both,), {}), HalfRetrieved()).results[0]
    assert result.blame == "not_retrieved"
    assert result.ranks[0] == 1 and (result.ranks[1] or 0) > 10


def test_comparing_runs_is_symmetrical(good: Run) -> None:
    other = run(fakes.suite(), fakes.BrokenRetriever())
    forth, back = compare(good, other), compare(other, good)
    assert (forth.verdict, back.verdict) == ("WORSE", "BETTER")
    assert (forth.fixed, forth.broken) == (back.broken, back.fixed)
    for change in forth.changes:
        mirrored = back.change(change.metric)
        assert mirrored is not None
        assert mirrored.difference.p == change.difference.p
        assert mirrored.difference.value == -change.difference.value
        assert (mirrored.difference.low, mirrored.difference.high) == (-change.difference.high, -change.difference.low)


def test_equal_runs_are_the_same(good: Run) -> None:
    comparison = compare(good, good)
    assert comparison.verdict == "SAME"
    assert (comparison.fixed, comparison.broken, comparison.worst_slice) == ((), (), None)


def test_the_worst_slice_is_the_type_that_lost_most(good: Run) -> None:
    after = good.model_copy(deep=True)
    for result in after.results:
        if result.type == "list":
            result.scores["nugget_recall"] = 0.0
    worst = compare(good, after).worst_slice
    assert worst is not None
    assert (worst.type, worst.change.difference.value, worst.change.difference.n) == ("list", -1, 8)
    assert worst.corrected_p >= worst.change.difference.p


def test_cases_that_changed_are_not_compared_but_named(good: Run) -> None:
    after = good.model_copy(deep=True)
    after.results[0].digest = "other"
    after.results[1].id = "new"
    comparison = compare(good, after)
    assert comparison.rewritten == ("who-0",)
    assert (comparison.added, comparison.removed) == (("new",), ("convoy-0",))
    change = comparison.change("nugget_recall")
    assert change is not None and change.difference.n == 38 == (change.now and change.now.n)
    assert comparison.uncompared == {"added": ("new",), "removed": ("convoy-0",), "rewritten": ("who-0",)}


def test_a_suite_that_lost_or_rewrote_accepted_cases_does_not_pass(good: Run) -> None:
    after = good.model_copy(deep=True)
    after.results[0].digest = "other"
    del after.results[1]
    breach = next(b for b in gates.check(after, compare(good, after)) if b.gate == "cases")
    assert breach.cases == ("convoy-0", "who-0") and "--accept" in breach.message
    more = good.model_copy(deep=True)
    more.results.append(more.results[0].model_copy(update={"id": "new"}))
    assert gates.check(more, compare(good, more)) == []


def test_a_reader_is_told_what_was_not_compared_and_where_too_few_cases_moved(good: Run) -> None:
    after = good.model_copy(deep=True)
    del after.results[1]
    after.results[0].scores["nugget_recall"] = 0.0
    after.conditions.settings["retrieval"] = "dense"
    after.conditions.documents |= {"handbook": "sha-new", "added": "sha"}
    assert terminal.caveats(compare(good, after)) == [
        "not compared, removed: 1 (convoy-0)",
        "other settings: retrieval",
        "other documents: added, handbook",
        "fewer than 6 cases moved, so p cannot get below 0.05: nugget recall",
    ]


def test_a_run_is_written_and_read_back_whole(good: Run, tmp_path: Path) -> None:
    good.save(tmp_path / "deep" / "run.json")
    assert load_run(tmp_path / "deep" / "run.json") == good


def test_a_run_says_under_what_conditions_it_was_made(good: Run) -> None:
    conditions = good.conditions
    assert conditions.settings == {"retrieval": "keyword"}
    assert conditions.index == "fake-1"
    assert conditions.documents["handbook"] == "sha-handbook"
    assert conditions.machine["cores"] and conditions.libraries["scipy"]


def test_the_baseline_holds_scores_and_no_words_of_documents(good: Run) -> None:
    slim = good.slim()
    written = slim.model_dump_json()
    assert not any(text[:40] in written for _, text in fakes.PASSAGES.values())
    assert compare(slim, good).verdict == "SAME"
    assert len(compare(slim, good).changes) == len(compare(good, good).changes)


def test_risk_coverage_of_a_run_counts_every_question(good: Run) -> None:
    curve = good.risk_coverage()
    assert curve.coverage[-1] == pytest.approx(40 / 48)
    assert curve.area == 0
    assert run(fakes.suite(1), fakes.AlwaysRefusing()).risk_coverage().coverage == ()
    assert run(fakes.suite(1), fakes.BrokenRetriever()).risk_coverage().risk[-1] > 0.5
