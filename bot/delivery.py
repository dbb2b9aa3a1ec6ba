"""Exactly once: each delivery is kept under its keys before Slack hears "received", and worked off from there."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.database import Database
from bot.errors import TakenOver

SEEN_SECONDS = 48 * 3600
"""Slack's last redelivery comes after about five minutes; two days also outlast a weekend of a stopped server."""
LEASE_SECONDS = 15.0
"""How long a running job is left alone after its worker was last heard of."""


@dataclass(frozen=True)
class Delivery:
    """Something to be done, translated from what Slack sent."""

    kind: str
    keys: tuple[str, ...]
    """Names under which Slack may send the same thing again; one known key makes it a repetition."""
    person: str = ""
    """`workspace/user`."""
    channel: str = ""
    message_ts: str = ""
    lane: str = ""
    """Deliveries of one lane (a thread) are worked off in order; empty means on its own."""
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A delivery in work."""

    id: int
    kind: str
    person: str
    channel: str
    message_ts: str
    payload: dict[str, Any]
    progress: dict[str, Any]
    attempts: int
    """1 on the first try."""
    created: float
    owner: str = ""
    """Whose hands it is in: a new name at every claim."""

    @property
    def reference(self) -> str:
        """What a person can name when something failed."""
        return f"FP-{self.id:05d}"


class Inbox:
    """The queue, in SQLite: any number of workers and processes may take from it."""

    def __init__(
        self, database: Database, lease_seconds: float = LEASE_SECONDS, now: Callable[[], float] = time.time
    ) -> None:
        """`now` in seconds since the epoch."""
        self._database, self.lease_seconds, self._now = database, lease_seconds, now

    def put(self, delivery: Delivery) -> bool:
        """Keep a delivery; False if one of its keys is known. When this returns it is on the disk."""
        now = self._now()
        with self._database.writing() as connection:
            known = [
                row["job"]
                for key in delivery.keys
                if (row := connection.execute("SELECT job FROM seen WHERE key = ?", (key,)).fetchone())
            ]
            job = known[0] if known else None
            if not known:
                values = (delivery.kind, delivery.lane or uuid.uuid4().hex, delivery.person, delivery.channel)
                job = connection.execute(
                    "INSERT INTO jobs (kind, lane, person, channel, message_ts, payload, not_before, created)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*values, delivery.message_ts, _dumps(delivery.payload), now, now),
                ).lastrowid
            for key in delivery.keys:
                connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (key, job, now))
        return not known

    def claim(self, not_these: Collection[int] = ()) -> Job | None:
        """The oldest job that is due and whose lane is free, now in the caller's hands; None if there is none.

        `not_these` are jobs the caller still runs: a stalled process must not take over from itself.
        """
        now = self._now()
        if self._database.row("SELECT 1 FROM jobs WHERE state IN ('waiting', 'running')") is None:
            return None  # looking takes no lock, and most looks find nothing
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ("
                " SELECT id FROM jobs AS j WHERE ((state = 'waiting' AND not_before <= ?)"
                " OR (state = 'running' AND lease_until < ?)) AND NOT EXISTS ("
                "  SELECT 1 FROM jobs AS earlier WHERE earlier.lane = j.lane AND earlier.id < j.id"
                "  AND earlier.state IN ('waiting', 'running'))"
                f" AND id NOT IN ({','.join('?' * len(not_these))}) ORDER BY id LIMIT 1) RETURNING *",
                (uuid.uuid4().hex, now + self.lease_seconds, now, now, *not_these),
            ).fetchone()
        return _job(row) if row else None

    def renew(self, job: Job) -> bool:
        """Say that the job is still in work; False if another worker has taken it over."""
        return self._change(job, "lease_until = ?", self._now() + self.lease_seconds)

    def save(self, job: Job) -> None:
        """Keep the job's progress: a later worker goes on from there. Raises TakenOver if one already does."""
        lease = self._now() + self.lease_seconds
        if not self._change(job, "progress = ?, lease_until = ?", _dumps(job.progress), lease):
            raise TakenOver(job.reference)

    def finish(self, job: Job, state: str = "done") -> None:
        """The job is over; its words are not kept here."""
        self._change(job, "state = ?, owner = NULL, payload = '{}', progress = '{}'", state)
        if state != "done":
            self._database.shred()

    def requeue(self, job: Job, seconds: float, attempts: int) -> None:
        """Try again after a while; `attempts` is how many tries are counted until now."""
        self._change(
            job, "state = 'waiting', owner = NULL, not_before = ?, attempts = ?", self._now() + seconds, attempts
        )

    def _change(self, job: Job, what: str, *values: object) -> bool:
        """Change a job that is still in these hands; False if it is not."""
        return self._database.run(f"UPDATE jobs SET {what} WHERE id = ? AND owner = ?", *values, job.id, job.owner) > 0

    def request_stop(self, channel: str, thread_ts: str | None, message_ts: str | None = None) -> int:
        """Ask for the open jobs of a thread, or of one message, to be given up."""
        column, value = ("message_ts", message_ts) if message_ts else ("lane", lane(channel, thread_ts or ""))
        return self._database.run(
            f"UPDATE jobs SET stop = 1 WHERE channel = ? AND {column} = ? AND state IN ('waiting', 'running')",
            channel,
            value,
        )

    def is_stopped(self, job: Job) -> bool:
        """True if somebody asked for the job to be given up."""
        row = self._database.row("SELECT stop FROM jobs WHERE id = ?", job.id)
        return bool(row and row["stop"])

    def asked_before(self, job: Job, seconds: float) -> int:
        """Questions that the job's person asked in the seconds before it."""
        row = self._database.row(
            "SELECT count(*) AS n FROM jobs WHERE person = ? AND kind = 'question' AND created > ? AND id < ?",
            job.person,
            job.created - seconds,
            job.id,
        )
        return int(row["n"]) if row else 0

    def knows(self, key: str) -> bool:
        """True if something was delivered under this key."""
        return self._database.row("SELECT 1 FROM seen WHERE key = ?", key) is not None

    def waiting(self) -> tuple[int, float]:
        """How many jobs are open, and how many seconds the oldest has been."""
        row = self._database.row(
            "SELECT count(*) AS n, min(created) AS oldest FROM jobs WHERE state IN ('waiting', 'running')"
        )
        return (int(row["n"]), self._now() - row["oldest"]) if row and row["n"] else (0, 0.0)

    def allow_again(self, key: str) -> None:
        """What was delivered under this key may be delivered once more."""
        self._database.run("DELETE FROM seen WHERE key = ?", key)

    def forget(self, person: str) -> None:
        """Cut the link between finished jobs and a person."""
        self._database.run(
            "UPDATE jobs SET person = '' WHERE person = ? AND state NOT IN ('waiting', 'running')", person
        )

    def tidy(self) -> None:
        """Drop keys and finished jobs that no redelivery can name any more."""
        before = self._now() - SEEN_SECONDS
        self._database.run("DELETE FROM seen WHERE at < ?", before)
        self._database.run("DELETE FROM jobs WHERE created < ? AND state NOT IN ('waiting', 'running')", before)
        self._database.shred()


def lane(channel: str, thread_ts: str) -> str:
    """The lane of a thread."""
    return f"{channel}/{thread_ts}"


def event_keys(event_id: str | None, channel: str | None, ts: str | None) -> tuple[str, ...]:
    """The keys of an event: one mention can arrive as two events with two ids, but with one channel and ts."""
    keys: Sequence[str] = (f"event:{event_id}" if event_id else "", f"message:{channel}/{ts}" if channel and ts else "")
    return tuple(key for key in keys if key)


def _job(row: Any) -> Job:
    return Job(
        row["id"], row["kind"], row["person"], row["channel"], row["message_ts"], json.loads(row["payload"]),
        json.loads(row["progress"]), row["attempts"], row["created"], row["owner"],
    )  # fmt: skip


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
