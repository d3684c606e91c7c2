"""How Google Cloud lists: pages, names, and what an answer must hold to be one.

Proto3 JSON leaves out what is empty: a listing without items is ``{}``. So that not every object passes for an empty
one, an answer without items that has a member which no listing has is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.collect.interface import Asking, Check, Paging
from scanner.model.ids import Json

PAGING = Paging(answer="nextPageToken", parameter="pageToken")
PAGE_SIZE = 1000
"""Cloud KMS and Cloud Logging give at most 1000 items a page, and fewer as they please."""
_BESIDE = frozenset({"nextPageToken", "totalSize", "unreachable"})
_POLICY = frozenset({"bindings", "auditConfigs"})


def lists(items: str, shape: str, parent: str) -> Check:
    """Return a check that an answer lists things under ``parent``, named by the regular expression ``shape``."""
    name = re.compile(shape)

    def is_one(item: Json) -> bool:
        told = item.get("name") if isinstance(item, dict) else None
        return isinstance(told, str) and told.startswith(parent) and name.fullmatch(told) is not None

    def check(body: dict[str, Json]) -> str:
        value = body.get(items, [])
        if items not in body and not body.keys() <= _BESIDE:
            return f"it holds no `{items}`, and {min(body.keys() - _BESIDE)!r}, which no list of them has"
        if isinstance(value, list) and all(map(is_one, value)):
            return ""
        return f"`{items}` is not a list of objects with a `name` under {parent}"

    return check


def policy(body: dict[str, Json]) -> str:
    """Check that an answer is an IAM policy. One without bindings has an etag all the same; nothing at all is none."""
    if not body:
        return "it is empty: a policy without bindings has an `etag`"
    if not _POLICY & body.keys() and not body.keys() <= {"version", "etag"}:
        return f"it holds no `bindings`, and {min(body.keys() - {'version', 'etag'})!r}, which no policy has"
    for name, member in (("bindings", "role"), ("auditConfigs", "service")):
        value = body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) and one.get(member) for one in value):
            return f"`{name}` is not a list of objects with `{member}`"
    return ""


def names(asking: Asking, operation: str, parameter: str, items: str, shape: str) -> Iterator[str]:
    """List what is under ``parameter`` (``parent=projects/P/locations/L``) to its end; yield each name once."""
    return (str(item["name"]) for item in items_of(asking, operation, parameter, items, shape))


def items_of(asking: Asking, operation: str, parameter: str, items: str, shape: str) -> Iterator[dict[str, Json]]:
    """Do the same; yield each item once."""
    name, _, parent = parameter.partition("=")
    params: dict[str, Json] = {name: parent, "pageSize": PAGE_SIZE}
    seen: set[str] = set()
    check = lists(items, shape, f"{parent}/")
    for page in asking.pages(operation, params, PAGING, subject=parent, check=check):
        listed = page.body.get(items, [])
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and str(item["name"]) not in seen:
                seen.add(str(item["name"]))
                yield item
