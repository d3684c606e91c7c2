"""Keeps the threads that ask on one processor core.

Of the threads of one interpreter a single one runs at a time. On several cores the system moves them to whichever core
is idle at each hand-over, and every move costs more than it gains: see docs/decisions/0008-one-core.md for figures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STAT = Path("/proc/self/stat")
_PROCESSOR = 36
"""Place of the core that the process last ran on, counted from behind the command's name (proc_pid_stat(5))."""


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and the threads that it starts inside, on one of the cores that they may use.

    Only this thread is let go again. Does nothing where the system has no such thing, or allows it not: it is a matter
    of speed alone.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    here = _current_core()
    pinned = _pin({here if here in allowed else min(allowed)})
    try:
        yield
    finally:
        if pinned:
            _pin(allowed)


def _current_core() -> int:
    """Return the core that the system placed this process on: one that was idle enough for it. -1: not known."""
    try:
        return int(_STAT.read_text().rpartition(")")[2].split()[_PROCESSOR])
    except (OSError, ValueError, IndexError):
        return -1


def _pin(cores: set[int]) -> bool:
    try:
        os.sched_setaffinity(0, cores)
    except OSError:
        return False
    return True
