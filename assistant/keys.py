"""API keys: random, stored as a hash only, each with a clearance, groups and perhaps the manager's right."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SettingsError
from assistant.identity import Identity, pseudonym
from knowledge.access import Asker
from knowledge.documents import Classification

PREFIX = "focal"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, digest BLOB NOT NULL, label TEXT NOT NULL, clearance TEXT NOT NULL, groups TEXT NOT NULL,
  manager INTEGER NOT NULL, created TEXT NOT NULL, expires TEXT, revoked TEXT);
"""
_NO_DIGEST = bytes(32)


@dataclass(frozen=True)
class Key:
    """What is kept of a key; the secret itself is shown once, when it is made."""

    id: str
    label: str
    clearance: Classification
    groups: tuple[str, ...]
    manager: bool
    created: str
    expires: str | None
    revoked: str | None

    @property
    def identity(self) -> Identity:
        """What the key entitles to."""
        return Identity(Asker(self.clearance, frozenset(self.groups)), pseudonym("key", self.id), self.manager)


class KeyStore:
    """Keys in one small SQLite file, read afresh at every use: a revoked key stops at its next request.

    Works beside a running server: SQLite lets both write.
    """

    def __init__(self, path: Path, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        """Nothing is created until the first key is."""
        self._path, self._now = path, now

    def add(
        self,
        label: str,
        clearance: Classification = Classification.UNCLASSIFIED,
        groups: Sequence[str] = (),
        manager: bool = False,
        days: int | None = None,
    ) -> tuple[Key, str]:
        """Make a key and give it with its secret, which cannot be had again."""
        if clearance is Classification.STRICTLY_CONFIDENTIAL:
            raise SettingsError("strictly confidential documents are never taken in: no key carries that clearance")
        now = self._now()
        expires = (now + dt.timedelta(days=days)).isoformat(timespec="seconds") if days is not None else None
        key = Key(
            secrets.token_hex(4), label, clearance, tuple(sorted(set(groups))), manager,
            now.isoformat(timespec="seconds"), expires, None,
        )  # fmt: skip
        secret = f"{PREFIX}_{key.id}_{secrets.token_urlsafe(32)}"
        with self._open(create=True) as connection:
            connection.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    key.id, _digest(secret), label, str(clearance), json.dumps(key.groups), manager, key.created,
                    expires,
                ),
            )  # fmt: skip
        return key, secret

    def every(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            return [_key(row) for row in connection.execute("SELECT * FROM keys ORDER BY created, id")]

    def revoke(self, key_id: str) -> None:
        """Make a key worthless from now on. Raises SettingsError for an id that is not there."""
        if self._path.exists():
            with self._open() as connection:
                stamp = self._now().isoformat(timespec="seconds")
                if connection.execute(
                    "UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id = ?", (stamp, key_id)
                ).rowcount:
                    return
        raise SettingsError(f"there is no key {key_id!r}: `focal keys list` shows their ids")

    def any_active(self) -> bool:
        """True if at least one key would be let in now."""
        return any(self._is_active(key) for key in self.every())

    def identify(self, secret: str) -> Identity | None:
        """Whom a secret stands for; None for an unknown, revoked, expired or malformed one, in the same time."""
        parts = secret.split("_", 2)
        key_id = parts[1] if len(parts) == 3 else ""
        row = None
        if self._path.exists():
            with self._open() as connection:
                row = connection.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
        matches = hmac.compare_digest(_digest(secret), row["digest"] if row else _NO_DIGEST)
        key = _key(row) if row else None
        return key.identity if matches and key is not None and self._is_active(key) else None

    def _is_active(self, key: Key) -> bool:
        return key.revoked is None and (key.expires is None or key.expires > self._now().isoformat(timespec="seconds"))

    @contextmanager
    def _open(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        if create:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            if create:
                connection.executescript(_SCHEMA)
            with connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise SettingsError(f"{self._path} cannot be used ({error}): restore it with `focal restore`") from error
        finally:
            connection.close()


def _digest(secret: str) -> bytes:
    """Plain SHA-256 is enough: the secret holds 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _key(row: sqlite3.Row) -> Key:
    return Key(
        row["id"], row["label"], Classification(row["clearance"]), tuple(json.loads(row["groups"])),
        bool(row["manager"]), row["created"], row["expires"], row["revoked"],
    )  # fmt: skip
