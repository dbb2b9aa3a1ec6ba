"""Reads Word files straight from their XML, with the paragraph numbers that Word computes when it prints."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

from knowledge.cleaning import normalise_characters
from knowledge.documents import Block, Reading
from knowledge.errors import ReadError
from knowledge.readers import structure
from knowledge.readers.docx_numbering import Numbering, value
from knowledge.readers.metadata import first_page, marking
from knowledge.readers.notes import CLOSE, OPEN

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

MAX_UNPACKED_BYTES = 200_000_000
MAX_MEMBERS = 5_000
MAX_RATIO = 100
MAX_PARAGRAPHS = 200_000
"""Limits of fault row 11: more than any real report needs, far less than a bomb unfolds to."""
_RATIO_FLOOR = 1_000_000  # below this many unpacked bytes a high ratio is only repetitive XML


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses a DOCTYPE before its entities are read: Word writes none, attacks need one."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ReadError(
            "it declares a DOCTYPE, which Word never writes; open it in Word, save it again and ingest that"
        )


def read_docx(path: Path) -> Reading:
    """Read a Word file. Raises ReadError for what is none, is encrypted, or unfolds beyond the limits above."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, path.stat().st_size)
            parts = {name: _parse(archive, name) for name in archive.namelist() if name in _PARTS}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise ReadError(
            f"it is no readable Word file ({error}); open it in Word, save it as .docx and try again"
        ) from error
    if "word/document.xml" not in parts:
        raise ReadError("it holds no Word document; if it is a template or a spreadsheet, export it as PDF")
    return _reading(parts)


_PARTS = frozenset(
    f"word/{name}.xml" for name in ("document", "styles", "numbering", "footnotes", "endnotes", "header1", "header2")
) | {"docProps/core.xml"}


def _check_size(archive: zipfile.ZipFile, packed: int) -> None:
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if any(member.flag_bits & 1 for member in members):
        raise ReadError("it is protected by a password; save a copy without one")
    if len(members) > MAX_MEMBERS:
        raise ReadError(f"it holds {len(members)} parts (limit {MAX_MEMBERS}); save it again in Word")
    if unpacked > MAX_UNPACKED_BYTES:
        raise ReadError(f"it unpacks to {unpacked // 1_000_000} MB (limit {MAX_UNPACKED_BYTES // 1_000_000} MB)")
    if unpacked > _RATIO_FLOOR and unpacked > MAX_RATIO * max(packed, 1):
        raise ReadError(
            f"it unpacks to {unpacked // max(packed, 1)} times its size (limit {MAX_RATIO}), as zip bombs do"
        )


