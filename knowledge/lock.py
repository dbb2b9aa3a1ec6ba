"""One process owns FOCAL_HOME: Chroma's embedded store goes stale, without an error, under a second one."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from knowledge.errors import IndexLocked


class HomeLock:
    """An exclusive lock on FOCAL_HOME that says who holds it; the kernel frees it however the process ends."""

    def __init__(self, home: Path, command: str) -> None:
        """Take the lock. Raises IndexLocked, naming the holder, if another process has it."""
        home.mkdir(parents=True, exist_ok=True)
        self._path = home / "lock"
        try:
            self._file: IO[str] = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise IndexLocked(
                f"{home} cannot be written ({error.strerror}): check its permissions or set FOCAL_HOME"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            holder = read_holder(home)
            who = f"`{holder.get('command', 'another command')}` (process {holder.get('pid', '?')})"
            raise IndexLocked(f"{home} is in use by {who}: wait until it ends, or stop it") from None
        self._command = command
        self.announce()

    def announce(self, url: str | None = None) -> None:
        """Write who holds the lock, and where it can be asked when it is a server."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), "command": self._command, "url": url}, self._file)
        self._file.flush()

    def release(self) -> None:
        """Give the lock back."""
        self._file.seek(0)
        self._file.truncate()
        self._file.close()


def read_holder(home: Path) -> dict[str, object]:
    """What the holder wrote: `pid`, `command`, `url`; empty if nobody did."""
    try:
        holder = json.loads((home / "lock").read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
