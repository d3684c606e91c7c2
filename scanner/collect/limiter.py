"""How many calls are under way at once: additive increase, multiplicative decrease (RFC 5681's idea)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Limiter:
    """A gate that lets up to ``limit`` calls through at once, fewer after throttling."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._running = 0
        self._condition = threading.Condition()

    @property
    def limit(self) -> int:
        """Calls that may be under way at once now."""
        return int(self._limit)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a free place, hold it, and give it back."""
        with self._condition:
            while self._running >= int(self._limit):
                self._condition.wait()
            self._running += 1
        try:
            yield
        finally:
            with self._condition:
                self._running -= 1
                self._condition.notify()

    def slow_down(self) -> None:
        """Halve the limit, to one at least: the provider throttled a call."""
        with self._condition:
            self._limit = max(1.0, self._limit / 2)

    def speed_up(self) -> None:
        """Grow by one call per round of calls: the provider answered."""
        if self._limit >= self._most:  # the usual case needs no lock
            return
        with self._condition:
            if self._limit < self._most:
                self._limit = min(float(self._most), self._limit + 1 / self._limit)
                self._condition.notify()
