"""A circuit breaker: after repeated failures a model is left alone for a while, then tried once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Closed until `failures` in a row; then open for `rest_seconds`; then one trial decides."""

    def __init__(
        self, failures: int = 3, rest_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` gives seconds that only rise."""
        self._limit, self._rest, self._clock = failures, rest_seconds, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._opened_at: float | None = None

    def allows(self) -> bool:
        """True if a call may be made now; when the rest is over, for one caller only until it reports back."""
        with self._lock:
            if self._opened_at is None:
                return True
            if self._clock() - self._opened_at < self._rest:
                return False
            self._opened_at = self._clock()
            return True

    def succeeded(self) -> None:
        """Close it."""
        with self._lock:
            self._failed, self._opened_at = 0, None

    def failed(self) -> None:
        """Count a failure; the last one allowed opens it."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._limit:
                self._opened_at = self._clock()
