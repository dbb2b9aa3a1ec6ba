"""Cutting a reading into passages: one numbered paragraph, list or table each, within the model's window."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.clauses import clauses
from knowledge.cleaning import split_sentences
from knowledge.documents import Block, Passage, PassageKind, Sentence

MAX_TOKENS = 220
"""Tokens of a passage's own text; the rest of the model's 256 is for its headings."""
SHORT_WORDS = 25
"""Unnumbered paragraphs shorter than this are joined to their neighbour: alone they retrieve badly."""
CELL = " | "
"""Between two cells of a table row in a passage's text."""

TokenLengths = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class _Piece:
    """Text of one unit before splitting; `units` are what may not be cut (sentences, list items, table rows)."""

    kind: PassageKind
    units: tuple[str, ...]
    joiner: str
    headings: tuple[str, ...]
    paragraph: str | None
    part: str | None
    page: int | None
    page_end: int | None
    lead: tuple[str, ...] = ()
    """Units repeated at the top of each piece of a split (a table's caption and heads)."""


def cut(document_id: str, blocks: Sequence[Block], token_lengths: TokenLengths) -> list[Passage]:
    """All passages of a document, in order. The same blocks give the same passages and ids.

    `token_lengths` gives the model's tokens of each text, special tokens included.
    """
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for piece in _merge_short(list(_pieces(blocks))):
        for units in _split(piece, token_lengths):
            passage = _passage(document_id, len(passages), piece, units)
            repeat = seen[passage.id] = seen.get(passage.id, -1) + 1
            passages.append(replace(passage, id=f"{passage.id}-{repeat}") if repeat else passage)
    return passages


def anchor(passage: Passage) -> str:
    """The fragment of a passage's address in the document reader: `p23`, `annex-i-p4`, or `n17` without a number."""
    if passage.paragraph is None:
        return f"n{passage.ordinal}"
    name = f"p{passage.paragraph}" if passage.part is None else f"{passage.part}-p{passage.paragraph}"
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def table_row_sentence(text: str, row: str) -> str:
    """A table row as a phrase readable alone: each cell with its column head.

    `text` is the whole passage, `row` one of its lines. A row of another passage kind comes back unchanged.
    """
    lines = text.split("\n")
    heads = next((line.split(CELL) for line in lines if CELL in line), [])
    cells = row.split(CELL)
    if len(cells) != len(heads) or cells == heads:
        return row.replace(CELL, ", ")
    first, *rest = zip(heads, cells, strict=True)
    label = first[1] if first[1] else first[0]
    values = [f"{head}: {cell}" if head else cell for head, cell in rest if cell and cell != "–"]
    return f"{label} – {'; '.join(values)}" if values else label


def _pieces(blocks: Sequence[Block]) -> Iterator[_Piece]:
    headings: list[tuple[int, str]] = []
    part: str | None = None
    lead: Block | None = None
    items: list[Block] = []
    notes: list[_Piece] = []

    def flush() -> Iterator[_Piece]:
        nonlocal lead, items, notes
        if lead is not None or items:
            yield _text_piece(lead, items, tuple(text for _, text in headings))
        yield from notes
        lead, items, notes = None, [], []

    for block in blocks:
        if block.kind == "heading":
            yield from flush()
            if block.part != part:
                headings, part = [], block.part
            headings = [h for h in headings if h[0] < block.level]
            headings.append((block.level, _heading_text(block)))
        elif block.kind == "list_item":
            items.append(block)
        elif block.kind == "table":
            yield from flush()
            yield _table_piece(block, tuple(text for _, text in headings))
        elif block.kind == "footnote":
            # A note may stand between a lead-in and its list, so it does not end the paragraph: it comes after.
            notes.append(_note_piece(block, tuple(text for _, text in headings)))
        else:
            yield from flush()
            if block.part != part:
                headings, part = [], block.part
            lead = block
    yield from flush()


def _heading_text(block: Block) -> str:
    return f"{block.number}. {block.text}" if block.number and not block.text.startswith(block.number) else block.text


def _text_piece(lead: Block | None, items: Sequence[Block], headings: tuple[str, ...]) -> _Piece:
    blocks = ([lead] if lead else []) + list(items)
    first, last = blocks[0], blocks[-1]
    kind: PassageKind = "paragraph"
    if items:
        kind = "list"
    elif first.kind == "preamble":
        kind = "preamble"
    elif first.part:
        kind = "annex"
    units = list(_units(lead.text)) if lead else []
    units += [f"{item.number} {item.text}" if item.number else item.text for item in items]
    return _Piece(
        kind, tuple(units), "\n" if items else " ", headings,
        lead.number if lead else None, first.part, first.page, last.page_end or last.page,
    )  # fmt: skip


def _note_piece(block: Block, headings: tuple[str, ...]) -> _Piece:
    mark = f"Footnote {block.number}" if block.number else "Footnote"
    return _Piece(
        "footnote", tuple(_units(block.text)), " ", (*headings, mark), None, block.part, block.page, block.page_end
    )


