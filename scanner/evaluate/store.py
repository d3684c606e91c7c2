"""Fact tables on disk (Parquet) and in the engine's database.

Rows stream through a spool of JSON lines, so memory stays bounded; files are sorted, so the same rows give
the same bytes in whatever order they came.
"""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import duckdb

from scanner.model.facts import Fact, Value, columns_of, values_of
from scanner.model.ids import Json
from scanner.model.tables import BY_NAME, TABLES, CoverageFact

MAX_LINE = 64 * 1024 * 1024
MAX_INT = 2**63
"""What a BIGINT holds: from -MAX_INT to below MAX_INT."""
MEMORY = "256MB"
GROUP_ROWS = 20_480
"""Small row groups: each thread that reads a file holds one of them."""
FORMAT = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP_ROWS})"


def write_facts(
    facts: Iterable[Fact], folder: Path, derived: Sequence[str] = (), as_of: datetime | None = None
) -> None:
    """Write every fact table as ``folder/TABLE.parquet``. The folder is replaced as a whole.

    ``derived`` are the statements that complete the tables from each other's rows; ``$as_of`` in one is ``as_of``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    with workspace(folder.parent, ".spool-") as spool:
        _spool(facts, spool)
        database = str(spool / "facts.duckdb")
        # Nobody needs the database after a power cut: nothing waits for the disk.
        bounds = {"threads": "1", "memory_limit": MEMORY, "temp_directory": str(spool)}
        with duckdb.connect(database, config={**bounds, "fsync_mode": "NONE"}) as db:
            for table in TABLES:
                _load_table(db, table, spool / f"{table.table}.jsonl")
            for statement in derived:
                db.execute(statement, {"as_of": as_of and naive_utc(as_of)} if "$as_of" in statement else None)
            for table in TABLES:
                save_table(db, table, partial / f"{table.table}.parquet")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


@contextmanager
def workspace(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a folder that is gone afterwards, and remove what a scan that was killed has left of its own."""
    for left in parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as folder:
        yield Path(folder)


def _spool(facts: Iterable[Fact], spool: Path) -> None:
    with ExitStack() as stack:
        files: dict[str, IO[str]] = {
            table.table: stack.enter_context((spool / f"{table.table}.jsonl").open("w", encoding="utf-8"))
            for table in TABLES
        }
        for fact in facts:
            row = {name: _plain(value) for name, value in values_of(fact)}
            files[fact.table].write(json.dumps(row, ensure_ascii=True) + "\n")


def naive_utc(instant: datetime) -> datetime:
    """Return an instant as DuckDB's TIMESTAMP keeps it: in UTC, without a zone."""
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def _plain(value: Value) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, datetime):
        return naive_utc(value).isoformat(sep=" ")
    if isinstance(value, tuple):
        return [_clean(item) for item in value]
    if isinstance(value, int) and not -MAX_INT <= value < MAX_INT:
        return None  # no count of anything; the table cannot hold it, so it is not known
    return value


def _clean(text: str) -> str:
    # DuckDB's JSON reader takes neither NUL nor lone surrogates; both stay visible.
    if "\x00" in text:
        text = text.replace("\x00", "\\u0000")
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_columns(table: type[Fact]) -> str:
    """Return the table's columns as DuckDB's ``read_json`` takes them."""
    return "{" + ", ".join(f"'{c.name}': '{c.sql_type}'" for c in columns_of(table)) + "}"


def _load_table(db: duckdb.DuckDBPyConnection, table: type[Fact], spool: Path) -> None:
    if not spool.stat().st_size:
        columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in columns_of(table))
        db.execute(f'CREATE TABLE "{table.table}" ({columns})')
        return
    source = (
        f"SELECT * FROM read_json($spool, format = 'newline_delimited', columns = {read_columns(table)}, "
        f"maximum_object_size = {MAX_LINE})"
    )
    db.execute(f'CREATE TABLE "{table.table}" AS {source}', {"spool": str(spool)})
    twice = db.execute(
        f'SELECT 1 FROM "{table.table}" GROUP BY "{table.key}", source HAVING count(*) > 1 LIMIT 1'
    ).fetchone()
    if twice:
        db.execute(f'CREATE OR REPLACE TABLE "{table.table}" AS {_once(table)}')


def _once(table: type[Fact]) -> str:
    """Return the SELECT that keeps one row a key: two sources of the estate may read the same scope.

    The row that knows more is kept, so that what one source was denied is taken from the other.
    """
    known = " + ".join(f'("{c.name}" IS NOT NULL)::INT' for c in columns_of(table))
    complete = "complete DESC, " if table is CoverageFact else ""
    every = ", ".join(f'"{c.name}"' for c in columns_of(table))
    return (
        f'SELECT * FROM "{table.table}" QUALIFY row_number() OVER (PARTITION BY "{table.key}", source '
        f"ORDER BY {complete}{known} DESC, evidence, {every}) = 1"
    )


def save_table(db: duckdb.DuckDBPyConnection, table: type[Fact], target: Path) -> None:
    """Write a table of the database as a fact file, and drop it."""
    db.execute(f'COPY (SELECT * FROM "{table.table}" ORDER BY "{table.key}", source) TO {quoted(target)} {FORMAT}')
    db.execute(f'DROP TABLE "{table.table}"')


def quoted(path: Path) -> str:
    """Return a path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def relation(folder: Path, table: str, columns: Sequence[str]) -> str:
    """Return the SELECT of a fact file's columns with ``row_``, the place of each row in it.

    A list in which something is not known is not known: no function tells a NULL in a list from an absence.
    """
    kinds = {column.name: column.sql_type for column in columns_of(BY_NAME[table])}
    chosen = ", ".join(
        f'CASE WHEN list_count("{name}") = len("{name}") THEN "{name}" END AS "{name}"'
        if kinds[name] == "VARCHAR[]" and name != "evidence"
        else f'"{name}"'
        for name in columns
    )
    path = quoted(folder / f"{table}.parquet")
    return f"SELECT file_row_number AS row_, {chosen} FROM read_parquet({path}, file_row_number = true)"


def read_facts(folder: Path, table: str, columns: Sequence[str] = ()) -> list[dict[str, object]]:
    """Return the rows of a fact table as dictionaries."""
    chosen = ", ".join(f'"{name}"' for name in columns) or "*"
    result = query(f"SELECT {chosen} FROM read_parquet($path)", {"path": str(folder / f"{table}.parquet")})
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def query(sql: str, values: Mapping[str, object] | None = None) -> duckdb.DuckDBPyConnection:
    """Run a query over fact files, which keeps nothing. To open a database for each takes longer than the query."""
    return _reader().cursor().execute(sql, values)


@functools.cache
def _reader() -> duckdb.DuckDBPyConnection:
    # A file that was replaced is another one, however alike it is.
    return duckdb.connect(config={"enable_external_file_cache": "false"})
