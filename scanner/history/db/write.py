"""Changes of the store, each within a transaction of a writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scanner.history.db.columns import fingerprint
from scanner.history.db.findings import record_findings
from scanner.history.db.schema import (
    DETAILS,
    checkpoint,
    control_state,
    finding,
    key_state,
    logging_state,
    scan,
    scope_state,
    sighting,
)
from scanner.history.db.shared import chunks, next_number, share_controls, share_keys, share_texts, sweep
from scanner.model.history import ControlState, Snapshot
from scanner.model.ids import Digest


@dataclass(frozen=True, slots=True)
class _Scan:
    """A scan in the store."""

    number: int
    series: int


def record(connection: sa.Connection, snapshot: Snapshot) -> None:
    """Record a scan. One that is there already is replaced, with its checkpoints kept."""
    one = _scan(connection, snapshot)
    controls = share_controls(connection, snapshot.controls)
    _add(connection, control_state, [_control(one, number, state) for number, state in controls])
    keys = share_keys(connection, snapshot.keys)
    _add(connection, key_state, [{"scan": one.number, "key": number} for number in keys])
    scopes = (snapshot.scopes or {}).values()
    _add(connection, scope_state, _placed(one, ("source", "name", "whole", "keys_listed"), scopes))
    logs = _placed(one, ("scope", "management_recorded", "use_recorded"), snapshot.logging)
    _add(connection, logging_state, logs)
    record_findings(connection, one.number, one.series, snapshot)
    if snapshot.scan.checkpoint is not None:
        set_checkpoint(connection, one.number, snapshot.scan.checkpoint, snapshot.scan.checkpoint_number or 0, "")


def _add(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _scan(connection: sa.Connection, snapshot: Snapshot) -> _Scan:
    given = snapshot.scan
    (series,) = share_texts(connection, [given.series]).values()
    number = find(connection, given.id)
    if number is None:
        number = next_number(connection, scan)
        write: sa.Insert | sa.Update = sa.insert(scan)
    else:
        _clear(connection, number)
        write = sa.update(scan).where(scan.c.number == number)
    row = {
        "number": number,
        "id_sha256": fingerprint(given.id),
        "id": given.id,
        "series": series,
        "organization": given.organization,
        "as_of": given.as_of,
        "started": given.started,
        "ended": given.ended,
        "tool_version": given.tool_version,
        "catalogue_sha256": given.catalogue_sha256,
        "estate_sha256": given.estate_sha256,
        "selection": given.selection,
        "passed": given.totals.passed,
        "failed": given.totals.failed,
        "unknown": given.totals.unknown,
        "not_applicable": given.totals.not_applicable,
        "waived": given.totals.waived,
        "gaps": given.gaps,
        "keys_complete": snapshot.keys_complete,
        "forgotten": False,
    }
    connection.execute(write.values(row))
    return _Scan(number, series)


def find(connection: sa.Connection, scan_id: str) -> int | None:
    """Return the number of a scan, forgotten or not; None when it was never recorded."""
    number: int | None = connection.scalar(sa.select(scan.c.number).where(scan.c.id_sha256 == fingerprint(scan_id)))
    return number


def _clear(connection: sa.Connection, number: int) -> None:
    for edge in (finding.c.first_scan, finding.c.last_scan):
        connection.execute(sa.update(finding).where(edge == number).values({edge: None}))
    for table in DETAILS:
        connection.execute(sa.delete(table).where(table.c.scan == number))


def _control(one: _Scan, number: int, state: ControlState) -> dict[str, Any]:
    counts = state.counts
    return {
        "scan": one.number,
        "control": number,
        "verdict": state.verdict.value,
        "passed": counts.passed,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "not_applicable": counts.not_applicable,
        "waived": state.waived,
        "unread": state.unread,
    }


def _placed(one: _Scan, names: Sequence[str], states: Iterable[object]) -> list[dict[str, Any]]:
    return [
        {"scan": one.number, "place": place, **{name: getattr(state, name) for name in names}}
        for place, state in enumerate(states)
    ]


def set_checkpoint(connection: sa.Connection, number: int, digest: Digest, place: int, name: str) -> None:
    """Keep the checkpoint of a scan's package; ``place`` is its number in the chain, ``name`` that of its file."""
    there = sa.and_(checkpoint.c.scan == number, checkpoint.c.place == place)
    connection.execute(sa.delete(checkpoint).where(there))
    row = {"scan": number, "place": place, "digest": digest, "name": name}
    connection.execute(sa.insert(checkpoint).values(row))


def forget(connection: sa.Connection, numbers: Sequence[int]) -> None:
    """Remove what was found in scans. Their own rows, their checkpoints, and first and last sightings stay."""
    for chunk in chunks(numbers):
        edge = sa.exists().where(
            finding.c.number == sighting.c.finding,
            sa.or_(finding.c.first_scan == sighting.c.scan, finding.c.last_scan == sighting.c.scan),
        )
        connection.execute(sa.delete(sighting).where(sighting.c.scan.in_(chunk), ~edge))
        for table in DETAILS:
            if table is not sighting:
                connection.execute(sa.delete(table).where(table.c.scan.in_(chunk)))
        connection.execute(sa.update(scan).where(scan.c.number.in_(chunk)).values(forgotten=True))
    sweep(connection)
