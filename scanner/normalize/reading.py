"""Typed reads from answers: a value of another type than the API documents is not known, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from scanner.model.ids import Json

Object = dict[str, Json]


def text(body: Object | None, name: str) -> str | None:
    """Return the text under ``name``, or None."""
    value = body.get(name) if body is not None else None
    return value if isinstance(value, str) else None


def flag(body: Object | None, name: str) -> bool | None:
    """Return the boolean under ``name``, or None."""
    value = body.get(name) if body is not None else None
    return value if isinstance(value, bool) else None


def number(body: Object | None, name: str) -> int | None:
    """Return the integer under ``name``, or None."""
    value = body.get(name) if body is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(body: Object | None, name: str) -> datetime | None:
    """Return the instant (RFC 3339) under ``name`` in UTC, without a zone as DuckDB's TIMESTAMP keeps it, or None."""
    value = text(body, name)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else None


def child(body: Json, name: str) -> Object | None:
    """Return the object under ``name``, or None."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else None


def objects(body: Json, name: str) -> Iterator[Object]:
    """Yield the objects of the list under ``name``."""
    value = body.get(name) if isinstance(body, dict) else None
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def texts(body: Object, name: str) -> tuple[str, ...] | None:
    """Return the texts of the list under ``name``, sorted, or None when it is not a list of texts."""
    value = body.get(name)
    if not isinstance(value, list):
        return None
    found = [item for item in value if isinstance(item, str)]
    return tuple(sorted(found)) if len(found) == len(value) else None
