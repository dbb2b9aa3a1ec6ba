"""Takes a PDF page apart into runs of letters with their place, size and weight, and into what is drawn on it."""

from __future__ import annotations

import ctypes
import math
import pathlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # ships no types

from knowledge.errors import ReadError
from knowledge.readers.pdf_tags import TableShape, Tag, structure

MAX_PAGES = 5_000

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points, measured from the top left corner of the page."""

_PRIVATE_USE = {"\uf0b7": "•", "\uf0a7": "▪", "\uf02d": "–", "\uf0d8": "•", "\uf0fc": "•", "\uf06f": "•", "\uf0b0": "•"}
_HYPHENS = {"\x02", "\ufffe"}


@dataclass(frozen=True)
class Run:
    """Characters without a space, set in one type."""

    text: str
    x0: float
    x1: float
    y: float
    """Baseline, from the top of the page."""
    size: float
    bold: bool
    italic: bool
    spaced: bool
    """True where a space precedes."""
    content: int
    """Marked-content id, which ties the run to the structure tree; -1 for page furniture."""


@dataclass(frozen=True)
class Line:
    """Words on one baseline, read from left to right, with the note marks taken out."""

    text: str
    """Words with one space between them, or a tab where the gap is wider than two letters."""
    page: int
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool
    marks: tuple[str, ...] = ()
    opening_mark: str | None = None
    """A raised mark before the first word: the sign of a footnote."""
    tag: Tag | None = None
    hanging_x: float | None = None
    """Where the words after an opening number or bullet begin."""


@dataclass(frozen=True)
class Page:
    """One page, before anything is judged."""

    number: int
    width: float
    height: float
    runs: tuple[Run, ...]
    tags: dict[int, Tag]
    tables: tuple[TableShape, ...]
    rules: tuple[Box, ...] = ()
    """Thin horizontal and vertical lines."""
    drawings: tuple[Box, ...] = ()
    """Drawn shapes that are no rules, pictures among them."""
    pictures: tuple[Box, ...] = ()
    """Images."""
    tagged: bool = False
    """True where the structure tree covers most of the words."""
    recognized: bool = False
    """True where our own text recognition made the runs."""

    @property
    def scanned(self) -> bool:
        """True where a picture fills the page: what text it has was read by a machine."""
        return self.recognized or any(
            (x1 - x0) * (y1 - y0) > 0.7 * self.width * self.height for x0, y0, x1, y1 in self.pictures
        )


@dataclass(frozen=True)
class _Style:
    size: float
    bold: bool
    italic: bool
    content: int
    level: bool
    """False for turned text: chart axes and the running heads of turned pages."""


class PageReader:
    """Reads pages one by one; `close` frees the document."""

    def __init__(self, path: pathlib.Path) -> None:
        """Open a file; raises ReadError where it is encrypted, damaged, empty or too long."""
        self._document = _open(path)
        self.title: str | None = self._document.get_metadata_dict(skip_empty=True).get("Title")
        """Title in the file's own properties."""
        self._tagged = bool(self._document.is_tagged())

    def __len__(self) -> int:
        return len(self._document)

    def read(self, index: int) -> Page:
        """The page at `index`, from 0; raises ReadError where it is damaged."""
        try:
            page = self._document[index]
        except pypdfium2.PdfiumError as problem:
            where = f"page {index + 1} of {len(self)}"
            raise ReadError(f"the PDF is damaged: {where} cannot be read; get a fresh copy of the file") from problem
        text_page = page.get_textpage()
        try:
            turn = page.get_rotation()
            width, height = page.get_size()
            place = _placer(turn, width, height)
            runs = tuple(_runs(text_page, place, turn))
            tags, tables = structure(page) if self._tagged else ({}, ())
            rules, drawings, pictures = _drawn(page, place)
            covered = sum(1 for run in runs if run.content in tags)
            return Page(
                index + 1, width, height, runs, tags, tables, rules, drawings, pictures, covered * 2 > len(runs) > 0
            )
        finally:
            text_page.close()
            page.close()

    def picture(self, index: int, scale: float) -> Any:
        """The page at `index` drawn at `scale` pixels a point: an array of height x width x 3 bytes, blue first."""
        page = self._document[index]
        try:
            bitmap = page.render(scale=scale)
            try:
                return bitmap.to_numpy().copy()
            finally:
                bitmap.close()
        finally:
            page.close()

    def close(self) -> None:
        """Free the document."""
        self._document.close()


def _open(path: pathlib.Path) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as problem:
        if "password" in str(problem).lower():
            raise ReadError("the PDF is encrypted: save a copy without a password and bring that in") from problem
        raise ReadError("the file is not a whole PDF (cut short or damaged): get a fresh copy of it") from problem
    count = len(document)
    if 0 < count <= MAX_PAGES:
        return document
    document.close()
    if count:
        raise ReadError(f"the PDF has {count} pages and the limit is {MAX_PAGES}: split it and bring in the parts")
    raise ReadError("the PDF has no pages: get a fresh copy of the file")


