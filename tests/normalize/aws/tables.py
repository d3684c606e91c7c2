"""Small fact tables in DuckDB, for statements over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb

from scanner.model.access import AccessAnalyzerFact
from scanner.model.audit import AuditScopeFact, AuditTrailFact, ExpectedEventFact, KeyEventFact
from scanner.model.facts import Fact, columns_of, values_of
from scanner.model.tables import CoverageFact, KeyFact, KeyVersionFact

TABLES: tuple[type[Fact], ...] = (
    KeyFact,
    KeyVersionFact,
    CoverageFact,
    AuditTrailFact,
    AuditScopeFact,
    KeyEventFact,
    ExpectedEventFact,
    AccessAnalyzerFact,
)
Row = dict[str, Any]


@contextmanager
def derived(facts: Iterable[Fact], statements: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a database that holds the facts after the statements ran."""
    with duckdb.connect() as db:
        for table in TABLES:
            columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in columns_of(table))
            db.execute(f'CREATE TABLE "{table.table}" ({columns})')
        for fact in facts:
            values = [list(v) if isinstance(v, tuple) else v for _, v in values_of(fact)]
            marks = ", ".join("?" * len(values))
            db.execute(f'INSERT INTO "{fact.table}" VALUES ({marks})', values)
        for statement in statements:
            db.execute(statement)
        yield db


def rows(db: duckdb.DuckDBPyConnection, table: type[Fact]) -> list[Row]:
    """Return the rows of a table, by its key."""
    found = db.execute(f'SELECT * FROM "{table.table}" ORDER BY "{table.key}", source')
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def at(text: str) -> datetime:
    """Return an instant as the fact tables hold it: UTC, without a zone."""
    return datetime.fromisoformat(text)
