"""Typed reads from answers: a value of another type than the API documents is not known, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from scanner.model.ids import Json

Object = dict[str, Json]
T = TypeVar("T")


def given(body: Object | None, name: str) -> bool:
    """Tell whether there is a value under ``name``, of whatever type."""
    return body is not None and body.get(name) is not None


def text(body: Object | None, name: str) -> str | None:
    """Return the text under ``name``, or None."""
    value = body.get(name) if body is not None else None
    return value if isinstance(value, str) else None


def text_or(body: Object | None, name: str, absent: str) -> str | None:
    """Return the text under ``name``, or ``absent`` when there is none; None when nobody knows."""
    if body is None:
        return None
    return text(body, name) if given(body, name) else absent


def choice(body: Object | None, name: str, meanings: Mapping[str, T]) -> T | None:
    """Return what the word under ``name`` means, or None when there is none or it is a word that we do not know."""
    return meanings.get(text(body, name) or "")


def choice_or(body: Object | None, name: str, meanings: Mapping[str, T], absent: T) -> T | None:
    """Return what the word under ``name`` means, or ``absent`` when there is none; None when nobody knows."""
    if body is None:
        return None
    return choice(body, name, meanings) if given(body, name) else absent


def flag(body: Object | None, name: str) -> bool | None:
    """Return the boolean under ``name``, or None."""
    value = body.get(name) if body is not None else None
    return value if isinstance(value, bool) else None


def days(body: Object | None, name: str) -> int | None:
    """Return the number of days under ``name``, or None. No period is zero days long, or less."""
    value = body.get(name) if body is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def moment(body: Object | None, name: str) -> datetime | None:
    """Return the instant (RFC 3339) under ``name`` in UTC, without a zone as DuckDB's TIMESTAMP keeps it, or None."""
    value = text(body, name)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else None
    except (ValueError, OverflowError):  # year 1 or 9999 moved out of the calendar by its zone
        return None


def child(body: Json, name: str) -> Object | None:
    """Return the object under ``name``, or None."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else None


def texts(body: Object, name: str) -> tuple[str, ...] | None:
    """Return the texts of the list under ``name``, sorted, each once, or None when it is not a list of texts."""
    value = body.get(name)
    if not isinstance(value, list):
        return None
    found = {item for item in value if isinstance(item, str)}
    return tuple(sorted(found)) if all(isinstance(item, str) for item in value) else None
