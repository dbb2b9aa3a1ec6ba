"""The main path: statuses decided in code, standing said with the answer, nothing claimed without a proof."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from library import SECRET_WORD

from assistant.answers import Answer, Filters, Question, Status
from assistant.assistant import MAX_QUESTION_CHARACTERS, Assistant, Draft
from assistant.citations import Claim
from assistant.errors import QuestionError
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification
from knowledge.retrieved import Retrieved

TODAY = dt.date(2026, 6, 1)
CLEARED = Asker(Classification.CONFIDENTIAL)
UNANSWERED = (Status.NOT_FOUND, Status.OUT_OF_SCOPE)


def ask(library: Assistant, text: str, asker: Asker = PUBLIC, *history: str, **filters: object) -> Answer:
    return library.ask(Question(text, history, filters=Filters(**filters)), asker)


class FixedAnswerer:
    """Claims what a function makes of the best passage."""

    name, model, prompt = "fixed", None, None

    def __init__(self, make: Callable[[Retrieved], tuple[Claim, ...]]) -> None:
        self.make = make

    def draft(self, question: Question, retrieved: Retrieved) -> Draft:
        return Draft(self.make(retrieved))


def with_answerer(library: Assistant, make: Callable[[Retrieved], tuple[Claim, ...]]) -> Assistant:
    return Assistant(library.register, library.retriever, FixedAnswerer(make), today=lambda: TODAY)


@pytest.mark.parametrize(
    ("question", "document", "paragraph", "says"),
    [
        ("What is the speed limit of a convoy on paved roads?", "convoy-sop-2024", "4", "60 kilometres"),
        ("Between which hours do convoys not move?", "convoy-sop-2024", "3", "between 1900 hours and 0600 hours"),
        ("How many violations of the ceasefire did the mission record?", "s-2031-54", "23", "2,101 violations"),
        ("S/2031/54 para 24", "s-2031-54", "24", "34 prisoners"),
        ("Where do newcomers collect their identity card?", "welcome-note", "2", "pass office"),
    ],
)
def test_a_question_gets_an_answer_with_the_paragraph_it_rests_on(
    library: Assistant, question: str, document: str, paragraph: str, says: str
) -> None:
    answer = ask(library, question)
    assert answer.status is Status.ANSWERED
    assert says in answer.answer
    first = answer.citations[0]
    assert (first.document_id, first.paragraph) == (document, paragraph)
    assert any(says in c.quote for c in answer.citations)


QUESTIONS = [
    "What is the speed limit of a convoy on paved roads?",
    "What must a convoy commander check before departure?",
    "How many cars do the police have?",
    "What does JMAC stand for?",
    "What did river patrols use?",
    "bitten by a dog",
    "S/2031/54, annex I, para 2",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_markers_and_citations_agree_and_every_quote_stands_in_its_document(library: Assistant, question: str) -> None:
    answer = ask(library, question)
    numbers = [c.number for c in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1)) != []
    assert {int(n) for n in re.findall(r"\[(\d+)\]", answer.answer)} == set(numbers)
    for citation in answer.citations:
        assert citation.quote in library.register.passage(citation.passage_id, PUBLIC).text
        assert citation.url.startswith(f"/documents/{citation.document_id}#")
    assert set(answer.documents) == {c.document_id for c in answer.citations}


@pytest.mark.parametrize(
    ("question", "notice", "status"),
    [
        ("Who signs a waiver of liability?", "superseded", Status.ANSWERED_WITH_CAVEAT),
        ("What happens to a staff member bitten by a bat?", "review_overdue", Status.ANSWERED_WITH_CAVEAT),
        ("What kind of barges did river patrols use?", "historical", Status.ANSWERED),
    ],
)
def test_what_no_longer_simply_holds_is_said_with_the_answer(
    library: Assistant, question: str, notice: str, status: Status
) -> None:
    answer = ask(library, question)
    assert answer.citations[0].standing == notice
    assert notice in [n.kind for n in answer.notices]
    assert answer.status is status


def test_the_edition_in_force_answers_before_the_superseded_one(library: Assistant) -> None:
    answer = ask(library, "What is the speed limit of a convoy on paved roads?")
    assert answer.citations[0].document_id == "convoy-sop-2024"
    old = [c for c in answer.citations if c.document_id == "convoy-sop-2019"]
    assert all(c.standing == "superseded" and c.superseded_by == "convoy-sop-2024" for c in old)
    assert not old or "superseded" in [n.kind for n in answer.notices]
    assert "60" in answer.answer


def test_a_name_read_otherwise_than_it_is_written_is_told(library: Assistant) -> None:
    answer = ask(library, "when did the parliament of Rurritania adopt the electoral law?")
    assert "14 January 2031" in answer.answer
    assert [n.text for n in answer.notices if n.kind == "respelled"] == ["“Rurritania” is read as Ruritania."]
    refused = ask(library, "who designed the flag of Ruirtania?")
    assert [n.kind for n in refused.notices] == ["respelled"]


def test_sources_that_expand_an_abbreviation_differently_are_shown_side_by_side(library: Assistant) -> None:
    answer = ask(library, "What does JMAC stand for?")
    assert answer.status is Status.SOURCES_DISAGREE
    assert {c.document_id for c in answer.citations} == {"mission-handbook", "analysis-directive"}
    assert "Joint Mission Analysis Cell" in answer.answer and "Joint Mission Analysis Centre" in answer.answer
    assert "sources_disagree" in [n.kind for n in answer.notices]


@pytest.mark.parametrize(
    "question", ["What is the recipe for sourdough bread?", "price of helicopters in Chile", "qwertz uiop asdf"]
)
def test_what_the_guidance_does_not_say_is_said_to_be_missing_and_nothing_is_cited(
    library: Assistant, question: str
) -> None:
    answer = ask(library, question)
    assert answer.status in UNANSWERED
    assert (answer.citations, answer.documents) == ((), {})
    assert "[1]" not in answer.answer


def test_guidance_for_every_mission_answers_for_one_that_no_document_is_about(library: Assistant) -> None:
    answer = ask(library, "What is the speed limit of a convoy on paved roads in UNTAET?")
    assert answer.citations[0].document_id == "convoy-sop-2024"


def test_the_report_of_another_mission_says_nothing_of_the_one_asked_about(library: Assistant) -> None:
    plain, of_another = (
        ask(library, f"How many violations of the ceasefire did {who} record?") for who in ("the mission", "MINURSO")
    )
    assert plain.citations[0].document_id == "s-2031-54"
    assert "s-2031-54" not in {c.document_id for c in of_another.citations}


@pytest.mark.parametrize("question", ["", "   \n ", "x" * (MAX_QUESTION_CHARACTERS + 1)])
def test_an_empty_or_endless_question_is_refused(library: Assistant, question: str) -> None:
    with pytest.raises(QuestionError, match=r"empty|4001 characters; the limit is 4000"):
        ask(library, question)


def test_a_bare_follow_up_without_a_conversation_claims_nothing_for_certain(library: Assistant) -> None:
    answer = ask(library, "and what about them?")
    assert answer.status in (*UNANSWERED, Status.NEEDS_CLARIFICATION)
    assert answer.citations == ()


def test_the_same_question_on_the_same_index_gives_the_same_answer(library: Assistant) -> None:
    first, second = (replace(ask(library, QUESTIONS[0]), answer_id="", timing_ms={}) for _ in range(2))
    assert first == second
    assert first.engine.index == library.fingerprint(PUBLIC) and first.engine.answerer == "extractive"


def test_each_answer_has_an_id_of_its_own_and_its_timing(library: Assistant) -> None:
    first, second = ask(library, QUESTIONS[0]), ask(library, QUESTIONS[0])
    assert first.answer_id != second.answer_id
    assert set(first.timing_ms) == {"retrieve", "answer"} and min(first.timing_ms.values()) >= 0


def test_a_quote_that_is_not_in_its_passage_is_never_shown(
    library: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    def lie(found: Retrieved) -> tuple[Claim, ...]:
        true = found.passages[0].passage.sentence_texts()[0]
        invented = "The speed limit is 500 kilometres an hour."
        return (Claim(true, found.passages[0], true), Claim(invented, found.passages[0], invented))

    answer = ask(with_answerer(library, lie), QUESTIONS[0])
    assert (answer.status, answer.citations) == (Status.NOT_FOUND, ())
    assert "500" not in answer.answer
    assert "withheld" in caplog.text


def test_an_answerer_that_claims_nothing_makes_it_not_found(library: Assistant) -> None:
    assert ask(with_answerer(library, lambda found: ()), QUESTIONS[0]).status is Status.NOT_FOUND


def test_filters_narrow_who_may_speak(library: Assistant) -> None:
    answer = ask(library, "What is the speed limit of a convoy on paved roads?", documents=("convoy-sop-2019",))
    assert {c.document_id for c in answer.citations} == {"convoy-sop-2019"}
    assert answer.status is Status.ANSWERED_WITH_CAVEAT


SNOOPING = [
    f"What is planned for camp {SECRET_WORD}?",
    "What does ZXQB stand for?",
    "FP/PLAN/2025/9 para 1",
    "evacuaton by the nothern gate",
    f"What is planned for camp {SECRET_WORD[0]}{SECRET_WORD[2]}{SECRET_WORD[1]}{SECRET_WORD[3:]}, and the ZXXQB?",
    *QUESTIONS,
]


@pytest.mark.parametrize("question", SNOOPING)
def test_without_clearance_the_answer_is_the_same_as_if_the_document_were_not_there(
    library: Assistant, restricted: Assistant, question: str
) -> None:
    worlds = [ask(world, question).as_dict() for world in (library, restricted)]
    for world in worlds:
        del world["answer_id"], world["timing_ms"]
    assert worlds[0] == worlds[1]
    assert SECRET_WORD not in worlds[1]["answer"]


def test_with_clearance_the_answer_says_its_classification(restricted: Assistant) -> None:
    answer = ask(restricted, "FP/PLAN/2025/9 para 1", CLEARED)
    assert answer.citations[0].document_id == "camp-plan"
    assert answer.classification == "confidential"
    assert ask(restricted, QUESTIONS[0]).classification == "unclassified"


def test_the_answer_keeps_its_contract(library: Assistant) -> None:
    row = ask(library, QUESTIONS[0]).as_dict()
    assert list(row)[:10] == [
        "answer_id", "question", "status", "answer", "citations", "notices", "suggestions", "confidence", "engine",
        "timing_ms",
    ]  # fmt: skip
    assert set(row["citations"][0]) >= {
        "number", "document_id", "symbol", "title", "date", "section", "paragraph", "page", "quote", "passage_id",
        "url", "standing", "superseded_by", "binding",
    }  # fmt: skip
    assert set(row["engine"]) >= {"answerer", "model", "index"}
    assert 0 <= row["confidence"] <= 1
