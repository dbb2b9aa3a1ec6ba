"""Reads Markdown, with the register's fields as front matter between two lines of dashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.cleaning import normalise_characters
from knowledge.documents import Block, Metadata, Reading
from knowledge.errors import MetadataError
from knowledge.readers import structure
from knowledge.readers.encodings import decode
from knowledge.readers.html import html_blocks
from knowledge.readers.metadata import from_mapping, marking, merge

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_NOTE = re.compile(r"^\[\^([^\]\s]{1,20})\]:[ \t]*(.*(?:\n(?:[ \t]+\S.*))*)\n?", re.MULTILINE)
_NOTE_MARK = re.compile(r"\s*\[\^([^\]\s]{1,20})\](?!:)")
MAX_FRONT_MATTER = 20_000
"""Characters; YAML aliases can unfold a short text into an endless one, and no honest front matter is longer."""


def read_markdown(path: Path) -> Reading:
    """Read a Markdown file. Raises MetadataError for front matter that cannot be understood, naming the field."""
    metadata, text = split_front_matter(normalise_characters(decode(path.read_bytes())))
    notes = [
        Block("footnote", " ".join(found.group(2).split()), number=found.group(1)) for found in _NOTE.finditer(text)
    ]
    blocks = _Walk(MarkdownIt("commonmark", {"maxNesting": 60}).enable("table").parse(_NOTE.sub("", text))).blocks()
    blocks = structure.settle_numbers(list(_with_parts(blocks)))
    top = [block for block in blocks if block.kind == "heading" and block.level == 1]
    if len(top) == 1 and blocks[0] is top[0] and metadata.title in (None, top[0].text):
        metadata, blocks = replace(metadata, title=top[0].text), blocks[1:]
    own = Metadata(classification=marking(text))
    return Reading(merge(metadata, own), (*blocks, *notes))


def split_front_matter(text: str) -> tuple[Metadata, str]:
    """Return the front matter's fields and the text after it."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return Metadata(), text
    source = found.group(1) or ""
    if len(source) > MAX_FRONT_MATTER or re.search(r"[:\-]\s+[&*]\w", source):
        raise MetadataError("front matter is too long or uses YAML anchors; write plain `field: value` lines")
    try:
        values = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError) as error:
        raise MetadataError(
            f"front matter is not YAML: {' '.join(str(error).split())}; quote values with colons"
        ) from error
    if values is not None and not isinstance(values, dict):
        raise MetadataError("front matter must be `field: value` lines")
    try:
        return from_mapping(values or {}), text[found.end() :]
    except MetadataError as error:
        raise MetadataError(f"front matter: {error}") from error


def _with_parts(blocks: Sequence[Block]) -> Iterator[Block]:
    """Note the annex each block stands in."""
    part: str | None = None
    level = 0
    for block in blocks:
        if block.kind == "heading":
            opened = structure.part_of(block.text)
            if opened or block.level <= level:
                part, level = opened, block.level
        yield replace(block, part=part)


@dataclass
class _Item:
    """A list item being read."""

    mark: str
    level: int
    first: bool = True


@dataclass
class _Walk:
    """Walks the parser's tokens once, making blocks."""

    tokens: Sequence[Token]
    items: list[_Item] = field(default_factory=list)
    lists: int = 0
    rows: list[list[str]] | None = None

    def blocks(self) -> list[Block]:
        return [block for position in range(len(self.tokens)) for block in self._blocks_at(position)]

    def _blocks_at(self, position: int) -> list[Block]:
        token = self.tokens[position]
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self.lists += 1
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists -= 1
        elif kind == "list_item_open":
            self.items.append(_Item(token.info or "•", self.lists))
        elif kind == "list_item_close":
            self.items.pop()
        elif kind == "inline":
            return self._inline(token, self.tokens[position - 1])
        elif kind in ("fence", "code_block"):
            return [Block("paragraph", text)] if (text := " ".join(token.content.split())) else []
        elif kind == "html_block":
            return html_blocks(token.content)
        else:
            return self._table(kind)
        return []

    def _table(self, kind: str) -> list[Block]:
        if kind == "table_open":
            self.rows = []
        elif kind == "tr_open" and self.rows is not None:
            self.rows.append([])
        elif kind == "table_close" and self.rows is not None:
            rows, self.rows = tuple(tuple(row) for row in self.rows), None
            return [Block("table", "", rows=rows)]
        return []

    def _inline(self, token: Token, opener: Token) -> list[Block]:
        text, marks = _plain(token)
        if self.rows is not None and opener.type in ("th_open", "td_open"):
            self.rows[-1].append(text)
            return []
        if not text:
            return []
        if opener.type == "heading_open":
            section = structure.take_section(text)
            number = section[0] if section and section[0][0].isdigit() else None
            return [
                Block("heading", section[2] if section and number else text, level=int(opener.tag[1]), number=number)
            ]
        if self.items:
            item = self.items[-1]
            if item.first:
                item.first = False
                level, number = item.level, item.mark
                return [Block("list_item", text, level=level, number=number, note_marks=marks)]
        marked = structure.take_mark(text)
        if marked and marked[0][-1] == ")" and marked[1]:
            return [Block("list_item", marked[1], level=self.lists + 1, number=marked[0], note_marks=marks)]
        return [Block("paragraph", text, note_marks=marks)]


def _plain(token: Token) -> tuple[str, tuple[str, ...]]:
    """The words of an inline token without mark-up, and the footnotes it refers to."""
    parts: list[str] = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type in ("text", "code_inline", "image"):
            parts.append(child.content)
    text = "".join(parts)
    marks = tuple(_NOTE_MARK.findall(text))
    return " ".join(_NOTE_MARK.sub("", text).split()), marks
