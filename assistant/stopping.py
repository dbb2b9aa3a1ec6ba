"""Giving up work that nobody waits for: a flag that travels with the thread which does it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from assistant.errors import Stopped

_flag: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


@contextmanager
def stoppable(flag: threading.Event) -> Iterator[None]:
    """Within this block `check` heeds the flag."""
    token = _flag.set(flag)
    try:
        yield
    finally:
        _flag.reset(token)


def check() -> None:
    """Raise Stopped if whoever asked has gone; cheap enough to call at every step and every streamed token."""
    flag = _flag.get()
    if flag is not None and flag.is_set():
        raise Stopped("nobody waits for this answer any more")
