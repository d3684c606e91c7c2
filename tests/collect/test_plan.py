"""From columns to operations: what no control reads is never asked, and what it needs first is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.collect.aws import services
from scanner.collect.plan import plan
from scanner.model.operation import Operation


def op(name: str, *feeds: str, needs: tuple[str, ...] = (), always: bool = False) -> Operation:
    return Operation(name=name, permissions=(name,), feeds=feeds, needs=needs, always=always)


OPS = (
    op("who", always=True),
    op("list", "keys.*"),
    op("describe", "keys.state", "keys.name", needs=("list",)),
    op("rotation", "keys.rotation", needs=("describe",)),
    op("stores", "stores.*"),
)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([], set()),
        (["keys.unknown"], set()),
        (["keys.*"], {"who", "list"}),
        (["stores.*"], {"who", "stores"}),
        (["keys.name"], {"who", "list", "describe"}),
        (["keys.rotation"], {"who", "list", "describe", "rotation"}),
        (["keys.rotation", "stores.*"], {"who", "list", "describe", "rotation", "stores"}),
    ],
)
def test_plans(columns: list[str], expected: set[str]) -> None:
    assert plan(columns, OPS) == expected


def test_operations_that_need_each_other() -> None:
    assert plan(["a.a"], [op("a", "a.a", needs=("b",)), op("b", needs=("a",))]) == {"a", "b"}


COLUMNS = sorted({column for operation in services.operations() for column in operation.feeds})
BY_NAME = {operation.name: operation for operation in services.operations()}


@given(st.sets(st.sampled_from(COLUMNS), max_size=6))
def test_a_plan_of_aws_is_closed_and_small(columns: set[str]) -> None:
    names = plan(columns, services.operations())
    for name in names:
        assert names >= set(BY_NAME[name].needs)
        wanted = columns & set(BY_NAME[name].feeds)
        assert wanted or BY_NAME[name].always or any(name in BY_NAME[other].needs for other in names)
    assert bool(names) is bool(columns)


@given(st.sets(st.sampled_from(COLUMNS), max_size=4), st.sets(st.sampled_from(COLUMNS), max_size=4))
def test_more_columns_never_need_less(some: set[str], more: set[str]) -> None:
    assert plan(some, services.operations()) <= plan(some | more, services.operations())
