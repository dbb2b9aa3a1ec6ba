"""Stand-ins for what is slow or outside: an embedding of word counts, a reader that holds its readings in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from knowledge.documents import Block, Document, Metadata, Passage, Reading, Sentence
from knowledge.embedding import NO_WORDS, Encoded, Span
from knowledge.errors import KnowledgeError, ReadError
from knowledge.vectors import Vectors

DIMENSIONS = 64


class FakeEmbedding:
    """A text's vector counts its words in hashed bins: texts that share words are near. A word is a token."""

    def __init__(self, name: str = "words/fake/1") -> None:
        self.name = name

    def token_lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def is_word(self, word: str) -> bool:
        return False

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        within = [[text[a:b] for a, b in spans[i]] for i, text in enumerate(texts)] if spans is not None else []
        return Encoded(_vectors(texts), [_vectors(pieces) for pieces in within], [NO_WORDS] * len(texts))


def _vectors(texts: Sequence[str]) -> Vectors:
    found = np.zeros((len(texts), DIMENSIONS), np.float32)
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            found[row, hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 1
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), np.float32)


class FakeReader:
    """Reads a file as one paragraph a line; `metadata` by file name. BROKEN ones, by text or name, are not read."""

    def __init__(self, metadata: Mapping[str, Metadata] | None = None) -> None:
        self.metadata = metadata or {}
        self.read: list[str] = []

    def read_all(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Reading | KnowledgeError]]:
        for path in paths:
            self.read.append(path.name)
            text = path.read_text(encoding="utf-8")
            if "BROKEN" in text or path.suffix == ".broken":
                yield path, ReadError("its cross-reference table is broken")
                continue
            lines = [line for line in text.split("\n") if line.strip()]
            blocks = tuple(Block("paragraph", line, number=str(n)) for n, line in enumerate(lines, 1))
            yield path, Reading(self.metadata.get(path.name, Metadata()), blocks)


def document(document_id: str = "handbook", **fields: object) -> Document:
    return Document(**{"id": document_id, "title": document_id, "sha256": "0" * 64, "source_path": "x.md", **fields})


def passage(text: str, document_id: str = "handbook", ordinal: int = 0, **fields: object) -> Passage:
    """One passage of one sentence with an id of its own."""
    name = hashlib.sha256(f"{document_id}{ordinal}{text}".encode()).hexdigest()[:16]
    values = {"kind": "paragraph", "sentences": (Sentence(0, len(text)),), **fields}
    return Passage(id=name, document_id=document_id, ordinal=ordinal, text=text, **values)
