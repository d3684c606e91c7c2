"""What an answer of Azure must hold to be one, and how its lists are read."""

from __future__ import annotations

from scanner.collect.interface import Check
from scanner.model.ids import Json

UNREGISTERED = "MissingSubscriptionRegistration"
"""Error code: the subscription does not use that kind of resource, so it has none. That is the answer."""


def identified(identity: str) -> Check:
    """Return a check that an answer lists objects under ``value``, each with a text under ``identity``."""

    def check(body: dict[str, Json]) -> str:
        value = body.get("value")
        if isinstance(value, list) and all(isinstance(one, dict) and _is_text(one.get(identity)) for one in value):
            return ""
        return f"`value` is not a list of objects with `{identity}`"

    return check


def has(*names: str) -> Check:
    """Return a check that an answer has an object under each of ``names``."""

    def check(body: dict[str, Json]) -> str:
        wrong = [name for name in names if not isinstance(body.get(name), dict)]
        return f"`{wrong[0]}` is missing or no object" if wrong else ""

    return check


def about(identity: str) -> Check:
    """Return a check that an answer is the resource with that ARM id, in whatever case, with its properties."""

    def check(body: dict[str, Json]) -> str:
        own = body.get("id")
        if not isinstance(own, str) or own.lower() != identity.lower():
            return "`id` is not the one that was asked for"
        return has("properties")(body)

    return check


def items(body: dict[str, Json]) -> list[dict[str, Json]]:
    """Return the objects under ``value``."""
    value = body.get("value")
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value)
