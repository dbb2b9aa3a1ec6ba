"""Reads web pages: the words a visitor would see, without navigation, scripts and hidden text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.cleaning import normalise_characters
from knowledge.documents import Block, Reading
from knowledge.errors import ReadError
from knowledge.readers import structure
from knowledge.readers.encodings import decode
from knowledge.readers.metadata import first_page, marking

_DROPPED = (
    "script, style, noscript, template, nav, header nav, aside, form, button, select, input, textarea, iframe, object, "
    "embed, svg, canvas, audio, video, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=banner], "
    "[role=search], [role=contentinfo], .visually-hidden, .sr-only, .screen-reader-text"
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0+)?(?![.\d])|font-size\s*:\s*0(?![.\d])"
    r"|(?:^|;)\s*color\s*:\s*(?:#fff(?:fff)?|white|transparent)\b|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_BLOCK_TAGS = frozenset(
    [
        "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
        "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main",
        "ol", "p", "pre", "section", "summary", "table", "tbody", "tr", "ul",
    ]
)  # fmt: skip
_MARKED = re.compile(r"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([\w-]{3,20})", re.IGNORECASE)
MAX_DEPTH = 400
"""Nested elements; a page that nests deeper is an attack on its reader."""


def read_html(path: Path) -> Reading:
    """Read a web page. Raises ReadError for one that nests absurdly deep."""
    data = path.read_bytes()
    declared = _MARKED.search(data[:2000].decode("ascii", errors="ignore"))
    text = _decode(data, declared.group(1) if declared else None)
    tree = LexborHTMLParser(text)
    title = tree.css_first("title")
    root = tree.root
    lang = (root.attributes.get("lang") or "") if root is not None else ""
    blocks = structure.settle_numbers(_numbered(_blocks(tree)))
    own = first_page([block.text for block in blocks[:30]])
    name = " ".join(normalise_characters(title.text(deep=True)).split()) if title is not None else ""
    heading = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), None)
    metadata = replace(
        own,
        title=heading or name or None,
        language=lang[:2].lower() if re.match(r"[A-Za-z]{2}(-|$)", lang) else None,
        classification=marking(blocks),
    )
    return Reading(metadata, tuple(blocks))


def _decode(data: bytes, declared: str | None) -> str:
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def html_blocks(source: str) -> list[Block]:
    """Return the blocks of a piece of HTML, as found inside Markdown."""
    return list(_blocks(LexborHTMLParser(source)))


def _blocks(tree: LexborHTMLParser) -> Iterator[Block]:
    for node in tree.css(_DROPPED):
        node.decompose()
    for node in tree.css("[style]"):
        if _HIDING.search(node.attributes.get("style") or ""):
            node.decompose()
    main = tree.css("main") or tree.css("article")
    start = main[0] if len(main) == 1 else tree.body
    if start is not None:
        yield from _walk(start)


def _walk(start: LexborNode) -> Iterator[Block]:
    """Go through the tree without recursion, giving a block wherever running text ends."""
    context: list[tuple[str, str]] = []  # the block elements open now, each with its list mark
    words: list[str] = []
    counters: dict[int, int] = {}  # the last number printed in each ordered list

    def flush() -> Iterator[Block]:
        text = " ".join(normalise_characters("".join(words)).split())
        words.clear()
        if text:
            yield _block(text, context)

    stack: list[tuple[LexborNode, bool]] = [(start, False)]
    while stack:
        if len(stack) > 2_000_000 or len(context) > MAX_DEPTH:
            raise ReadError(f"its elements nest deeper than {MAX_DEPTH}; save the page as plain text and ingest that")
        node, leaving = stack.pop()
        tag = node.tag or ""
        if leaving:
            yield from flush()
            context.pop()
        elif tag == "-text":
            words.append(node.text_content or "")
        elif tag == "br":
            words.append(" ")
        elif tag == "table" and not node.css_first("table table") and len(node.css("tr")) > 1:
            yield from flush()
            yield from _table(node)
        elif tag in _BLOCK_TAGS:
            yield from flush()
            context.append((tag, _item_mark(node, counters) if tag == "li" else ""))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))
        elif not tag.startswith("-") and tag not in ("head", "title", "_comment"):
            stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))
    yield from flush()


def _item_mark(item: LexborNode, counters: dict[int, int]) -> str:
    parent = item.parent
    if parent is None or parent.tag != "ol":
        return "•"
    start, value = parent.attributes.get("start") or "1", item.attributes.get("value") or ""
    before = counters.get(parent.mem_id, (int(start) if start.isdecimal() else 1) - 1)
    number = counters[parent.mem_id] = int(value) if value.isdecimal() else before + 1
    style = parent.attributes.get("type") or "1"
    if style in "aA" and 1 <= number <= 26:
        return f"({chr(ord(style) + number - 1)})"
    return str(number)


def _block(text: str, context: list[tuple[str, str]]) -> Block:
    tags = [tag for tag, _ in context]
    heading = next((tag for tag in reversed(tags) if re.fullmatch("h[1-6]", tag)), None)
    if heading:
        section = structure.take_section(text)
        number = section[0] if section and section[0][0].isdigit() else None
        return Block("heading", section[2] if section and number else text, level=int(heading[1]), number=number)
    if "li" in tags:
        depth = sum(tag in ("ul", "ol") for tag in tags) or 1
        return Block(
            "list_item", text, level=depth, number=next(mark for tag, mark in reversed(context) if tag == "li")
        )
    marked, numbered = structure.take_mark(text), structure.take_number(text)
    if marked and marked[1]:
        return Block("list_item", marked[1], level=1, number=marked[0])
    if numbered:
        return Block("list_item", numbered[1], level=1, number=str(numbered[0]))
    return Block("paragraph", text)


def _table(table: LexborNode) -> Iterator[Block]:
    caption = table.css_first("caption")
    rows: list[tuple[str, ...]] = []
    headed = False
    for row in table.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
        if not rows:
            headed = bool(cells) and all(cell.tag == "th" for cell in cells)
        rows.append(tuple(_cell_text(cell) for cell in cells))
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    width = max(len(row) for row in rows)
    if width == 1:  # a table that only lays the page out
        yield from (Block("paragraph", row[0]) for row in rows)
        return
    if not headed:
        rows.insert(0, ("",) * width)
    yield Block("table", _cell_text(caption) if caption is not None else "", rows=tuple(rows))


def _cell_text(cell: LexborNode) -> str:
    return " ".join(normalise_characters(cell.text(deep=True, separator=" ")).split())


def _numbered(blocks: Iterator[Block]) -> list[Block]:
    """Note the annex each block stands in."""
    part: str | None = None
    found: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            part = structure.part_of(block.text) or (None if block.level == 1 else part)
        found.append(replace(block, part=part))
    return found