def _parse(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Parse one part, reading no more than its declared size, since a header may lie."""
    declared = archive.getinfo(name).file_size
    parser = ElementTree.XMLParser(target=_NoDoctype())
    read = 0
    try:
        with archive.open(name) as stream:
            while data := stream.read(1 << 16):
                read += len(data)
                if read > min(declared, MAX_UNPACKED_BYTES):
                    raise ReadError(f"its part {name} is larger than it declares; save it again in Word")
                parser.feed(data)
        root = parser.close()
    except ElementTree.ParseError as error:
        raise ReadError(f"its part {name} is not well-formed ({error}); save it again in Word") from error
    assert isinstance(root, ElementTree.Element)
    return root


def _reading(parts: dict[str, ElementTree.Element]) -> Reading:
    body = parts["word/document.xml"].find(f"{W}body")
    styles, numbering = parts.get("word/styles.xml"), parts.get("word/numbering.xml")
    walk = _Walk(_style_levels(styles), Numbering(numbering, styles))
    blocks = [] if body is None else list(walk.blocks(body))
    for kind in ("footnotes", "endnotes"):
        if (root := parts.get(f"word/{kind}.xml")) is not None:
            blocks += list(_notes(root, kind[:-1]))
    headers = [_text(root)[0] for name, root in parts.items() if name.startswith("word/header")]
    marks = [mark for mark in (marking(blocks), marking("\n".join(headers))) if mark]
    metadata = replace(
        first_page([block.text for block in blocks[:30]]),
        title=_title(parts.get("docProps/core.xml")),
        classification=max(marks, key=lambda mark: mark.rank, default=None),
    )
    return Reading(metadata, tuple(structure.settle_numbers(blocks)))


def _title(core: ElementTree.Element | None) -> str | None:
    text = core.findtext(f"{_DC}title") if core is not None else None
    clean = " ".join(normalise_characters(text or "").split())
    return clean if len(clean) > 3 and not clean.lower().startswith(("microsoft word", "untitled")) else None


def _style_levels(styles: ElementTree.Element | None) -> dict[str, int]:
    """Heading level of each style that has one, by its outline level or its name."""
    levels: dict[str, int] = {}
    for style in styles.iter(f"{W}style") if styles is not None else ():
        identity = style.get(f"{W}styleId") or ""
        name = value(style.find(f"{W}name")) or ""
        outline = value(style.find(f"{W}pPr/{W}outlineLvl"))
        named = re.fullmatch(r"(?i)(?:heading|titre|título)\s*([1-9])", name)
        if named:
            levels[identity] = int(named.group(1))
        elif outline is not None and outline.isdigit() and int(outline) < 9:
            levels[identity] = int(outline) + 1
        elif name.lower() == "title":
            levels[identity] = 1
    return levels


def _text(element: ElementTree.Element) -> tuple[str, tuple[str, ...]]:
    """The visible words below an element, deletions and hidden runs left out, and the footnotes referred to."""
    parts: list[str] = []
    marks: list[str] = []
    stack = [element]
    while stack:
        node = stack.pop()
        if node.tag in (f"{W}del", f"{W}moveFrom", f"{W}instrText", f"{W}delText", _FALLBACK) or _is_hidden(node):
            continue
        if node.tag == f"{W}t":
            parts.append(node.text or "")
        elif node.tag in (f"{W}tab", f"{W}br", f"{W}cr"):
            parts.append(" ")
        elif node.tag == f"{W}noBreakHyphen":
            parts.append("-")
        elif node.tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
            marks.append(("e" if "endnote" in node.tag else "") + (node.get(f"{W}id") or ""))
        if node.tag == f"{W}p" and parts:
            parts.append("\n")
        stack.extend(reversed(list(node)))
    text = normalise_characters("".join(parts)).replace(OPEN, "").replace(CLOSE, "")
    return "\n".join(line for raw in text.split("\n") if (line := " ".join(raw.split()))), tuple(marks)


def _is_hidden(node: ElementTree.Element) -> bool:
    if node.tag != f"{W}r":
        return False
    hidden = node.find(f"{W}rPr/{W}vanish")
    colour = value(node.find(f"{W}rPr/{W}color")) or ""
    return (hidden is not None and value(hidden) not in ("0", "false")) or colour.upper() == "FFFFFF"


@dataclass
class _Walk:
    """Walks the body in order; keeps the annex, and counts paragraphs against the limit."""

    levels: dict[str, int]
    numbering: Numbering
    part: str | None = None
    page: int = 0
    seen: int = field(default=0)

    def blocks(self, body: ElementTree.Element) -> Iterator[Block]:
        for element in self._content(body):
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            else:
                yield from self._table(element)

    def _content(self, parent: ElementTree.Element) -> Iterator[ElementTree.Element]:
        """Paragraphs and tables in order, looking into content controls and tracked insertions."""
        stack = list(reversed(list(parent)))
        while stack:
            element = stack.pop()
            if element.tag in (f"{W}p", f"{W}tbl"):
                self.seen += 1
                if self.seen > MAX_PARAGRAPHS:
                    raise ReadError(f"it has more than {MAX_PARAGRAPHS} paragraphs; split it into parts")
                yield element
            elif element.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml", f"{W}moveTo"):
                stack.extend(reversed(list(element)))

    def _paragraph(self, element: ElementTree.Element) -> Iterator[Block]:
        text, marks = _text(element)
        text = text.replace("\n", " ")
        properties = element.find(f"{W}pPr")
        style = value(properties.find(f"{W}pStyle")) if properties is not None else None
        printed = self.numbering.next(properties, style) if text else None
        if not text or (style or "").upper().startswith("TOC"):
            return
        outline = value(properties.find(f"{W}outlineLvl")) if properties is not None else None
        level = (
            int(outline) + 1 if outline and outline.isdigit() and int(outline) < 9 else self.levels.get(style or "", 0)
        )
        if level and len(text) < 250:
            yield self._heading(text, level, printed)
            return
        part = structure.part_of(text) if len(text) < 60 else None
        if part and printed is None:
            self.part = part
            yield Block("heading", text, level=1, part=part)
            return
        yield self._item(Block("paragraph", text, part=self.part, note_marks=marks), printed)

    def _heading(self, text: str, level: int, printed: tuple[str, int] | None) -> Block:
        part = structure.part_of(text)
        if part or level == 1:
            self.part = part
        number = printed[0].rstrip(".") if printed and printed[0] != "•" else None
        if number is None and (section := structure.take_section(text)) and section[0][0].isdigit():
            number, text = section[0], section[2]
        return Block("heading", text, level=level, number=number, part=self.part)

    def _item(self, block: Block, printed: tuple[str, int] | None) -> Block:
        if printed:
            mark, depth = printed[0].rstrip("."), printed[1]
            plain = mark.isdigit() and depth == 0
            return replace(block, kind="list_item", number=mark, level=1 if plain else depth + 1)
        marked, numbered = structure.take_mark(block.text), structure.take_number(block.text)
        if numbered:
            return replace(block, kind="list_item", text=numbered[1], number=str(numbered[0]), level=1)
        if marked and marked[1]:
            return replace(block, kind="list_item", text=marked[1], number=marked[0], level=1)
        return block

    def _table(self, table: ElementTree.Element) -> Iterator[Block]:
        rows: list[tuple[str, ...]] = []
        headed = False
        for row in table.findall(f"{W}tr"):
            cells: list[str] = []
            for cell in row.findall(f"{W}tc"):
                self.seen += 1
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                inherited = merged is not None and value(merged) in (None, "continue")
                span = value(cell.find(f"{W}tcPr/{W}gridSpan")) or "1"
                above = rows[-1][len(cells)] if inherited and rows and len(cells) < len(rows[-1]) else ""
                cells.append(above or _text(cell)[0].replace("\n", " "))
                cells += [""] * (min(int(span), 50) - 1 if span.isdigit() else 0)
            headed = headed or (not rows and row.find(f"{W}trPr/{W}tblHeader") is not None)
            if any(cells):
                rows.append(tuple(cells))
        if self.seen > MAX_PARAGRAPHS:
            raise ReadError(f"it has more than {MAX_PARAGRAPHS} paragraphs and cells; split it into parts")
        yield from self._rows(rows, headed)

    def _rows(self, rows: list[tuple[str, ...]], headed: bool) -> Iterator[Block]:
        width = max((len(row) for row in rows), default=0)
        if width == 1:  # a frame round some text, as boxes are made
            yield from (Block("paragraph", row[0], part=self.part) for row in rows)
        elif width:
            # Word marks repeated heads only where its author asked; a first row of short cells serves as heads too.
            heads = headed or all(0 < len(cell) < 60 and not cell[0].isdigit() for cell in rows[0])
            cells = tuple(rows) if heads else (("",) * width, *rows)
            yield Block("table", "", rows=cells, part=self.part)


def _notes(root: ElementTree.Element, kind: str) -> Iterator[Block]:
    for note in root.iter(f"{W}{kind}"):
        if note.get(f"{W}type") in (None, "normal"):
            text = _text(note)[0].replace("\n", " ")
            if text:
                yield Block("footnote", text, number=("e" if kind == "endnote" else "") + (note.get(f"{W}id") or ""))
