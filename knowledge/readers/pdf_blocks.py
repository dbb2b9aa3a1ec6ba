"""Turns lines into the blocks of a document: headings, numbered paragraphs, list items, tables and footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.cleaning import join_lines, mend_split_words, normalise_characters
from knowledge.documents import Block, BlockKind
from knowledge.readers.pdf_chunks import Chunk
from knowledge.readers.pdf_drafts import (
    CAPTION,
    MAX_HEADING,
    Draft,
    caption,
    levels,
    number_sort,
    strength_of,
    with_captions,
    with_part_titles,
)
from knowledge.readers.pdf_tables import Table

_NUMBERED = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,3})\.?\s+(?=\S)")
_PLAIN_NUMBERED = re.compile(r"(\d{1,3})\.\s*(?=[^\s\d])")
_HEADING_NUMBER = re.compile(
    r"(?P<word>(?:chapter|section|part) (?:[IVXLC]+|\d+))\b[.:]?\s*"
    r"|(?P<plain>[IVXLC]{1,7}|[A-Z](?:\.\d{1,2}){0,3}|\d{1,2}(?:\.\d{1,3}){0,3})[.)]?\s+(?=\S)"
    r"|(?P<dotted>\d{1,2}(?:\.\d{1,3}){1,3})\.?(?=[^\W\d])"
    r"|(?P<brackets>\((?:[a-z]|[ivx]{1,5}|\d{1,2})\))\s+(?=\S)",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"(?P<number>\((?:[a-z]{1,2}|[ivxl]{1,6}|\d{1,2}|[A-Z])\)|(?:[a-z]|[ivx]{1,5})[.)](?=\s))\s*"
    r"|(?P<bullet>[•▪●■◦○‣·]|[–—−-](?=\s)|o(?=\s\s?[A-Z]))\s*"
)
_PART = re.compile(
    r"(?P<label>(?:annexe?|appendix|enclosure|attachment)(?:\s+(?:[IVXLC]+|\d{1,2}|[A-Z]))?)(?![\w’'])\s*[.:–—-]*\s*(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CLOSED = re.compile(r"[.:;?!][\"'”’)\]]*$")


@dataclass
class BlockBuilder:
    """Takes chunks and tables in reading order; `blocks` gives the result.

    Paragraph numbers must follow each other: "2008. The ..." at a line's start is a number only where 2007 came before.
    """

    known_words: Mapping[str, int]
    body_size: float
    resolution: bool = False
    _drafts: list[Draft] = field(default_factory=list)
    _notes: list[Draft] = field(default_factory=list)
    _part: str | None = None
    _last: int = 0
    _number_x: float | None = None
    _sub_last: int = 0
    _sub_x: float = 0.0
    _list_x: list[tuple[str, float]] = field(default_factory=list)
    _seen_numbers: bool = False

    def add_page(self, items: Sequence[Chunk | Table], notes: Sequence[Chunk]) -> None:
        """Take one page's chunks and tables, and its footnotes."""
        for place, item in enumerate(items):
            if isinstance(item, Table):
                self._release_notes()
                self._add_table(item)
                continue
            if not self._continue(item, first_on_page=place == 0):
                self._release_notes()
                self._add(item)
        if items:
            self._release_notes()
        self._notes.extend(self._footnotes(notes))

    def blocks(self) -> tuple[Block, ...]:
        """Everything taken so far, as blocks."""
        self._release_notes()
        drafts = list(with_captions(with_part_titles(self._drafts)))
        return tuple(
            block
            for draft, level in zip(drafts, levels(drafts), strict=True)
            if (block := self._block(draft, level)) is not None
        )

    # --- taking ---

    def _release_notes(self) -> None:
        self._drafts.extend(self._notes)
        self._notes.clear()

    def _add(self, chunk: Chunk) -> None:
        text = chunk.text
        if chunk.first.opening_mark:
            self._drafts.extend(self._footnotes([chunk]))
        elif self._belongs_to_caption(chunk):
            self._drafts[-1].chunks.append(chunk)
        elif (match := _PART.fullmatch(text)) and _opens_part(chunk, match, self.body_size):
            self._open_part(chunk, match)
        elif CAPTION.match(text) and len(text) < 200 and not _NUMBERED.match(text):
            self._drafts.append(Draft("paragraph", [chunk], part=self._part))
        elif _is_heading(chunk, self.body_size) and not self._is_bold_paragraph(chunk):
            self._add_heading(chunk)
        elif match := (_PLAIN_NUMBERED.match(text) or _NUMBERED.match(text)):
            self._add_numbered(chunk, match)
        elif match := _ITEM.match(text):
            self._add_item(chunk, match)
        else:
            self._add_plain(chunk)

    def _belongs_to_caption(self, chunk: Chunk) -> bool:
        """True for the title under "Figure 3", which would else stand as a heading over the paragraphs that follow."""
        before = self._drafts[-1] if self._drafts else None
        if before is None or before.kind != "paragraph" or before.number or not before.chunks:
            return False
        same_page = before.chunks[-1].first.page == chunk.first.page
        title = _is_heading(chunk, self.body_size) or (chunk.over_drawing and len(chunk.text) < MAX_HEADING)
        return bool(CAPTION.match(before.chunks[0].text)) and same_page and title

    def _is_bold_paragraph(self, chunk: Chunk) -> bool:
        """True for a paragraph in bold, as recommendations are set: next in number, at the margin, a sentence."""
        match = _PLAIN_NUMBERED.match(chunk.text)
        if match is None or int(match[1]) != self._last + 1 or self._number_x is None:
            return False
        sentence = chunk.text[-1] in ".:;" or (len(chunk.lines) > 1 and chunk.fills_its_last_line)
        return abs(chunk.first.x0 - self._number_x) <= 6 and len(chunk.text) > 50 and sentence

    def _open_part(self, chunk: Chunk, match: re.Match[str]) -> None:
        self._part = _part_name(match["label"])
        self._last, self._sub_last, self._number_x = 0, 0, None
        self._list_x.clear()
        title = " ".join(match["title"].split())
        self._drafts.append(Draft("heading", [chunk], self._part, part=self._part, title=title, strength=(99.0,)))

    def _add_heading(self, chunk: Chunk) -> None:
        match = _HEADING_NUMBER.match(chunk.text)
        number = next((group for group in match.groups() if group), None) if match else None
        self._list_x.clear()
        self._sub_last = 0
        self._drafts.append(
            Draft(
                "heading",
                [chunk],
                number,
                part=self._part,
                cut=match.end() if match and number else 0,
                strength=strength_of(chunk, number),
            )
        )

    def _add_numbered(self, chunk: Chunk, match: re.Match[str]) -> None:
        printed = match[1]
        if "." in printed:
            dotted = chunk.first.hanging_x is not None or match[0].rstrip().endswith(".")
            self._add_draft("paragraph", chunk, printed if dotted else None, match.end() if dotted else 0)
            return
        value, x = int(printed), chunk.first.x0
        ends_with_stop = match[0].rstrip().endswith(".")
        at_margin = self._number_x is None or abs(x - self._number_x) <= 6 or abs(x - chunk.left) <= 2
        if ends_with_stop and (
            (value == self._last + 1 and (at_margin or self._sub_last + 1 != value))
            or (at_margin and self._last < value <= self._last + 6)
            or (value == 1 and at_margin)
        ):
            self._last, self._sub_last = value, 0
            self._number_x = x if self._number_x is None or chunk.page_turned else self._number_x
            self._list_x.clear()
            self._seen_numbers = True
            self._add_draft("paragraph", chunk, printed, match.end())
        elif ends_with_stop and (value == 1 or value == self._sub_last + 1):
            self._sub_last, self._sub_x = value, x
            self._add_draft("list_item", chunk, printed, match.end(), self._depth(printed, x))
        else:
            self._add_plain(chunk)

    def _add_item(self, chunk: Chunk, match: re.Match[str]) -> None:
        number = match["number"] or match["bullet"]
        self._add_draft("list_item", chunk, number, match.end(), self._depth(number, chunk.first.x0))

    def _add_plain(self, chunk: Chunk) -> None:
        preamble = self.resolution and not self._seen_numbers and self._part is None
        if not preamble:
            self._list_x.clear()
        self._add_draft("preamble" if preamble else "paragraph", chunk, None, 0)

    def _add_draft(self, kind: BlockKind, chunk: Chunk, number: str | None, cut: int, level: int = 0) -> None:
        self._drafts.append(Draft(kind, [chunk], number, level, self._part, cut))

    def _depth(self, number: str, x: float) -> int:
        """Nesting of a list item: items numbered alike are on one level, a new sort of number opens a deeper one."""
        sort = number_sort(number, [known for known, _ in self._list_x])
        if any(known == sort for known, _ in self._list_x):
            while self._list_x[-1][0] != sort:
                self._list_x.pop()
        else:
            while self._list_x and x < self._list_x[-1][1] - 5:
                self._list_x.pop()
            self._list_x.append((sort, x))
        return len(self._list_x)

    def _add_table(self, table: Table) -> None:
        before = self._drafts[-1] if self._drafts else None
        if before and before.table and before.part == self._part and before.table.page < table.page:
            joined = before.table.followed_by(table)
            if joined:
                before.table = joined
                return
        self._drafts.append(Draft("table", [], part=self._part, table=table))

    def _footnotes(self, chunks: Sequence[Chunk]) -> Iterator[Draft]:
        last: Draft | None = next((d for d in reversed(self._drafts) if d.kind == "footnote"), None)
        for chunk in chunks:
            mark, cut = _note_mark(chunk)
            if mark is None and last is not None and not _CLOSED.search(last.chunks[-1].text):
                last.chunks.append(chunk)
                continue
            last = Draft("footnote", [chunk], mark, part=self._part, cut=cut)
            yield last

    def _continue(self, chunk: Chunk, *, first_on_page: bool) -> bool:
        """Append the chunk to the paragraph before it where it carries that one on."""
        before = next((d for d in reversed(self._drafts) if d.kind != "footnote"), None)
        if first_on_page and before is not None and before.kind == "table":
            return False
        if before is not None and before.kind == "table" and chunk.text[:1].islower():
            before = next((d for d in reversed(self._drafts) if d.kind in ("paragraph", "list_item", "preamble")), None)
        if before is None or before.kind not in ("paragraph", "list_item", "preamble") or not before.chunks:
            return False
        last = before.chunks[-1]
        if _is_heading(chunk, self.body_size) or CAPTION.match(last.text) or chunk.first.opening_mark:
            return False
        if abs(chunk.first.size - last.first.size) > 1.2 or _begins_with_number(chunk):
            return False
        open_end = not _CLOSED.search(last.text)
        small_start = chunk.text[:1].islower()
        if not (chunk.page_turned or first_on_page):
            goes_on = open_end and small_start and chunk.first.y > last.last.y and not chunk.tagged
        elif open_end and not last.last.text.endswith(","):
            goes_on = True
        else:
            goes_on = (small_start and (open_end or not chunk.indented)) or (
                chunk.flush_with(last) and last.fills_its_last_line and not chunk.indented and last.opens_indented
            )
        if goes_on:
            before.chunks.append(chunk)
        return goes_on

    # --- giving ---

    def _block(self, draft: Draft, level: int) -> Block | None:
        if draft.table is not None:
            return Block(
                "table",
                normalise_characters(draft.title or ""),
                draft.table.page,
                draft.table.page_end or draft.table.page,
                part=draft.part,
                rows=tuple(tuple(normalise_characters(cell) for cell in row) for row in draft.table.rows),
                note_marks=draft.table.marks,
            )
        lines = [line for chunk in draft.chunks for line in chunk.lines]
        texts = [lines[0].text[draft.cut :], *(line.text for line in lines[1:])]
        opening = draft.chunks[0]
        several = len(draft.chunks) > 1 or (len(opening.lines) > 1 and opening.bold)
        if draft.kind == "paragraph" and not draft.number and several and CAPTION.match(opening.text):
            draft.title = caption(draft.chunks)
        text = (
            draft.title
            if draft.title is not None
            else mend_split_words(normalise_characters(join_lines(texts, self.known_words)), self.known_words)
        )
        if not text and draft.number and draft.kind == "heading":
            text = draft.number
        if not text:
            return None
        marks = tuple(mark for line in lines for mark in line.marks)
        if lines[0].opening_mark and draft.kind != "footnote":
            marks = (lines[0].opening_mark, *marks)
        return Block(draft.kind, text, lines[0].page, lines[-1].page, level, draft.number, draft.part, note_marks=marks)


