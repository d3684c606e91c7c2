"""What an answer must hold to be one, for the collectors of every service."""

from __future__ import annotations

from scanner.collect.interface import Check
from scanner.model.ids import Json


def lists(items: str, identity: str = "") -> Check:
    """Return a check that an answer lists objects under ``items``, with a text under ``identity`` if one is given."""

    def is_one(item: Json) -> bool:
        return isinstance(item, dict) and (not identity or isinstance(item.get(identity), str))

    def check(body: dict[str, Json]) -> str:
        value = body.get(items)
        if isinstance(value, list) and all(map(is_one, value)):
            return ""
        return f"`{items}` is not a list of objects{f' with `{identity}`' if identity else ''}"

    return check


def holds(name: str, kind: type[object]) -> Check:
    """Return a check that an answer has a value of a kind under ``name``; ``outer.inner`` is inside an object."""
    outer, _, inner = name.rpartition(".")

    def check(body: dict[str, Json]) -> str:
        holder = body.get(outer) if outer else body
        value = holder.get(inner) if isinstance(holder, dict) else None
        return "" if isinstance(value, kind) else f"`{name}` is missing or of another type"

    return check
