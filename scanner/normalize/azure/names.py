"""How Azure names things: ids of Azure Resource Manager, and addresses of keys in their vaults."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from scanner.model.observation import Record

_KEY_URI = re.compile(r"/keys/([0-9A-Za-z-]+)(?:/([0-9A-Za-z]+))?/?")


def last(identity: str) -> str:
    """Return the last part of an id."""
    return identity.rstrip("/").rpartition("/")[2]


def key_of(kid: str) -> tuple[str, str] | None:
    """Return name and version (or empty text) of the key that an address names, or None for another address."""
    found = _KEY_URI.fullmatch(urlsplit(kid).path)
    return (found[1], found[2] or "") if found else None


def is_within(inner: str, outer: str) -> bool:
    """Tell whether an id is another one or lies below it. Azure's ids know no case."""
    low, high = inner.lower().rstrip("/"), outer.lower().rstrip("/")
    return low == high or low.startswith(f"{high}/")


def subject_of(records: Iterable[Record], *operations: str) -> str:
    """Return what the records of some operations are about, or empty text when no record names it."""
    return next((r.subject for r in records if r.operation in operations and r.subject), "")


def key_uri(vault: str | None, name: str | None, version: str | None) -> str | None:
    """Return the address of a key from its parts as services name them, or None when one is missing.

    Without a version (empty or absent) it is the key's newest one.
    """
    if not vault or not name:
        return None
    return "/".join(part for part in (vault.rstrip("/"), "keys", name, version or "") if part)
