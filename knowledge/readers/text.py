"""Reads plain text, most of it extracted from PDF files by others: page furniture, notes and line ends in the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from knowledge.cleaning import join_lines, mend_split_words, normalise_characters, vocabulary
from knowledge.documents import Block, Reading
from knowledge.readers import structure
from knowledge.readers.encodings import decode
from knowledge.readers.metadata import first_page, marking
from knowledge.readers.notes import CLOSE, OPEN, Line, Note, split_notes, take_marks


def read_text(path: Path) -> Reading:
    """Read a plain text file. Pages are known only where the file holds form feeds."""
    return read_lines(decode(path.read_bytes()))


def read_lines(text: str) -> Reading:
    """Make blocks of running text in which lines, pages and notes are as an extraction left them."""
    text = normalise_characters(text)
    body, notes = split_notes(_without_running_heads(text.split("\n")))
    body, titles = _without_contents(body)
    known = vocabulary(text)
    layout = _Layout.of(body)
    paragraphs = _rejoin([_Paragraph.of(group, known) for group in _group(body, layout)], layout, known)
    blocks = _Builder(titles, layout, known).build(paragraphs, notes)
    return Reading(
        replace(first_page([line.text for line in body[:40]]), classification=marking(text)),
        tuple(structure.settle_numbers(blocks)),
        pages=text.count("\f") + 1 if "\f" in text else None,
    )


_PAGE_OF = re.compile(r"(?i)\bpage \d+|\b\d+ of \d+|^\d{1,4}\s*[|/·]|[|/·]\s*\d{1,4}$")


_BESIDE_NUMBER = re.compile(r"^\d{1,4}\s+[^\d.]+$|^[^\d.]+\s\d{1,4}$")


def _without_running_heads(lines: Sequence[str]) -> list[str]:
    """Blank the heads and feet that return page after page, told by their words with the numbers taken out."""
    keys = [re.sub(r"\d+", "#", line.strip("\f \t")).lower() for line in lines]
    counts = Counter(key for key in keys if 3 <= len(key) < 110 and re.search(r"[^\W\d_]{2}", key))
    kept: list[str] = []
    for line, key in zip(lines, keys, strict=True):
        numbered = bool(
            _PAGE_OF.search(line.strip()) or _BESIDE_NUMBER.match(line.strip())
        ) and not structure.ends_sentence(line)
        plain = (
            "#" not in key
            and counts[key] >= 5
            and not structure.ends_sentence(line)
            and not structure.take_mark(line.strip())
        )
        furniture = counts[key] >= 3 and (numbered or plain)
        kept.append("\f" * line.count("\f") if furniture else line)
    return kept


_CONTENTS_ENTRY = re.compile(
    r"^(?P<title>.*?\w.*?)\s*(?:\.{3,}|(?:\. ){3,}|…+|\t|\s{3,}|_{3,})[.\s]*(?:\d{1,3}|[ivxl]{1,6})$"
)
_LOOSE_ENTRY = re.compile(r"^(?P<title>.*?[^\W\d_].*?)\s+\d{1,3}$")


def _without_contents(lines: Sequence[Line]) -> tuple[list[Line], set[str]]:
    """Drop a table of contents; return the lines left and the titles it named, as hints for headings."""
    kept: list[Line] = []
    titles: set[str] = set()
    under_contents = False
    entries = [_CONTENTS_ENTRY.match(line.text) if len(line.text) < 300 else None for line in lines]
    for index, (line, entry) in enumerate(zip(lines, entries, strict=True)):
        near = any(entries[max(0, index - 3) : index] + entries[index + 1 : index + 4])
        if structure.CONTENTS_HEADING.match(line.text.strip(" .:")):
            under_contents = True
            continue
        found = entry if entry and (near or under_contents) else None
        if not found and under_contents and len(line.text) < 120:
            found = _LOOSE_ENTRY.match(line.text)
        if found:
            titles.add(_title_key(found.group("title")))
        else:
            under_contents = False
            kept.append(line)
    return kept, titles


def _title_key(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


@dataclass(frozen=True)
class _Layout:
    """How the lines of a text stand: one a paragraph, or wrapped at `width` with `gap` blank lines between them."""

    wrapped: bool
    gap: int
    width: int

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Layout:
        lengths = sorted(len(line.text) for line in lines) or [0]
        long = sum(length > 200 for length in lengths)
        # Lines that go on in small letters show how far apart the lines of one paragraph stand.
        gaps = [line.gap for line in lines if line.text[:1].islower() and not line.page_top]
        double = len(gaps) >= 10 and sum(gap == 1 for gap in gaps) > len(gaps) / 2
        wrapped = long < 0.08 * len(lengths)
        return cls(wrapped, int(double), lengths[int(len(lengths) * 0.9)])


_ABBREVIATION_ENTRY = re.compile(r"^[A-Z][A-Za-z&]*[A-Z][\w/&-]*[\s:–=-]+(?=.*[a-z]{2})[A-Z][^.;]*\.?[^.;]*$")
_SETTING = re.compile(r"^[\W_]*$")


def _group(lines: Sequence[Line], layout: _Layout) -> list[list[Line]]:
    """Cut the body lines into paragraphs."""
    groups: list[list[Line]] = []
    heading = False
    for index, line in enumerate(lines):
        if _SETTING.match(line.text):
            continue
        following = lines[index + 1] if index + 1 < len(lines) else None
        previous = groups[-1][-1] if groups else None
        if previous is None or _breaks(groups[-1], line, following, layout, heading):
            groups.append([line])
            heading = _is_heading_line(line, following, layout)
        else:
            groups[-1].append(line)
    return groups


def _breaks(group: Sequence[Line], line: Line, following: Line | None, layout: _Layout, heading: bool) -> bool:
    previous = group[-1]
    if not layout.wrapped or (line.gap > layout.gap and not line.page_top):
        return True
    text = line.text
    if heading:
        return not (len(group) == 1 and len(text) < layout.width / 2 and not structure.ends_sentence(text) and following
                    and following.text[:1].isupper() and text[:1].isupper())  # fmt: skip
    if structure.take_mark(text) and not text.startswith(("–", "—", "- ", "* ")):
        return True
    ended = structure.ends_sentence(take_marks(previous.text)[0])
    if structure.take_mark(text) and (ended or structure.take_mark(group[0].text)):
        return True
    if (
        _ABBREVIATION_ENTRY.match(text)
        and len(text.split()) < 11
        and (_ABBREVIATION_ENTRY.match(previous.text) or (following and _ABBREVIATION_ENTRY.match(following.text)))
    ):
        return True
    if not ended:
        return structure.is_chapter(text) and text.isupper()
    short = len(previous.text) < 0.7 * layout.width
    if structure.take_number(text) and (short or line.page_top or structure.take_number(group[0].text)):
        return True
    if _is_heading_line(line, following, layout):
        return True
    if line.page_top:
        return len(previous.text) < 0.85 * layout.width
    return short and text[:1].isupper()


def _is_heading_line(line: Line, following: Line | None, layout: _Layout) -> bool:
    """Whether a line is a heading by itself though text follows it without a gap."""
    text = line.text.strip()
    if not layout.wrapped or following is None or structure.ends_sentence(text) or len(text) > 0.8 * layout.width:
        return False
    section = structure.take_section(text)
    if section and "." in section[0] and section[2][:1].isupper():
        return True
    if structure.is_chapter(text) and structure.is_capitals(text):
        return True
    opens = (line.gap > layout.gap or line.page_top) and text[:1].isupper() and text[-1].isalnum()
    begins = following.text[:1].isupper() or structure.take_number(following.text) is not None
    wide = len(following.text) > 0.75 * layout.width and begins
    return opens and wide and len(text) < 0.6 * layout.width and (following.gap <= layout.gap or following.page_top)


@dataclass
class _Paragraph:
    text: str
    page: int | None
    page_end: int | None
    page_top: bool
    gap: int
    lines: list[Line] = field(repr=False)

    @classmethod
    def of(cls, lines: Sequence[Line], known: Counter[str]) -> _Paragraph:
        text = join_lines([line.text for line in lines], known)
        first, last = lines[0], lines[-1]
        return cls(text, first.page or None, last.page or None, first.page_top, first.gap, list(lines))

    def take_up(self, other: _Paragraph, known: Counter[str]) -> None:
        self.text = join_lines([self.text, re.sub(r"^- (?=[a-z])", "", other.text)], known)
        self.page_end = other.page_end
        self.lines += other.lines


def _rejoin(paragraphs: Sequence[_Paragraph], layout: _Layout, known: Counter[str]) -> list[_Paragraph]:
    """Join the halves of paragraphs that a page's end, a note or a gap cut in the middle of a sentence."""
    whole: list[_Paragraph] = []
    for paragraph in paragraphs:
        if whole and _continues(whole[-1], paragraph, layout):
            whole[-1].take_up(paragraph, known)
        else:
            whole.append(paragraph)
    return whole


