"""The schema: by name and number, not by texts that may be long."""

from __future__ import annotations

import sqlalchemy as sa

from scanner.history.db.schema import DETAILS, metadata


def test_no_index_holds_a_text() -> None:
    """PostgreSQL refuses a row whose indexed text is longer than a third of a page."""
    indexed = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for keys in (*table.indexes, *table.constraints)
        if isinstance(keys, (sa.Index, sa.UniqueConstraint, sa.PrimaryKeyConstraint))
        for column in keys.columns
        if isinstance(column.type, sa.types.TypeDecorator)
    }
    assert indexed == {("scan", "as_of")}  # an instant, of 27 characters


def test_what_a_scan_has_is_removed_with_it() -> None:
    of_scan = {table for table in metadata.tables.values() if "scan" in table.c}
    assert of_scan - {metadata.tables["checkpoint"]} == set(DETAILS)
