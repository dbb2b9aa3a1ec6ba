"""What every reader must recognise the same way: list marks, headings, annexes, and the numbers of paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from knowledge.documents import Block

_BULLET = re.compile(r"(?P<mark>[•▪◦‣●■□➢❖·∙*\ufffd–—-]|o(?= {1,4}[A-Z]))\s+(?=\S)")
_ENUMERATOR = re.compile(r"(?P<mark>\((?:[a-z]{1,2}|[ivxl]{1,5}|\d{1,2}|[A-Z])\)|(?:[a-z]|[ivxl]{2,5})\))\s+(?=\S)")
_INNER_NUMBER = re.compile(r"(?P<mark>\d{1,2}[.)])\s+(?=\S)")
_NUMBER = re.compile(r"(?P<mark>\d{1,3})[.)]\s+(?=[^\W\d_]|[\"“‘'\[(*])")
_SECTION = re.compile(r"(?P<mark>\d{1,2}(?:\.\d{1,2}){0,4}|[IVXL]{1,6}|[A-Z])[.)]?(?:\s+|(?<=\.))(?=\S)")
_PART = re.compile(
    r"(?i)^(annex|appendix|enclosure|attachment|annexe)\b(?:\s+([IVXL]{1,6}|\d{1,2}|[A-Z])\b)?[\s.:–—-]*"
)
_CHAPTER = re.compile(
    r"(?i)^(?:chapter|part|section|title)\s+(?:[IVXL]{1,6}|\d{1,2}|one|two|three|four|five|six|seven)\b"
)
TOP_HEADINGS = re.compile(
    r"(?i)^(executive summary|summary|foreword|preface|introduction|contents|table of contents|conclusions?|background"
    r"|concluding (comments|remarks|observations)|conclusions? and recommendations?|recommendations?|endnotes?|notes"
    r"|bibliography|references|works cited|literature|acknowledge?ments?|appendix|appendices|annex(es)?|glossary"
    r"|abbreviations( and acronyms)?|acronyms( and abbreviations)?|list of (abbreviations|acronyms|tables|figures))\b"
)
NOTES_HEADING = re.compile(r"(?i)^(end)?notes$|^foot-?notes$")
SOURCES_HEADING = re.compile(
    r"(?i)^(select(ed)? )?(bibliography|references|works cited|literature|sources|further reading)$"
)
CONTENTS_HEADING = re.compile(r"(?i)^(table of )?contents$|^(list of )(tables|figures|boxes)$|^sommaire$")

_TERMINAL = re.compile(r"[.!?:;…؟。][\"'”’»)\]*]*\d{0,3}$")


def ends_sentence(text: str) -> bool:
    """Whether `text` could be the end of a sentence or a list item."""
    return bool(_TERMINAL.search(text.rstrip()[-12:]))


def take_mark(text: str) -> tuple[str, str] | None:
    """Split a list item into its mark ("•", "(a)", "a)") and its words; None where `text` is no list item."""
    found = _BULLET.match(text)
    if found:
        inner = _ENUMERATOR.match(text, found.end()) or _INNER_NUMBER.match(text, found.end())
        found = inner or found
    else:
        found = _ENUMERATOR.match(text)
    if not found:
        return None
    mark = found.group("mark")
    return ("•" if mark == "\ufffd" else mark.rstrip("."), text[found.end() :].strip())


def take_number(text: str) -> tuple[int, str] | None:
    """Split "23. The Council ..." into 23 and its words; None where `text` does not start so."""
    found = _NUMBER.match(text)
    return (int(found.group("mark")), text[found.end() :].strip()) if found else None


def take_section(text: str) -> tuple[str, int, str] | None:
    """Split a heading "3.1 Title" into number, depth (2) and title; roman numerals have depth 1, single letters 2."""
    found = _SECTION.match(text)
    if not found:
        return None
    mark = found.group("mark")
    title = text[found.end() :].strip(" .:–—\t")
    if not title or (not mark[0].isdigit() and text[len(mark) : len(mark) + 1] not in ".)"):
        return None
    depth = mark.count(".") + 1 if mark[0].isdigit() else (1 if set(mark) <= set("IVXL") else 2)
    return mark, depth, title


def part_of(heading: str) -> str | None:
    """Return "Annex II" for a heading such as "ANNEX II: Methodology"; None where it opens no annex."""
    found = _PART.match(heading)
    if not found or (len(heading) > 120) or heading.rstrip().endswith((".", ";", ",")):
        return None
    return " ".join(word for word in (found.group(1).capitalize(), found.group(2)) if word)


def is_chapter(heading: str) -> bool:
    """Whether a heading calls itself a chapter, a part or an annex."""
    return bool(_CHAPTER.match(heading)) or part_of(heading) is not None


def is_capitals(text: str) -> bool:
    """Whether `text` is set in capitals (at least four letters)."""
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= 4 and sum(letter.isupper() for letter in letters) >= 0.9 * len(letters)


MIN_PARAGRAPH_RUN = 8
"""A run of consecutive numbers this long, in full sentences, is a numbering of paragraphs rather than a list."""


def settle_numbers(blocks: Sequence[Block]) -> list[Block]:
    """Tell paragraph numbers from list numbers, over a whole document.

    Readers give every "12. Text" as a list item with number "12". A run 1, 2, 3, ... (which headings, lists and annexes
    may interrupt) becomes numbered paragraphs when it is long and wordy, or when it carries most of its annex.
    """
    settled = list(blocks)
    for run in _runs(blocks):
        members = [blocks[index] for index in run]
        words = median(len(member.text.split()) for member in members)
        part = members[0].part
        beside = sum(block.kind == "paragraph" and block.number is None and block.part == part for block in blocks)
        dense = len(run) >= 3 and beside <= len(run)
        sentences = all(not member.text[:1].islower() for member in members)
        if sentences and words >= 10 and (len(run) >= MIN_PARAGRAPH_RUN or dense):
            for index in run:
                settled[index] = replace(blocks[index], kind="paragraph", level=0)
    return settled


def _runs(blocks: Sequence[Block]) -> list[list[int]]:
    """Indexes of blocks whose numbers follow one another, each run within one part."""
    runs: list[list[int]] = []
    part: str | None = None
    for index, block in enumerate(blocks):
        if block.kind not in ("list_item", "paragraph") or not (block.number and block.number.isdigit()):
            continue
        number = int(block.number)
        last = runs[-1] if runs else []
        expected = int(blocks[last[-1]].number or 0) + 1 if last and block.part == part else 1
        if last and block.part == part and expected <= number <= expected + 1:
            last.append(index)
        else:
            runs.append([index])
        part = block.part
    return runs
