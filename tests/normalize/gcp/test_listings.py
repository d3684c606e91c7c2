"""Listings and fields that proto3 JSON leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Digest, Json
from scanner.normalize.gcp.listings import both, by_name, listed, seconds, switched, word
from scanner.normalize.records import Records
from tests.normalize.gcp.answers import PLACE, RING, RINGS, missed, observed, of_gcp

A, B = f"{RING}-a", f"{RING}-b"


def unit(*bodies: Json) -> Records:
    pages = [observed(RINGS, body, subject=PLACE, page=i) for i, body in enumerate(bodies)]
    return Records(of_gcp(*pages))


@pytest.mark.parametrize(
    ("bodies", "names", "complete"),
    [
        ([{}], [], True),
        ([{"keyRings": [{"name": A}]}, {"keyRings": [{"name": B}]}], [A, B], True),
        ([{"keyRings": [{"name": A}]}, {}], [A], True),
        ([{"keyRings": "surprise"}], [], False),
        ([{"keyRings": [{"name": A}, "x"]}], [A], False),
        ([{"keyRings": [{"name": 7}]}], [], False),
        (["text"], [], False),
    ],
)
def test_the_items_of_every_page(bodies: list[Json], names: list[str], complete: bool) -> None:
    found = listed(unit(*bodies), RINGS, PLACE, "keyRings")
    assert sorted(by_name(found)) == names
    assert found.complete is complete


def test_a_gap_makes_a_listing_incomplete() -> None:
    records = of_gcp(observed(RINGS, {"keyRings": [{"name": A}]}, subject=PLACE), missed(RINGS, subject=PLACE))
    assert not listed(Records(records), RINGS, PLACE, "keyRings").complete
    assert not listed(Records([]), RINGS, PLACE, "keyRings").complete


def test_of_what_two_pages_list_the_first_counts() -> None:
    found = by_name(
        listed(unit({"keyRings": [{"name": A, "n": 1}]}, {"keyRings": [{"name": A, "n": 2}]}), RINGS, PLACE, "keyRings")
    )
    assert found[A][1]["n"] == 1


@pytest.mark.parametrize(
    ("body", "told"), [({}, False), ({"on": True}, True), ({"on": False}, False), ({"on": "yes"}, None), (None, None)]
)
def test_a_boolean_that_is_left_out_is_false(body: Any, told: bool | None) -> None:  # noqa: ANN401 - a table
    assert switched(body, "on") is told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("7776000s", 7_776_000),
        ("0.5s", None),
        ("90.25s", 90),
        ("0s", None),
        ("7776000", None),
        (7, None),
        ("-3s", None),
    ],
)
def test_a_duration(value: Json, told: int | None) -> None:
    assert seconds({"period": value}, "period") == told
    assert seconds(None, "period") is None


@pytest.mark.parametrize(
    ("body", "told"), [({}, "none"), ({"job": "a"}, "a"), ({"job": ""}, None), ({"job": 7}, None), (None, None)]
)
def test_a_text_that_is_left_out_is_empty(body: Any, told: str | None) -> None:  # noqa: ANN401 - a table
    assert word(body, "job", "none") == told


def test_ids_together() -> None:
    one, two = Digest("sha256:1"), Digest("sha256:2")
    assert both((two, one), (one,)) == (one, two)
