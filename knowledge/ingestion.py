"""From files to the register and the index: incremental, atomic per document, safe against kill -9.

The order of steps for one document makes a crash harmless at any point:
1. the vectors about to be written are noted as unsettled; 2. they go into Chroma under ids that no registered passage
has yet, so the old edition keeps answering; 3. one SQLite transaction replaces the edition: this is the switch;
4. vectors of the old edition are dropped. `settle` at the next start finishes or undoes 2 and 4.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from knowledge import glossary
from knowledge.documents import Classification, Document, Kind, Metadata, Passage, Reading, Standing
from knowledge.embedding import Embedding, Words
from knowledge.errors import IndexDamaged, IndexMismatch, KnowledgeError, QuarantineError, ReadError
from knowledge.fulltext import split_symbol
from knowledge.index import REPAIR, VectorIndex
from knowledge.passages import cut
from knowledge.register import Register, StoredPassage
from knowledge.vectors import Vectors

PIPELINE_VERSION = "2"
"""Raise when reading, cutting or embedding change what they produce: every document is then read again."""

NOT_YOURS = "held back: take it in with `focal ingest` on the server's own machine"
"""Said of a document that would replace one which whoever brings it may not read."""

State = Literal["added", "replaced", "unchanged", "failed", "quarantined"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    path: Path
    state: State
    document: Document | None = None
    passages: int = 0
    reason: str = ""
    warnings: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads files one after the other, somewhere safe."""

    def read_all(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Reading | KnowledgeError]]:
        """Each file with what became of it, in the order given."""


@dataclass(frozen=True)
class Store:
    """The three parts that ingestion keeps in step."""

    register: Register
    index: VectorIndex
    embedding: Embedding


def check_embedding(register: Register, embedding: Embedding) -> None:
    """Raise IndexMismatch if the index was built with another embedding than the one that is set."""
    built_with = register.meta("embedding")
    if built_with is None:
        register.set_meta("embedding", embedding.name)
    elif built_with != embedding.name:
        raise IndexMismatch(
            f"the index was built with {built_with} and the setting names {embedding.name}: set FOCAL_EMBEDDING back,"
            " or run `focal ingest --rebuild` to encode every passage again"
        )


def settle(store: Store) -> None:
    """Bring Chroma in line with the register after an interrupted write, and check that both hold the same count.

    Raises IndexDamaged with the repair command when they do not.
    """
    unsettled = store.register.unsettled()
    for class_id, ids in unsettled.items():
        store.index.delete(class_id, ids)
    for class_id in store.register.classes():
        wanted, held = store.register.count_passages(class_id), store.index.count(class_id)
        if wanted != held:
            raise IndexDamaged(f"the register holds {wanted} passages and the vector store {held}: {REPAIR}")
    if unsettled:
        store.register.forget_unsettled()


def repair(store: Store) -> None:
    """Write every vector of record into Chroma again and drop what the register does not know."""
    for document in store.register.all_documents():
        class_id = store.register.class_of(document.id)
        stored = store.register.stored_passages(document.id)
        if class_id is not None and stored:
            store.index.upsert(class_id, [s.passage.id for s in stored], np.stack([s.vectors[0] for s in stored]))
    for class_id in store.register.classes():
        extra = store.index.ids(class_id) - set(store.register.passage_ids(class_id))
        store.index.delete(class_id, sorted(extra))
    store.register.forget_unsettled()


def re_encode(store: Store, progress: Callable[[Document], None] = lambda document: None) -> None:
    """Encode every registered passage again with the present embedding, without reading files."""
    keys = store.register.source_keys()
    for document in store.register.all_documents():
        passages = [stored.passage for stored in store.register.stored_passages(document.id)]
        _write(store, document, keys[document.id], passages)
        progress(document)
    store.register.set_meta("embedding", store.embedding.name)
    repair(store)


