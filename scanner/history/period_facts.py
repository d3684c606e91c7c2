"""What a scan and the scans before it tell of each key: the evidence of an audit period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.evaluate.store import query
from scanner.history.period_keys import ACTIVE, EVENTS, UNLISTED, UNSEEN, KeyEvidence, Sighting, Version
from scanner.model.history import History, KeyState
from scanner.model.ids import Digest

MOST_EVIDENCE = 20
"""Digests that a line names."""
BATCH = 2_000

_KEYS = """
WITH listed AS (
    SELECT source, parent_id AS key_id, bool_and(complete) AS complete FROM read_parquet($coverage)
    WHERE listed_table = 'key_versions' GROUP BY ALL
), versions AS (
    SELECT source, key_id, list({'since': created_at, 'is_current': material_state = 'current',
        'initial': rotation_type = 'none'} ORDER BY created_at NULLS LAST, version_id) AS made
    FROM read_parquet($versions) WHERE material_state IS DISTINCT FROM 'pending' GROUP BY ALL
), happened AS (
    SELECT source, key_id, list({'name': name, 'at': occurred_at} ORDER BY occurred_at, name) AS events
    FROM read_parquet($events)
    WHERE outcome = 'success' AND occurred_at IS NOT NULL AND list_contains($names, name) GROUP BY ALL
), logs AS (
    SELECT source, CASE WHEN bool_and(events_complete) THEN min(events_read_until) END AS until
    FROM read_parquet($scopes) GROUP BY ALL
)
SELECT k.key_id, k.source, k.name, k.key_type, k.created_at, k.material_since, k.state,
    k.managed_by IS NOT DISTINCT FROM 'provider', k.evidence, listed.complete, versions.made, happened.events,
    logs.until
FROM read_parquet($keys) k LEFT JOIN listed USING (source, key_id) LEFT JOIN versions USING (source, key_id)
    LEFT JOIN happened USING (source, key_id) LEFT JOIN logs USING (source)
ORDER BY k.key_id, k.source
"""
_DATA_KEYS = """
SELECT data_key_id, source, tenant, state, created_at, coalesce(activated_at, created_at), retired_at,
    coalesce(writes, true), last_write_at, evidence
FROM read_parquet($data_keys) ORDER BY data_key_id, source
"""
_LISTED = """
SELECT source, bool_and(complete) FROM read_parquet($coverage) WHERE listed_table = 'keys' GROUP BY ALL
"""


def keys(facts: Path, history: History, as_of: datetime) -> Iterator[KeyEvidence]:
    """Yield the evidence of each customer key of this scan or an earlier one, key-encryption keys before data keys."""
    earlier = _earlier(history, as_of)
    for row in _rows(_KEYS, facts, names=list(EVENTS)):
        seen = earlier.pop((row[0], row[1]), ())
        if not row[7]:
            yield _key(row, seen, as_of)
    yield from _vanished(earlier, facts, as_of)
    for row in _rows(_DATA_KEYS, facts):
        yield _data_key(row, as_of)


_Earlier = dict[tuple[str, str], Sequence[tuple[datetime, KeyState]]]


def _earlier(history: History, as_of: datetime) -> _Earlier:
    """Return what each earlier scan saw of each key, by time."""
    scans = history.scans
    found: _Earlier = {}
    for one in history.keys:
        points = [(scans[place].as_of, state) for place, state in one.points if scans[place].as_of < as_of]
        if points:
            found[one.key_id, one.source] = points
    return found


def _key(row: Sequence[Any], earlier: Sequence[tuple[datetime, KeyState]], as_of: datetime) -> KeyEvidence:
    key_id, source, name, kind, created, since, state, _, evidence, complete, made, events, until = row
    last = earlier[-1][1] if earlier else None
    return KeyEvidence(
        key_id=key_id,
        source=source,
        label=name or (last.name if last else None) or "",
        key_type=kind or (last.key_type if last else None) or "",
        created_at=_utc(created) or (last.created_at if last else None),
        sightings=(*_sightings(earlier), Sighting(as_of, _utc(since), state)),
        versions=_versions(made) if complete else None,
        listable=complete is not None,
        events=tuple((one["name"], _known(one["at"])) for one in events or ()) if until else (),
        log_until=_utc(until),
        evidence=_digests(evidence),
    )


def _versions(made: Sequence[Mapping[str, Any]] | None) -> tuple[Version, ...]:
    return tuple(Version(_utc(one["since"]), bool(one["is_current"]), bool(one["initial"])) for one in made or ())


def _sightings(earlier: Sequence[tuple[datetime, KeyState]]) -> list[Sighting]:
    """Return what the scans saw; of an active key with the same material in a row, the last only."""
    kept: list[Sighting] = []
    for at, state in earlier:
        one = Sighting(at, state.material_since, state.state)
        if kept and (kept[-1].since, kept[-1].state) == (one.since, one.state) and one.state in (ACTIVE, None):
            kept[-1] = one
        else:
            kept.append(one)
    return kept


def _vanished(earlier: _Earlier, facts: Path, as_of: datetime) -> Iterator[KeyEvidence]:
    """Yield keys that earlier scans saw and this one did not."""
    complete = dict(_rows(_LISTED, facts))
    for (key_id, source), points in sorted(earlier.items()):
        state = points[-1][1]
        if state.managed_by != "provider":
            now = UNLISTED if complete.get(source) else UNSEEN
            yield KeyEvidence(
                key_id=key_id,
                source=source,
                label=state.name or "",
                key_type=state.key_type or "",
                created_at=state.created_at,
                sightings=(*_sightings(points), Sighting(as_of, None, now)),
            )


def _data_key(row: Sequence[Any], as_of: datetime) -> KeyEvidence:
    key_id, source, tenant, state, created, since, retired, writes, written, evidence = row
    ended = _utc(retired)
    if ended is not None and writes:
        # What was encrypted later shows that it was still in use; when that is not known, so is the end.
        ended = max(ended, _known(written)) if written else None
    return KeyEvidence(
        key_id=key_id,
        source=source,
        label=tenant or "",
        key_type="symmetric_data_encryption",
        created_at=_utc(created),
        sightings=(Sighting(as_of, _utc(since), state),),
        listable=False,
        ended_at=ended,
        evidence=_digests(evidence),
    )


def _rows(sql: str, facts: Path, **values: object) -> Iterator[tuple[Any, ...]]:
    tables = {"keys": "keys", "versions": "key_versions", "events": "key_events", "scopes": "audit_scopes"}
    tables |= {"coverage": "coverage", "data_keys": "data_keys"}
    paths = {name: str(facts / f"{table}.parquet") for name, table in tables.items() if f"${name})" in sql}
    found = query(sql, {**paths, **values})
    while batch := found.fetchmany(BATCH):
        yield from batch


def _digests(evidence: Sequence[str]) -> tuple[Digest, ...]:
    return tuple(Digest(one) for one in evidence[:MOST_EVIDENCE])


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else _known(moment)


def _known(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
