"""Fact tables on disk (Parquet) and in the engine's database.

Rows stream through a spool of JSON lines, so memory stays bounded; files are sorted, so the same rows give
the same bytes in whatever order they came.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO

import duckdb

from scanner.errors import EvidenceError
from scanner.model.facts import Fact, Value, columns_of, values_of
from scanner.model.ids import Json
from scanner.model.tables import TABLES

MAX_LINE = 64 * 1024 * 1024


def write_facts(facts: Iterable[Fact], folder: Path) -> dict[str, int]:
    """Write every fact table as ``folder/TABLE.parquet``; return the number of rows by table.

    The folder is replaced as a whole. Raises EvidenceError when two rows of a table have the same key and source.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".spool-") as spool:
        counts = _spool(facts, Path(spool))
        with duckdb.connect(config={"threads": "1"}) as db:
            for table in TABLES:
                _write_table(db, table, Path(spool) / f"{table.table}.jsonl", partial / f"{table.table}.parquet")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return {table.table: counts[table.table] for table in TABLES}


def _spool(facts: Iterable[Fact], spool: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        files: dict[str, IO[str]] = {
            table.table: stack.enter_context((spool / f"{table.table}.jsonl").open("w", encoding="utf-8"))
            for table in TABLES
        }
        for fact in facts:
            row = {name: _plain(value) for name, value in values_of(fact)}
            files[fact.table].write(json.dumps(row, ensure_ascii=True) + "\n")
            counts[fact.table] += 1
    return counts


def _plain(value: Value) -> Json:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, tuple):
        return [_clean(item) for item in value]
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    # DuckDB's JSON reader takes neither NUL nor lone surrogates; both stay visible.
    if "\x00" in text:
        text = text.replace("\x00", "\\u0000")
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_columns(table: type[Fact]) -> str:
    """Return the table's columns as DuckDB's ``read_json`` takes them."""
    return "{" + ", ".join(f"'{c.name}': '{c.sql_type}'" for c in columns_of(table)) + "}"


def _write_table(db: duckdb.DuckDBPyConnection, table: type[Fact], spool: Path, target: Path) -> None:
    source = (
        f"SELECT * FROM read_json($spool, format = 'newline_delimited', columns = {read_columns(table)}, "
        f"maximum_object_size = {MAX_LINE})"
    )
    db.execute(f'CREATE OR REPLACE TEMP TABLE "{table.table}" AS {source}', {"spool": str(spool)})
    twice = db.execute(
        f'SELECT "{table.key}" FROM "{table.table}" GROUP BY "{table.key}", source HAVING count(*) > 1 LIMIT 1'
    ).fetchone()
    if twice:
        raise EvidenceError(f"two rows of {table.table} have the key {str(twice[0])[:200]!r}")
    db.execute(
        f'COPY (SELECT * FROM "{table.table}" ORDER BY "{table.key}", source) TO \'{_quoted(target)}\' '
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    db.execute(f'DROP TABLE "{table.table}"')


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def read_facts(folder: Path, table: str, columns: Sequence[str] = ()) -> list[dict[str, object]]:
    """Return the rows of a fact table as dictionaries."""
    chosen = ", ".join(f'"{name}"' for name in columns) or "*"
    with duckdb.connect() as db:
        result = db.execute(f"SELECT {chosen} FROM read_parquet($path)", {"path": str(folder / f"{table}.parquet")})
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
