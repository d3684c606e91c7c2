"""Waivers and alternatives in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.model.exceptions import ALTERNATIVE
from scanner.render.exceptions import cover, covers, standing
from tests.render.reports import AS_OF, a_waiver, an_exception

LATER = datetime(2026, 6, 16, tzinfo=UTC)


def test_a_waiver_says_until_when_by_whom_and_why() -> None:
    assert cover(a_waiver()) == (
        "Waived until 2026-09-30 by Chief Information Security Officer (owner Platform Team): "
        "The appliance takes no longer key. [one-exception]"
    )


def test_an_alternative_says_why_not_and_what_stands_in_its_place() -> None:
    assert cover(a_waiver(ALTERNATIVE)) == (
        "Alternative documented (164.306(d)(3)), review due 2026-09-30, decided by Chief Information Security Officer "
        "(owner Platform Team): The appliance takes no longer key. In its place: A tunnel around it. [one-exception]"
    )


def test_hidden_characters_are_spelled_out() -> None:
    assert "\x1b" not in cover(a_waiver(owner="a\x1b[31m", reason="b\x07"))


STANDINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "in force"),
    ({"matched": 0}, "in force, and matches no failure"),
    ({"matched": None}, "in force; it matches no failure that was seen, and not all was seen"),
    ({"in_force": False, "ends": datetime(2026, 6, 14, tzinfo=UTC)}, "ended"),
    ({"in_force": None, "ends": datetime(2026, 6, 14, tzinfo=UTC)}, "ended"),
    ({"in_force": False, "begins": LATER}, "not approved yet"),
    ({"in_force": False, "document": "d.pdf"}, "not in force: its document is gone or was changed"),
    (
        {"in_force": None, "document": "d.pdf", "document_matches": None},
        "not known to be in force: its document could not be read",
    ),
]


@pytest.mark.parametrize(("given", "words"), STANDINGS)
def test_its_standing_is_told_by_the_first_reason(given: dict[str, Any], words: str) -> None:
    assert standing(an_exception(**given), AS_OF) == words


@pytest.mark.parametrize(
    ("given", "covering"),
    [({}, True), ({"matched": 0}, False), ({"matched": None}, False), ({"in_force": False}, False)],
)
def test_only_what_is_in_force_and_matches_covers(given: dict[str, Any], covering: bool) -> None:
    assert covers(an_exception(**given)) is covering
