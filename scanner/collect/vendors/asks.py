"""What the collectors of the four vendors share: whole listings, identifiers, and what the estate does not allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from scanner.collect.interface import Asking, CallError, Check
from scanner.collect.vendors.methods import PAGING, Method
from scanner.model.estate import VendorSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason


def holds(name: str, kind: type) -> Check:
    """Return the check that an answer has a member of a type."""
    return lambda body: "" if isinstance(body.get(name), kind) else f"`{name}` is not a {kind.__name__}"


def lists(name: str) -> Check:
    """Return the check that an answer has a list of objects under a name."""

    def check(body: Mapping[str, Json]) -> str:
        value = body.get(name)
        if not isinstance(value, list):
            return f"`{name}` is not a list"
        return "" if all(isinstance(item, dict) for item in value) else f"`{name}` holds something else than objects"

    return check


def listing(
    asking: Asking,
    methods: Mapping[str, Method],
    operation: str,
    params: Mapping[str, Json] | None = None,
    *,
    subject: str | None = None,
) -> Iterator[dict[str, Json]]:
    """Yield the items of every page of a listing."""
    name = methods[operation].items
    for answer in asking.pages(operation, params or {}, PAGING, subject=subject, check=lists(name)):
        items = answer.body.get(name)
        yield from (item for item in (items if isinstance(items, list) else []) if isinstance(item, dict))


def read(asking: Asking, methods: Mapping[str, Method], operations: Iterable[str]) -> None:
    """Read listings of the whole organization to their ends."""
    for operation in operations:
        for _ in listing(asking, methods, operation):
            pass


def named(items: Iterator[dict[str, Json]], member: str) -> Iterator[str]:
    """Yield the identifiers that items have under a member."""
    for item in items:
        value = item.get(member)
        if isinstance(value, str) and value:
            yield value


def not_allowed(asking: Asking, operations: Iterable[str], source: VendorSource) -> None:
    """Record that resources are not looked at, because the estate gives no key for it."""
    detail = f"add `project_key: {{env: NAME}}` to the source {source.name}: a read-only key of a project"
    for operation in operations:
        if asking.wants(operation):
            asking.note(operation, CallError(GapReason.NOT_ALLOWED, detail=detail), subject=None)
