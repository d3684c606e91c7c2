"""Looks at pieces on every core, and gives what they have in the order in which they came."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from scanner.collect.hashes import Hashes
from scanner.collect.interface import CallError
from scanner.collect.leaks.finding import Looked, Piece, look
from scanner.model.observation import GapReason

T = TypeVar("T")

ALONE = 16 * 1024 * 1024
"""Bytes that one process looks at before it is worth to start others."""
_AHEAD = 2
"""Pieces on their way for each process: enough that none waits, few enough to be small."""

_hashes: Hashes | None = None


def start(key: bytes) -> None:
    """Make a process ready to look at pieces. Its parent may be kept on one core; it is not."""
    global _hashes  # noqa: PLW0603 - a process of the pool has nothing else to keep it in
    _hashes = Hashes(key)
    if hasattr(os, "sched_setaffinity"):
        free_cores()


def free_cores() -> None:
    """Let this process run on every core that the system allows."""
    try:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    except OSError:
        return  # a matter of speed alone


def look_there(piece: Piece) -> Looked:
    """Look at a piece in a process of the pool."""
    assert _hashes is not None  # noqa: S101 - set when the process starts
    return look(piece, _hashes)


class Lookers:
    """Looks at pieces: alone at first, then with a process for each core."""

    def __init__(self, hashes: Hashes, processes: int, alone: int = ALONE) -> None:
        self._hashes = hashes
        self._processes = processes
        self._left = alone
        self._pool: ProcessPoolExecutor | None = None

    def each(self, work: Iterable[tuple[T, Piece]], late: Callable[[], bool]) -> Iterator[tuple[T, Looked]]:
        """Yield what each piece has, in order. Raises CallError when a process is lost, or time is up."""
        waiting: deque[tuple[T, Future[Looked]]] = deque()
        try:
            for place, piece in work:
                if late():
                    raise CallError(GapReason.LIMIT, code="Time", detail="the time limit was reached before the end")
                pool = self._ready(piece)
                if pool is None:
                    yield place, look(piece, self._hashes)
                    continue
                waiting.append((place, pool.submit(look_there, piece)))
                if len(waiting) > _AHEAD * self._processes:
                    yield _done(*waiting.popleft())
            while waiting:
                yield _done(*waiting.popleft())
        except BrokenProcessPool:
            detail = "a process that looked at pieces was stopped from outside: is there enough memory?"
            raise CallError(GapReason.FAILED, code="ProcessLost", detail=detail) from None

    def close(self) -> None:
        """Stop the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _ready(self, piece: Piece) -> ProcessPoolExecutor | None:
        if self._pool is None:
            self._left -= piece.end - piece.start
            if self._left >= 0 or self._processes < 2:
                return None
            self._pool = ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),  # others have threads that a fork would break
                initializer=start,
                initargs=(self._hashes.key,),
            )
        return self._pool


def _done(place: T, future: Future[Looked]) -> tuple[T, Looked]:
    return place, future.result()
