"""Nothing is quoted that does not stand, word for word, in a passage the asker may read."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import DIMENSIONS, FakeEmbedding, document

from assistant.answers import Citation
from assistant.citations import Claim, check, cite, compose, place, standing_notices
from assistant.errors import CitationError
from knowledge.access import PUBLIC
from knowledge.documents import Block, Document, Standing
from knowledge.passages import cut
from knowledge.register import Register, StoredPassage
from knowledge.retrieved import RetrievedPassage

TODAY = dt.date(2026, 6, 1)
TEXT = "Convoys leave at dawn. Two armed vehicles go with them. Dogs stay at home."
BLOCKS = [Block("heading", "Departure", level=1), Block("paragraph", TEXT, number="23", page=6)]


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    opened = Register(tmp_path / "register.sqlite3")
    yield opened
    opened.close()


def source(register: Register, of: Document) -> RetrievedPassage:
    (passage,) = cut(of.id, BLOCKS, FakeEmbedding().token_lengths)
    vectors = np.ones((1 + len(passage.sentences), DIMENSIONS), np.float32)
    register.put(of, "key", [StoredPassage(passage, vectors)], [])
    return RetrievedPassage(passage, of, 1.0, 1.0, 1.0)


@pytest.fixture
def found(register: Register) -> RetrievedPassage:
    return source(register, document(symbol="S/2025/54"))


def cited(found: RetrievedPassage, quote: str = "Two armed vehicles go with them.") -> Citation:
    return cite(found, quote, 1, TODAY)


def test_a_quote_that_stands_word_for_word_passes(register: Register, found: RetrievedPassage) -> None:
    check([cited(found), cited(found, TEXT)], register, PUBLIC)


@pytest.mark.parametrize(
    "quote",
    [
        "Three armed vehicles go with them.",
        "two armed vehicles go with them.",
        "Two armed  vehicles go with them.",
        "Convoys leave at dawn. Dogs stay at home.",
        "Two armed vehicles … with them.",
        "",
    ],
)
def test_a_quote_that_differs_by_a_word_a_letter_or_a_gap_is_refused(
    register: Register, found: RetrievedPassage, quote: str
) -> None:
    with pytest.raises(CitationError, match="citation 1: the quote does not stand"):
        check([cited(found), replace(cited(found), quote=quote)], register, PUBLIC)


def test_a_passage_that_was_altered_in_the_file_is_not_quoted(register: Register, found: RetrievedPassage) -> None:
    connection = sqlite3.connect(register.path)
    with connection:
        connection.execute("UPDATE passages SET text = replace(text, 'Two armed', 'Ten armed')")
    connection.close()
    with pytest.raises(CitationError, match="altered since it was stored: run `focal doctor`"):
        check([cited(found, "Ten armed vehicles go with them.")], register, PUBLIC)


@pytest.mark.parametrize(
    "change",
    [{"classification": "confidential"}, {"audience": ["police"]}, {"classification": "strictly_confidential"}],
)
def test_access_lost_between_search_and_answer_withholds_the_quote(
    register: Register, found: RetrievedPassage, change: dict[str, object]
) -> None:
    register.set_fields("handbook", change)
    with pytest.raises(CitationError, match="not there"):
        check([cited(found)], register, PUBLIC)


def test_a_document_removed_between_search_and_answer_is_not_quoted(
    register: Register, found: RetrievedPassage
) -> None:
    register.remove("handbook")
    with pytest.raises(CitationError, match="not there"):
        check([cited(found)], register, PUBLIC)


def test_claims_of_one_quote_share_a_number_and_each_run_ends_with_its_marker(
    register: Register, found: RetrievedPassage
) -> None:
    text, citations = compose(
        [
            Claim("They leave at dawn.", found, "Convoys leave at dawn."),
            Claim("Dogs stay.", found, "Dogs stay at home.", opens_line=True),
            Claim("At home.", found, "Dogs stay at home."),
            Claim("At dawn.", found, "Convoys leave at dawn."),
        ],
        TODAY,
    )
    assert text == "They leave at dawn. [1]\nDogs stay. At home. [2] At dawn. [1]"
    assert [(c.number, c.quote) for c in citations] == [(1, "Convoys leave at dawn."), (2, "Dogs stay at home.")]
    assert compose([], TODAY) == ("", ())


def test_a_citation_carries_its_place_and_its_standing(register: Register) -> None:
    old = document(symbol="S/2025/54", standing=Standing.SUPERSEDED, superseded_by="new", date="2025-02-03")
    citation = cited(source(register, old))
    assert (citation.paragraph, citation.page, citation.section) == ("23", 6, ("Departure",))
    assert citation.url == "/documents/handbook#p23"
    assert (citation.standing, citation.superseded_by, citation.date) == ("superseded", "new", "2025-02-03")
    assert place(citation) == "S/2025/54, para. 23"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "S/2025/54, para. 23"),
        ({"part": "Annex I"}, "S/2025/54, annex I, para. 23"),
        ({"symbol": None}, "Handbook, para. 23"),
        ({"paragraph": None}, "S/2025/54, “Departure”, p. 6"),
        ({"paragraph": None, "section": ()}, "S/2025/54, p. 6"),
    ],
)
def test_a_place_is_written_as_staff_write_it(
    found: RetrievedPassage, fields: dict[str, object], expected: str
) -> None:
    place_written = place(replace(cited(found), title="Handbook", **fields))
    assert place_written.lower() == expected.lower()
    assert place_written.startswith(expected.split(",")[0])


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"standing": Standing.SUPERSEDED, "superseded_by": "new"}, "superseded", "superseded by FP/9"),
        ({"standing": Standing.SUPERSEDED}, "superseded", "is superseded"),
        ({"standing": Standing.HISTORICAL, "date": "2003"}, "historical", "2003"),
        ({"standing": Standing.DRAFT}, "draft", "draft"),
        ({"standing": Standing.IN_FORCE, "review_due": "2026-05-31"}, "review_overdue", "2026-05-31"),
    ],
)
def test_a_standing_that_matters_is_said_once_for_each_document(
    register: Register, fields: dict[str, object], kind: str, says: str
) -> None:
    old = document(title="Handbook", **fields)
    found = source(register, old)
    documents = {"handbook": old, "new": document("new", symbol="FP/9")}
    (notice,) = standing_notices([cited(found), cited(found, TEXT)], documents)
    assert notice.kind == kind and says in notice.text and "Handbook" in notice.text


@pytest.mark.parametrize("fields", [{"standing": Standing.IN_FORCE, "review_due": "2026-06-01"}, {}])
def test_a_document_in_force_brings_no_notice(register: Register, fields: dict[str, object]) -> None:
    of = document(**fields)
    assert standing_notices([cited(source(register, of))], {"handbook": of}) == []
