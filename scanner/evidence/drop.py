"""Members of an answer that are never kept, whatever they hold: prompts, instructions, words, passwords.

Redaction looks for what is like a secret; this leaves out what nobody asked for and an API gives all the same. It
happens before redaction, so before hashing, and is listed by path in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scanner.evidence.patterns import REMOVED
from scanner.evidence.redact import Redacted
from scanner.model.ids import Json

EVERY = "*"
"""A part of a path that stands for every item of a list, or for every member of an object."""


def drop(value: Json, paths: Collection[str], root: str = "") -> Redacted:
    """Return ``value`` without what stands at ``paths``, and where it stood (RFC 6901 JSON pointers from ``root``).

    A path is a pointer in which ``*`` is every item or member: ``/Clusters/*/PreCoPassword``. An answer whose shape
    is not that of a path loses what stands in its way: what cannot be looked into may hold anything.
    """
    found: dict[str, None] = {}
    for path in sorted(paths):
        value = _without(value, [_plain(part) for part in path.split("/")[1:]], root, found)
    return Redacted(value, tuple(found))


def _plain(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _without(value: Json, parts: Sequence[str], pointer: str, found: dict[str, None]) -> Json:
    if value is None:
        return value
    if parts and isinstance(value, list) and parts[0] == EVERY:
        return [_without(item, parts[1:], f"{pointer}/{i}", found) for i, item in enumerate(value)]
    if parts and isinstance(value, dict):
        return {
            name: _without(item, parts[1:], f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", found)
            if parts[0] in {EVERY, name}
            else item
            for name, item in value.items()
        }
    found[pointer] = None
    return REMOVED