def ingest(
    store: Store,
    reader: Reader,
    files: Sequence[Path],
    metadata_of: Callable[[Path], Metadata],
    level: Classification = Classification.UNCLASSIFIED,
    starter: bool = False,
    highest: Classification = Classification.UNCLASSIFIED,
    may_replace: Callable[[str], bool] = lambda document_id: True,
) -> Iterator[Outcome]:
    """Read, cut, encode and store files, one outcome each as it is known; what is unchanged, or a copy, is not read.

    `metadata_of` gives a file's manifest entry; `level` is what the operator vouches for; documents above `highest`
    are held in quarantine whoever vouches for them. `may_replace` says of a document id that is taken whether whoever
    brings the new edition may replace the old one.
    """
    register = store.register
    known = {key: document_id for document_id, key in register.source_keys().items()}
    by_id = {document.id: document for document in register.all_documents()}
    keys: dict[Path, str] = {}
    first: dict[str, Path] = {}
    copies: list[Path] = []
    for path in files:
        try:
            keys[path] = _source_key(path, metadata_of(path), level)
        except (OSError, KnowledgeError) as error:
            yield Outcome(path, "failed", reason=_reason(error))
            continue
        if keys[path] in known:
            yield Outcome(path, "unchanged", by_id.get(known[keys[path]]))
        elif first.setdefault(keys[path], path) != path:
            copies.append(path)
    by_key: dict[str, Outcome] = {}

    def readings() -> Iterator[tuple[Path, Reading | KnowledgeError]]:
        yield from reader.read_all(list(first.values()))
        # What its name kept from being read may be read under the name of its copy.
        yield from reader.read_all([path for path in copies if by_key[keys[path]].document is None])

    for path, reading in readings():
        try:
            if isinstance(reading, KnowledgeError):
                raise reading
            document = describe(path, reading, metadata_of(path), level, starter)
            check_level(document, level, highest)
            existed = register.class_of(document.id) is not None
            if existed and not may_replace(document.id):
                raise QuarantineError(NOT_YOURS)
            passages = cut(document.id, reading.blocks, store.embedding.token_lengths)
            if not passages:
                raise ReadError("no searchable words: check that the file is not empty or a picture of text")
            _write(store, document, keys[path], passages)
        except QuarantineError as error:
            outcome = Outcome(path, "quarantined", reason=str(error))
        except KnowledgeError as error:
            outcome = Outcome(path, "failed", reason=_reason(error))
        else:
            state: State = "replaced" if existed else "added"
            outcome = Outcome(path, state, document, len(passages), warnings=reading.warnings)
        by_key[keys[path]] = outcome
        yield outcome
    for path in copies:
        outcome = by_key[keys[path]]
        if outcome.document and outcome.path != path:
            yield Outcome(path, "unchanged", outcome.document, reason=f"the same file as {outcome.path.name}")


def remove(store: Store, document_id: str) -> None:
    """Erase a document from both stores and its bytes from the files."""
    class_id = store.register.class_of(document_id)
    if class_id is None:
        store.register.set_fields(document_id, {})
        return
    ids = [stored.passage.id for stored in store.register.stored_passages(document_id)]
    store.register.note_unsettled(class_id, ids)
    store.register.remove(document_id)
    store.index.delete(class_id, ids)
    store.register.forget_unsettled()
    store.register.compact()


def change(store: Store, document_id: str, changes: dict[str, object]) -> Document:
    """Change metadata of a document; a new classification or audience moves its vectors to that access class."""
    old_class = store.register.class_of(document_id)
    stored = store.register.stored_passages(document_id)
    ids = [s.passage.id for s in stored]
    if old_class is not None and {"classification", "audience"} & changes.keys():
        # Noted under every class it might be in: only the one that the register ends up with is kept.
        for class_id in store.register.classes():
            store.register.note_unsettled(class_id, ids)
    document = store.register.set_fields(document_id, changes)
    new_class = store.register.class_of(document_id)
    if new_class is not None and new_class != old_class and stored:
        store.index.upsert(new_class, ids, np.stack([s.vectors[0] for s in stored]))
    if old_class is not None and new_class != old_class:
        store.index.delete(old_class, ids)
    if {"classification", "audience"} & changes.keys():
        store.register.forget_unsettled()
    return document


