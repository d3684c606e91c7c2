"""Bring a database to the schema that this keyaudit knows, whatever it was, and lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError

from scanner.errors import ConfigError
from scanner.history.db.connect import Place, reading, writing
from scanner.history.db.schema import VERSION_TABLE

FOLDER: Final = Path(__file__).parent / "migrations"


def bring_up(engine: sa.Engine, place: Place, *, create: bool, folder: Path = FOLDER) -> None:
    """Make or migrate the schema, while no other process does.

    ``folder`` has the revisions. Raises ConfigError for a database that is not a store, for one of a newer keyaudit,
    and for an empty one unless it may be filled (``create``).
    """
    script = ScriptDirectory(str(folder))
    with reading(engine, place.shown) as connection:
        if _revision(connection) == script.get_current_head():
            return
    with writing(engine, place.shown) as connection:
        revision = _revision(connection)
        if revision is None:
            _check_empty(connection, place, create=create)
        context = _context(connection)
        with Operations.context(context):
            for step in reversed(_missing(script, revision, place)):
                step.module.upgrade()
        context.stamp(script, "head")


def _context(connection: sa.Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _revision(connection: sa.Connection) -> str | None:
    return _context(connection).get_current_revision()


def _check_empty(connection: sa.Connection, place: Place, *, create: bool) -> None:
    tables = sa.inspect(connection).get_table_names()
    if tables:
        message = f"{place.shown} is not a store of keyaudit: it has a table {tables[0][:100]!r}"
        raise ConfigError(message, hint="name a database of its own for the store")
    if not create:
        raise ConfigError(f"{place.shown} is empty: nothing was recorded", hint="record with `keyaudit scan --store`")


def _missing(script: ScriptDirectory, revision: str | None, place: Place) -> list[Script]:
    """Return the steps from a revision to the newest, newest first."""
    try:
        return list(script.iterate_revisions("head", revision or "base"))
    except RevisionError:
        message = f"the store {place.shown} was made by a newer keyaudit (its schema is {str(revision)[:40]})"
        raise ConfigError(message, hint="use that keyaudit, or a newer one") from None
