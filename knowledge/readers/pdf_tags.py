"""Reads the structure tree of a tagged PDF page: which content is a heading, a note, a figure or a table cell."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # ships no types


@dataclass(frozen=True)
class Tag:
    """What the structure tree of a tagged PDF says about a piece of content."""

    role: str
    """Standard type of the nearest block element: "P", "H1", "Note", "Figure", "Table", "LBody"..."""
    element: int
    """Running number of that element on its page; equal for lines of one paragraph."""
    cell: tuple[int, int, int] | None = None
    """Table on this page, row in it and place in the row, each from 0."""


@dataclass(frozen=True)
class TableShape:
    """Size of one tagged table on one page."""

    cells_in_rows: tuple[int, ...]
    """Cells of each row; fewer than in other rows where some stretch over several columns."""
    head_rows: int


_BLOCKS = {
    "P",
    "Note",
    "FENote",
    "Figure",
    "LBody",
    "Lbl",
    "LI",
    "Caption",
    "TH",
    "TD",
    "Formula",
    "TOCI",
    "BlockQuote",
}


def structure(page: pypdfium2.PdfPage) -> tuple[dict[int, Tag], tuple[TableShape, ...]]:
    """The tag of each marked content of a page, and the shapes of its tables."""
    tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return {}, ()
    walk = _TreeWalk()
    try:
        for index in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            child = pdfium.FPDF_StructTree_GetChildAtIndex(tree, index)
            if child:
                walk.visit(child, Tag("", 0), 0)
    finally:
        pdfium.FPDF_StructTree_Close(tree)
    return walk.tags, tuple(walk.tables)


class _TreeWalk:
    def __init__(self) -> None:
        self.tags: dict[int, Tag] = {}
        self.tables: list[TableShape] = []
        self._elements = 0

    def visit(self, element: Any, inherited: Tag, depth: int) -> None:
        role = _element_type(element)
        tag = inherited
        if role in _BLOCKS or re.fullmatch(r"H\d?", role):
            self._elements += 1
            nearest = inherited.role if inherited.role in ("Note", "Figure") else role
            tag = replace(inherited, role=nearest, element=self._elements)
        if role == "Table" and inherited.cell is None and depth < 60:
            self._table(element, tag, depth)
            return
        for index in range(pdfium.FPDF_StructElement_CountChildren(element)):
            content = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)
            if content >= 0:
                self.tags[content] = tag
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
            if child and depth < 60:
                self.visit(child, tag, depth + 1)

    def _table(self, element: Any, tag: Tag, depth: int) -> None:
        number, rows = len(self.tables), list(_table_rows(element))
        heads = sum(1 for _, head in rows if head)
        self.tables.append(TableShape(tuple(len(cells) for cells, _ in rows), heads))
        for row, (cells, _) in enumerate(rows):
            for column, cell in enumerate(cells):
                self.visit(cell, replace(tag, cell=(number, row, column)), depth + 2)


def _table_rows(element: Any, head: bool = False) -> Iterator[tuple[list[Any], bool]]:
    for index in range(pdfium.FPDF_StructElement_CountChildren(element)):
        child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
        if not child:
            continue
        role = _element_type(child)
        if role in ("THead", "TBody", "TFoot"):
            yield from _table_rows(child, role == "THead")
        elif role == "TR":
            cells = [
                pdfium.FPDF_StructElement_GetChildAtIndex(child, place)
                for place in range(pdfium.FPDF_StructElement_CountChildren(child))
            ]
            yield [cell for cell in cells if cell and _element_type(cell) in ("TH", "TD")], head


def _element_type(element: Any) -> str:
    buffer = ctypes.create_string_buffer(64)
    pdfium.FPDF_StructElement_GetType(element, buffer, 64)
    return buffer.raw.decode("utf-16-le", "replace").partition("\0")[0]
