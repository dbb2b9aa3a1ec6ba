"""Characters, line ends, split words and sentences."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from knowledge.cleaning import join_lines, mend_split_words, normalise_characters, split_sentences, vocabulary


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\ufb01eld o\ufb03ce", "field office"),
        ("a\u00a0b\u2009c", "a b c"),
        ("man\u00addate", "mandate"),
        ("man\u00ad\ndate", "man-\ndate"),
        ("re\u200bport\u202e \u2066x\u2069", "report x"),
        ("cafe\u0301", "café"),
        ("a\x00b\x07c\r\nd", "abc\nd"),
        ("\uf0b7 first\n \uf0a7 second", "• first\n • second"),
        ("“kept” – ‘as printed’—…", "“kept” – ‘as printed’—…"),
        ("hid\U000e0041den", "hidden"),
        ("non\u2011paper", "non-paper"),
    ],
)
def test_normalises_to_what_a_reader_sees(raw: str, clean: str) -> None:
    assert normalise_characters(raw) == clean


DOCUMENT = (
    "The mission supports post-conflict recovery. Peacebuilding is long-term work; a violation of the mandate is "
    "reported. Coordination and cooperation matter in the peace process, and the decision-making is shared. "
    "State-building follows. The whole system reports to headquarters, and assistance is sustainable."
)
SOFT = "\nThe coordi-\nnation of assist-\nance and the sys-\ntem."


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["the co-", "ordination"], "the coordination"),
        (["a viola-", "tion of the"], "a violation of the"),
        (["in post-", "conflict work"], "in post-conflict work"),
        (["Peace-", "building is"], "Peacebuilding is"),
        (["the Secretary-", "General said"], "the Secretary-General said"),
        (["short-", "and long-term"], "short- and long-term"),
        (["between 2004-", "2005"], "between 2004-2005"),
        (["a situa-", "tion"], "a situation"),
        (["a decision-", "making body"], "a decision-making body"),
        (["he said —", "and left"], "he said — and left"),
        (["the goal—", "peace—is"], "the goal—peace—is"),
        (["and/", "or"], "and/or"),
        (["  two ", "", " lines  "], "two lines"),
    ],
)
def test_joins_lines_on_the_evidence_of_the_document(lines: list[str], joined: str) -> None:
    assert join_lines(lines, vocabulary(DOCUMENT + SOFT)) == joined


def test_keeps_every_hyphen_where_the_document_has_no_hyphenation() -> None:
    known = vocabulary("A supply-driven plan.\nA supply-\ndriven plan by old hands.")
    assert join_lines(["a cabinet-", "style structure"], known) == "a cabinet-style structure"


def test_does_not_learn_the_pieces_of_broken_words() -> None:
    known = vocabulary("the dec-\nade and the dec-\n\nade")
    assert "dec" not in known and "ade" not in known


def test_mends_a_split_word_only_where_its_halves_are_strangers() -> None:
    known = vocabulary(DOCUMENT + " a vio lation of peace building in the main stream")
    assert mend_split_words("a vio lation of the peace building", known) == "a violation of the peace building"


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "See S/2025/54, para. 23, and A/59/2005/Add.1 for details.",
        "Mr. X met Ms. Y and Gen. Z in Geneva.",
        "Resolution No. 5 and art. 3 apply, e.g. in pp. 3-4.",
        "The U.N. Secretary-General spoke to the U.S. Congress.",
        "J. F. Smith and M.B. Anderson wrote it.",
        "It rose by 3.5 per cent to $2.35 billion.",
        "The parties shall: (a) cease fire; (b) withdraw; and (c) report.",
        "It is … a matter of trust.",
        "He asked “Why?” and left.",
        "3. The Council decided to remain seized of the matter.",
        "Smith et al. (2005) disagree with p. 4 of vol. II of it.",
    ],
)
def test_keeps_one_sentence_whole(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("He said “it is over.”", "Then he left."),
        ("It was so (Smith, 2003:16).", "That is known."),
        ("The study found little evidence.12", "The team agreed."),
        ("The vote was in 2008.", "It passed."),
        ("It operates in the U.S.", "The law applies."),
        ("They met at 5 p.m.", "It was late."),
        ("Staff, funds, etc.", "This is enough."),
        ("Was it agreed?", "Yes."),
        ("It is over. …"[:11], "“A new start” follows."),
        ("The answer is no.", "Nobody objected."),
        ("First line", "Second line"),
    ],
)
def test_ends_a_sentence_where_it_ends(first: str, second: str) -> None:
    joiner = "\n" if first == "First line" else " "
    assert sentences(first + joiner + second) == [first, second]


def test_offsets_cover_every_word_in_order() -> None:
    text = "  One is here. Two is there!\n\nThree… and four?  "
    spans = split_sentences(text)
    assert "".join(text[start:end] for start, end in spans).split() == "".join(sentences(text)).split()
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    assert not split_sentences("  \n ")


@pytest.mark.parametrize("text", ["a" * 100_000, " " * 100_000 + "x", "." * 100_000, "a-\n" * 50_000, "x. Y " * 40_000])
def test_no_text_takes_time_that_grows_with_its_square(text: str) -> None:
    began = time.process_time()
    vocabulary(normalise_characters(text))
    split_sentences(text)
    assert time.process_time() - began < 3
