"""Takes footnotes out of the running lines of extracted text, leaving where each was referred to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.readers.structure import ends_sentence

OPEN, CLOSE = "\ue000", "\ue001"
"""Stand around a note's mark inside a line, until a block takes the marks out with `take_marks`."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_RAISED_NOTE = re.compile("([⁰¹²³⁴⁵⁶⁷⁸⁹]+)\\s*(?=\\S)")
_LONE_NUMBER = re.compile(r"\s*(\d{1,3})\s*$")
_NOTE_START = re.compile(r"\s?(\d{1,3})\s{1,3}(?=[^\W\d_]|[\"“‘'(\[])")
_GLUED = re.compile(
    r"(?<=[^\W\d_.,:;!?’”\"')\]])(\d{1,3})(?=$|[\s.,;:!?)\]’”])|(?<=[^\d\s][.,;:!?’”)])(\d{1,3})(?=$|\s)"
)
_SEPARATOR = re.compile(r"[ \u2003]{20,}$|[_―—-]{8,}$")
_ORDINAL_END = re.compile(r"\s*(st|nd|rd|th)\s*$")
_MARKS = re.compile(f"{OPEN}(\\d+){CLOSE}")


@dataclass
class Note:
    """One footnote: its mark, its lines, and the body line after which it was found."""

    mark: str
    lines: list[str] = field(default_factory=list)
    after: int = 0


@dataclass
class Line:
    """One line of the body: its words, the blank lines above it, and its page (0 where the file has no pages)."""

    text: str
    gap: int
    number: int = 0
    """Position among the body lines, from 1."""
    page: int = 0
    page_top: bool = False
    indent: int = 0


