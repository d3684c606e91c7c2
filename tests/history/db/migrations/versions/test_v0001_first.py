"""The revisions together give the schema that the code asks for."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from scanner.history.db.schema import VERSION_TABLE, metadata
from scanner.history.store import open_store


def test_the_migrated_schema_is_that_of_the_code(url: str) -> None:
    with open_store(url).engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
