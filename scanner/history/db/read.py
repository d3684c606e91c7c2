"""Questions to the store, each within a transaction of a reader."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from scanner.history.db.columns import fingerprint
from scanner.history.db.schema import (
    checkpoint,
    control,
    control_state,
    finding,
    key,
    key_state,
    logging_state,
    scan,
    scope_state,
    sighting,
    text,
)
from scanner.model.control import Severity
from scanner.model.history import (
    ControlHistory,
    ControlPoint,
    ControlState,
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
from scanner.model.ids import ControlId, Digest
from scanner.model.report import Totals
from scanner.model.verdict import Counts, Verdict

_P = TypeVar("_P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which scans: of a series, from an as-of on, before another, without one. Forgotten ones are never among them."""

    series: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Excluded."""
    without: str | None = None
    number: int | None = None

    def numbers(self) -> sa.Select[tuple[int]]:
        """Return the question for their numbers."""
        asked = sa.select(scan.c.number).where(~scan.c.forgotten)
        if self.series is not None:
            named = sa.select(text.c.number).where(text.c.sha256 == fingerprint(self.series)).scalar_subquery()
            asked = asked.where(scan.c.series == named)
        if self.since is not None:
            asked = asked.where(scan.c.as_of >= self.since)
        if self.until is not None:
            asked = asked.where(scan.c.as_of < self.until)
        if self.without is not None:
            asked = asked.where(scan.c.id_sha256 != fingerprint(self.without))
        if self.number is not None:
            asked = asked.where(scan.c.number == self.number)
        return asked


def scans(connection: sa.Connection, wanted: Wanted) -> dict[int, ScanRecord]:
    """Return scans by number, in the order of as-of, then id."""
    numbers = wanted.numbers()
    kept = sa.select(checkpoint).where(checkpoint.c.scan.in_(numbers)).order_by(checkpoint.c.scan, checkpoint.c.place)
    newest = {row.scan: (row.digest, row.place) for row in connection.execute(kept)}
    named = sa.select(scan, text.c.content).join(text, text.c.number == scan.c.series)
    rows = connection.execute(named.where(scan.c.number.in_(numbers))).all()
    found = {row.number: _record(row, newest.get(row.number, (None, None))) for row in rows}
    return dict(sorted(found.items(), key=lambda item: (item[1].as_of, item[1].id)))


def _record(row: sa.Row[Any], newest: tuple[str | None, int | None]) -> ScanRecord:
    digest, place = newest
    return ScanRecord(
        id=row.id,
        series=row.content,
        organization=row.organization,
        as_of=row.as_of,
        started=row.started,
        ended=row.ended,
        tool_version=row.tool_version,
        catalogue_sha256=Digest(row.catalogue_sha256),
        estate_sha256=Digest(row.estate_sha256),
        selection=row.selection,
        totals=Totals(row.passed, row.failed, row.unknown, row.not_applicable, row.waived),
        gaps=row.gaps,
        checkpoint=None if digest is None else Digest(digest),
        checkpoint_number=place,
    )


def snapshot(connection: sa.Connection, number: int) -> Snapshot:
    """Return everything that is kept of a scan. ``settled`` is None: the store does not have it."""
    wanted = Wanted(number=number)
    numbers = wanted.numbers()
    (one,) = scans(connection, wanted).values()
    asked = sa.select(control_state).where(control_state.c.scan == number)
    described = _controls(connection, numbers)
    states = [_control_state(row, described[row.control]) for row in connection.execute(asked)]
    known = _keys(connection, numbers)
    scopes = {row.source: ScopeState(**row._mapping) for row in _listed(connection, scope_state, number)}
    return Snapshot(
        scan=one,
        controls=tuple(sorted(states, key=lambda state: state.id)),
        findings=_findings(connection, number),
        keys=tuple(sorted(known.values(), key=lambda state: (state.key_id, state.source))),
        keys_complete=connection.scalar(sa.select(scan.c.keys_complete).where(scan.c.number == number)),
        logging=tuple(LoggingState(**row._mapping) for row in _listed(connection, logging_state, number)),
        scopes=scopes or None,
    )


def _listed(connection: sa.Connection, table: sa.Table, number: int) -> Sequence[sa.Row[Any]]:
    columns = [column for column in table.c if column.name not in {"scan", "place"}]
    return connection.execute(sa.select(*columns).where(table.c.scan == number).order_by(table.c.place)).all()


def _controls(connection: sa.Connection, numbers: sa.Select[tuple[int]]) -> dict[int, sa.Row[Any]]:
    """Return what describes the controls of scans, by number."""
    used = sa.select(control_state.c.control).where(control_state.c.scan.in_(numbers))
    return {row.number: row for row in connection.execute(sa.select(control).where(control.c.number.in_(used)))}


def _pairs(value: Sequence[Sequence[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((name, one) for name, one in value)


def _control_state(row: sa.Row[Any], described: sa.Row[Any]) -> ControlState:
    return ControlState(
        id=ControlId(described.id),
        title=described.title,
        severity=Severity(described.severity),
        phase=described.phase,
        clauses=_pairs(described.clauses),
        verdict=Verdict(row.verdict),
        counts=Counts(row.passed, row.failed, row.unknown, row.not_applicable),
        waived=row.waived,
        unread=row.unread,
        digest=Digest(described.digest),
        thresholds=_pairs(described.thresholds),
    )


def _findings(connection: sa.Connection, number: int) -> tuple[FindingState, ...]:
    rows = connection.execute(sa.select(sighting).where(sighting.c.scan == number)).all()
    named = {row.finding: row for row in _named(connection, sa.select(scan.c.number).where(scan.c.number == number))}
    observed = (sighting.c.reason, sighting.c.observed)
    used = sa.union(*(sa.select(column).where(sighting.c.scan == number) for column in observed))
    texts = _texts(connection, used)
    found = []
    for row in rows:
        name = named[row.finding]
        found.append(
            FindingState(
                control=ControlId(name.control),
                subject=name.subject,
                source=name.source,
                label=name.label,
                verdict=Verdict(row.verdict),
                rests_on=row.rests_on,
                reason=texts[row.reason],
                observed=json.loads(texts[row.observed]),
                waiver=row.waiver,
            )
        )
    return tuple(sorted(found, key=lambda state: (state.control, state.subject, state.source)))


@dataclass(frozen=True, slots=True)
class _Named:
    """Whose finding it is."""

    finding: int
    control: str
    subject: str
    source: str
    label: str


def _named(connection: sa.Connection, numbers: sa.Select[tuple[int]]) -> list[_Named]:
    seen = sa.select(sighting.c.finding).where(sighting.c.scan.in_(numbers))
    names = ("control", "subject", "source", "label")
    columns = [finding.c[name] for name in names]
    mine = finding.c.number.in_(seen)
    texts = _texts(connection, sa.union(*(sa.select(column).where(mine) for column in columns)))
    rows = connection.execute(sa.select(finding.c.number, *columns).where(mine)).all()
    return [_Named(row[0], *(texts[number] for number in row[1:])) for row in rows]


def _texts(connection: sa.Connection, used: sa.CompoundSelect[Any]) -> dict[int, str]:
    rows = connection.execute(sa.select(text.c.number, text.c.content).where(text.c.number.in_(used)))
    return {row.number: row.content for row in rows}


def _keys(connection: sa.Connection, numbers: sa.Select[tuple[int]]) -> dict[int, KeyState]:
    """Return what scans know of keys, by number."""
    used = sa.select(key_state.c.key).where(key_state.c.scan.in_(numbers))
    mine = key.c.number.in_(used)
    texts = _texts(connection, sa.union(*(sa.select(column).where(mine) for column in (key.c.key_id, key.c.source))))
    facts = [field.name for field in fields(KeyState) if field.name not in {"key_id", "source"}]
    found = {}
    for row in connection.execute(sa.select(key).where(mine)):
        known = {name: getattr(row, name) for name in facts}
        found[row.number] = KeyState(key_id=texts[row.key_id], source=texts[row.source], **known)
    return found


def history(connection: sa.Connection, wanted: Wanted) -> History:
    """Return a series as its scans have it."""
    listed = scans(connection, wanted)
    numbers = wanted.numbers()
    places = {number: place for place, number in enumerate(listed)}
    return History(
        scans=tuple(listed.values()),
        controls=_control_histories(connection, numbers, places),
        findings=_finding_histories(connection, numbers, places),
        keys=_key_histories(connection, numbers, places),
        logging=_logging_history(connection, numbers, places),
        scopes=_scope_history(connection, numbers, places),
    )


def _control_histories(
    connection: sa.Connection, numbers: sa.Select[tuple[int]], places: Mapping[int, int]
) -> tuple[ControlHistory, ...]:
    described = _controls(connection, numbers)
    c = control_state.c
    columns = (c.scan, c.control, c.verdict, c.failed, c.unknown, c.waived, c.unread)
    asked = sa.select(*columns).where(c.scan.in_(numbers))
    points: defaultdict[str, list[tuple[ControlPoint, int]]] = defaultdict(list)
    for number, of, verdict, failed, unknown, waived, unread in connection.execute(asked):
        digest = Digest(described[of].digest)
        point = ControlPoint(places[number], Verdict(verdict), failed, unknown, waived, digest, unread)
        points[described[of].id].append((point, of))
    return tuple(
        _control_history(described[max(given, key=lambda one: one[0].scan)[1]], [one for one, _ in given])
        for _, given in sorted(points.items())
    )


def _control_history(newest: sa.Row[Any], points: Sequence[ControlPoint]) -> ControlHistory:
    return ControlHistory(
        id=ControlId(newest.id),
        title=newest.title,
        severity=Severity(newest.severity),
        phase=newest.phase,
        clauses=_pairs(newest.clauses),
        points=tuple(sorted(points, key=lambda point: point.scan)),
    )


def _finding_histories(
    connection: sa.Connection, numbers: sa.Select[tuple[int]], places: Mapping[int, int]
) -> tuple[FindingHistory, ...]:
    c = sighting.c
    points: defaultdict[int, list[FindingPoint]] = defaultdict(list)
    # Many findings have the same in the same scan: one object for all of them.
    same: dict[tuple[int, str, str], FindingPoint] = {}
    asked = sa.select(c.finding, c.scan, c.verdict, c.waiver).where(c.scan.in_(numbers))
    for of, number, verdict, waiver in connection.execute(asked):
        point = same.get((number, verdict, waiver))
        if point is None:
            point = same[number, verdict, waiver] = FindingPoint(places[number], Verdict(verdict), waiver)
        points[of].append(point)
    found = [
        FindingHistory(
            control=ControlId(one.control),
            subject=one.subject,
            source=one.source,
            label=one.label,
            points=tuple(sorted(points[one.finding], key=lambda point: point.scan)),
        )
        for one in _named(connection, numbers)
    ]
    return tuple(sorted(found, key=lambda one: (one.control, one.subject, one.source)))


def _key_histories(
    connection: sa.Connection, numbers: sa.Select[tuple[int]], places: Mapping[int, int]
) -> tuple[KeyHistory, ...]:
    states = _keys(connection, numbers)
    points: defaultdict[tuple[str, str], list[tuple[int, KeyState]]] = defaultdict(list)
    for number, of in connection.execute(sa.select(key_state).where(key_state.c.scan.in_(numbers))):
        points[states[of].key_id, states[of].source].append((places[number], states[of]))
    return tuple(
        KeyHistory(key_id=key_id, source=source, points=tuple(sorted(given, key=lambda point: point[0])))
        for (key_id, source), given in sorted(points.items())
    )


def _logging_history(
    connection: sa.Connection, numbers: sa.Select[tuple[int]], places: Mapping[int, int]
) -> tuple[tuple[int, tuple[LoggingState, ...]], ...]:
    c = logging_state.c
    found: defaultdict[int, list[LoggingState]] = defaultdict(list)
    asked = sa.select(c.scan, c.scope, c.management_recorded, c.use_recorded).where(c.scan.in_(numbers))
    for number, scope, management, use in connection.execute(asked.order_by(c.scan, c.place)):
        state = LoggingState(scope=scope, management_recorded=management, use_recorded=use)
        found[places[number]].append(state)
    return tuple((place, tuple(states)) for place, states in sorted(found.items()))


def _scope_history(
    connection: sa.Connection, numbers: sa.Select[tuple[int]], places: Mapping[int, int]
) -> tuple[tuple[int, tuple[ScopeState, ...]], ...]:
    c = scope_state.c
    found: defaultdict[int, list[ScopeState]] = defaultdict(list)
    asked = sa.select(c.scan, c.source, c.name, c.whole, c.keys_listed).where(c.scan.in_(numbers))
    for number, source, name, whole, listed in connection.execute(asked):
        found[places[number]].append(ScopeState(source, name, whole, listed))
    return tuple(
        (place, tuple(sorted(states, key=lambda state: state.source))) for place, states in sorted(found.items())
    )
