"""Cutting: one paragraph, list or table each, within the window, with its place, and with ids that stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeEmbedding

from knowledge.documents import Block, Passage
from knowledge.passages import MAX_TOKENS, anchor, cut, is_intact, table_row_sentence

LENGTHS = FakeEmbedding().token_lengths
SPECIAL = 2
"""Tokens that stand around every text."""
LONG = (
    "The commander of the sector writes down the names of all those who were present at the meeting on that day, and"
    " hangs the list at the gate."
)


def cut_blocks(*blocks: Block) -> list[Passage]:
    return cut("handbook", blocks, LENGTHS)


def words(text: str, count: int) -> str:
    return " ".join(f"{text}{i}" for i in range(count)) + "."


def test_a_numbered_paragraph_is_one_passage_with_its_number_page_and_headings() -> None:
    passages = cut_blocks(
        Block("heading", "Protection", level=1, number="VI", page=6),
        Block("heading", "Civilians", level=2, page=6),
        Block("paragraph", "Short one.", number="23", page=6, page_end=7),
        Block("heading", "Justice", level=1, page=7),
        Block("paragraph", "Another one.", number="24", page=7),
    )
    assert [(p.paragraph, p.page, p.headings, p.text) for p in passages] == [
        ("23", 6, ("VI. Protection", "Civilians"), "Short one."),
        ("24", 7, ("Justice",), "Another one."),
    ]
    assert [p.ordinal for p in passages] == [0, 1]


def test_a_list_stays_with_the_paragraph_that_leads_into_it_one_item_a_line() -> None:
    passage, note = cut_blocks(
        Block("paragraph", "Each team needs:", number="5"),
        Block("list_item", "a driver", number="(a)", level=1),
        Block("footnote", "Not in the capital.", number="7"),
        Block("list_item", "a map", number="(b)", level=1),
    )
    assert note.kind == "footnote"
    assert passage.kind == "list" and passage.paragraph == "5"
    assert passage.text == "Each team needs:\n(a) a driver\n(b) a map"
    assert passage.sentence_texts() == ["Each team needs:", "(a) a driver", "(b) a map"]


def test_a_footnote_is_a_passage_of_its_own_after_the_paragraph_it_interrupts() -> None:
    paragraph, note = cut_blocks(Block("paragraph", LONG, number="1"), Block("footnote", "See the annex.", number="3"))
    assert (paragraph.kind, paragraph.ordinal, note.ordinal) == ("paragraph", 0, 1)
    assert (note.kind, note.headings, note.paragraph) == ("footnote", ("Footnote 3",), None)


def test_each_piece_of_a_long_table_repeats_its_caption_and_its_heads() -> None:
    rows = (("Country", "Troops"), *((f"Land number {i} of the alphabet", str(i)) for i in range(60)))
    passages = cut_blocks(Block("table", "Table 1", rows=rows))
    assert len(passages) > 1
    assert all(p.text.startswith("Table 1\nCountry | Troops\n") for p in passages)
    shown = [line for p in passages for line in p.text.split("\n")[2:]]
    assert shown == [f"{a} | {b}" for a, b in rows[1:]]


def test_a_table_row_reads_alone_with_its_column_heads() -> None:
    text = "Troops by country\nCountry | Troops | Women\nGhana | 2 101 | 96\nIndia | – | 12"
    assert table_row_sentence(text, "Ghana | 2 101 | 96") == "Ghana – Troops: 2 101; Women: 96"
    assert table_row_sentence(text, "India | – | 12") == "India – Women: 12"
    assert table_row_sentence(text, "Country | Troops | Women") == "Country, Troops, Women"


def test_a_long_paragraph_is_split_at_sentence_ends_into_pieces_that_fit() -> None:
    text = " ".join(f"Sentence number {i} tells of the things that were done there." for i in range(60))
    passages = cut_blocks(Block("paragraph", text, number="9"))
    assert len(passages) > 1
    assert " ".join(p.text for p in passages) == text
    assert all(p.paragraph == "9" and p.text.endswith("there.") for p in passages)
    assert max(LENGTHS([p.text for p in passages])) - SPECIAL <= MAX_TOKENS
    sizes = [len(p.text.split()) for p in passages]
    assert max(sizes) < 2 * min(sizes)


def test_a_sentence_longer_than_the_window_is_cut_between_words_and_no_word_is_lost() -> None:
    text = words("word", 3 * MAX_TOKENS)
    passages = cut_blocks(Block("paragraph", text, number="1"))
    assert " ".join(p.text for p in passages) == text
    assert max(LENGTHS([p.text for p in passages])) - SPECIAL <= MAX_TOKENS


def test_a_sentence_longer_than_the_window_is_cut_after_a_comma_where_there_is_one() -> None:
    clause = " ".join(["a"] * 12) + ","
    passages = cut_blocks(Block("paragraph", " ".join([clause] * 40), number="1"))
    assert len(passages) > 1 and all(p.text.endswith(",") for p in passages)


def test_a_long_paragraph_of_a_resolution_is_split_between_clauses_each_a_sentence() -> None:
    clause = "urges the parties to meet at the bridge each week and to write down what was said"
    text = f"Calls upon all to keep the peace, {', and '.join([clause] * 20)};"
    passages = cut_blocks(Block("paragraph", text, number="7"))
    assert " ".join(p.text for p in passages) == text
    assert {s.rstrip(",;") for p in passages for s in p.sentence_texts()[1:]} == {clause}


@pytest.mark.parametrize("kind", ["paragraph", "preamble"])
def test_a_short_unnumbered_paragraph_joins_the_next_under_the_same_heading(kind: str) -> None:
    joined = cut_blocks(Block(kind, "It rains."), Block(kind, LONG))
    assert [p.text for p in joined] == [f"It rains. {LONG}"]
    apart = cut_blocks(Block(kind, "It rains."), Block("heading", "Sun", level=1), Block(kind, LONG))
    assert [p.text for p in apart] == ["It rains.", LONG]


def test_a_short_paragraph_never_swallows_a_numbered_one() -> None:
    passages = cut_blocks(Block("paragraph", "It rains."), Block("paragraph", LONG, number="4"))
    assert [(p.paragraph, p.text) for p in passages] == [(None, "It rains."), ("4", LONG)]


def test_the_same_blocks_give_the_same_ids_and_repeated_text_gives_different_ones() -> None:
    blocks = [Block("paragraph", LONG), Block("paragraph", LONG), Block("paragraph", LONG, number="1")]
    first, second = cut("handbook", blocks, LENGTHS), cut("handbook", blocks, LENGTHS)
    assert first == second
    assert len({p.id for p in first}) == 3
    assert {p.id for p in cut("other", blocks, LENGTHS)}.isdisjoint(p.id for p in first)


def test_numbers_restarting_in_an_annex_give_other_ids_and_anchors() -> None:
    passages = cut_blocks(
        Block("paragraph", LONG, number="1"),
        Block("heading", "Annex I", level=1, part="Annex I"),
        Block("paragraph", LONG, number="1", part="Annex I"),
        Block("paragraph", LONG, part="Annex I"),
    )
    assert [anchor(p) for p in passages] == ["p1", "annex-i-p1", "n2"]
    assert passages[1].headings == ("Annex I",) and passages[0].headings == ()
    assert len({p.id for p in passages}) == 3


def test_every_sentence_is_words_of_the_text_and_together_they_are_all_of_it() -> None:
    for passage in cut_blocks(Block("paragraph", f"{LONG} Mr. Smith came on 3 May. “Did he?” Yes.", number="1")):
        assert "".join(passage.sentence_texts()).replace(" ", "") == passage.text.replace(" ", "")


@pytest.mark.parametrize(
    "changed", [{"text": LONG.replace("all", "few")}, {"paragraph": "2"}, {"document_id": "x"}, {"headings": ("A",)}]
)
def test_a_passage_knows_that_it_was_altered(changed: dict[str, object]) -> None:
    first, repeat = cut_blocks(Block("paragraph", LONG), Block("paragraph", LONG))
    assert is_intact(first) and is_intact(repeat)
    assert not is_intact(replace(first, **changed))
    assert not is_intact(replace(repeat, **changed))


def test_no_blocks_and_blocks_without_words_give_no_passages() -> None:
    assert cut_blocks() == []
    assert cut_blocks(Block("heading", "Only a heading", level=1), Block("paragraph", " ")) == []