def _placer(turn: int, width: float, height: float) -> Callable[[float, float], tuple[float, float]]:
    """Function from PDF coordinates to points from the top left corner of the page as it is seen."""
    return {
        0: lambda x, y: (x, height - y),
        90: lambda x, y: (y, x),
        180: lambda x, y: (width - x, y),
        270: lambda x, y: (width - y, height - x),
    }[turn]


def _runs(
    text_page: pypdfium2.PdfTextPage, place: Callable[[float, float], tuple[float, float]], turn: int
) -> Iterator[Run]:
    raw = text_page.raw
    count = text_page.count_chars()
    styles: dict[int, _Style] = {}
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()

    def edges(first: int, last: int) -> tuple[float, float, float]:
        pdfium.FPDFText_GetCharOrigin(raw, first, x, y)
        left, base = place(x.value, y.value)
        pdfium.FPDFText_GetLooseCharBox(raw, last, box)
        return left, place(*_far_edge(box, turn))[0], base

    start, letters, owner, spaced = -1, "", 0, True
    for index in range(count):
        pointer = pdfium.FPDFText_GetTextObject(raw, index)
        # Characters that the library makes up (spaces and line ends it guesses) belong to no object.
        at = ctypes.addressof(pointer.contents) if pointer else 0
        letter = _letter(pdfium.FPDFText_GetUnicode(raw, index)) if at else " "
        if letters and (at != owner or letter.isspace()):
            yield _run(letters, edges(start, index - 1), styles[owner], spaced)
            letters, spaced = "", False
        if letter.isspace():
            spaced = spaced or bool(at)
            if not at and letter != " ":
                spaced = True
            continue
        if at not in styles:
            styles[at] = _style(pointer, turn)
        if not letters:
            start, owner = index, at
        letters += letter
    if letters:
        yield _run(letters, edges(start, count - 1), styles[owner], spaced)


def _far_edge(box: Any, turn: int) -> tuple[float, float]:
    return {
        0: (box.right, box.bottom),
        90: (box.left, box.top),
        180: (box.left, box.bottom),
        270: (box.left, box.bottom),
    }[turn]


def _letter(code: int) -> str:
    letter = chr(code) if 0 < code < 0x110000 else ""
    if letter in _HYPHENS:
        return "-"
    return _PRIVATE_USE.get(letter, letter)


def _run(letters: str, edges: tuple[float, float, float], style: _Style, spaced: bool) -> Run:
    left, right, base = edges
    text = letters if style.level else ""
    return Run(text, left, right, base, style.size, style.bold, style.italic, spaced, style.content)


def _style(pointer: Any, turn: int) -> _Style:
    size, matrix = ctypes.c_float(), pdfium.FS_MATRIX()
    pdfium.FPDFTextObj_GetFontSize(pointer, size)
    pdfium.FPDFPageObj_GetMatrix(pointer, matrix)
    font = pdfium.FPDFTextObj_GetFont(pointer)
    buffer = ctypes.create_string_buffer(128)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, 128)
    name = buffer.value.decode("latin-1").lower()
    angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
    return _Style(
        size=size.value * math.hypot(matrix.c, matrix.d),
        bold=bool(re.search(r"bold|black|heavy|demi", name)) or pdfium.FPDFFont_GetWeight(font) >= 600,
        italic="italic" in name or "oblique" in name,
        content=pdfium.FPDFPageObj_GetMarkedContentID(pointer),
        level=min(abs(angle - turn), 360 - abs(angle - turn)) < 5,
    )


def _drawn(
    page: pypdfium2.PdfPage, place: Callable[[float, float], tuple[float, float]]
) -> tuple[tuple[Box, ...], tuple[Box, ...], tuple[Box, ...]]:
    """Rules, other shapes, and of these the images."""
    rules: list[Box] = []
    drawings: list[Box] = []
    pictures: list[Box] = []
    sides = [ctypes.c_float() for _ in range(4)]
    for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), 5000)):
        shape = pdfium.FPDFPage_GetObject(page.raw, index)
        kind = pdfium.FPDFPageObj_GetType(shape)
        if kind not in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            continue
        if not pdfium.FPDFPageObj_GetBounds(shape, *sides):
            continue
        (xa, ya), (xb, yb) = place(sides[0].value, sides[1].value), place(sides[2].value, sides[3].value)
        box = (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
        thin = min(box[2] - box[0], box[3] - box[1]) <= 3
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            pictures.append(box)
        (rules if thin and kind == pdfium.FPDF_PAGEOBJ_PATH else drawings).append(box)
    return tuple(rules), tuple(drawings), tuple(pictures)
