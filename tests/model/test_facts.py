"""The fact tables document themselves."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from scanner.model.facts import Column, Fact, columns_of, values_of
from scanner.model.ids import Digest, SourceId
from scanner.model.tables import BY_NAME, TABLES, CoverageFact, KeyFact


def unclear(column: Column) -> bool:
    """Tell whether a column does not say what it means, where it comes from, or its unit."""
    match = re.search(r"_(days|bits)$", column.name)
    unit = match[1] if match else "UTC" if column.sql_type == "TIMESTAMP" else column.unit
    return not column.doc.endswith(".") or len(column.source) <= 3 or column.unit != unit


@pytest.mark.parametrize("table", TABLES, ids=[t.table for t in TABLES])
def test_every_column_says_what_it_means_and_where_it_comes_from(table: type[Fact]) -> None:
    assert [column.name for column in columns_of(table) if unclear(column)] == []


@pytest.mark.parametrize("table", TABLES, ids=[t.table for t in TABLES])
def test_a_table_names_its_key_and_the_scope_of_its_listing(table: type[Fact]) -> None:
    names = {column.name for column in columns_of(table)}
    assert BY_NAME[table.table] is table
    assert {table.key, table.parent, "source", "evidence"} <= names
    assert (table.__doc__ or "").strip().endswith(".")
    required = {column.name for column in columns_of(table) if column.required}
    assert {table.key, "source", "evidence"} <= required


@pytest.mark.parametrize("table", TABLES, ids=[t.table for t in TABLES])
def test_what_is_not_required_is_not_known_by_default(table: type[Fact]) -> None:
    for column, spec in zip(columns_of(table), fields(table), strict=True):
        assert column.required or spec.default is None


def test_the_types_become_those_of_the_engine() -> None:
    types = {column.name: column.sql_type for column in columns_of(KeyFact)}
    assert types["key_id"] == "VARCHAR"
    assert types["length_bits"] == "BIGINT"
    assert types["rotation_enabled"] == "BOOLEAN"
    assert types["created_at"] == "TIMESTAMP"
    assert types["evidence"] == types["tags"] == "VARCHAR[]"


def test_values_come_in_the_order_of_the_columns() -> None:
    fact = CoverageFact(
        source=SourceId("aws:1:r"),
        evidence=(Digest("sha256:0"),),
        coverage_id="keys r",
        listed_table="keys",
        parent_id="r",
        complete=True,
        row_count=0,
    )
    assert [name for name, _ in values_of(fact)] == [column.name for column in columns_of(CoverageFact)]
    assert dict(values_of(fact))["complete"] is True


def test_facts_are_frozen() -> None:
    key = KeyFact(
        source=SourceId("s"),
        evidence=(),
        key_id="k",
        provider="aws",
        account="1",
        region="r",
        created_at=datetime.now(UTC),
    )
    with pytest.raises(AttributeError):
        key.region = "elsewhere"  # type: ignore[misc]  # that is the test
