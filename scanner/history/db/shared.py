"""Rows that many scans share: found by their SHA-256, or added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from scanner.history.db.columns import compact, fingerprint, instant_text
from scanner.history.db.schema import control, control_state, finding, key, key_state, scan, sighting, text
from scanner.model.history import ControlState, KeyState

_CHUNK: Final = 500
"""Values in one statement: no database takes any number."""
_T = TypeVar("_T")


def chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    """Yield values in lists that one statement can take."""
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def next_number(connection: sa.Connection, table: sa.Table) -> int:
    """Return the number of the next row of a table. The writers' lock must be held."""
    return int(connection.scalar(sa.select(sa.func.max(table.c.number))) or 0) + 1


def share_texts(connection: sa.Connection, texts: Iterable[str]) -> dict[str, int]:
    """Return the number of each text."""
    digests = {one: fingerprint(one) for one in texts}
    numbers = _share(connection, text, {digest: {"content": one} for one, digest in digests.items()})
    return {one: numbers[digest] for one, digest in digests.items()}


def share_controls(connection: sa.Connection, states: Iterable[ControlState]) -> Iterator[tuple[int, ControlState]]:
    """Yield each state with the number of what describes its control."""
    digests = {one.id: (fingerprint(compact(described(one))), one) for one in states}
    numbers = _share(connection, control, {digest: described(one) for digest, one in digests.values()})
    for digest, one in digests.values():
        yield numbers[digest], one


def described(state: ControlState) -> dict[str, Any]:
    """Return what of a control's state does not depend on what was found."""
    return {
        "id": state.id,
        "title": state.title,
        "severity": state.severity.value,
        "phase": state.phase,
        "digest": state.digest,
        "clauses": [list(clause) for clause in state.clauses],
        "thresholds": [list(threshold) for threshold in state.thresholds],
    }


def share_keys(connection: sa.Connection, states: Iterable[KeyState]) -> list[int]:
    """Return the numbers of what is known of keys."""
    digests = {_key_digest(one): one for one in states}
    numbers = share_texts(connection, {t for one in digests.values() for t in (one.key_id, one.source)})
    rows = {}
    for digest, one in digests.items():
        facts = {field.name: getattr(one, field.name) for field in fields(one)}
        rows[digest] = {**facts, "key_id": numbers[one.key_id], "source": numbers[one.source]}
    return list(_share(connection, key, rows).values())


def _key_digest(state: KeyState) -> bytes:
    values = (getattr(state, field.name) for field in fields(state))
    return fingerprint(compact([instant_text(v) if hasattr(v, "astimezone") else v for v in values]))


def _share(connection: sa.Connection, table: sa.Table, rows: Mapping[bytes, Mapping[str, Any]]) -> dict[bytes, int]:
    numbers: dict[bytes, int] = {}
    for chunk in chunks(rows):
        asked = sa.select(table.c.sha256, table.c.number).where(table.c.sha256.in_(chunk))
        numbers.update({row.sha256: row.number for row in connection.execute(asked)})
    missing = [digest for digest in rows if digest not in numbers]
    first = next_number(connection, table)
    new = {digest: first + place for place, digest in enumerate(missing)}
    if new:
        connection.execute(sa.insert(table), [{"number": n, "sha256": d, **rows[d]} for d, n in new.items()])
    return numbers | new


def sweep(connection: sa.Connection) -> None:
    """Remove what no scan refers to any more."""
    for table, used in ((control, (control_state.c.control,)), (key, (key_state.c.key,))):
        _keep(connection, table, used)
    named = (finding.c[name] for name in ("series", "control", "subject", "source", "label"))
    seen = (sighting.c.reason, sighting.c.observed)
    _keep(connection, text, (scan.c.series, *named, *seen, key.c.key_id, key.c.source))


def _keep(connection: sa.Connection, table: sa.Table, used: Iterable[sa.Column[Any]]) -> None:
    referred = sa.union(*(sa.select(column) for column in used))
    connection.execute(sa.delete(table).where(table.c.number.not_in(referred)))
