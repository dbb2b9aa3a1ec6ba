"""Conversations and people: earlier questions of a thread, the chosen role, where answers stand, and forgetting."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.database import Database
from knowledge.access import Asker

MAX_TURNS = 6
"""Earlier questions that a follow-up may lean on."""
KEEP_DAYS = 30


@dataclass(frozen=True)
class Turn:
    """A question that was answered, and where."""

    answer_id: str
    person: str
    channel: str
    thread_ts: str
    message_ts: str
    place: str
    question: str
    status: str
    cited: tuple[str, ...] = ()
    """Ids of the passages cited."""
    edited: str | None = None
    """What the person changed the question to afterwards."""


class Sessions:
    """Turns, posts and people in the bot's file."""

    def __init__(self, database: Database, keep_days: int = KEEP_DAYS, now: Callable[[], float] = time.time) -> None:
        """`keep_days` after which questions are dropped."""
        self._database, self.keep_days, self._now = database, keep_days, now

    def remember(self, turn: Turn, asker: Asker) -> None:
        """Keep an answered question, with the rights it was answered under."""
        self._database.run(
            "INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            turn.answer_id, turn.person, turn.channel, turn.thread_ts, turn.message_ts, turn.place, _rights(asker),
            turn.question, turn.status, json.dumps(turn.cited), self._now(),
        )  # fmt: skip

    def history(self, person: str, channel: str, thread_ts: str, asker: Asker) -> tuple[str, ...]:
        """This person's earlier questions in a thread, oldest first; none asked with other rights than held now."""
        rows = self._database.rows(
            "SELECT question FROM turns WHERE person = ? AND channel = ? AND thread_ts = ? AND rights = ?"
            " AND place IN ('direct', 'channel', 'external') ORDER BY at DESC LIMIT ?",
            person, channel, thread_ts, _rights(asker), MAX_TURNS,
        )  # fmt: skip
        return tuple(row["question"] for row in reversed(rows))

    def turn(self, answer_id: str) -> Turn | None:
        """The question an answer belongs to."""
        return _turn(self._database.row("SELECT * FROM turns WHERE answer_id = ?", answer_id))

    def turn_at(self, channel: str, message_ts: str) -> Turn | None:
        """The question a message asked."""
        return _turn(
            self._database.row(
                "SELECT * FROM turns WHERE channel = ? AND message_ts = ? ORDER BY at DESC", channel, message_ts
            )
        )

    def note_edit(self, turn: Turn, question: str) -> bool:
        """Keep what a question was changed to; True the first time it was changed."""
        first = turn.edited is None
        self._database.run("UPDATE turns SET edited = ? WHERE answer_id = ?", question, turn.answer_id)
        return first

    def add_post(self, channel: str, ts: str, question_ts: str, person: str) -> None:
        """Remember a message of ours, to delete it along with its question."""
        self._database.run(
            "INSERT OR IGNORE INTO posts VALUES (?, ?, ?, ?, ?)", channel, ts, question_ts, person, self._now()
        )

    def posts(self, channel: str, question_ts: str) -> list[str]:
        """Our messages that belong to a question."""
        sql = "SELECT ts FROM posts WHERE channel = ? AND question_ts = ? ORDER BY ts"
        return [row["ts"] for row in self._database.rows(sql, channel, question_ts)]

    def drop_post(self, channel: str, ts: str) -> None:
        """The message is gone."""
        self._database.run("DELETE FROM posts WHERE channel = ? AND ts = ?", channel, ts)

    def forget_message(self, channel: str, message_ts: str) -> None:
        """Erase what was kept of one question."""
        self._database.run("DELETE FROM turns WHERE channel = ? AND message_ts = ?", channel, message_ts)
        self._database.shred()

    def forget_person(self, person: str) -> int:
        """Erase everything kept of a person; gives the number of questions erased."""
        erased = self._database.run("DELETE FROM turns WHERE person = ?", person)
        self._database.run("DELETE FROM posts WHERE person = ?", person)
        self._database.run("DELETE FROM people WHERE person = ?", person)
        self._database.shred()
        return erased

    def forget_all(self) -> None:
        """Erase everything, as when the app is uninstalled."""
        for table in ("turns", "posts", "people", "jobs", "facts"):
            self._database.run(f"DELETE FROM {table}")
        self._database.shred()

    def expire(self) -> None:
        """Erase what is older than the retention."""
        before = self._now() - self.keep_days * 86400
        for table in ("turns", "posts"):
            self._database.run(f"DELETE FROM {table} WHERE at < ?", before)

    def role(self, person: str) -> str | None:
        """The role a person chose."""
        row = self._database.row("SELECT role FROM people WHERE person = ?", person)
        return row["role"] if row else None

    def choose_role(self, person: str, role: str | None) -> None:
        """Keep a person's role until they choose another; None takes it back."""
        self._database.run(
            "INSERT INTO people VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET role = excluded.role", person, role
        )

    def persons(self) -> list[str]:
        """Everybody of whom a question is kept."""
        return [row["person"] for row in self._database.rows("SELECT DISTINCT person FROM turns")]

    def count(self, person: str) -> int:
        """How many questions are kept of a person."""
        row = self._database.row("SELECT count(*) AS n FROM turns WHERE person = ?", person)
        return int(row["n"]) if row else 0


def _rights(asker: Asker) -> str:
    return f"{asker.clearance}:{','.join(sorted(asker.groups))}"


def _turn(row: object) -> Turn | None:
    if row is None:
        return None
    values = dict(row)  # type: ignore[call-overload]  # sqlite3.Row is a mapping without saying so
    return Turn(
        values["answer_id"], values["person"], values["channel"], values["thread_ts"], values["message_ts"],
        values["place"], values["question"], values["status"], tuple(json.loads(values["cited"])), values["edited"],
    )  # fmt: skip
