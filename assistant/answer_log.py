"""The answer log: what was asked and shown, under pseudonyms, for a limited time; conversations are read from it."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assistant.answers import Answer, Status
from assistant.errors import AnswerLogError
from assistant.identity import Identity
from knowledge.access import Asker
from knowledge.documents import Classification

MAX_TURNS = 6
"""Earlier questions of a conversation that a new one may lean on."""
CONVERSATION_HOURS = 12
REFUSED = (Status.NOT_FOUND, Status.OUT_OF_SCOPE, Status.NEEDS_CLARIFICATION)
PURGE_EVERY = 200
"""Answers between two looks for what is older than the retention."""
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, asker TEXT NOT NULL, level TEXT NOT NULL,
  groups TEXT NOT NULL, surface TEXT NOT NULL, conversation TEXT, question TEXT NOT NULL, history TEXT NOT NULL,
  status TEXT NOT NULL, answer TEXT NOT NULL, citations TEXT NOT NULL, notices TEXT NOT NULL, confidence REAL NOT NULL,
  classification TEXT NOT NULL, timing TEXT NOT NULL, engine TEXT NOT NULL, verdict TEXT, reason TEXT, comment TEXT);
CREATE INDEX IF NOT EXISTS answers_by_conversation ON answers (asker, conversation, row);
CREATE INDEX IF NOT EXISTS answers_by_time ON answers (at);
CREATE INDEX IF NOT EXISTS answers_by_status ON answers (status, row);
"""


@dataclass(frozen=True)
class LoggedAnswer:
    """One row of the log."""

    id: str
    at: str
    """UTC, ISO 8601, to the second."""
    asker: str
    """A pseudonym."""
    surface: str
    conversation: str | None
    question: str
    history: tuple[str, ...]
    status: str
    answer: str
    documents: tuple[str, ...]
    """Ids of the documents cited, each once."""
    confidence: float
    classification: str
    timing_ms: dict[str, float]
    engine: dict[str, Any]
    citations: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    verdict: str | None = None
    reason: str | None = None
    comment: str | None = None


