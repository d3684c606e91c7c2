"""What an answer must hold: a missing list is never an empty one."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.collect.aws.checks import holds, lists
from scanner.collect.interface import Check
from scanner.model.ids import Json

SHAPES: list[tuple[Check, Any, bool]] = [
    (lists("Items", "Name"), {"Items": []}, True),
    (lists("Items", "Name"), {"Items": [{"Name": "x"}]}, True),
    (lists("Items", "Name"), {}, False),
    (lists("Items", "Name"), {"Items": {}}, False),
    (lists("Items", "Name"), {"Items": ["x"]}, False),
    (lists("Items", "Name"), {"Items": [{"Name": 1}]}, False),
    (lists("Items"), {"Items": [{"Name": 1}]}, True),
    (lists("Items"), {"Items": [1]}, False),
    (lists("Items"), {}, False),
    (holds("Flag", bool), {"Flag": False}, True),
    (holds("Flag", bool), {"Flag": "false"}, False),
    (holds("Flag", bool), {}, False),
    (holds("Outer.Inner", list), {"Outer": {"Inner": []}}, True),
    (holds("Outer.Inner", list), {"Outer": {"Inner": "x"}}, False),
    (holds("Outer.Inner", list), {"Outer": "x"}, False),
    (holds("Outer.Inner", list), {}, False),
]


@pytest.mark.parametrize(("check", "body", "good"), SHAPES)
def test_a_check_tells_what_is_wrong(check: Check, body: dict[str, Json], good: bool) -> None:
    assert (check(body) == "") == good
    assert good or "`" in check(body)
