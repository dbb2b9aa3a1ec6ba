"""Pieces of an answer packed into messages that Slack accepts, cut where a paragraph ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

Block = dict[str, Any]

MESSAGE_BYTES = 9_000
"""UTF-8 bytes of a message, text and blocks together. Slack names no limit for the sum; rejections were seen from about
10,600 bytes up (openclaw #143882) and 13,200 characters up (bolt-js #2509)."""
TEXT_BYTES = 2_400
"""Share of the notification text."""
BLOCKS_BYTES = MESSAGE_BYTES - TEXT_BYTES - 100
MAX_BLOCKS = 40
"""Of the 50 allowed: Slack may unfold one of ours into several."""
PARAGRAPH_BYTES = 2_800
"""A longer paragraph is cut at a sentence; a text field of Block Kit holds 3,000 characters."""
CONTAINER_CHILDREN = 10

_SENTENCE_END = re.compile(r"(?<=[.!?؟。;])\s+")


@dataclass(frozen=True)
class Piece:
    """Something that must stay whole: a paragraph (`words`, its rich-text elements), a source, or a finished block."""

    kind: str
    """`paragraph`, `item` (of a list), `source` or `block`."""
    content: Any
    words: str = ""
    """What it says, for the notification text."""

    @property
    def size(self) -> int:
        """UTF-8 bytes as sent, with a little for what holds it."""
        return len(json.dumps(self.content, ensure_ascii=False).encode()) + 60


@dataclass
class Message:
    """One Slack message: blocks, and the same in words for notifications and screen readers."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def paragraphs(text: str, limit: int = PARAGRAPH_BYTES) -> Iterator[str]:
    """The lines of a text, none longer than `limit` bytes; joined by line ends they are the text again, but for the
    white space at cuts within a line."""
    for line in text.split("\n"):
        yield from _cut(line, limit)


def _cut(line: str, limit: int) -> Iterator[str]:
    while len(line.encode()) > limit:
        head = line.encode()[:limit].decode(errors="ignore")
        ends = [match.end() for match in _SENTENCE_END.finditer(head)]
        at = ends[-1] if ends else head.rfind(" ") + 1 or len(head)
        yield line[:at].rstrip()
        line = line[at:].lstrip()
    yield line


def pack(pieces: Iterable[Piece]) -> list[Message]:
    """As few messages as hold the pieces in their order."""
    messages: list[list[Piece]] = [[]]
    size = 0
    for piece in pieces:
        if messages[-1] and (size + piece.size > BLOCKS_BYTES or len(messages[-1]) >= MAX_BLOCKS):
            messages.append([])
            size = 0
        messages[-1].append(piece)
        size += piece.size
    return [Message(shortened("\n".join(p.words for p in part if p.words)), list(_blocks(part))) for part in messages]


def shortened(text: str, limit: int = TEXT_BYTES) -> str:
    """The text if it is short enough, else its beginning up to the end of a word, and an ellipsis."""
    if len(text.encode()) <= limit:
        return text
    head = text.encode()[: limit - 4].decode(errors="ignore")
    return head[: head.rfind(" ") + 1 or len(head)].rstrip() + " …"


def _blocks(pieces: list[Piece]) -> Iterator[Block]:
    """Neighbouring paragraphs and list items share a rich-text block, neighbouring sources a container."""
    run: list[Piece] = []
    for piece in pieces:
        if run and not _belongs(piece, run):
            yield _merged(run)
            run = []
        run.append(piece)
    if run:
        yield _merged(run)


def _belongs(piece: Piece, run: list[Piece]) -> bool:
    if piece.kind == "source":
        return run[0].kind == "source" and len(run) < CONTAINER_CHILDREN
    written = all(p.kind in ("paragraph", "item") for p in (piece, run[0]))
    return written and sum(p.size for p in run) + piece.size <= PARAGRAPH_BYTES


def _merged(run: list[Piece]) -> Block:
    contents = [piece.content for piece in run]
    if run[0].kind == "block":
        block: Block = contents[0]
        return block
    if run[0].kind == "source":
        return {
            "type": "container",
            "title": {"type": "plain_text", "text": "Sources", "emoji": False},
            "is_collapsible": True,
            "default_collapsed": False,
            "child_blocks": contents,
        }
    return {"type": "rich_text", "elements": [_text(kind, list(same)) for kind, same in groupby(run, lambda p: p.kind)]}


def _text(kind: str, pieces: list[Piece]) -> Block:
    """A list, or paragraphs with an empty line between them."""
    sections: list[Block] = [{"type": "rich_text_section", "elements": piece.content} for piece in pieces]
    if kind == "item":
        return {"type": "rich_text_list", "style": "bullet", "elements": sections}
    gap: Block = {"type": "text", "text": "\n\n"}
    elements = [element for section in sections for element in (gap, *section["elements"])]
    return {"type": "rich_text_section", "elements": elements[1:]}