def _table_piece(block: Block, headings: tuple[str, ...]) -> _Piece:
    rows = [CELL.join(cell.replace("\n", " ").strip() for cell in row) for row in block.rows]
    heads = [rows[0]] if rows and any(block.rows[0]) else []
    lead = ([block.text] if block.text else []) + heads
    return _Piece(
        "table", tuple(rows[1:] if rows else []), "\n", headings, block.number, block.part, block.page,
        block.page_end or block.page, tuple(lead),
    )  # fmt: skip


def _units(text: str) -> list[str]:
    sentences = [text[start:end] for start, end in split_sentences(text)]
    return [sentence[clause.start : clause.end] for sentence in sentences for clause in clauses(sentence)]


def _sentences(unit: str) -> Iterator[tuple[int, int]]:
    for start, end in split_sentences(unit):
        yield from ((start + clause.opens, start + clause.end) for clause in clauses(unit[start:end]))


def _merge_short(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """Join a short unnumbered paragraph to the one after it under the same heading."""
    held: _Piece | None = None
    for piece in pieces:
        if held is not None:
            joinable = piece.kind == held.kind and piece.headings == held.headings and piece.paragraph is None
            if joinable and piece.part == held.part:
                piece = replace(piece, units=held.units + piece.units, page=held.page)
            else:
                yield held
            held = None
        words = sum(len(unit.split()) for unit in piece.units)
        if piece.kind in ("paragraph", "preamble", "annex") and piece.paragraph is None and words < SHORT_WORDS:
            held = piece
        else:
            yield piece
    if held is not None:
        yield held


def _split(piece: _Piece, token_lengths: TokenLengths) -> Iterator[list[str]]:
    """The piece's units in groups of at most MAX_TOKENS, of about equal size; each group starts with the lead."""
    units = [u for u in piece.units if u.strip()]
    if not units and not piece.lead:
        return
    lead_tokens = sum(token_lengths(piece.lead)) if piece.lead else 0
    room = max(MAX_TOKENS - lead_tokens, MAX_TOKENS // 3)
    units, lengths = _fitting(units, token_lengths, room)
    total = sum(lengths)
    target = total / max(1, -(-total // room))
    group: list[str] = []
    size = 0
    for unit, length in zip(units, lengths, strict=True):
        if group and (size + length > room or size + length / 2 > target):
            yield [*piece.lead, *group]
            group, size = [], 0
        group.append(unit)
        size += length
    if group or piece.lead:
        yield [*piece.lead, *group]


def _fitting(units: Sequence[str], token_lengths: TokenLengths, room: int) -> tuple[list[str], list[int]]:
    """Units with their tokens, those longer than `room` cut at sentence ends, then at words."""
    fitted: list[str] = []
    for unit, length in zip(units, token_lengths(units) if units else [], strict=True):
        if length <= room:
            fitted.append(unit)
            continue
        for sentence in _units(unit):
            words = sentence.split(" ")
            step = max(20, int(len(words) * room / max(length, 1) * 0.9)) if length > room else len(words)
            if token_lengths([sentence])[0] <= room:
                fitted.append(sentence)
            else:
                fitted.extend(_cut(words, step))
    return fitted, [max(1, n - 2) for n in token_lengths(fitted)] if fitted else []


def _cut(words: Sequence[str], step: int) -> Iterator[str]:
    """The words in pieces of at most `step`, each ending at a semicolon or comma where its last third holds one."""
    start = 0
    while start < len(words):
        ends = range(start + step, start + step - step // 3, -1) if start + step < len(words) else ()
        stops = [next((i for i in ends if words[i - 1].endswith(mark)), 0) for mark in (";", ",")]
        end = stops[0] or stops[1] or start + step
        yield " ".join(words[start:end])
        start = end


def is_intact(passage: Passage) -> bool:
    """True if the passage's words are those that its id was made from."""
    digest = _digest(passage.document_id, passage.part, passage.paragraph, passage.kind, passage.headings, passage.text)
    return passage.id.split("-")[0] == digest


def _digest(
    document_id: str, part: str | None, paragraph: str | None, kind: str, headings: Sequence[str], text: str
) -> str:
    key = "\x1f".join([document_id, part or "", paragraph or "", kind, *headings, text])
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _passage(document_id: str, ordinal: int, piece: _Piece, units: Sequence[str]) -> Passage:
    text = ""
    sentences: list[Sentence] = []
    for unit in units:
        text += piece.joiner if text else ""
        sentences.extend(
            Sentence(len(text) + start, len(text) + end)
            for start, end in ([(0, len(unit))] if piece.kind == "table" else _sentences(unit))
        )
        text += unit
    return Passage(
        id=_digest(document_id, piece.part, piece.paragraph, piece.kind, piece.headings, text),
        document_id=document_id,
        ordinal=ordinal,
        kind=piece.kind,
        text=text,
        headings=piece.headings,
        paragraph=piece.paragraph,
        part=piece.part,
        page=piece.page,
        page_end=piece.page_end,
        sentences=tuple(sentences),
    )