class AnswerLog:
    """The log in one SQLite file; several processes may use it at once."""

    def __init__(
        self, path: Path, keep_days: int = 30, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    ) -> None:
        """Open or create. `keep_days` 0 keeps nothing. Raises AnswerLogError if the file cannot be used."""
        self._path, self.keep_days, self._now = path, keep_days, now
        self._lock = threading.Lock()
        self._written = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        with self._using() as connection:
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
            if connection.execute("PRAGMA user_version").fetchone()[0] > _SCHEMA_VERSION:
                raise AnswerLogError(f"{path} was written by a newer version: update Focal Point")
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        self.purge()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(
        self,
        answer: Answer,
        identity: Identity,
        asker: Asker,
        surface: str,
        conversation: str | None = None,
        history: Sequence[str] = (),
    ) -> None:
        """Keep an answer that was shown; `asker` is the one it was asked for, lowered to the surface."""
        if self.keep_days == 0:
            return
        values = (
            answer.answer_id, self._stamp(), identity.pseudonym, str(asker.clearance), _groups(asker), surface,
            conversation, answer.question, _dumps(list(history)), str(answer.status), answer.answer,
            _dumps([asdict(c) for c in answer.citations]), _dumps([asdict(n) for n in answer.notices]),
            answer.confidence, answer.classification, _dumps(answer.timing_ms), _dumps(asdict(answer.engine)),
        )  # fmt: skip
        with self._using() as connection:
            connection.execute(
                "INSERT INTO answers (id, at, asker, level, groups, surface, conversation, question, history, status,"
                " answer, citations, notices, confidence, classification, timing, engine)"
                f" VALUES ({','.join('?' * len(values))})",
                values,
            )
            self._written += 1
        if self._written % PURGE_EVERY == 0:
            self.purge()

    def history(self, conversation: str, identity: Identity, asker: Asker) -> list[str]:
        """Earlier questions of a conversation, oldest first: those of this very asker, with the rights held now.

        Questions that were refused are left out, so that one wrong turn does not colour the next.
        """
        since = self._stamp(dt.timedelta(hours=CONVERSATION_HOURS))
        with self._using() as connection:
            rows = connection.execute(
                "SELECT question FROM answers WHERE asker = ? AND conversation = ? AND level = ? AND groups = ?"
                f" AND at >= ? AND status NOT IN ({','.join('?' * len(REFUSED))}) ORDER BY row DESC LIMIT ?",
                (
                    identity.pseudonym, conversation, str(asker.clearance), _groups(asker), since,
                    *map(str, REFUSED), MAX_TURNS,
                ),
            ).fetchall()  # fmt: skip
        return [row["question"] for row in reversed(rows)]

    def feedback(
        self, answer_id: str, identity: Identity, verdict: str, reason: str | None = None, comment: str | None = None
    ) -> bool:
        """Note what the asker of an answer thinks of it; False if there is no such answer of theirs."""
        with self._using() as connection:
            done = connection.execute(
                "UPDATE answers SET verdict = ?, reason = ?, comment = ? WHERE id = ? AND asker = ?",
                (verdict, reason, comment, answer_id, identity.pseudonym),
            )
            return done.rowcount > 0

    def rows(self, limit: int = 10_000) -> list[LoggedAnswer]:
        """The newest rows, newest first; no access check."""
        with self._using() as connection:
            return [_row(r) for r in connection.execute("SELECT * FROM answers ORDER BY row DESC LIMIT ?", (limit,))]

    def unanswered(self, reader: Asker | None, limit: int = 2000) -> list[LoggedAnswer]:
        """Questions that got no answer or a thumbs-down, newest first.

        For a `reader` only those asked with no more rights than they hold themselves: a question can give away what
        its asker had read. None is the operator.
        """
        marks = ",".join("?" * len(REFUSED))
        with self._using() as connection:
            rows = connection.execute(
                f"SELECT * FROM answers WHERE status IN ({marks}) OR verdict = 'down' ORDER BY row DESC LIMIT ?",
                (*map(str, REFUSED), limit),
            ).fetchall()
        return [_row(row) for row in rows if reader is None or _within(row, reader)]

    def forget(self, asker: str | None = None, conversation: str | None = None) -> int:
        """Erase what one asker or one conversation left, or everything; gives the number of answers erased."""
        where, values = "1", []
        for column, value in (("asker", asker), ("conversation", conversation)):
            if value is not None:
                where += f" AND {column} = ?"
                values.append(value)
        return self._erase(where, values)

    def purge(self) -> int:
        """Erase what is older than the retention."""
        return self._erase("at < ?", [self._stamp(dt.timedelta(days=self.keep_days))])

    def _erase(self, where: str, values: Sequence[str]) -> int:
        with self._using() as connection:
            count = connection.execute(f"DELETE FROM answers WHERE {where}", values).rowcount
            if count:
                # Only emptying the write-ahead log takes the erased words off the disk.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return count

    def _stamp(self, ago: dt.timedelta = dt.timedelta()) -> str:
        return (self._now() - ago).strftime("%Y-%m-%dT%H:%M:%SZ")

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise AnswerLogError(f"{self._path}: {error}; check disk space, or restore it from a backup") from error


def _within(row: sqlite3.Row, reader: Asker) -> bool:
    level = Classification(row["level"])
    return level.rank <= reader.clearance.rank and reader.groups.issuperset(json.loads(row["groups"]))


def _row(row: sqlite3.Row) -> LoggedAnswer:
    citations = tuple(json.loads(row["citations"]))
    return LoggedAnswer(
        row["id"], row["at"], row["asker"], row["surface"], row["conversation"], row["question"],
        tuple(json.loads(row["history"])), row["status"], row["answer"],
        tuple(dict.fromkeys(c["document_id"] for c in citations)), row["confidence"], row["classification"],
        json.loads(row["timing"]), json.loads(row["engine"]), citations, row["verdict"], row["reason"], row["comment"],
    )  # fmt: skip


def _groups(asker: Asker) -> str:
    return _dumps(sorted(asker.groups))


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
