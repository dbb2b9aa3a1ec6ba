"""Answers, documents and progress as a terminal shows them: answers on stdout, everything else on stderr."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap

from rich.console import Console
from rich.table import Table

from assistant.answers import Answer
from assistant.citations import place
from knowledge.documents import Document
from knowledge.ingestion import Outcome

err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 200)
"""Tables in a file or a pipe are not folded at 80 columns."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_STANDING = {
    "superseded": "SUPERSEDED",
    "historical": "historical",
    "draft": "DRAFT",
    "review_overdue": "review overdue",
}
MAX_QUOTE_WORDS = 45


def safe(text: str) -> str:
    """Text without characters that steer a terminal."""
    return _CONTROL.sub("", text)


def answer_text(answer: Answer) -> str:
    """An answer as plain text: the words, then each source with its place, standing and exact words, then notices."""
    width = min(100, shutil.get_terminal_size().columns)
    lines = [textwrap.fill(safe(line), width) for line in answer.answer.split("\n")]
    for citation in answer.citations:
        standing = _STANDING.get(citation.standing)
        head = f"[{citation.number}] {place(citation)}" + (f" ({standing})" if standing else "")
        if citation.symbol:
            head += f" – {citation.title}"
        words = " ".join(citation.quote.split()).split(" ")
        quote = " ".join(words[:MAX_QUOTE_WORDS]) + (" …" if len(words) > MAX_QUOTE_WORDS else "")
        lines += ["", textwrap.fill(safe(head), width, subsequent_indent="    ")]
        lines += [textwrap.fill(safe(f"“{quote}”"), width, initial_indent="    ", subsequent_indent="    ")]
    for notice in answer.notices:
        lines += ["", textwrap.fill(safe(f"Note: {notice.text}"), width)]
    if answer.suggestions:
        lines += ["", "Nearest guidance: " + safe("; ".join(answer.suggestions))]
    return "\n".join(lines)


def outcomes_table(outcomes: list[Outcome]) -> Table:
    """The closing table of an ingestion: one row a file, with the reason where it was not taken in."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("file", "state", "document", "date", "passages", "note"):
        table.add_column(head, overflow="fold", justify="right" if head == "passages" else "left")
    for outcome in outcomes:
        document = outcome.document
        note = outcome.reason or "; ".join(outcome.warnings)
        name = (document.symbol or document.id) if document else ""
        count = str(outcome.passages) if outcome.passages else ""
        cells = (outcome.path.name, outcome.state, name, (document.date or "") if document else "", count, note)
        table.add_row(*(safe(cell).replace("[", "\\[") for cell in cells))
    return table


def documents_table(documents: list[Document]) -> Table:
    """The register as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("id", "symbol", "date", "kind", "standing", "title"):
        table.add_column(head, overflow="fold")
    for d in documents:
        standing = f"{d.standing} by {d.superseded_by}" if d.superseded_by else str(d.standing)
        cells = (d.id, d.symbol or "", d.date or "", str(d.kind), standing, d.title)
        table.add_row(*(safe(cell).replace("[", "\\[") for cell in cells))
    return table


def width_for_pipes() -> int | None:
    """Tables written to a file or a pipe are not folded at 80 columns."""
    return None if sys.stdout.isatty() else 200
