"""Types of columns that give back, from SQLite and PostgreSQL alike, exactly what was put in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

_SUBSTITUTE = "\x1a"
_HELD = re.compile("[\x00\x1a\ud800-\udfff]")
"""What PostgreSQL or UTF-8 cannot hold, and the character that stands before what replaces it."""
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")
_COLLATED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Compared by code points: SQLite's way, and Python's."""


def escape(text: str) -> str:
    """Return ``text`` as every database can hold it."""
    return _HELD.sub(lambda found: f"{_SUBSTITUTE}{ord(found[0]):04x}", text)


def unescape(text: str) -> str:
    """Return what :func:`escape` was given."""
    return text if _SUBSTITUTE not in text else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def fingerprint(*texts: str) -> bytes:
    """Return the SHA-256 by which a text, however long, is found. An index of the text itself has a limit."""
    state = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8))
        state.update(data)
    return state.digest()


def compact(value: object) -> str:
    """Return JSON text: the same value gives the same text, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def instant_text(moment: datetime) -> str:
    """Return an instant as text of one width: by it the order of texts is the order of time."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z".rjust(27, "0")


class _Written(sa.types.TypeDecorator[Any]):
    """A value that is written as text."""

    impl = _COLLATED
    cache_ok = True
    write: Callable[[Any], str]
    read: Callable[[str], object]

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> str | None:
        """Write it."""
        del dialect  # the same for every database
        return None if value is None else self.write(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> object:
        """Read it."""
        del dialect
        return None if value is None else self.read(value)


class Escaped(_Written):
    """Text of any characters."""

    cache_ok = True
    write = staticmethod(escape)
    read = staticmethod(unescape)


class Instant(_Written):
    """An instant in UTC, to the microsecond, as text: neither database changes it, and people can read it."""

    cache_ok = True
    write = staticmethod(instant_text)
    read = staticmethod(datetime.fromisoformat)


class JsonText(_Written):
    """A JSON value as text, the same for the same value."""

    cache_ok = True
    write = staticmethod(compact)
    read = staticmethod(json.loads)
