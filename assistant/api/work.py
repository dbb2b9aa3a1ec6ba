"""Bounded work: a fixed number of threads, a bounded queue before them, and 503 for what does not fit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from assistant import stopping
from assistant.api.problems import Problem
from assistant.errors import Stopped

T = TypeVar("T")


class Work:
    """Runs functions in threads of its own, so that each thread's database connection is opened once."""

    def __init__(self, name: str, threads: int, max_waiting: int) -> None:
        """At most `threads` run and `max_waiting` wait."""
        self.name = name
        self._threads = ThreadPoolExecutor(threads, name)
        self._room = threads + max_waiting
        self._lock = threading.Lock()
        self._admitted = 0

    @property
    def admitted(self) -> int:
        """Running and waiting now."""
        return self._admitted

    async def run(self, function: Callable[[], T]) -> T:
        """The function's result. If the caller is cancelled the function is told to stop. Raises Problem 503."""
        flag = threading.Event()
        future = self.submit(function, flag)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            flag.set()
            raise

    def submit(self, function: Callable[[], T], flag: threading.Event) -> Future[T]:
        """Start a function, or put it in the queue; it stops at its next step once `flag` is set."""
        with self._lock:
            if self._admitted >= self._room:
                raise Problem(503, "too many requests are being answered; try again shortly", {"Retry-After": "1"})
            self._admitted += 1

        def guarded() -> T:
            if flag.is_set():
                raise Stopped("given up while waiting")
            with stopping.stoppable(flag):
                return function()

        try:
            future = self._threads.submit(guarded)
        except RuntimeError:
            self._leave(None)
            raise Problem(503, "the server is shutting down", {"Retry-After": "5"}) from None
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object) -> None:
        with self._lock:
            self._admitted -= 1

    def close(self) -> None:
        """Wait for what runs; what has not started is dropped."""
        self._threads.shutdown(wait=True, cancel_futures=True)
