"""Readers and writers that work while something else happens: threads, each with a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from scanner.envelope.rows import OpenError
from scanner.selftest.database import Connect
from scanner.selftest.interface import CannotRunError, RefusedError

if TYPE_CHECKING:
    import psycopg

Work = Callable[["psycopg.Connection[Any]", int], None]
"""One operation, with its number. Raises OpenError, RefusedError or CannotRunError when it fails."""
PATIENCE = 60.0
"""Seconds in which every worker must get on."""
_KEPT = 3


class _Worker(threading.Thread):
    def __init__(self, connect: Connect, work: Work, crew: Crew) -> None:
        super().__init__(daemon=True)
        self.connect, self.work, self.crew = connect, work, crew
        self.done = 0
        self.ended = False
        self.longest = 0.0

    def run(self) -> None:
        try:
            with closing(self.connect()) as connection:
                connection.autocommit = True
                while not self.crew.stopping.is_set():
                    self._once(connection)
        except CannotRunError as error:
            self.crew.fail(str(error))
        finally:
            with self.crew.progress:
                self.ended = True
                self.crew.progress.notify_all()

    def _once(self, connection: psycopg.Connection[Any]) -> None:
        began = time.monotonic()
        try:
            self.work(connection, self.done)
        except (OpenError, RefusedError, CannotRunError) as error:
            self.crew.fail(str(error))
        self.longest = max(self.longest, time.monotonic() - began)
        with self.crew.progress:
            self.done += 1
            self.crew.progress.notify_all()


class Crew:
    """Workers from the block's start to its end; what fails is counted, never raised."""

    def __init__(self, connect: Connect, works: Sequence[Work], patience: float = PATIENCE) -> None:
        self.progress = threading.Condition()
        self.stopping = threading.Event()
        self.failures = 0
        self.kept: list[str] = []
        """The first of the failures."""
        self._patience = patience
        self._workers = [_Worker(connect, work, self) for work in works]

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the workers after what each is at. May be called twice."""
        self.stopping.set()
        for worker in self._workers:
            worker.join(self._patience)

    def fail(self, why: str) -> None:
        """Count a failure."""
        with self.progress:
            self.failures += 1
            self.kept = [*self.kept, why][:_KEPT]

    def wait(self, operations: int) -> None:
        """Wait until each worker has completed so many operations that it began after now, or has ended.

        Raises CannotRunError when that takes longer than the patience.
        """
        with self.progress:
            # The operation that is under way now began before: it does not count.
            goals = [(worker, worker.done + 1 + operations) for worker in self._workers]
            if not self.progress.wait_for(lambda: all(w.ended or w.done >= goal for w, goal in goals), self._patience):
                raise CannotRunError(f"readers and writers did not get on within {self._patience:g} seconds")

    @property
    def operations(self) -> list[int]:
        """Return how many operations each worker has completed."""
        return [worker.done for worker in self._workers]

    @property
    def longest_pause_ms(self) -> int:
        """Return how long the longest operation took, in whole milliseconds, rounded up."""
        return -int(-1000 * max(worker.longest for worker in self._workers) // 1)
