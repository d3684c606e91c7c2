"""Which sources are read."""

from __future__ import annotations

import pytest

from scanner.kinds.interface import chosen
from scanner.model.operation import Operation
from tests.kinds.given import context

ASKED = (Operation(name="kms:ListKeys", permissions=()),)


@pytest.mark.parametrize(
    ("name", "only", "operations", "read"),
    [
        ("one", frozenset(), ASKED, True),
        ("one", frozenset({"one"}), ASKED, True),
        ("one", frozenset({"two"}), ASKED, False),
        ("one", frozenset(), (), False),
    ],
)
def test_a_source_is_read_when_it_was_chosen_and_is_needed(
    name: str, only: frozenset[str], operations: tuple[Operation, ...], *, read: bool
) -> None:
    assert chosen(name, operations, context(only=only)) is read
