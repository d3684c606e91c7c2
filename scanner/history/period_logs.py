"""The record of key events on each day of an audit period: whether it was on throughout.

A scan tells of its own day. Where a provider tells when a trail was stopped, and when it was started, nothing was
recorded between. That it ran tells less: which events its selectors took on other days nothing tells, so those days are
unknown, and the reason says that it ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.evaluate.store import query
from scanner.history.days import Days, Span, count
from scanner.model.history import History, LoggingState
from scanner.model.ids import Digest
from scanner.model.period import DayState, LogLine

MISSING = "no scan of that day"
_BOTH = "events that administer and that use keys"

_SCOPES = """
SELECT scope_id, source, key_management_recorded, key_use_recorded, evidence FROM read_parquet($scopes)
ORDER BY scope_id, source
"""
_TRAILS = """
SELECT source, coalesce(nullif(name, ''), trail_id), logging, started_at, stopped_at, records_key_management,
    records_key_use
FROM read_parquet($trails) ORDER BY ALL
"""
_LISTED = """
SELECT source, bool_and(complete) FROM read_parquet($coverage) WHERE listed_table = 'audit_trails' GROUP BY ALL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """One audit log that may record a scope. None: not known."""

    name: str
    logging: bool | None
    started_at: datetime | None
    stopped_at: datetime | None
    administers: bool | None
    """It records events that administer keys."""
    uses: bool | None
    """It records events that use keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeEvidence:
    """Everything that tells of the record of one scope."""

    scope: str
    sightings: tuple[tuple[datetime, LoggingState], ...]
    """(as-of of a scan, what it saw), by time."""
    trails: tuple[Trail, ...] = ()
    complete: bool = False
    """The trails were listed to the end."""
    evidence: tuple[Digest, ...] = ()


def scopes(facts: Path, history: History, as_of: datetime) -> list[ScopeEvidence]:
    """Return the evidence of each scope that this scan or an earlier one knew, by name."""
    seen: dict[str, list[tuple[datetime, LoggingState]]] = {}
    for place, states in history.logging:
        at = history.scans[place].as_of
        for state in states if at < as_of else ():
            seen.setdefault(state.scope, []).append((at, state))
    trails: dict[str, list[Trail]] = {}
    for row in _rows(_TRAILS, trails=facts / "audit_trails.parquet"):
        trails.setdefault(row[0], []).append(_trail(row))
    complete = dict(_rows(_LISTED, coverage=facts / "coverage.parquet"))
    found: dict[str, ScopeEvidence] = {}
    for scope, source, administers, uses, evidence in _rows(_SCOPES, scopes=facts / "audit_scopes.parquet"):
        now = LoggingState(scope=scope, management_recorded=administers, use_recorded=uses)
        found[scope] = ScopeEvidence(
            scope=scope,
            sightings=(*seen.pop(scope, ()), (as_of, now)),
            trails=tuple(trails.get(source, ())),
            complete=bool(complete.get(source)),
            evidence=tuple(Digest(one) for one in evidence),
        )
    for scope, points in seen.items():
        found[scope] = ScopeEvidence(scope=scope, sightings=tuple(points))
    return [found[scope] for scope in sorted(found)]


def judge_log(days: Days, scope: ScopeEvidence) -> LogLine:
    """Judge the record of one scope: in where both kinds of key event were recorded, out where one was not."""
    stretches = days.stretches([*_intervals(days, scope), *_points(days, scope)], MISSING)
    total = count(stretches)
    return LogLine(
        id=scope.scope,
        label="",
        stretches=stretches,
        verdict=total.verdict,
        days_in=total.within,
        days_out=total.out,
        days_unknown=total.unknown,
        evidence=scope.evidence,
    )


def _points(days: Days, scope: ScopeEvidence) -> Iterator[Span]:
    for at, state in scope.sightings:
        begin, end, when = days.start_of_day(at), days.end_of_day(at), f"(scan of {at.date()})"
        known = {"administer": state.management_recorded, "use": state.use_recorded}
        off = [word for word, recorded in known.items() if recorded is False]
        if off:
            words = f"events that {' and '.join(off)} keys were not recorded {when}"
            yield Span(begin, end, DayState.OUT, words)
        elif all(known.values()):
            yield Span(begin, end, DayState.IN, f"{_BOTH} were recorded {when}")


_Interval = tuple[int, int]


def _intervals(days: Days, scope: ScopeEvidence) -> Iterator[Span]:
    """Yield what the trails tell of the time before the scan."""
    administer = [one for one in scope.trails if one.administers is not False]
    use = [one for one in scope.trails if one.uses is not False]
    if scope.complete:
        for trails in (administer, use):
            for begin, end in _all_off(days, trails):
                names = ", ".join(one.name for one in trails)
                yield Span(begin, end, DayState.OUT, f"stopped: {names}")
    for one in scope.trails:
        for begin, end in _on(days, one):
            yield Span(begin, end, DayState.UNKNOWN, f"{one.name} ran, and nothing tells which events it took")


def _on(days: Days, trail: Trail) -> Iterator[_Interval]:
    """Yield when a trail is known to have run: since its last start, or from that to its last stop."""
    if trail.started_at is None:
        return
    if trail.logging and not _stopped_since(trail):
        yield days.at(trail.started_at), days.known_until
    elif trail.logging is False and trail.stopped_at is not None:
        yield days.at(trail.started_at), days.at(trail.stopped_at)


def _off(days: Days, trail: Trail) -> _Interval | None:
    """Return when a trail is known to have been stopped: from its last stop to the next start, or to the scan."""
    if trail.stopped_at is None:
        return None
    begin = days.at(trail.stopped_at)
    if trail.logging is False and (trail.started_at is None or _stopped_since(trail)):
        return begin, days.known_until
    if trail.logging and trail.started_at is not None and not _stopped_since(trail):
        return begin, days.at(trail.started_at)
    return None


def _stopped_since(trail: Trail) -> bool:
    """Tell whether the last stop came after the last start. Of a trail that records now it cannot have."""
    return trail.started_at is not None and trail.stopped_at is not None and trail.stopped_at >= trail.started_at


def _all_off(days: Days, trails: Sequence[Trail]) -> Iterator[_Interval]:
    """Yield when every trail that may record an event was stopped."""
    off = [_off(days, one) for one in trails]
    known = [interval for interval in off if interval is not None]
    if trails and len(known) == len(off):
        yield max(begin for begin, _ in known), min(end for _, end in known)


def _trail(row: Sequence[Any]) -> Trail:
    _, name, logging, started, stopped, administers, uses = row
    return Trail(
        name=name,
        logging=logging,
        started_at=_utc(started),
        stopped_at=_utc(stopped),
        administers=administers,
        uses=uses,
    )


def _rows(sql: str, **files: Path) -> list[tuple[Any, ...]]:
    return query(sql, {name: str(path) for name, path in files.items()}).fetchall()


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
