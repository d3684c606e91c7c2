"""Pages of listings, by the documented names of each service."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from scanner.demo.aws.paging import LISTS, page


def items(count: int) -> dict[str, Any]:
    return {"Keys": list(range(count)), "Truncated": False}


@pytest.mark.parametrize(
    ("params", "most", "listed", "token"),
    [
        ({}, 5, [0, 1, 2], None),
        ({}, 2, [0, 1], "2"),
        ({"Marker": "2"}, 2, [2], None),
        ({"Marker": "3"}, 2, [], None),
        ({"Limit": 1}, 2, [0], "1"),
        ({"Limit": 1, "Marker": "1"}, 2, [1], "2"),
    ],
)
def test_a_page_is_what_was_asked_for(params: dict[str, Any], most: int, listed: list[int], token: str | None) -> None:
    found = page("kms:ListKeys", params, items(3), most, endless=False)
    assert (found["Keys"], found.get("NextMarker"), found["Truncated"]) == (listed, token, token is not None)


def test_what_lists_nothing_and_what_is_an_error_stay_whole() -> None:
    error = {"__type": "NotFoundException", "message": "no"}
    assert page("kms:DescribeKey", {}, {"KeyMetadata": {}}, 1, endless=False) == {"KeyMetadata": {}}
    assert page("kms:ListGrants", {}, error, 1, endless=False) == error


@pytest.mark.parametrize("token", ["x", "-1", "4"])
def test_a_token_that_was_never_given_is_refused(token: str) -> None:
    found = page("kms:ListKeys", {"Marker": token}, items(3), 2, endless=False)
    assert found == {"__type": "InvalidMarkerException", "message": f"{token} is not a token of this listing"}


def test_an_endless_listing_gives_one_page_for_ever() -> None:
    first = page("kms:ListKeys", {"Marker": "1"}, items(3), 2, endless=True)
    assert (first["Keys"], first["NextMarker"], first["Truncated"]) == ([1, 2], "1", True)


def test_only_iam_says_apart_that_a_page_follows() -> None:
    flags = {operation: listing.flag for operation, listing in LISTS.items() if not operation.startswith("kms:")}
    said = {operation for operation, flag in flags.items() if flag}
    assert said == {"iam:ListAccessKeys", "iam:ListServiceSpecificCredentials"}


@pytest.mark.parametrize("operation", sorted(LISTS))
def test_the_names_are_the_documented_ones(operation: str) -> None:
    service, _, name = operation.partition(":")
    model = botocore.session.get_session().get_service_model(service).operation_model(name)
    listing = LISTS[operation]
    assert model.input_shape is not None
    assert model.output_shape is not None
    taken = {str(shape.serialization.get("name", key)) for key, shape in model.input_shape.members.items()}
    assert {listing.items, listing.gives, *filter(None, [listing.flag])} <= set(model.output_shape.members)
    assert {listing.takes, *filter(None, [listing.size])} <= taken | set(model.input_shape.members)
