"""Long sentences of resolutions come apart where the organ does something else; nothing else is cut."""

from __future__ import annotations

import pytest

from knowledge.clauses import as_sentence, clauses

PARAGRAPH = (
    "Calls upon both parties to lower the fences along the river road, and to mend them in winter,"
    " welcomes the weekly talks of the village elders under the awning of the mission, further encourages the"
    " district governors to attend them, and urges the parties to answer letters within a week;"
)


def opened(sentence: str) -> list[str]:
    return [sentence[c.opens : c.end] for c in clauses(sentence)]


def test_each_clause_begins_with_what_is_done_in_it() -> None:
    assert opened(PARAGRAPH) == [
        "Calls upon both parties to lower the fences along the river road, and to mend them in winter,",
        "welcomes the weekly talks of the village elders under the awning of the mission,",
        "further encourages the district governors to attend them,",
        "urges the parties to answer letters within a week;",
    ]


def test_the_clauses_are_all_of_the_sentence() -> None:
    assert " ".join(PARAGRAPH[c.start : c.end] for c in clauses(PARAGRAPH)) == PARAGRAPH


@pytest.mark.parametrize(
    "sentence",
    [
        "Decides to extend the mandate until 30 April, and requests a report.",
        PARAGRAPH.replace("Calls upon both parties", "The Head of Mission told both parties"),
        "",
    ],
    ids=["short", "a report's", "empty"],
)
def test_any_other_sentence_stays_whole(sentence: str) -> None:
    assert opened(sentence) == [sentence]


def test_a_clause_of_a_few_words_stays_with_what_follows() -> None:
    sentence = PARAGRAPH.replace("further encourages the district governors to attend them", "notes this")
    assert opened(sentence)[2] == "notes this, and urges the parties to answer letters within a week;"


def test_a_clause_is_shown_as_a_sentence_and_a_piece_of_one_as_a_piece() -> None:
    assert as_sentence("urges the parties to answer letters;") == "Urges the parties to answer letters."
    assert as_sentence("fences along the river road,") == "… fences along the river road."
    assert as_sentence("The gate is shut.") == "The gate is shut."
