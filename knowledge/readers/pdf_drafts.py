"""What becomes of drafts once all of them are known: levels of headings, titles of annexes, captions of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.cleaning import join_lines
from knowledge.documents import BlockKind
from knowledge.readers.pdf_chunks import Chunk
from knowledge.readers.pdf_tables import Table

CAPTION = re.compile(r"(?:table|figure|map|box|chart|graph)\s+(?:[IVXLC]+|\d+(?:\.\d+)*)\b[.:]?", re.IGNORECASE)
MAX_HEADING = 220
"""Letters; what is longer is a paragraph however it is set."""


@dataclass
class Draft:
    """A block that may still grow over a page break."""

    kind: BlockKind
    chunks: list[Chunk]
    number: str | None = None
    level: int = 0
    part: str | None = None
    cut: int = 0
    """Characters of the first line that are the number."""
    table: Table | None = None
    title: str | None = None
    strength: tuple[float, ...] = ()


def number_sort(number: str, open_sorts: Sequence[str]) -> str:
    """What kind of number it is; "(i)" counts as a letter only where it follows "(h)"."""
    core = number.strip("().")
    if core.isdigit():
        return "digit"
    if not core.isalpha() or core == "o":
        return number
    roman = re.fullmatch(r"[ivx]+", core) is not None
    if roman and (len(core) > 1 or core == "i" or (open_sorts and open_sorts[-1] == "roman")):
        return "roman"
    return "letter"


def caption(chunks: Sequence[Chunk]) -> str:
    """Label, title and unit as one line: "Table 3: Strength by country (as at 1 May)"."""
    text = join_lines([line.text for chunk in chunks for line in chunk.lines], {})
    label = CAPTION.match(text)
    if label is None or label.end() == len(text):
        return text
    return f"{label[0].rstrip(' .:')}: {text[label.end() :].strip()}"


def strength_of(chunk: Chunk, number: str | None) -> tuple[float, ...]:
    """How high a heading stands: type size first, then capitals, weight, and the kind of its number."""
    kinds = (
        r"(?i:chapter|part) .*",
        r"[IVX]+",
        r"[A-Z]",
        r"\d+|section .*",
        r"[\dA-Z]+\.\d+",
        r"[\dA-Z]+\.\d+\.\d+.*",
        r"\([a-z]+\)",
    )
    rank = next((len(kinds) - n for n, kind in enumerate(kinds) if number and re.fullmatch(kind, number)), 0)
    capitals = chunk.text.upper() == chunk.text
    return (round(chunk.first.size), float(chunk.bold), float(capitals), float(rank), float(not chunk.italic))


def levels(drafts: Sequence[Draft]) -> list[int]:
    """Level of each heading: one more than the stronger headings that still stand open above it."""
    found: list[int] = []
    stack: list[tuple[tuple[float, ...], str]] = []
    for draft in drafts:
        if draft.kind != "heading":
            found.append(draft.level)
            continue
        place = (draft.strength, number_sort(draft.number, ()) if draft.number else "")
        if place in stack:
            del stack[stack.index(place) :]
        while stack and stack[-1][0] <= draft.strength and not _nested_brackets(stack[-1], place):
            stack.pop()
        stack.append(place)
        found.append(len(stack))
    return found


def _nested_brackets(above: tuple[tuple[float, ...], str], below: tuple[tuple[float, ...], str]) -> bool:
    """True for (a) under (i) or the other way round: either may be the outer one."""
    return above[0] == below[0] and {above[1], below[1]} == {"letter", "roman"} and above[0][3:4] == (1.0,)


def with_part_titles(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The heading that follows a bare "Annex II" or "Chapter I" becomes its title."""
    held: Draft | None = None
    for draft in drafts:
        if held is not None:
            page = held.chunks[0].first.page
            if (
                draft.kind == "heading"
                and not _is_bare(draft)
                and not draft.number
                and draft.chunks[0].first.page == page
            ):
                draft.number, draft.strength = held.number, held.strength
            else:
                yield held
            held = None
        if _is_bare(draft):
            held = draft
        else:
            yield draft
    if held is not None:
        yield held


def _is_bare(draft: Draft) -> bool:
    """True for a heading that is only a label and number."""
    if draft.kind != "heading" or not draft.number:
        return False
    return draft.title == "" or (draft.title is None and " " in draft.number and draft.cut >= len(draft.chunks[0].text))


def with_captions(drafts: Iterator[Draft]) -> Iterator[Draft]:
    """The lines from "Table 3" to the table itself become the table's caption."""
    held: list[Draft] = []
    for draft in drafts:
        is_caption = draft.kind == "paragraph" and bool(draft.chunks) and re.match(r"(?i)table\s", draft.chunks[0].text)
        if is_caption and CAPTION.match(draft.chunks[0].text):
            yield from held
            held = [draft]
        elif held and draft.table is not None:
            yield replace(draft, title=caption([c for d in held for c in d.chunks]))
            held = []
        elif held and len(held) < 4 and draft.chunks and len(draft.chunks[0].text) < MAX_HEADING:
            held.append(draft)
        else:
            yield from held
            held = []
            yield draft
    yield from held