def _continues(before: _Paragraph, after: _Paragraph, layout: _Layout) -> bool:
    text, next_text = take_marks(before.text)[0], after.text
    if layout.wrapped and text.endswith((";", ":")) and after.gap > layout.gap and not after.page_top:
        return False
    if (structure.ends_sentence(text) and not text.endswith(";")) or structure.take_number(next_text):
        return False
    mark = structure.take_mark(next_text)
    if mark and not next_text.startswith(("–", "—")):
        before_mark = structure.take_mark(text)
        return bool(before_mark and before_mark[0] != mark[0] == "-" and mark[1][:1].islower() and text[-1].isalpha())
    if next_text[:1].islower() or (text.endswith("-") and next_text[:1].isalpha()):
        return len(text) > 3
    lead_in = next_text.endswith(":") and len(next_text.split()) < 30
    if text.endswith(("”", '"', "’")) or lead_in:
        return False
    if text.endswith((",", " the", " and", " of", " a", " to", " in", " or", " for")) and len(text) > 60:
        return True
    running = len(text.split()) > 18 and len(next_text.split()) > 8 and not structure.take_section(next_text)
    return running and (after.page_top or not layout.wrapped) and not structure.is_capitals(next_text)


_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]{1,300}?)(?<=\S)\1(?![\w*])")
_MARKDOWN_HEADING = re.compile(r"^(#{1,6})\s+")
_BOX = re.compile(r"^Box\s+\d+(\.\d+)*\b", re.IGNORECASE)
_CAPTION = re.compile(r"^(?:Table|Figure|Chart|Map|Source|Sources)\s*[\d:]", re.IGNORECASE)


