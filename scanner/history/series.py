"""A series of scans, put together from snapshots; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from scanner.model.history import (
    ControlHistory,
    ControlPoint,
    FindingHistory,
    FindingPoint,
    FindingState,
    History,
    KeyHistory,
    KeyState,
    LoggingState,
    ScanRecord,
    ScopeState,
    Snapshot,
)
from scanner.model.verdict import Verdict

_P = TypeVar("_P")


def history_of(snapshots: Iterable[Snapshot]) -> History:
    """Return the series that scans make, in whatever order they come; of two with one id the later counts."""
    ordered = sorted({one.scan.id: one for one in snapshots}.values(), key=lambda one: _order(one.scan))
    maker = _Maker()
    for place, snapshot in enumerate(ordered):
        maker.add(place, snapshot)
    return maker.made(tuple(one.scan for one in ordered))


def with_snapshot(history: History, snapshot: Snapshot) -> History:
    """Return a series with a scan in its place; it replaces the one of the same id."""
    scans = [scan for scan in history.scans if scan.id != snapshot.scan.id]
    scans = sorted([*scans, snapshot.scan], key=_order)
    places = {scan.id: place for place, scan in enumerate(scans)}
    moved = {old: places[scan.id] for old, scan in enumerate(history.scans) if scan.id != snapshot.scan.id}
    maker = _Maker.of(history, moved)
    maker.add(places[snapshot.scan.id], snapshot)
    return maker.made(tuple(scans))


def newest(history: History, scans: int) -> History:
    """Return the last ``scans`` scans of a series."""
    first = len(history.scans) - scans
    if first <= 0:
        return history
    kept = history.scans[first:]
    return _Maker.of(history, {place + first: place for place in range(len(kept))}).made(kept)


def worst(snapshot: Snapshot) -> dict[tuple[str, str, str], FindingState]:
    """Return the findings of a scan by control, subject and source: the failure, when a subject has several."""
    found: dict[tuple[str, str, str], FindingState] = {}
    for state in snapshot.findings:
        name = (state.control, state.subject, state.source)
        if name not in found or state.verdict is Verdict.FAIL:
            found[name] = state
    return found


def _order(scan: ScanRecord) -> tuple[datetime, str]:
    return scan.as_of, scan.id


@dataclass(slots=True)
class _Maker:
    """A series in the making: points by whose they are, in any order."""

    controls: dict[str, tuple[ControlHistory, list[ControlPoint]]] = field(default_factory=dict)
    findings: dict[tuple[str, str, str], tuple[FindingHistory, list[FindingPoint]]] = field(default_factory=dict)
    keys: dict[tuple[str, str], list[tuple[int, KeyState]]] = field(default_factory=dict)
    logging: list[tuple[int, tuple[LoggingState, ...]]] = field(default_factory=list)
    scopes: list[tuple[int, tuple[ScopeState, ...]]] = field(default_factory=list)
    same: dict[tuple[int, Verdict, str], FindingPoint] = field(default_factory=dict)
    """Many findings have the same in the same scan: one object for all of them."""

    @classmethod
    def of(cls, history: History, places: Mapping[int, int]) -> _Maker:
        """Return what is made of a series; its scans stand at other places, or are left out."""
        maker = cls()
        still = all(old == new for old, new in places.items()) and len(places) == len(history.scans)

        def moved(points: Iterable[_P], at: Callable[[_P], int], to: Callable[[_P, int], _P]) -> list[_P]:
            if still:
                return list(points)
            return [to(point, places[at(point)]) for point in points if at(point) in places]

        for control in history.controls:
            given = moved(control.points, lambda p: p.scan, lambda p, scan: replace(p, scan=scan))
            maker.controls[control.id] = (control, given)
        for one in history.findings:
            points = moved(one.points, lambda p: p.scan, lambda p, scan: maker.point(scan, p.verdict, p.waiver))
            maker.findings[one.control, one.subject, one.source] = (one, points)
        for key in history.keys:
            maker.keys[key.key_id, key.source] = moved(key.points, lambda p: p[0], lambda p, scan: (scan, p[1]))
        maker.logging = moved(history.logging, lambda p: p[0], lambda p, scan: (scan, p[1]))
        maker.scopes = moved(history.scopes, lambda p: p[0], lambda p, scan: (scan, p[1]))
        return maker

    def point(self, scan: int, verdict: Verdict, waiver: str) -> FindingPoint:
        """Return a point, the same object for equal ones."""
        name = (scan, verdict, waiver)
        return self.same.get(name) or self.same.setdefault(name, FindingPoint(*name))

    def add(self, place: int, snapshot: Snapshot) -> None:
        """Add the scan that stands at ``place``."""
        for state in snapshot.controls:
            points = self.controls[state.id][1] if state.id in self.controls else []
            counts = state.counts
            numbers = (counts.failed, counts.unknown, state.waived)
            point = ControlPoint(place, state.verdict, *numbers, state.digest, state.unread)
            if not points or points[-1].scan < place:
                control = ControlHistory(
                    id=state.id,
                    title=state.title,
                    severity=state.severity,
                    phase=state.phase,
                    clauses=state.clauses,
                    points=(),
                )
                self.controls[state.id] = (control, points)
            points.append(point)
        self._add_findings(place, snapshot)
        for key in snapshot.keys:
            self.keys.setdefault((key.key_id, key.source), []).append((place, key))
        if snapshot.logging:
            self.logging.append((place, snapshot.logging))
        if snapshot.scopes:
            self.scopes.append((place, tuple(scope for _, scope in sorted(snapshot.scopes.items()))))

    def _add_findings(self, place: int, snapshot: Snapshot) -> None:
        for name, state in worst(snapshot).items():
            points = self.findings[name][1] if name in self.findings else []
            if not points or points[-1].scan < place:
                finding = FindingHistory(
                    control=state.control, subject=state.subject, source=state.source, label=state.label, points=()
                )
                self.findings[name] = (finding, points)
            points.append(self.point(place, state.verdict, state.waiver))

    def made(self, scans: tuple[ScanRecord, ...]) -> History:
        """Return the series."""
        return History(
            scans=scans,
            controls=tuple(
                replace(control, points=tuple(sorted(points, key=lambda point: point.scan)))
                for _, (control, points) in sorted(self.controls.items())
                if points
            ),
            findings=tuple(
                replace(finding, points=tuple(sorted(points, key=lambda point: point.scan)))
                for _, (finding, points) in sorted(self.findings.items())
                if points
            ),
            keys=tuple(
                KeyHistory(key_id=name[0], source=name[1], points=tuple(sorted(points, key=lambda point: point[0])))
                for name, points in sorted(self.keys.items())
                if points
            ),
            logging=tuple(sorted(self.logging, key=lambda point: point[0])),
            scopes=tuple(sorted(self.scopes, key=lambda point: point[0])),
        )
