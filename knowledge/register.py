"""The register: documents, passages, full text and vectors of record, in one SQLite file.

A document appears, changes and disappears in one transaction. Full text lives in one FTS5 table for each access
class, so that word statistics of one class can never show through another.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import fulltext, records
from knowledge.access import AccessClass, Asker
from knowledge.documents import Classification, Document, Passage
from knowledge.errors import IndexDamaged, IndexMismatch, UnknownDocument
from knowledge.records import StoredPassage as StoredPassage
from knowledge.vectors import Vectors

SCHEMA_VERSION = 2
RESTORE = "restore it from a backup (`focal restore`), or move it away and run `focal ingest` again"

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS access_classes (
  id INTEGER PRIMARY KEY, classification TEXT NOT NULL, audience TEXT NOT NULL, UNIQUE (classification, audience));
CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY, class_id INTEGER NOT NULL REFERENCES access_classes, source_key TEXT NOT NULL,
  overrides TEXT NOT NULL DEFAULT '{}', read_as TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passages (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL REFERENCES documents,
  ordinal INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, headings TEXT NOT NULL, paragraph TEXT, part TEXT,
  page INTEGER, page_end INTEGER, sentences TEXT NOT NULL, vectors BLOB NOT NULL,
  words BLOB NOT NULL DEFAULT x'');
CREATE INDEX IF NOT EXISTS passages_by_document ON passages (document_id, ordinal);
CREATE INDEX IF NOT EXISTS passages_by_paragraph ON passages (document_id, paragraph);
CREATE TABLE IF NOT EXISTS abbreviations (
  short TEXT NOT NULL, long TEXT NOT NULL, document_id TEXT NOT NULL, passage_id TEXT NOT NULL,
  PRIMARY KEY (short, long, document_id));
CREATE TABLE IF NOT EXISTS unsettled (class_id INTEGER NOT NULL, passage_id TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Abbreviation:
    """A short form with one expansion, and where the document says so."""

    short: str
    long: str
    document_id: str
    passage_id: str


KEPT_PASSAGES, KEPT_DOCUMENTS = 4_000, 32
"""Passages, and documents whose vectors, are kept in memory once read: about 60 and 10 megabytes."""


class Register:
    """The register in one SQLite file; reads run in any thread, writes one at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises IndexDamaged if the file is not a sound database, IndexMismatch if it is newer."""
        self.path = path
        self.text = fulltext.FullText(self._tuples)
        """Keyword search over the passages."""
        self._local = threading.local()
        self._write_lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._cache: dict[tuple[int, Asker], list[Document]] = {}
        self._fingerprints: dict[tuple[int, Asker], str] = {}
        self._kept: tuple[str, dict[str, StoredPassage]] = ("", {})
        self._vectors_of = lru_cache(KEPT_DOCUMENTS)(self._read_vectors)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._translated():
            connection = self._connection()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise IndexMismatch(f"{path} was written by a newer version (schema {version}): update Focal Point")
            connection.executescript(SCHEMA)
            if "words" not in {row["name"] for row in connection.execute("PRAGMA table_info(passages)")}:
                # Of schema 1: its embedding is of another version too, so `--rebuild` is asked for, which fills this.
                connection.execute("ALTER TABLE passages ADD COLUMN words BLOB NOT NULL DEFAULT x''")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise IndexDamaged(f"{self.path}: {error}; check free disk space and permissions") from error
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(f"{self.path} is damaged ({error}): {RESTORE}") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, self._translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute(
                    "INSERT INTO meta VALUES ('generation', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1"
                )
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._cache.clear()
            self._kept = ("", {})
            self._vectors_of.cache_clear()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._translated():
            return self._connection().execute(sql, values).fetchall()

    def _tuples(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """As `_rows`, in plain tuples: a search gives thousands."""
        with self._translated():
            cursor = self._connection().cursor()
            cursor.row_factory = None
            return cursor.execute(sql, values).fetchall()

    # --- meta

    def meta(self, key: str) -> str | None:
        """A value noted beside the data, such as the embedding's name."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Note a value beside the data."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def generation(self) -> int:
        """Rises with every write; what was cached under another number is stale."""
        return int(self.meta("generation") or 0)

    def check(self) -> None:
        """Raise IndexDamaged unless SQLite finds the file's structure sound. Reads the whole file."""
        result = self._rows("PRAGMA quick_check(1)")[0][0]
        if result != "ok":
            raise IndexDamaged(f"{self.path} is damaged ({result}): {RESTORE}")

    # --- access classes

    def class_ids(self, asker: Asker) -> list[int]:
        """The access classes an asker may read; every search starts here."""
        return [i for i, access in self.classes().items() if access.admits(asker)]

    def classes(self) -> dict[int, AccessClass]:
        """All access classes by id."""
        return {
            row["id"]: AccessClass(Classification(row["classification"]), tuple(json.loads(row["audience"])))
            for row in self._rows("SELECT * FROM access_classes ORDER BY id")
        }

    def class_id(self, document: Document) -> int:
        """The id of a document's access class, made with its keyword table when it is new."""
        key = (document.classification, json.dumps(sorted(document.audience)))
        sql = "SELECT id FROM access_classes WHERE classification = ? AND audience = ?"
        rows = self._rows(sql, key)
        if not rows:
            with self._transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO access_classes (classification, audience) VALUES (?, ?)", key)
                number = connection.execute(sql, key).fetchone()[0]
                fulltext.create(connection, number)
            rows = self._rows(sql, key)
        return int(rows[0][0])

    # --- documents

    def documents(self, asker: Asker) -> list[Document]:
        """Every document the asker may read, by id."""
        key = (self.generation(), asker)
        if key not in self._cache:
            marks, ids = self._admitted(asker)
            rows = self._rows(f"SELECT * FROM documents WHERE class_id IN ({marks}) ORDER BY id", ids)
            self._cache = {key: [records.document_of(row) for row in rows]}
        return self._cache[key]

    def document(self, document_id: str, asker: Asker) -> Document:
        """One document. Raises UnknownDocument both when it is absent and when the asker may not read it."""
        for document in self.documents(asker):
            if document.id == document_id:
                return document
        raise UnknownDocument(f"there is no document {document_id!r}: `focal documents` lists what there is")

    def fingerprint(self, asker: Asker) -> str:
        """16 hex digits that change whenever anything the asker may read changes."""
        key = (self.generation(), asker)
        if key not in self._fingerprints:
            self._fingerprints = {key: self._fingerprint(asker)}
        return self._fingerprints[key]

    def _fingerprint(self, asker: Asker) -> str:
        digest = hashlib.sha256(f"{SCHEMA_VERSION}|{self.meta('embedding')}".encode())
        marks, ids = self._admitted(asker)
        for row in self._rows(
            f"SELECT id, source_key, overrides FROM documents WHERE class_id IN ({marks}) ORDER BY id", ids
        ):
            digest.update("|".join(row).encode())
        return digest.hexdigest()[:16]

    def is_empty(self) -> bool:
        """True if no document is registered, for any asker."""
        return not self._rows("SELECT 1 FROM documents LIMIT 1")

    def _admitted(self, asker: Asker) -> tuple[str, list[int]]:
        ids = self.class_ids(asker)
        return ",".join("?" * len(ids)), ids

    def source_keys(self) -> dict[str, str]:
        """What each document was made from, by document id; for ingestion only."""
        return {row["id"]: row["source_key"] for row in self._rows("SELECT id, source_key FROM documents")}

    def all_documents(self) -> list[Document]:
        """Every document whoever may read it; for ingestion and the guidance manager's own commands only."""
        return [records.document_of(row) for row in self._rows("SELECT * FROM documents ORDER BY id")]

    # --- writing

    def put(
        self,
        document: Document,
        source_key: str,
        passages: Sequence[StoredPassage],
        abbreviations: Iterable[Abbreviation],
    ) -> None:
        """Store a document with all its passages in one step, replacing the edition there was."""
        class_id = self.class_id(document)
        with self._transaction() as connection:
            overrides = connection.execute("SELECT overrides FROM documents WHERE id = ?", (document.id,)).fetchone()
            shown = records.override(document, json.loads(overrides[0])) if overrides else document
            records.erase(connection, document.id)
            connection.execute(
                "INSERT INTO documents (id, class_id, source_key, overrides, read_as, body) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    document.id,
                    class_id,
                    source_key,
                    overrides[0] if overrides else "{}",
                    records.body_of(document),
                    records.body_of(shown),
                ),
            )
            records.insert_passages(connection, class_id, shown, passages)
            connection.executemany(
                "INSERT OR IGNORE INTO abbreviations VALUES (?, ?, ?, ?)",
                [(a.short, a.long, a.document_id, a.passage_id) for a in abbreviations],
            )

    def remove(self, document_id: str) -> None:
        """Erase a document, its passages, full text and abbreviations."""
        with self._transaction() as connection:
            records.erase(connection, document_id)

    def compact(self) -> None:
        """Rewrite the file so that the bytes of what was removed are gone."""
        with self._write_lock, self._translated():
            connection = self._connection()
            for number in self.classes():
                words = fulltext.table(number)
                connection.execute(f"INSERT INTO {words}({words}) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def set_fields(self, document_id: str, changes: Mapping[str, Any]) -> Document:
        """Change metadata of a document; the changes outlive later editions. Not for classification or audience,
        which move the document to another access class (see ingestion.reclassify)."""
        rows = self._rows("SELECT * FROM documents WHERE id = ?", (document_id,))
        if not rows:
            raise UnknownDocument(f"there is no document {document_id!r}: `focal documents` lists what there is")
        overrides = {**json.loads(rows[0]["overrides"]), **changes}
        document = records.override(records.parse(rows[0]["read_as"]), overrides)
        stored = self.stored_passages(document_id)
        class_id = self.class_id(document)
        with self._transaction() as connection:
            abbreviations = connection.execute(
                "SELECT * FROM abbreviations WHERE document_id = ?", (document_id,)
            ).fetchall()
            records.erase(connection, document_id)
            connection.execute(
                "INSERT INTO documents (id, class_id, source_key, overrides, read_as, body) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    document_id,
                    class_id,
                    rows[0]["source_key"],
                    records.dumps(overrides),
                    rows[0]["read_as"],
                    records.body_of(document),
                ),
            )
            records.insert_passages(connection, class_id, document, stored)
            connection.executemany("INSERT INTO abbreviations VALUES (?, ?, ?, ?)", [tuple(a) for a in abbreviations])
        return document

    def class_of(self, document_id: str) -> int | None:
        """The access class a document is stored under."""
        rows = self._rows("SELECT class_id FROM documents WHERE id = ?", (document_id,))
        return int(rows[0][0]) if rows else None

    # --- what the vector store still has to forget

    def note_unsettled(self, class_id: int, passage_ids: Sequence[str]) -> None:
        """Note vectors that are about to be written or are no longer wanted, so that a crash leaves none behind."""
        with self._transaction() as connection:
            connection.executemany("INSERT INTO unsettled VALUES (?, ?)", [(class_id, i) for i in passage_ids])

    def unsettled(self) -> dict[int, list[str]]:
        """Vectors by access class that no registered passage of that class stands for."""
        found: dict[int, list[str]] = {}
        for row in self._rows(
            "SELECT DISTINCT u.class_id, u.passage_id FROM unsettled u WHERE NOT EXISTS (SELECT 1 FROM passages p"
            " JOIN documents d ON d.id = p.document_id WHERE p.id = u.passage_id AND d.class_id = u.class_id)"
        ):
            found.setdefault(row[0], []).append(row[1])
        return found

    def forget_unsettled(self) -> None:
        """Call when the vector store agrees with the register again."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM unsettled")

    # --- passages

    def passage_ids(self, class_id: int) -> list[str]:
        """Ids of all passages of an access class."""
        sql = "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document_id WHERE d.class_id = ?"
        return [row[0] for row in self._rows(sql, (class_id,))]

    def count_passages(self, class_id: int) -> int:
        """How many passages an access class has."""
        sql = "SELECT count(*) FROM passages p JOIN documents d ON d.id = p.document_id WHERE d.class_id = ?"
        return int(self._rows(sql, (class_id,))[0][0])

    def rows(self, class_ids: Sequence[int]) -> list[tuple[int, str, str]]:
        """(row in the full text, passage id, document id) of every passage of these access classes, by row."""
        marks = ",".join("?" * len(class_ids))
        sql = (
            "SELECT p.row, p.id, p.document_id FROM passages p JOIN documents d ON d.id = p.document_id"
            f" WHERE d.class_id IN ({marks}) ORDER BY p.row"
        )
        return [tuple(row) for row in self._rows(sql, class_ids)]

    def stored_passages(self, document_id: str) -> list[StoredPassage]:
        """All passages of a document in order, with vectors; no access check."""
        return [
            records.stored_of(r)
            for r in self._rows("SELECT * FROM passages WHERE document_id = ? ORDER BY ordinal", (document_id,))
        ]

    def passage_vectors(self, document_id: str) -> tuple[list[str], Vectors]:
        """Ids of a document's passages, in order, with their own vectors, shape (passages, dimensions)."""
        return self._vectors_of(document_id, self.generation())

    def _read_vectors(self, document_id: str, generation: int) -> tuple[list[str], Vectors]:
        rows = self._rows(
            "SELECT id, substr(vectors, 1, length(vectors) / (1 + json_array_length(sentences))) FROM passages"
            " WHERE document_id = ? ORDER BY ordinal",
            (document_id,),
        )
        vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float16).astype(np.float32)
        return [row[0] for row in rows], vectors.reshape(len(rows), vectors.size // max(1, len(rows)))

    def fetch(self, passage_ids: Iterable[str], class_ids: Sequence[int]) -> dict[str, StoredPassage]:
        """Passages by id; those outside the given access classes are left out."""
        found = {
            i: self._kept_passages(generation).get(i) for i, generation in self._of(passage_ids, class_ids, "p.id")
        }
        missing = [i for i, stored in found.items() if stored is None]
        for row in self._of(missing, class_ids, "p.*") if missing else ():
            found[row["id"]] = self._kept_passages(row["generation"])[row["id"]] = records.stored_of(row)
        return {i: stored for i, stored in found.items() if stored is not None}

    def _of(self, passage_ids: Iterable[str], class_ids: Sequence[int], columns: str) -> list[sqlite3.Row]:
        """Columns of those passages that are in the access classes, with the generation they are of."""
        wanted = list(passage_ids)
        marks, classes = (",".join("?" * len(values)) for values in (wanted, class_ids))
        return self._rows(
            f"SELECT {columns}, (SELECT value FROM meta WHERE key = 'generation') AS generation FROM passages p"
            f" JOIN documents d ON d.id = p.document_id WHERE p.id IN ({marks}) AND d.class_id IN ({classes})",
            [*wanted, *class_ids],
        )

    def _kept_passages(self, generation: str) -> dict[str, StoredPassage]:
        """Passages of this generation that were read before: the same ones come up again and again."""
        kept = self._kept  # taken once, as another thread may put that of another generation in its place
        if kept[0] != generation or len(kept[1]) > KEPT_PASSAGES:
            kept = self._kept = (generation, {})
        return kept[1]

    def passage(self, passage_id: str, asker: Asker) -> Passage:
        """One passage. Raises UnknownDocument when it is absent or the asker may not read it."""
        found = self.fetch([passage_id], self.class_ids(asker))
        if passage_id not in found:
            raise UnknownDocument(f"there is no passage {passage_id!r}")
        return found[passage_id].passage

    def passages(self, document_id: str, asker: Asker) -> list[Passage]:
        """All passages of a document in order. Raises UnknownDocument as `document` does."""
        self.document(document_id, asker)
        return [stored.passage for stored in self.stored_passages(document_id)]

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """The passages around one that was already allowed, itself included, in order."""
        sql = "SELECT * FROM passages WHERE document_id = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal"
        rows = self._rows(sql, (passage.document_id, passage.ordinal - before, passage.ordinal + after))
        return [records.stored_of(row).passage for row in rows]

    def by_paragraph(self, document_id: str, paragraph: str) -> list[Passage]:
        """Passages of a document that carry a paragraph number; no access check."""
        sql = "SELECT * FROM passages WHERE document_id = ? AND paragraph = ? ORDER BY ordinal"
        return [records.stored_of(row).passage for row in self._rows(sql, (document_id, paragraph))]

    # --- glossary

    def abbreviations(self, asker: Asker) -> list[Abbreviation]:
        """Every abbreviation with each of its expansions in the documents the asker may read."""
        marks, ids = self._admitted(asker)
        return [
            Abbreviation(*row)
            for row in self._rows(
                "SELECT a.* FROM abbreviations a JOIN documents d ON d.id = a.document_id"
                f" WHERE d.class_id IN ({marks}) ORDER BY a.short, a.long, a.document_id",
                ids,
            )
        ]
