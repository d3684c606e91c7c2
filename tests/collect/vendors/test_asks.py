"""What the collectors of the vendors share."""

from __future__ import annotations

import pytest

from scanner.collect.vendors.asks import holds, lists, named
from scanner.model.ids import Json


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"data": [{}]}, ""),
        ({"data": []}, ""),
        ({"data": [{}, "a"]}, "`data` holds something else than objects"),
        ({"data": {}}, "`data` is not a list"),
        ({}, "`data` is not a list"),
    ],
)
def test_a_listing_has_a_list_of_objects(body: dict[str, Json], wrong: str) -> None:
    assert lists("data")(body) == wrong


def test_a_member_has_its_type() -> None:
    assert holds("type", str)({"type": "none"}) == ""
    assert holds("type", str)({"type": 7}) == "`type` is not a str"


def test_what_has_no_identifier_is_not_asked_about() -> None:
    items: list[dict[str, Json]] = [{"id": "a"}, {"id": 7}, {"id": ""}, {}, {"id": "b"}]
    assert list(named(iter(items), "id")) == ["a", "b"]
