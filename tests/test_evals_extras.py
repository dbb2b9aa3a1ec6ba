"""Robustness variants, BEIR collections, the judge, drafts from the log, and the baseline file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="the evals extra is not installed")

from assistant.answerers.model_line import ModelFailure
from evals import baseline, beir, command, drafts, judge, robustness, terminal
from evals.cases import Case, CaseError, Suite, load
from evals.run import run
from tests import fakes_evals as fakes


def one(question: str, **more: object) -> Suite:
    case = Case.model_validate({"id": "c", "type": "role", "question": question, "status": "not_found", **more})
    return Suite("s", (case,), {"c": "s:1"})


def varied(question: str, variant: str) -> str:
    return robustness.vary(one(question), variant).cases[0].question


def test_misspelt_changes_one_or_two_long_words_the_same_way_each_time() -> None:
    question = "Who coordinates humanitarian assistance in the eastern sector"
    result = varied(question, "misspelt")
    changed = [(a, b) for a, b in zip(question.split(), result.split(), strict=True) if a != b]
    assert 1 <= len(changed) <= 2
    assert all(len(a) >= 5 and a[0] == b[0] and a[-1] == b[-1] for a, b in changed)
    assert varied(question, "misspelt") == result


def test_acronyms_are_written_out_and_long_forms_shortened() -> None:
    assert varied("does the SRSG chair it?", "acronyms swapped") == (
        "does the Special Representative of the Secretary-General chair it?"
    )
    assert (
        varied("what do rules of engagement say on POC?", "acronyms swapped")
        == "what do ROE say on protection of civilians?"
    )
    assert varied("the deputy special representative of the secretary-general", "acronyms swapped") == "the DSRSG"


def test_capitals_keywords_and_slack_noise() -> None:
    assert varied("who leads it?", "all capitals") == "WHO LEADS IT"
    assert varied("Who is the head of the S/2025/54 mission?", "keywords only") == "head S/2025/54 mission"
    noisy = varied("who leads it?", "Slack noise")
    assert noisy.startswith("<@U") and "who leads it?" in noisy


def test_a_question_that_a_variant_does_not_change_is_left_out() -> None:
    assert robustness.vary(one("who leads?"), "acronyms swapped").cases == ()
    assert robustness.vary(one("les ports au bord of the sea"), "acronyms swapped").cases == ()


def test_a_variant_that_would_give_the_fact_away_is_left_out() -> None:
    evidence = [{"document": "d", "quote": "one two three four five six seven eight"}]
    suite = one("what is POC?", facts=[["protection of civilians"]], evidence=evidence, status=None)
    assert robustness.vary(suite, "acronyms swapped").cases == ()
    assert len(robustness.vary(suite, "all capitals").cases) == 1


def test_drops_are_paired_over_the_varied_cases_only() -> None:
    clean = run(fakes.suite(), fakes.GoodSubject())
    broken = run(robustness.vary(fakes.suite(2), "all capitals"), fakes.BrokenRetriever())
    found = {drop.metric: drop.difference for drop in robustness.drops(clean, {"all capitals": broken})}
    assert found["nugget_recall"].n == 10
    assert found["nugget_recall"].value == -1
    assert found["correct_refusal"].n == 2


def collection(folder: Path, **files: str) -> Path:
    (folder / "qrels").mkdir()
    rows = {
        "corpus": [
            {"_id": "d1", "title": "Tea", "text": "Tea is grown in Kenya."},
            {"_id": "d2", "text": "Rice grows in water."},
        ],
        "queries": [
            {"_id": "q1", "text": "Where does tea grow?", "history": [
                {"speaker": "user", "text": "hi"}, {"speaker": "agent", "text": "hello"}]},
            {"_id": "q2", "text": "no qrels"},
        ],
    }  # fmt: skip
    for name, content in rows.items():
        text = files.get(name, "\n".join(json.dumps(row) for row in content))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(
        files.get("qrels", "query-id\tcorpus-id\tscore\nq1\td1\t1\n"), encoding="utf-8"
    )
    return folder


def test_a_beir_folder_is_read_with_the_users_turns_only(tmp_path: Path) -> None:
    found = beir.load_collection(collection(tmp_path))
    assert found.texts == {"d1": ("Tea", "Tea is grown in Kenya."), "d2": ("", "Rice grows in water.")}
    assert found.queries == (beir.Query("q1", "Where does tea grow?", ("hi",)),)
    assert found.relevant == {"q1": {"d1": 1}}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"corpus": "{"}, "corpus.jsonl:1:"),
        ({"corpus": '{"_id": "d1"}'}, "corpus.jsonl:1: no field text"),
        ({"qrels": "q1 d1 1\n"}, "test.tsv:1: expected query id"),
        ({"qrels": "query-id\tcorpus-id\tscore\n"}, "no question has qrels"),
        (
            {"qrels": "query-id\tcorpus-id\tscore\nq1\tx9\t1\n"},
            "1 texts of qrels are not in corpus.jsonl, such",
        ),
    ],
)
def test_a_faulty_beir_folder_is_refused_with_file_and_line(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(CaseError, match=message):
        beir.load_collection(collection(tmp_path, **files))


def test_beir_figures_count_an_unanswered_question_as_zero(tmp_path: Path) -> None:
    found = beir.load_collection(collection(tmp_path))
    assert beir.measure(found, {})["nDCG@10"].value == 0
    assert beir.measure(found, {"q1": ["d2", "d1"]})["nDCG@10"].value == pytest.approx(1 / math.log2(3))
    assert beir.measure(found, {"q1": ["d2", "d1"]})["R@5"].value == 1


def test_the_judge_sees_answers_only_and_its_agreement_is_reported() -> None:
    measured = run(fakes.suite(1), fakes.GoodSubject())
    seen: list[str] = []

    def ask(prompt: str) -> str:
        seen.append(prompt)
        return "nonsense" if len(seen) == 1 else 'Sure: {"grade": "all", "reason": "complete"}'

    found = judge.judge(measured, ask)
    assert len(seen) == 5
    assert "- deputy for relief" in seen[0]
    assert found.unreadable == ("who-0",)
    assert (found.grade.value, found.grade.n, found.agreement) == (1, 4, 1)
    assert judge.read_reply("x", '{"grade": "excellent"}') is None
    assert judge.read_reply("x", "[1]") is None


def test_a_judge_that_fails_leaves_the_scores_and_says_why() -> None:
    def ask(prompt: str) -> str:
        raise ModelFailure("did not answer (HTTP 500)")

    found = judge.judge(run(fakes.suite(1), fakes.GoodSubject()), ask)
    assert (found.opinions, found.grade.n) == ((), 0)
    assert "stopped: the chat model did not answer (HTTP 500)" in terminal.judge_line(found)


def test_answers_that_a_failed_chat_model_left_to_the_extractive_answerer_are_counted() -> None:
    measured = run(fakes.suite(1), fakes.GoodSubject())
    assert measured.fallbacks == []
    for result in measured.results[:2]:
        assert result.answer is not None
        result.answer["notices"] = [{"kind": "fallback", "text": "The chat model did not answer."}]
    assert measured.fallbacks == [result.id for result in measured.results[:2]]


def test_kappa_by_hand() -> None:
    # 20 both yes, 5 only a, 10 only b, 15 neither: observed 0.7, expected 0.5, kappa 0.4
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert judge.kappa(pairs) == pytest.approx(0.4)
    assert math.isnan(judge.kappa([(True, True)]))


@dataclass(frozen=True)
class Row:
    question: str
    status: str = "answered"
    verdict: str | None = None
    history: tuple[str, ...] = ()
    reason: str | None = None
    comment: str | None = None
    documents: tuple[str, ...] = ()


def test_thumbs_down_and_not_found_become_drafts_most_frequent_first(tmp_path: Path) -> None:
    rows = [
        Row("Fine?", verdict="up"),
        Row("Wrong answer?", verdict="down", reason="old edition", comment="see para. 4", documents=("s-2025-54",)),
        Row("Who fuels the boats?", status="not_found"),
        Row("who fuels the  boats", status="not_found"),
        Row("Known already?", status="not_found"),
        Row("And there?", status="not_found", history=("How many boats?",)),
    ]
    found = drafts.draft_cases(rows, known=[("known already", ()), ("And there?", ("How many boats?",))])
    assert [draft["question"] for draft in found] == ["Who fuels the boats?", "Wrong answer?"]
    assert found[0]["note"] == "not_found (asked 2 times)"
    assert found[1]["note"] == "thumbs down; old edition; see para. 4; cited s-2025-54"
    drafts.write_drafts(found, tmp_path / "drafts.jsonl")
    with pytest.raises(CaseError, match=r"drafts.jsonl:1"):
        load("drafts", [tmp_path / "drafts.jsonl"])
    drafts.write_drafts([{**found[0], "type": "unanswerable", "status": "not_found"}], tmp_path / "completed.jsonl")
    assert load("completed", [tmp_path / "completed.jsonl"]).cases[0].note == "not_found (asked 2 times)"
    with pytest.raises(CaseError, match="is there already"):
        command.draft_cases(rows, tmp_path / "drafts.jsonl")


def test_a_baseline_is_kept_per_suite_and_read_without_the_cases_left_out(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    assert baseline.accepted("fake", path=path) is None
    measured = run(fakes.suite(1), fakes.GoodSubject())
    baseline.accept(measured, path)
    other = measured.model_copy(deep=True)
    other.conditions.suite = "other"
    baseline.accept(other, path)
    kept = baseline.accepted("fake", {"who-0"}, path)
    assert kept is not None
    assert [r.id for r in kept.results] == [r.id for r in measured.results if r.id != "who-0"]
    assert kept.results[0].answer is None
    assert set(baseline.read(path).suites) == {"fake", "other"}