def describe(path: Path, reading: Reading, manifest: Metadata, level: Classification, starter: bool) -> Document:
    """The document that a reading and its manifest entry make; the manifest wins, except downward on classification."""
    own, said = asdict(reading.metadata), asdict(manifest)
    merged = {name: said[name] if said[name] is not None else own[name] for name in own}
    marks = [m for m in (level, reading.metadata.classification, manifest.classification) if m is not None]
    merged["classification"] = max(marks, key=lambda mark: mark.rank)
    symbol, language = merged["symbol"], merged["language"] or "en"
    stem = slug(path.stem.removesuffix(f".{language}"))
    name = slug(split_symbol(symbol)[0]) if symbol else stem
    merged["id"] = merged["id"] or (name if language == "en" else f"{name}-{language}")
    merged["title"] = merged["title"] or _first_heading(reading) or path.stem.replace("_", " ")
    merged["language"] = language
    kind = merged["kind"] = merged["kind"] or Kind.REPORT
    merged["binding"] = merged["binding"] or _BINDING.get(kind, "information")
    merged["standing"] = merged["standing"] or Standing.UNKNOWN
    merged["audience"] = merged["audience"] or ()
    return Document(**merged, sha256=_sha256(path), source_path=str(path), pages=reading.pages, starter=starter)


_BINDING = {Kind.RESOLUTION: "mandatory", Kind.POLICY: "mandatory", Kind.SOP: "mandatory", Kind.GUIDELINE: "guidance"}


def check_level(document: Document, level: Classification, highest: Classification) -> None:
    """Raise QuarantineError for a document marked above what the operator vouched for, or above what is served."""
    if document.classification.rank > level.rank:
        raise QuarantineError(
            f"marked {document.classification}, brought in as {level}: held back; ingest it with --classification"
            f" {document.classification} if you may"
        )
    if document.classification is Classification.STRICTLY_CONFIDENTIAL:
        raise QuarantineError("strictly confidential documents are never taken in")
    if document.classification.rank > highest.rank:
        raise QuarantineError(
            f"{document.classification} is above what this server may hold (FOCAL_HIGHEST_CLASSIFICATION)"
        )


def slug(text: str) -> str:
    """An id from a symbol or file name: `S/RES/2771 (2025)` gives `s-res-2771-2025`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:120] or "document"


def embedded_text(document: Document, passage: Passage) -> str:
    """What is encoded for a passage: its headings, so that a paragraph knows what it is about, then its text."""
    headings = " – ".join(passage.headings[-2:])[:160]
    return f"{headings}\n{passage.text}" if headings else passage.text


def encode_passages(embedding: Embedding, document: Document, passages: Sequence[Passage]) -> list[StoredPassage]:
    """Passages with their vectors of record: row 0 the passage, then one a sentence; and their words."""
    texts = [embedded_text(document, passage) for passage in passages]
    offsets = [len(text) - len(passage.text) for text, passage in zip(texts, passages, strict=True)]
    spans = [
        [(offset + s.start, offset + s.end) for s in passage.sentences]
        for offset, passage in zip(offsets, passages, strict=True)
    ]
    encoded = embedding.encode(texts, spans)
    return [
        StoredPassage(
            passage,
            np.vstack([encoded.texts[i : i + 1], encoded.spans[i]]),
            Words(encoded.words[i].starts - offsets[i], encoded.words[i].vectors),
        )
        for i, passage in enumerate(passages)
    ]


def _write(store: Store, document: Document, key: str, passages: Sequence[Passage]) -> None:
    register, index = store.register, store.index
    stored = encode_passages(store.embedding, document, passages)
    class_id, old_class = register.class_id(document), register.class_of(document.id)
    new_ids = [s.passage.id for s in stored]
    old_ids = [s.passage.id for s in register.stored_passages(document.id)] if old_class is not None else []
    register.note_unsettled(class_id, new_ids)
    if old_class is not None:
        register.note_unsettled(old_class, old_ids)
    vectors: Vectors = np.stack([s.vectors[0] for s in stored])
    index.upsert(class_id, new_ids, vectors)
    register.put(document, key, stored, glossary.extract(document.id, passages))
    if old_class is not None:
        index.delete(old_class, sorted(set(old_ids) - set(new_ids)) if old_class == class_id else old_ids)
    register.forget_unsettled()


def _source_key(path: Path, manifest: Metadata, level: Classification) -> str:
    return hashlib.sha256("|".join([PIPELINE_VERSION, _sha256(path), repr(manifest), level]).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_heading(reading: Reading) -> str | None:
    return next((block.text for block in reading.blocks if block.kind == "heading"), None)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def count_states(outcomes: Iterable[Outcome]) -> dict[State, int]:
    """How many files ended in each state."""
    counts: dict[State, int] = {}
    for outcome in outcomes:
        counts[outcome.state] = counts.get(outcome.state, 0) + 1
    return counts
