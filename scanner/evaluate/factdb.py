"""The fact files, opened to be counted and sampled for the report: in bounded memory, read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from scanner.evaluate.store import MEMORY, workspace

Row = tuple[Any, ...]


class FactDb:
    """Fact tables as views of their files, by name."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def define(self, name: str, select: str) -> None:
        """Keep the rows of a query under a name."""
        self._db.execute(f'CREATE TABLE "{name}" AS {select}')

    def rows(self, query: str, values: Mapping[str, object] | None = None) -> list[Row]:
        """Return the rows of a query. It says itself how many there can be."""
        return self._db.execute(query, values).fetchall()

    def counted(self, query: str, values: Mapping[str, object] | None = None) -> int:
        """Return the one number that a query gives."""
        ((number,),) = self.rows(query, values)
        return int(number)


@contextmanager
def open_facts(facts: Path, tables: Sequence[str]) -> Iterator[FactDb]:
    """Open some tables of a folder of facts. What does not fit into memory goes to a file beside the folder."""
    with (
        workspace(facts.parent, ".spool-") as spool,
        duckdb.connect(
            str(spool / "report.duckdb"),
            config={"threads": 1, "memory_limit": MEMORY, "temp_directory": str(spool)},
        ) as db,
    ):
        for table in tables:
            path = str(facts / f"{table}.parquet").replace("'", "''")
            db.execute(f"CREATE VIEW \"{table}\" AS SELECT * FROM read_parquet('{path}')")
        yield FactDb(db)
