"""Run the databases of a world, filled as they stand at an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from scanner.demo.postgres.seed import Wrap, seed
from scanner.demo.postgres.server import postgres_server
from scanner.demo.postgres.world import Database


@contextmanager
def databases(worlds: Sequence[Database], folder: Path, now: datetime, wrap: Wrap) -> Iterator[Mapping[str, str]]:
    """Run a PostgreSQL with databases, and give the variables with their connection strings.

    ``NAME_DSN`` is the scanner's, which reads; ``NAME_SCRATCH_DSN`` may make a schema. Raises MissingExtraError without
    the wheels.
    """
    with postgres_server(folder) as superuser:
        import psycopg
        from psycopg import sql

        values: dict[str, str] = {}
        with psycopg.connect(superuser, autocommit=True) as connection:
            for database in worlds:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database.name)))
        for database in worlds:
            scratch = superuser.replace("/postgres?", f"/{database.name}?")
            with psycopg.connect(scratch) as connection:
                seed(connection, database, now, wrap)
            values[f"{database.name.upper()}_DSN"] = scratch.replace("postgres:@", "keyaudit@")
            values[f"{database.name.upper()}_SCRATCH_DSN"] = scratch
        yield values