def _begins_with_number(chunk: Chunk) -> bool:
    return bool(_PLAIN_NUMBERED.match(chunk.text) or _ITEM.match(chunk.text))


def _note_mark(chunk: Chunk) -> tuple[str | None, int]:
    if chunk.first.opening_mark:
        return chunk.first.opening_mark, 0
    match = re.match(r"(\d{1,3}|\*{1,3}|[†‡])[.)]?\s+(?=\S)", chunk.text)
    return (match[1], match.end()) if match else (None, 0)


def _is_heading(chunk: Chunk, body_size: float) -> bool:
    """True for short emphasised text that is no sentence, numbered or not."""
    text = chunk.text
    if len(text) > MAX_HEADING or len(chunk.lines) > 5 or not re.search(r"[^\W\d_]{2}", text):
        return False
    if text[-1] in ",;" or (text[-1] == ":" and not chunk.bold):
        return False
    if chunk.over_drawing:
        return False
    larger = chunk.first.size >= body_size * 1.12 and chunk.first.size >= body_size + 1
    sentence = text[-1] == "." and len(text) > 60
    if chunk.bold or larger:
        return not sentence
    if text[-1] == "." or chunk.first.size < body_size - 1.2:
        return False
    if not (text[0].isupper() or not text[0].isalpha()):
        return False
    tagged = bool(chunk.first.tag and re.fullmatch(r"H\d?", chunk.first.tag.role))
    if chunk.italic or tagged:
        return len(text) < 160
    capitals = text.upper() == text and len(re.findall(r"[A-Z]", text)) > 5 and not re.search(r"\d{3}", text)
    return bool(
        (capitals and len(text) < 100)
        or (re.match(r"(?:[IVX]{1,6}|[A-Z])\.\s+[A-Z]", text) and len(text) < 100 and len(chunk.lines) <= 2)
    )


def _opens_part(chunk: Chunk, match: re.Match[str], body_size: float) -> bool:
    title = match["title"]
    if len(chunk.text) > 200 or re.match(r"(?:to|of|is|and|for|in|on|shall|provides|contains)\b", title):
        return False
    if title and chunk.text[-1] in ".;,":
        return False
    if not title:
        return chunk.first.x1 - chunk.first.x0 < 200
    return _is_heading(chunk, body_size)


def _part_name(label: str) -> str:
    words = label.split()
    return " ".join([words[0].capitalize(), *(word.upper() for word in words[1:])])
