"""What an answer must hold to be one."""

from __future__ import annotations

import pytest

from scanner.collect.azure.shapes import about, has, identified, items
from scanner.model.ids import Json


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ({"value": []}, True),
        ({"value": [{"id": "a", "more": 1}]}, True),
        ({"value": [{"id": ""}]}, False),
        ({"value": [{"id": 7}]}, False),
        ({"value": ["id"]}, False),
        ({"value": {}}, False),
        ({}, False),
    ],
)
def test_a_listing_names_each_of_its_items(body: dict[str, Json], right: bool) -> None:
    problem = identified("id")(body)
    assert problem == ("" if right else "`value` is not a list of objects with `id`")


def test_an_answer_has_its_parts() -> None:
    assert has("key", "attributes")({"key": {}, "attributes": {}}) == ""
    assert has("key", "attributes")({"key": {}, "attributes": 1}) == "`attributes` is missing or no object"
    assert has("key")({}) == "`key` is missing or no object"


def test_an_answer_is_of_the_resource_that_was_asked_for() -> None:
    assert about("/Subscriptions/A")({"id": "/subscriptions/a", "properties": {}}) == ""
    assert "not the one" in about("/subscriptions/a")({"id": "/subscriptions/b", "properties": {}})
    assert "not the one" in about("/subscriptions/a")({"properties": {}})
    assert "`properties`" in about("/subscriptions/a")({"id": "/subscriptions/a"})


def test_items_are_the_objects_of_a_listing() -> None:
    assert items({"value": [{"id": "a"}, 7]}) == [{"id": "a"}]
    assert items({"value": 7}) == []