class _Builder:
    """Turns whole paragraphs into blocks, keeping track of the heading, the annex and the section of notes."""

    def __init__(self, titles: set[str], layout: _Layout, known: Counter[str]) -> None:
        self.titles, self.layout, self.known = titles, layout, known
        self.blocks: list[Block] = []
        self.level = 0  # of the last heading that was numbered, in capitals or well known
        self.part: str | None = None
        self.trailing: list[Block] = []
        self.section = ""  # "notes" or "sources" below such a heading
        self.opened = False  # whether a heading or a full paragraph was seen: before, all is preamble

    def build(self, paragraphs: Sequence[_Paragraph], notes: Sequence[Note]) -> list[Block]:
        waiting = list(notes)
        for index, paragraph in enumerate(paragraphs):
            paragraph.text = _EMPHASIS.sub(r"\2", paragraph.text)
            following = paragraphs[index + 1].text if index + 1 < len(paragraphs) else ""
            self._add(paragraph, following)
            due = [note for note in waiting if note.after <= paragraph.lines[-1].number]
            waiting = waiting[len(due) :]
            self._add_notes(due, paragraph.page_end)
        self._add_notes(waiting, None)
        while self.blocks and self.blocks[-1].kind == "heading":  # a colophon's lines, under which nothing stands
            self.blocks[-1:], trailing = [], self.blocks[-1]
            self.trailing.insert(0, replace(trailing, kind="preamble", level=0))
        return [*self.blocks, *self.trailing]

    def _add_notes(self, notes: Iterable[Note], page: int | None) -> None:
        for note in notes:
            text = take_marks(_EMPHASIS.sub(r"\2", join_lines(note.lines, self.known)))[0]
            if re.search(r"\w", text):
                self.blocks.append(Block("footnote", text, page, page, number=note.mark, part=self.part))

    def _add(self, paragraph: _Paragraph, following: str) -> None:
        text, marks = take_marks(paragraph.text)
        text = mend_split_words(text, self.known)
        if not re.search(r"\w", text):
            return
        base = Block("paragraph", text, paragraph.page, paragraph.page_end, part=self.part, note_marks=marks)
        heading = self._heading(text, following)
        if heading:
            self.opened = True
            self.blocks.append(replace(base, kind="heading", text=heading[2], level=heading[0], number=heading[1],
                                       part=self.part))  # fmt: skip
        elif self.section:
            self._add_source(base)
        else:
            self._add_text(base)

    def _add_source(self, base: Block) -> None:
        numbered = structure.take_number(base.text) if self.section == "notes" else None
        marked = structure.take_mark(base.text)
        if numbered:
            self.blocks.append(replace(base, kind="footnote", text=numbered[1], number=str(numbered[0])))
        elif self.section == "notes" and self.blocks[-1].kind == "footnote":
            self.blocks[-1] = replace(self.blocks[-1], text=f"{self.blocks[-1].text} {base.text.lstrip('-• ')}")
        else:
            self.blocks.append(replace(base, kind="footnote", text=marked[1] if marked else base.text))

    def _add_text(self, base: Block) -> None:
        marked, numbered = structure.take_mark(base.text), structure.take_number(base.text)
        if marked and marked[1]:
            self.blocks.append(replace(base, kind="list_item", text=marked[1], number=marked[0], level=1))
        elif numbered:
            self.blocks.append(replace(base, kind="list_item", text=numbered[1], number=str(numbered[0]), level=1))
        elif (base.text[0].islower() and self.blocks and self._in_unmarked_list()) or (
            self.opened and _ABBREVIATION_ENTRY.match(base.text) and len(base.text.split()) < 11
        ):
            self.blocks.append(replace(base, kind="list_item", level=1))
        elif not self.opened and len(base.text.split()) < (8 if structure.ends_sentence(base.text) else 25):
            if not any(block.text == base.text for block in self.blocks):
                self.blocks.append(replace(base, kind="preamble"))
        else:
            self.opened = True
            self.blocks.append(base)

    def _in_unmarked_list(self) -> bool:
        """Whether the text before leads to an item whose bullet the extraction lost."""
        last = next((block for block in reversed(self.blocks) if block.kind != "footnote"), self.blocks[-1])
        unmarked = last.kind == "list_item" and (last.number is None or last.text.endswith((";", "; and", "; or")))
        return last.text.endswith(":") or unmarked

    def _heading(self, text: str, following: str) -> tuple[int, str | None, str] | None:
        """Level, number and words of a heading; None for anything else."""
        printed = _MARKDOWN_HEADING.match(text)
        if printed:
            return len(printed.group(1)), None, text[printed.end() :]
        if len(text) > 170 or len(text.split()) > 22 or text[-1] in ".;,:" or structure.take_mark(text):
            return None
        section = structure.take_section(text)
        found = self._structured(text, section)
        if found is None and not self.section:
            found = self._unnumbered(text, following)
        if found and found[0] == 1:
            name = found[2].strip(" .:")
            self.section = (
                "notes" if structure.NOTES_HEADING.match(name)
                else "sources" if structure.SOURCES_HEADING.match(name)
                else ""
            )  # fmt: skip
        return found

    def _structured(self, text: str, section: tuple[str, int, str] | None) -> tuple[int, str | None, str] | None:
        part = structure.part_of(text)
        if part:
            self.part, self.level = part, 1
            return 1, None, text
        listed = _title_key(text) in self.titles
        if section and not self.section and (listed or (section[2][:1].isupper() and text[0].isalnum())):
            self.level = section[1]
            return section[1], section[0], section[2]
        if structure.is_chapter(text) or structure.is_capitals(text) or structure.TOP_HEADINGS.match(text) or listed:
            if not self.opened and not listed and not structure.TOP_HEADINGS.match(text):
                return None
            self.level = 1
            return (1, None, text) if len(text.split()) < 16 else None
        return None

    def _unnumbered(self, text: str, following: str) -> tuple[int, str | None, str] | None:
        if _CAPTION.match(text) or not text[0].isupper() or OPEN in text or CLOSE in text:
            return None
        box = bool(_BOX.match(text))
        last = self.blocks[-1] if self.blocks else None
        free = last is None or last.kind in ("heading", "preamble") or structure.ends_sentence(last.text)
        words = len(following.split())
        prose = words >= 12 and (words >= 25 or not structure.take_section(following))
        if not box and not (free and prose and len(text.split()) <= 14 and text[-1] not in ",-" and self.opened):
            return None
        return (min(self.level + 1, 6) if self.level else 1), None, text
