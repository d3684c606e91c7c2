"""A control over derived columns asks for everything that they are made of."""

from __future__ import annotations

import pytest

from scanner import sources
from scanner.collect.derived import DERIVED, with_derived
from scanner.collect.plan import plan
from scanner.model.facts import columns_of
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME


def test_what_is_derived_is_fed_by_what_it_is_made_of() -> None:
    (plain, keys) = with_derived(
        "a",
        [
            Operation(name="a:Plain", permissions=(), feeds=("keys.name",)),
            Operation(name="a:Keys", permissions=(), feeds=("keys.*", "keys.state")),
        ],
    )
    assert plain.feeds == ("keys.name",)
    assert keys.feeds[:2] == ("keys.*", "keys.state")
    assert "data_keys.key_state" in keys.feeds
    assert len(set(keys.feeds)) == len(keys.feeds)
    assert (plain.provider, keys.provider) == ("a", "a")


@pytest.mark.parametrize("column", sorted({*DERIVED, *(one for many in DERIVED.values() for one in many)}))
def test_every_column_is_there(column: str) -> None:
    table, _, name = column.partition(".")
    assert name == "*" or name in {c.name for c in columns_of(BY_NAME[table])}


def test_where_chains_end_asks_for_stores_keys_modules_and_the_estate() -> None:
    names = plan({"key_chains.*", "key_chains.active_level_3"}, sources.operations())
    assert {"s3:ListBuckets", "kms:ListKeys", "kms:DescribeKey", "cloudhsmv2:DescribeClusters"} <= names
    assert "estate:Hierarchy" in names
