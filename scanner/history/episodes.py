"""When findings began and when they were mended, by the scans of a series; pure.

A finding is mended by the first later scan that judged its control and in which it is neither failed nor unknown. A
scan that did not run the control, or could not see the subject, mends nothing: the time runs on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.history.standing import enclosing
from scanner.model.history import FindingHistory, History, ScopeState
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
        self._judged = {control.id: {p.scan: p.unread for p in control.points} for control in history.controls}
        self._scopes = {scan: {scope.source: scope for scope in scopes} for scan, scopes in history.scopes}
        self._unknown: defaultdict[tuple[ControlId, str], set[int]] = defaultdict(set)
        self._seen: defaultdict[str, set[int]] = defaultdict(set)
        self._keys: dict[tuple[str, str], list[int]] = {}
        self._whole: dict[str, set[int]] = {}
        self._clear: dict[tuple[ControlId, str], list[int]] = {}
        for key in history.keys:
            self._keys[key.key_id, key.source] = [scan for scan, _ in key.points]
            self._seen[key.source].update(scan for scan, _ in key.points)
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
        # A key that is there was judged, whatever else of its scope was not.
        there = self._keys.get((finding.subject, finding.source), [])
        judged = self._judged.get(finding.control, {})
        return min(
            _first(self._cleared(finding.control, finding.source), after, before, lambda scan: scan not in own),
            _first(there, after, before, lambda scan: scan in judged and scan not in own),
        )

    def _cleared(self, control: ControlId, source: str) -> list[int]:
        """Return the scans that judged a control and saw a scope to its end, in order."""
        if (control, source) not in self._clear:
            if source not in self._whole:
                self._whole[source] = {scan for scan, scopes in self._scopes.items() if _whole(source, scopes)}
            untold = set().union(*(self._unknown.get((control, one), ()) for one in enclosing(source)))
            self._clear[control, source] = [
                scan
                for scan, unread in sorted(self._judged.get(control, {}).items())
                if scan in self._whole[source] or (self._answered(scan, source) and not unread and scan not in untold)
            ]
        return self._clear[control, source]

    def _answered(self, scan: int, source: str) -> bool:
        if scan in self._scopes:
            return source in self._scopes[scan]
        return source not in self._told or scan in self._seen[source]


def _first(scans: Sequence[int], after: int, before: int, fits: Callable[[int], bool]) -> int:
    """Return the first of some scans, in order, between two that fits, or ``before``."""
    for place in range(bisect_right(scans, after), len(scans)):
        if scans[place] >= before:
            break
        if fits(scans[place]):
            return scans[place]
    return before


def _whole(source: str, scopes: Mapping[str, ScopeState]) -> bool:
    """Tell whether a scope, and every one that it lies in, was read without a gap."""
    if source not in scopes:
        return False
    # The scope of the source itself has its name in the estate file: aws:production.
    named = f"{source.partition(':')[0]}:{scopes[source].name}"
    return all(scopes[one].whole for one in (*enclosing(source), named) if one in scopes)
