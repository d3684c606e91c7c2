"""Running counts of a scan, for the progress display. They decide nothing."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceTally:
    """What was done for one source so far."""

    name: str
    calls: int
    throttles: int
    gaps: int
    reused: int
    """Answers taken from an earlier, interrupted run of this scan."""
    units: int
    units_done: int


class Tally:
    """Thread-safe counters by source name."""

    KINDS = ("calls", "throttles", "gaps", "reused", "units", "units_done")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._names: list[str] = []

    def add(self, name: str, kind: str, amount: int = 1) -> None:
        """Add to a counter of :attr:`KINDS` for a source."""
        with self._lock:
            if name not in self._names:
                self._names.append(name)
            self._counts[name, kind] += amount

    def snapshot(self) -> tuple[SourceTally, ...]:
        """Return the counters of every source, in the order in which they were first seen."""
        with self._lock:
            return tuple(SourceTally(name, *(self._counts[name, kind] for kind in self.KINDS)) for name in self._names)
