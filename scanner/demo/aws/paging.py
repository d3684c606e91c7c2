"""How listings come in pages, and the page of one that a request asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanner.demo.aws import audit, bedrock, cloudhsm, people, stores

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """How an operation lists: names of the items, of the page token it takes and gives, and of the page size."""

    items: str
    takes: str = "Marker"
    gives: str = "NextMarker"
    size: str = "Limit"
    flag: str = ""
    """Says that a page follows; empty: there is no such member."""
    refusal: str = "ValidationException"


def _kms(items: str) -> Listing:
    return Listing(items, flag="Truncated", refusal="InvalidMarkerException")


def _of_part(operation: str, names: tuple[str, str, str, str]) -> Listing:
    return Listing(*names, flag="IsTruncated" if operation.startswith("iam:") else "")


_PARTS = {**stores.LISTS, **audit.LISTS, **people.LISTS, **bedrock.LISTS, **cloudhsm.LISTS}
LISTS: Mapping[str, Listing] = {
    "kms:ListKeys": _kms("Keys"),
    "kms:ListAliases": _kms("Aliases"),
    "kms:ListGrants": _kms("Grants"),
    "kms:ListResourceTags": _kms("Tags"),
    "kms:ListKeyRotations": _kms("Rotations"),
    "kms:DescribeCustomKeyStores": _kms("CustomKeyStores"),
    "organizations:ListAccounts": Listing(
        "Accounts", "NextToken", "NextToken", "MaxResults", refusal="InvalidInputException"
    ),
    **{operation: _of_part(operation, names) for operation, names in _PARTS.items()},
}


def page(operation: str, params: Mapping[str, Any], answer: Json, most: int, *, endless: bool) -> Json:
    """Return the page of an answer that ``params`` ask for, of ``most`` items at most; what lists nothing stays whole.

    ``endless``: another page always follows, and it is the same one.
    """
    listing = LISTS.get(operation)
    if listing is None or "__type" in answer:
        return answer
    items = answer[listing.items]
    token = str(params.get(listing.takes) or 0)
    if not token.isdecimal() or int(token) > len(items):
        return {"__type": listing.refusal, "message": f"{token} is not a token of this listing"}
    first = int(token)
    size = min(most, int(params.get(listing.size) or most))
    more = endless or first + size < len(items)
    found = {**answer, listing.items: items[first : first + size]}
    found.pop(listing.gives, None)
    if listing.flag:
        found[listing.flag] = more
    if more:
        found[listing.gives] = str(first if endless else first + size)
    return found
