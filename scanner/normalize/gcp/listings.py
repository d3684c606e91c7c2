"""What Google Cloud's listings hold, and the fields that proto3 JSON leaves out because they have their default."""

from __future__ import annotations

import re

from scanner.model.ids import Digest
from scanner.model.observation import Observation
from scanner.normalize.reading import Object, given, text
from scanner.normalize.records import Listing, Records

_SECONDS = re.compile(r"([0-9]{1,12})(?:\.[0-9]{1,9})?s")
DAY = 86_400


def listed(unit: Records, operation: str, subject: str | None, name: str) -> Listing:
    """Return the items under ``name`` of every page. A page without any is an empty one: proto3 JSON leaves it out."""
    items: list[tuple[Observation, Object]] = []
    understood = True
    for page in unit.answers(operation, subject):
        value = page.response.get(name, []) if isinstance(page.response, dict) else None
        found = (
            [item for item in value if isinstance(item, dict) and text(item, "name")] if isinstance(value, list) else []
        )
        understood = understood and isinstance(value, list) and len(found) == len(value)
        items.extend((page, item) for item in found)
    return Listing(tuple(items), unit.complete(operation, subject) and understood)


def by_name(listing: Listing) -> dict[str, tuple[Observation, Object]]:
    """Return the items by their names; of what two pages list, the first."""
    return {str(item["name"]): (page, item) for page, item in reversed(listing.items)}


def switched(body: Object | None, name: str) -> bool | None:
    """Return a boolean that proto3 JSON leaves out when it is false; None when nobody knows."""
    value = body.get(name, False) if body is not None else None
    return value if isinstance(value, bool) else None


def seconds(body: Object | None, name: str) -> int | None:
    """Return the whole seconds of a duration (``7776000s``), or None. No period is zero seconds long."""
    found = _SECONDS.fullmatch(text(body, name) or "")
    return int(found[1]) or None if found else None


def word(body: Object | None, name: str, absent: str) -> str | None:
    """Return a text that proto3 JSON leaves out when it is empty, as ``absent`` then; None when nobody knows."""
    if body is None:
        return None
    return (text(body, name) or None) if given(body, name) else absent


def both(*ids: tuple[Digest, ...]) -> tuple[Digest, ...]:
    """Return the ids together, sorted, each once."""
    return tuple(sorted({one for some in ids for one in some}))
