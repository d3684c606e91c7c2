"""``history.json`` in a scan directory: the scans before it, as the store had them.

It is compact: what stays the same from scan to scan is written once, with the number of scans.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from scanner.history.decode import MOST_POINTS, SCHEMA, read_history
from scanner.history.series import history_of, newest, with_snapshot
from scanner.model.history import ControlHistory, History, KeyState, ScanRecord
from scanner.scanheader import written

__all__ = ["MOST_POINTS", "SCHEMA", "encode", "fitting", "history_of", "read_history", "with_snapshot"]

_FACTS: Final = tuple(field.name for field in fields(KeyState) if field.name not in {"key_id", "source"})
_SCAN: Final = tuple(field.name for field in fields(ScanRecord) if field.name != "totals")


def encode(history: History) -> bytes:
    """Return the JSON form: the same series gives the same bytes."""
    digests = sorted({point.digest for control in history.controls for point in control.points})
    places = {digest: place for place, digest in enumerate(digests)}
    body = {
        "schema": SCHEMA,
        "scans": [_scan(scan) for scan in history.scans],
        "digests": digests,
        "controls": [_control(control, places) for control in history.controls],
        "findings": [
            {
                "control": finding.control,
                "subject": finding.subject,
                "source": finding.source,
                "label": finding.label,
                "points": list(_runs([(p.scan, (p.verdict.value, p.waiver)) for p in finding.points])),
            }
            for finding in history.findings
        ],
        "keys": [
            {
                "key_id": key.key_id,
                "source": key.source,
                "points": [[first, count, _facts(state)] for first, count, state in _runs(_whole(key.points))],
            }
            for key in history.keys
        ],
        "logging": [
            [first, count, [[state.scope, state.management_recorded, state.use_recorded] for state in states]]
            for first, count, states in _runs(_whole(history.logging))
        ],
        "scopes": [
            [first, count, [[state.source, state.name, state.whole, state.keys_listed] for state in states]]
            for first, count, states in _runs(_whole(history.scopes))
        ],
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def fitting(history: History, most: int = MOST_POINTS) -> History:
    """Return as many of the newest scans as a file may hold."""
    points = [0] * len(history.scans)
    for listed in (history.controls, history.findings):
        for one in listed:
            for point in one.points:
                points[point.scan] += 1
    for key in history.keys:
        for scan, _ in key.points:
            points[scan] += 1
    total, kept = 0, 0
    for count in reversed(points):
        total += count
        if total > most:
            break
        kept += 1
    return newest(history, kept)


def _runs(points: Sequence[tuple[int, tuple[Any, ...]]]) -> Iterator[list[Any]]:
    """Yield [first scan, number of scans, *value] of scans in a row with equal values."""
    first, count, last = 0, 0, None
    for scan, value in points:
        if count and scan == first + count and value == last:
            count += 1
            continue
        if count:
            yield [first, count, *(last or ())]
        first, count, last = scan, 1, value
    if count:
        yield [first, count, *(last or ())]


def _whole(points: Sequence[tuple[int, Any]]) -> list[tuple[int, tuple[Any]]]:
    return [(scan, (value,)) for scan, value in points]


def _text(value: object) -> object:
    return written(value) if isinstance(value, datetime) else value


def _scan(scan: ScanRecord) -> dict[str, object]:
    totals = {field.name: getattr(scan.totals, field.name) for field in fields(scan.totals)}
    return {**{name: _text(getattr(scan, name)) for name in _SCAN}, "totals": totals}


def _control(control: ControlHistory, digests: dict[Any, int]) -> dict[str, object]:
    points = [
        (p.scan, (p.verdict.value, p.failed, p.unknown, p.waived, digests[p.digest], p.unread)) for p in control.points
    ]
    return {
        "id": control.id,
        "title": control.title,
        "severity": control.severity.value,
        "phase": control.phase,
        "clauses": [list(clause) for clause in control.clauses],
        "points": list(_runs(points)),
    }


def _facts(state: KeyState) -> dict[str, object]:
    """Return what is known of a key; what is not known is left out."""
    facts = {name: _text(getattr(state, name)) for name in _FACTS}
    return {name: value for name, value in facts.items() if value is not None}