def take_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` without the note marks that stand in it, and these marks in order."""
    marks = tuple(_MARKS.findall(text))
    clean = re.sub(f"\\s*{OPEN}\\d+{CLOSE}(?=[\\s.,;:)’”]|$)|{OPEN}\\d+{CLOSE}", "", text)
    return re.sub(r"  +", " ", clean).strip(), marks


def split_notes(lines: Sequence[str]) -> tuple[list[Line], list[Note]]:
    """Separate the lines of a text into body lines and footnotes.

    A note opens at its own number (alone on a line, raised, or before its words) once that number has been referred to
    or a separator was seen; it closes at the next page, told by a form feed, a line set in by one space, a wide gap, or
    the small letter that takes an unfinished sentence up again.
    """
    return _Splitter(lines).run()


class _Splitter:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.body: list[Line] = []
        self.notes: list[Note] = []
        self.referred = 0  # the highest mark seen in the body
        self.fused: set[str] = set()
        self.gap = 0
        self.page = 1 if any("\f" in line for line in lines) else 0
        self.in_notes = False
        self.after_separator = False
        self.after_mark = False  # the line above was a lone mark, so that this one is set in without a page's top

    def run(self) -> tuple[list[Line], list[Note]]:
        for raw in self.lines:
            feeds = raw.count("\f")
            line = raw.replace("\f", " " if self.in_notes else "")
            if feeds:
                self.page += feeds
                self.in_notes, self.gap = False, max(self.gap, 1)
            if not line.strip() or _SEPARATOR.match(line):
                self.after_separator = self.after_separator or bool(_SEPARATOR.match(line))
                self.gap += 1
                continue
            self._take(line, bool(feeds))
            self.gap = 0
        self._put_back_plain_numbers()
        return self.body, self.notes

    def _put_back_plain_numbers(self) -> None:
        """Numbers taken for fused marks become text again where no note answers them."""
        answered = {note.mark for note in self.notes}
        for line in self.body:
            line.text = _MARKS.sub(
                lambda mark: mark.group(1) if mark.group(1) in self.fused - answered else mark.group(), line.text
            )

    def _take(self, line: str, page_top: bool) -> None:
        after_mark, self.after_mark = self.after_mark, False
        separator, self.after_separator = self.after_separator, False
        if self.in_notes and not after_mark and self._leaves_notes(line):
            self.in_notes, page_top = False, True
        if self._opens_note(line, separator):
            return
        if self.in_notes or (separator and self.notes and not page_top and not line.startswith(" ")):
            self.in_notes = True
            self._extend_note(line, after_mark)
        else:
            self._extend_body(line, page_top, after_mark)

    def _leaves_notes(self, line: str) -> bool:
        note = self.notes[-1].lines
        if line.startswith(" ") and not _LONE_NUMBER.match(line) and not _NOTE_START.match(line.lstrip()):
            return True
        ended = bool(note) and ends_sentence(note[-1])
        resumes = bool(self.body) and not ends_sentence(_MARKS.sub("", self.body[-1].text))
        return (
            self.gap >= 3
            or (ended and resumes and line.strip()[0].islower())
            or (self.gap > 0 and ended and bool(_RAISED.search(line)) and not _RAISED_NOTE.match(line))
            or (len(line) > 250 and not _RAISED_NOTE.match(line))
        )

    def _opens_note(self, line: str, separator: bool) -> bool:
        """Start a note if `line` does; a number alone on a line before its note is a reference."""
        last = int(self.notes[-1].mark) if self.notes else 0
        raised = _RAISED_NOTE.match(line.strip())
        if raised:
            self._open(raised.group(1).translate(_SUPERSCRIPTS), line.strip()[raised.end() :])
            return True
        lone = _LONE_NUMBER.match(line)
        if lone:
            number = int(lone.group(1))
            if number == last + 1 and (separator or self.in_notes or number <= self.referred):
                self._open(str(number), "")
                self.after_mark = True
                return True
            return False
        started = _NOTE_START.match(line)
        if started and (separator or self.in_notes or self._awaits_note(int(started.group(1)))):
            number = int(started.group(1))
            if last < number <= last + 2 or (separator and not self.notes):
                self._open(str(number), line[started.end() :])
                return True
        return False

    def _awaits_note(self, number: int) -> bool:
        last = int(self.notes[-1].mark) if self.notes else 0
        return last < number <= self.referred and self.gap > 0

    def _open(self, mark: str, text: str) -> None:
        self.in_notes = True
        self.notes.append(Note(mark, [text] if text else [], len(self.body)))

    def _extend_note(self, line: str, after_mark: bool) -> None:
        lone = _LONE_NUMBER.match(line)
        if lone and not after_mark:
            self.after_mark = True  # a mark inside a note, or a page number: neither is the note's words
            return
        note = self.notes[-1].lines
        if note and (_ORDINAL_END.match(line)) and note[-1].rstrip()[-1:].isdigit():
            note[-1] = note[-1].rstrip() + line.strip()
            self.after_mark = True
        else:
            note.append(line.strip())

    def _extend_body(self, line: str, page_top: bool, after_mark: bool) -> None:
        lone = _LONE_NUMBER.match(line)
        if lone and self.body and self.referred < int(lone.group(1)) <= self.referred + 3 and self.gap <= 2:
            self.referred = int(lone.group(1))
            self.body[-1].text += f"{OPEN}{lone.group(1)}{CLOSE}"
            self.after_mark = True
            return
        if lone:
            return  # a page number
        text = line.strip()
        if self.body and (_ORDINAL_END.match(text) and self.body[-1].text[-1:].isdigit()):
            self.body[-1].text += text
            self.after_mark = True
            return
        if after_mark and self.body and not re.search(r"\w", text):
            self.body[-1].text += text  # the stop after a raised mark
            return
        text = _RAISED.sub(self._raised, text)
        text = _GLUED.sub(self._glued, text)
        gap = 0 if after_mark and self.gap <= 1 else self.gap
        indent = len(line) - len(line.lstrip())
        page_top = page_top or (indent == 1 and self.gap == 0 and not after_mark)
        self.body.append(Line(text, gap, len(self.body) + 1, self.page, page_top, 0 if after_mark else indent))

    def _raised(self, match: re.Match[str]) -> str:
        number = match.group().translate(_SUPERSCRIPTS)
        before = match.string[: match.start()]
        if before[-2:] in (" m", "km", "cm", "²", "³") or not before.strip():
            return match.group()
        self.referred = max(self.referred, int(number))
        return f"{OPEN}{number}{CLOSE}"

    def _glued(self, match: re.Match[str]) -> str:
        """A number fused with the word before it is a mark only where it is the next one."""
        number = match.group(1) or match.group(2)
        if int(number) not in (self.referred + 1, self.referred + 2) or number.startswith("0"):
            return match.group()
        self.referred = int(number)
        self.fused.add(number)
        return f"{OPEN}{number}{CLOSE}"
