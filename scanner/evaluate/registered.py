"""The waivers and documented alternatives of a scan, for the report. It judges nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.evaluate.store import query
from scanner.model.exceptions import Registered

MOST = 200
"""Entries that a report lists; the rest is counted."""
_ENTRIES = f"""
SELECT exception_id, kind, clause, controls, subjects, scope, owner, approver, reason, measure, begins_at, ends_at,
    ticket, document, document_matches, in_force, matched_count, covered_count
FROM read_parquet($path)
-- What covers nothing asks for somebody: first what is not in force, then what matches nothing.
ORDER BY in_force IS TRUE, coalesce(matched_count, 0) > 0, exception_id, source LIMIT {MOST}
"""


def registered(facts: Path) -> tuple[tuple[Registered, ...], int]:
    """Return the entries that are listed, those that cover nothing first, and how many more there are."""
    path = {"path": str(facts / "exceptions.parquet")}
    ((count,),) = query("SELECT count(*) FROM read_parquet($path)", path).fetchall()
    names = list(Registered.__dataclass_fields__)
    rows = query(_ENTRIES, path).fetchall() if count else []
    found = tuple(Registered(**{name: _value(v, name) for name, v in zip(names, row, strict=True)}) for row in rows)
    return found, count - len(found)


def _value(value: object, name: str) -> Any:  # noqa: ANN401 - a column of any type
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if name in {"controls", "subjects"}:
        return tuple(value) if isinstance(value, list) else ()
    if value is None and name in {"clause", "scope", "owner", "approver", "reason", "measure", "ticket", "document"}:
        return "not known"
    return value
