"""What is declared: columns that exist, fed by operations that exist."""

from __future__ import annotations

import pytest

from scanner.collect.plan import plan
from scanner.collect.postgres.operations import DATA_KEYS, LAYOUT, OF_LAYOUT, OPERATIONS, SESSION, SETTINGS
from scanner.model.facts import columns_of
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME

NAMES = [operation.name for operation in OPERATIONS]
DERIVED = {"key_id", "key_state", "key_managed_by", "key_strength_bits"}
GIVEN = {"source", "evidence", "provider", "account", "registry_id", "server_id", "envelope_id", "store_id"}
"""What follows from where a row is."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_column_that_is_fed_exists(operation: Operation) -> None:
    assert operation.purpose
    assert operation.feeds
    assert set(operation.needs) <= set(NAMES)
    for column in operation.feeds:
        table, _, name = column.partition(".")
        assert name == "*" or name in {c.name for c in columns_of(BY_NAME[table])}


@pytest.mark.parametrize("table", ["database_servers", "database_rules", "database_roles", "data_keys", "envelopes"])
def test_every_column_of_a_table_is_fed(table: str) -> None:
    fed = {
        column.partition(".")[2] for operation in OPERATIONS for column in operation.feeds if column.startswith(table)
    }
    kind = BY_NAME[table]
    assert {c.name for c in columns_of(kind)} - GIVEN - DERIVED - {kind.key} <= fed


def test_names_are_given_once_and_the_plan_asks_only_what_is_needed() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(OF_LAYOUT) < set(NAMES)
    assert plan({"database_servers.tls_offered"}, OPERATIONS) == {SESSION, SETTINGS}
    assert plan({"data_keys.key_ref"}, OPERATIONS) == {SESSION, LAYOUT, DATA_KEYS}
    assert plan({"data_stores@object_store.encrypted", "envelopes@objects.parsed"}, OPERATIONS) == frozenset()
    assert plan({"keys.state"}, OPERATIONS) == frozenset()
