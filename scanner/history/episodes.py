"""When findings began and when they were mended, by the scans of a series; pure.

A finding is mended by the first later scan that judged its control and in which it is neither failed nor unknown. A
scan that did not run the control, or could not see the subject, mends nothing: the time runs on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.model.history import FindingHistory, History
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Episodes:
    """How often a finding began and ended. Numbers are places in :attr:`History.scans`."""

    mended: tuple[tuple[int, int], ...]
    """(first scan that saw it fail, first later scan that saw it mended)"""
    running: int | None
    """First scan of the one that was not seen mended."""
    first_failed: int
    """-1 for a finding that was only ever unknown."""
    last_failed: int

    @property
    def times(self) -> int:
        """How often it began."""
        return len(self.mended) + (self.running is not None)


def episodes(history: History) -> Iterator[Episodes]:
    """Yield the episodes of each finding, in the order of :attr:`History.findings`."""
    sight = _Sight(history)
    for finding in history.findings:
        yield _of(finding, sight, len(history.scans))


def _of(finding: FindingHistory, sight: _Sight, scans: int) -> Episodes:
    failed = [point.scan for point in finding.points if point.verdict is Verdict.FAIL]
    if not failed:
        return Episodes((), None, -1, -1)
    own = {point.scan for point in finding.points}
    mended = []
    first: int | None = failed[0]
    for scan, following in zip(failed, [*failed[1:], scans], strict=True):
        first = scan if first is None else first
        end = sight.mended(finding, own, scan, following)
        if end < following:
            mended.append((first, end))
            first = None
    return Episodes(tuple(mended), first, failed[0], failed[-1])


class _Sight:
    """In which scans a finding that is not there would have been seen."""

    def __init__(self, history: History) -> None:
        self._scans = len(history.scans)
        self._judged = {control.id: {point.scan for point in control.points} for control in history.controls}
        self._unknown: defaultdict[tuple[ControlId, str], set[int]] = defaultdict(set)
        self._seen: defaultdict[str, set[int]] = defaultdict(set)
        self._keys: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._clear: dict[tuple[ControlId, str], list[int]] = {}
        for key in history.keys:
            self._keys[key.key_id, key.source] = [scan for scan, _ in key.points]
            self._seen[key.source].update(self._keys[key.key_id, key.source])
        for scan, states in history.logging:
            for state in states:
                self._seen[state.scope].add(scan)
        # A scope that has keys or logs was not seen by a scan that has nothing of it. Of others nothing tells.
        self._told = frozenset(self._seen)
        for finding in history.findings:
            for point in finding.points:
                self._seen[finding.source].add(point.scan)
                if point.verdict is Verdict.UNKNOWN:
                    self._unknown[finding.control, finding.source].add(point.scan)

    def mended(self, finding: FindingHistory, own: set[int], after: int, before: int) -> int:
        """Return the first scan between two that saw a finding mended, or ``before``.

        ``own`` are the scans in which it is a finding.
        """
        clear = self._cleared(finding.control, finding.source)
        place = bisect_right(clear, after)
        found = min(before, clear[place]) if place < len(clear) else before
        # A key that is there was judged, whatever else of its scope was not.
        there = self._keys.get((finding.subject, finding.source), [])
        judged = self._judged.get(finding.control, set())
        for place in range(bisect_right(there, after), len(there)):
            if there[place] >= found:
                break
            if there[place] in judged and there[place] not in own:
                return there[place]
        return found

    def _cleared(self, control: ControlId, source: str) -> list[int]:
        """Return the scans that judged a control and saw a scope to its end, in order."""
        if (control, source) not in self._clear:
            scans = set(self._judged.get(control, ()))
            if source in self._told:
                scans &= self._seen[source]
            for one in enclosing(source):
                scans -= self._unknown.get((control, one), set())
            self._clear[control, source] = sorted(scans)
        return self._clear[control, source]


def enclosing(source: str) -> list[str]:
    """Return a scope and those that it lies in: aws:1111:us-east-1, aws:1111, aws."""
    parts = source.split(":")
    return [":".join(parts[:count]) for count in range(len(parts), 0, -1)]
