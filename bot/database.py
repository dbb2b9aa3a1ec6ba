"""The bot's SQLite file: deliveries, conversations and people, so that a restart forgets nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, lane TEXT NOT NULL, person TEXT NOT NULL,
  channel TEXT NOT NULL, message_ts TEXT NOT NULL, payload TEXT NOT NULL, progress TEXT NOT NULL DEFAULT '{}',
  state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0, stop INTEGER NOT NULL DEFAULT 0,
  owner TEXT, not_before REAL NOT NULL, lease_until REAL NOT NULL DEFAULT 0, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_open ON jobs (state, id) WHERE state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS jobs_lane ON jobs (lane, state);
CREATE INDEX IF NOT EXISTS jobs_person ON jobs (person, created);
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, job INTEGER, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS turns (
  answer_id TEXT PRIMARY KEY, person TEXT NOT NULL, channel TEXT NOT NULL, thread_ts TEXT NOT NULL,
  message_ts TEXT NOT NULL, place TEXT NOT NULL, rights TEXT NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL,
  cited TEXT NOT NULL, edited TEXT, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS turns_thread ON turns (channel, thread_ts, at);
CREATE INDEX IF NOT EXISTS turns_message ON turns (channel, message_ts);
CREATE TABLE IF NOT EXISTS posts (
  channel TEXT NOT NULL, ts TEXT NOT NULL, question_ts TEXT NOT NULL, person TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (channel, ts));
CREATE INDEX IF NOT EXISTS posts_question ON posts (channel, question_ts);
CREATE TABLE IF NOT EXISTS people (person TEXT PRIMARY KEY, role TEXT);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Database:
    """One connection, used from the event loop's thread; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        """Open or create; only the owner of the folder may read it, since it holds questions."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other writer interleaves with; undone if the block raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Every row of a query."""
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, *values: object) -> int:
        """One statement; gives the number of rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def shred(self) -> None:
        """Take erased words off the disk: they outlive a DELETE in gaps between rows and in the write-ahead log."""
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def fact(self, name: str) -> str | None:
        """A value kept across restarts."""
        row = self.row("SELECT value FROM facts WHERE name = ?", name)
        return str(row["value"]) if row else None

    def set_fact(self, name: str, value: str) -> None:
        """Keep a value across restarts."""
        self.run("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
