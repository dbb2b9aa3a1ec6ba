"""Abbreviations: found where documents expand them, never where they do not, looked up both ways."""

from __future__ import annotations

import pytest
from fakes import passage

from knowledge.glossary import Glossary, extract, initials_match
from knowledge.register import Abbreviation


def found(text: str) -> list[tuple[str, str]]:
    return [(a.short, a.long) for a in extract("handbook", [passage(text)])]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("The Joint Mission Analysis Cell (JMAC) reports daily.", "JMAC", "Joint Mission Analysis Cell"),
        ("He asked the Department of Peacekeeping Operations (DPKO).", "DPKO", "Department of Peacekeeping Operations"),
        ("Special Representatives of the Secretary-General (SRSGs) meet.", "SRSG",
         "Special Representatives of the Secretary-General"),
        ("OCHA (Office for the Coordination of Humanitarian Affairs) leads.", "OCHA",
         "Office for the Coordination of Humanitarian Affairs"),
        ("the United Nations Organization Mission in the Democratic Republic of the Congo (MONUC) left", "MONUC",
         "United Nations Organization Mission in the Democratic Republic of the Congo"),
        ("QIP: Quick Impact Project\nHQ: headquarters", "QIP", "Quick Impact Project"),
        ("the “quick reaction force” (“QRF”) stands by", "QRF", "quick reaction force"),
    ],
)  # fmt: skip
def test_finds_an_abbreviation_with_its_expansion(text: str, short: str, long: str) -> None:
    assert (short, long) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The report (A/55/305) was adopted.",
        "The report of the Special Committee on Peacekeeping Operations (A/78/19) was adopted.",
        "They met in Bonn (Germany) in May.",
        "The vehicles (see annex II) were sold.",
        "The committee met twice (IN CAMERA) that day.",
        "It was raining (NATO) on Monday.",
        "THE JOINT CELL (TJC)",
    ],
)
def test_makes_no_abbreviation_of_what_is_none(text: str) -> None:
    assert found(text) == []


def test_keeps_every_different_expansion_once_with_the_passage_that_gives_it_first() -> None:
    passages = [
        passage("A Joint Operations Centre (JOC) is set up.", ordinal=0),
        passage("The Joint Operations Centre (JOC) works at night.", ordinal=1),
        passage("The Joint Oversight Committee (JOC) meets.", ordinal=2),
    ]
    assert extract("handbook", passages) == [
        Abbreviation("JOC", "Joint Operations Centre", "handbook", passages[0].id),
        Abbreviation("JOC", "Joint Oversight Committee", "handbook", passages[2].id),
    ]


def test_letters_must_be_initials_in_their_order_with_only_linking_words_passed_over() -> None:
    assert initials_match("HoM", "Head of Mission")
    assert initials_match("DPKO", "Department of Peacekeeping Operations")
    assert not initials_match("DPKO", "Department of Field Support")
    assert not initials_match("JOC", "Operations Joint Centre")
    assert not initials_match("JOC", "Joint very long winded Operations Centre")


ENTRIES = [
    Abbreviation("JMAC", "Joint Mission Analysis Cell", "a", "1"),
    Abbreviation("JMAC", "Joint Mission Analysis Centre", "b", "2"),
    Abbreviation("JMAC", "joint mission analysis cells", "c", "3"),
    Abbreviation("WHO", "World Health Organization", "a", "4"),
]


def test_the_expansion_in_most_documents_comes_first_and_wording_variants_count_once() -> None:
    assert Glossary(ENTRIES).expansions("jmac") == ["Joint Mission Analysis Cell", "Joint Mission Analysis Centre"]
    assert Glossary(ENTRIES).expansions("XYZ") == []


def test_finds_short_forms_in_a_text_but_not_everyday_words_that_look_like_one() -> None:
    glossary = Glossary(ENTRIES)
    assert glossary.shorts_in("Does the jmac report to the WHO or to JMACs?") == ["jmac", "WHO", "JMAC"]
    assert glossary.shorts_in("who reports to whom?") == []


def test_finds_the_short_form_of_an_expansion_written_out() -> None:
    found = Glossary(ENTRIES).longs_in("Who heads the joint mission-analysis cell, and the World Health Organisation?")
    assert [entry.short for entry in found] == ["JMAC", "WHO"]
