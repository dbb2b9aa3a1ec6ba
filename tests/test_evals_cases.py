"""Cases: what is refused, and that the message says where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.cases import CaseError, Suite, check_evidence, composition, load

QUOTE = "the mission shall report to the Council every ninety days"


def case(**changes: Any) -> dict[str, Any]:
    good = {
        "id": "a-1",
        "type": "single_fact",
        "question": "How often does it write to New York?",
        "facts": [["ninety days", "90 days"]],
        "evidence": [{"document": "res-1", "paragraph": "4", "quote": QUOTE}],
    }
    return {key: value for key, value in (good | changes).items() if value is not None}


def loaded(tmp_path: Path, *rows: dict[str, Any] | str) -> Suite:
    file = tmp_path / "some.jsonl"
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return load("some", [file])


def test_a_good_case_is_read_with_its_defaults(tmp_path: Path) -> None:
    only = loaded(tmp_path, "", case()).cases[0]
    assert (only.answerable, only.expected_status, only.history) == (True, "answered", ())
    noted = loaded(tmp_path, case(note="asked in the morning meeting")).cases[0]
    assert noted.note and noted.digest == only.digest


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{not json", "some.jsonl:2: Invalid JSON"),
        (case(question=None), "some.jsonl:2: question: Field required"),
        (case(colour="red"), "some.jsonl:2: colour: Extra inputs"),
        (case(status="maybe"), "some.jsonl:2: status:"),
        (case(id="has space"), "some.jsonl:2: id:"),
        (case(id="first"), "some.jsonl:2: id 'first' is already used at some.jsonl:1"),
        (case(question="WHO writes?"), "some.jsonl:2: the same question is asked at some.jsonl:1"),
        (case(question="Is it 90-days?"), "gives the fact away: ['ninety days', '90 days']"),
        (case(facts=[[]]), "a fact needs at least one alternative"),
        (case(facts=[["ninety days", "…"]]), "a fact needs at least one alternative"),
        (case(facts=[]), "an answerable case needs facts and evidence"),
        (case(evidence=[]), "an answerable case needs facts and evidence"),
        (case(status="not_found"), "expects no answer, so there can be no facts"),
        (case(evidence=[{"document": "d", "quote": "only four words here"}]), "a quote has 8 to 12 words, this one 4"),
        (case(evidence=[{"document": "d", "quote": "word " * 13}]), "a quote has 8 to 12 words"),
    ],
)
def test_a_bad_case_is_refused_with_file_and_line(tmp_path: Path, row: dict[str, Any] | str, message: str) -> None:
    with pytest.raises(CaseError) as error:
        loaded(tmp_path, case(id="first", question="Who writes?"), row)
    assert "some.jsonl:2" in str(error.value)
    assert message in str(error.value)


def test_every_fault_of_a_file_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(CaseError) as error:
        loaded(tmp_path, "{", case(), case())
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == ["some.jsonl:1", "some.jsonl:3"]


def test_a_suite_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="has no cases"):
        loaded(tmp_path, "")


def test_the_same_question_may_follow_another_history(tmp_path: Path) -> None:
    suite = loaded(tmp_path, case(), case(id="a-2", history=["What of the police?"]))
    assert len(suite.cases) == 2


def test_evidence_is_checked_against_the_documents_with_file_and_line(tmp_path: Path) -> None:
    suite = loaded(tmp_path, case(), case(id="a-2", question="And?"))
    check_evidence(suite, {"res-1": f"4. Decides that {QUOTE};"})
    check_evidence(suite, {"res-1": ["another reading", QUOTE.replace("ninety ", "ninety-\n").upper()]})
    with pytest.raises(CaseError) as error:
        check_evidence(suite, {"res-1": QUOTE.replace("ninety", "sixty")})
    assert "some.jsonl:1: a-1: the quote does not stand in res-1 (a part of it does)" in str(error.value)
    assert "some.jsonl:2: a-2" in str(error.value)
    with pytest.raises(CaseError, match="no document 'res-1' is loaded"):
        check_evidence(suite, {})


def test_the_halves_are_stable_disjoint_and_of_like_size(tmp_path: Path) -> None:
    suite = loaded(tmp_path, *(case(id=f"c-{i}", question=f"Number {i}?") for i in range(400)))
    dev, test = suite.only("dev"), suite.only("test")
    assert {c.id for c in dev.cases} | {c.id for c in test.cases} == {c.id for c in suite.only("all").cases}
    assert not {c.id for c in dev.cases} & {c.id for c in test.cases}
    assert 160 < len(dev.cases) < 240
    assert [c.half for c in suite.cases[:6]] == ["dev", "dev", "dev", "test", "test", "dev"]


def test_the_digest_changes_with_what_can_change_a_score(tmp_path: Path) -> None:
    suite = loaded(tmp_path, case(), case(id="a-2", question="How often?"))
    again = loaded(tmp_path, case(), case(id="a-2", question="How often now?"))
    assert suite.cases[0].digest == again.cases[0].digest
    assert suite.cases[1].digest != again.cases[1].digest


def test_composition_counts_types(tmp_path: Path) -> None:
    rows = [case(id=f"c-{i}", question=f"Number {i}?", type="list" if i else "role") for i in range(3)]
    assert composition(loaded(tmp_path, *rows)) == {"list": 2, "role": 1}


def test_a_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "latin.jsonl"
    file.write_bytes(b"\n" + json.dumps(case()).encode() + b" \xe9\n")
    with pytest.raises(CaseError, match=r"latin.jsonl:2: not UTF-8: save the file as UTF-8"):
        load("latin", [file])
    with pytest.raises(CaseError, match=r"none.jsonl: No such file"):
        load("none", [tmp_path / "none.jsonl"])


def test_a_half_without_cases_is_refused(tmp_path: Path) -> None:
    whole = loaded(tmp_path, case())
    with pytest.raises(CaseError, match=r"'some' has no case in its (dev|test) half"):
        whole.only("test" if whole.cases[0].half == "dev" else "dev")
