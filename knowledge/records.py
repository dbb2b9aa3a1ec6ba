"""Documents and passages as rows of the register, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter

from knowledge import fulltext
from knowledge.documents import Document, Passage, Sentence
from knowledge.embedding import NO_WORDS, WORD_DIMENSIONS, Words
from knowledge.vectors import Vectors


class StoredPassage(NamedTuple):
    """A passage with its vectors: row 0 its own, then one a sentence; shape (1 + sentences, dimensions)."""

    passage: Passage
    vectors: Vectors
    words: Words = NO_WORDS
    """Its words, headings included; `starts` counts from the beginning of its text, headings lying before."""


def insert_passages(
    connection: sqlite3.Connection, class_id: int, document: Document, passages: Sequence[StoredPassage]
) -> None:
    """Write a document's passages, and their words into the full text of its access class."""
    title = " ".join(filter(None, (document.title, document.short_title, document.organ)))
    for item in passages:
        p = item.passage
        row = connection.execute(
            "INSERT INTO passages (id, document_id, ordinal, kind, text, headings, paragraph, part, page, page_end,"
            " sentences, vectors, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                p.id, p.document_id, p.ordinal, p.kind, p.text, dumps(p.headings), p.paragraph, p.part,
                p.page, p.page_end,
                dumps([(s.start, s.end) for s in p.sentences]), item.vectors.astype(np.float16).tobytes(),
                item.words.starts.astype(np.int32).tobytes() + item.words.vectors.tobytes(),
            ),
        ).lastrowid  # fmt: skip
        assert row is not None
        fulltext.insert(connection, class_id, row, title, " ".join(p.headings), p.text, document.symbol or "")


def erase(connection: sqlite3.Connection, document_id: str) -> None:
    """Delete a document with all that hangs on it; nothing happens if it is not there."""
    row = connection.execute("SELECT class_id FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None:
        return
    connection.execute(
        f"DELETE FROM {fulltext.table(row[0])} WHERE rowid IN (SELECT row FROM passages WHERE document_id = ?)",
        (document_id,),
    )
    for table in ("passages", "abbreviations"):
        connection.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))


def stored_of(row: sqlite3.Row) -> StoredPassage:
    """The passage of a row, with its vectors."""
    sentences = tuple(Sentence(start, end) for start, end in json.loads(row["sentences"]))
    vectors = np.frombuffer(row["vectors"], np.float16).astype(np.float32).reshape(1 + len(sentences), -1)
    passage = Passage(
        row["id"], row["document_id"], row["ordinal"], row["kind"], row["text"], tuple(json.loads(row["headings"])),
        row["paragraph"], row["part"], row["page"], row["page_end"], sentences,
    )  # fmt: skip
    return StoredPassage(passage, vectors, _words_of(row["words"]))


def _words_of(blob: bytes) -> Words:
    count = len(blob) // (4 + WORD_DIMENSIONS)
    starts = np.frombuffer(blob, np.int32, count)
    return Words(starts, np.frombuffer(blob, np.int8, offset=4 * count).reshape(count, WORD_DIMENSIONS))


def dumps(value: Any) -> str:
    """JSON that keeps letters readable."""
    return json.dumps(value, ensure_ascii=False)


def body_of(document: Document) -> str:
    """A document as the register keeps it."""
    return dumps(asdict(document))


def document_of(row: sqlite3.Row) -> Document:
    """The document of a row."""
    return parse(row["body"])


_DOCUMENT = TypeAdapter(Document)


def parse(body: str) -> Document:
    """A document from what `body_of` made of it."""
    return _DOCUMENT.validate_json(body)


def override(document: Document, values: Mapping[str, Any]) -> Document:
    """The document with these fields set, checked as when it is read."""
    return _DOCUMENT.validate_python({**asdict(document), **values})
