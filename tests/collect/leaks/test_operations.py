"""The declared operations feed every column of their tables that no SQL derives."""

from __future__ import annotations

from scanner.collect.leaks.operations import OPERATIONS
from scanner.model.facts import columns_of
from scanner.model.leaks import LeakFact, LeakScanFact

DERIVED = {"matched_key_id", "matched_by", "matched_state"}
ALWAYS = {"source", "evidence", "account", "leak_id", "scan_id"}


def test_every_column_is_fed() -> None:
    fed = {column for operation in OPERATIONS for column in operation.feeds}
    for table in (LeakFact, LeakScanFact):
        names = {column.name for column in columns_of(table)} - DERIVED - ALWAYS
        assert {f"{table.table}.{name}" for name in names} <= fed
