"""The second wall, attacked without the first: what reaches the database directly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from scanner.errors import ControlError
from scanner.evaluate.locked import Limits, Locked


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database and with files that it must not reach."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    with duckdb.connect(str(folder / "x.duckdb")) as db:
        db.execute("CREATE TABLE keys AS SELECT 'k' || range AS key_id, range AS n FROM range(10)")
        db.execute(f"COPY keys TO '{folder / 'keys.parquet'}' (FORMAT parquet)")
    return folder


@pytest.fixture
def locked(filled: Path, tmp_path: Path) -> Iterator[Locked]:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    opened = Locked(str(tmp_path / "x.duckdb"), Limits(seconds=0.5, memory_mb=100, threads=1))
    yield opened
    opened.close()


def refusal(locked: Locked, select: str) -> str:
    with pytest.raises(ControlError) as caught:
        locked.keep("kept", select, {}, "KM-TST-01")
    assert str(caught.value).startswith("KM-TST-01: ")
    with pytest.raises(duckdb.CatalogException):
        locked.connection.execute("FROM kept")
    assert locked.connection.execute("SELECT count(*) FROM keys").fetchall() == [(10,)]
    return str(caught.value)


NOT_ONE_SELECT = (
    "",
    "nonsense",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE keys",
    "DROP TABLE keys",
    "DELETE FROM keys",
    "UPDATE keys SET n = 1",
    "INSERT INTO keys VALUES ('x', 1)",
    "MERGE INTO keys USING keys k ON false WHEN MATCHED THEN DELETE",
    "TRUNCATE keys",
    "ALTER TABLE keys DROP n",
    "CREATE TABLE x AS SELECT 1",
    "CREATE VIEW x AS SELECT 1",
    "CREATE MACRO x(a) AS a",
    "CREATE SEQUENCE x",
    "CREATE SECRET (TYPE s3)",
    "COPY keys TO 'out.csv'",
    "COPY (SELECT 1) TO 'out.csv'",
    "EXPORT DATABASE 'out'",
    "IMPORT DATABASE 'out'",
    "ATTACH 'other.db' AS other",
    "DETACH x",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '/tmp/x.so'",
    "SET threads = 99",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "SET VARIABLE x = 1",
    "PRAGMA database_list",
    "PRAGMA memory_limit = '99GB'",
    "CALL pragma_version()",
    "CALL enable_logging()",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "PIVOT keys ON n USING count(*)",
)


@pytest.mark.parametrize("select", NOT_ONE_SELECT)
def test_only_one_select_is_run(locked: Locked, select: str) -> None:
    assert refusal(locked, select) == "KM-TST-01: must be exactly one SELECT"


NOT_PLAIN = (
    ("SELECT * FROM 'secret.csv'", "the table 'secret.csv'"),
    ("SELECT * FROM 'keys.parquet'", "the table 'keys.parquet'"),
    ("SELECT * FROM 'https://example.org/x.parquet'", "the table 'https://example.org/x.parquet'"),
    ("SELECT * FROM information_schema.tables", "the table 'tables'"),
    ("SELECT * FROM main.keys", "the table 'keys'"),
    ("SELECT * FROM x.main.keys", "the table 'keys'"),
    ("SELECT * FROM sqlite_master", "the table 'sqlite_master'"),
    ("SELECT * FROM other", "the table 'other'"),
    ("SELECT * FROM read_csv('secret.csv')", "table function"),
    ("SELECT * FROM read_text('secret.csv')", "table function"),
    ("SELECT * FROM read_blob('secret.csv')", "table function"),
    ("SELECT * FROM read_parquet('keys.parquet')", "table function"),
    ("SELECT * FROM parquet_metadata('keys.parquet')", "table function"),
    ("SELECT * FROM read_json('x.json')", "table function"),
    ("SELECT * FROM glob('*')", "table function"),
    ("SELECT * FROM sniff_csv('secret.csv')", "table function"),
    ("SELECT * FROM duckdb_settings()", "table function"),
    ("SELECT * FROM duckdb_secrets()", "table function"),
    ("SELECT * FROM query('SELECT 1')", "table function"),
    ("SELECT * FROM query_table('keys')", "table function"),
    ("SELECT * FROM range(100000000000)", "table function"),
    ("SELECT * FROM generate_series(1, 2)", "table function"),
    ("SELECT * FROM test_all_types()", "table function"),
    ("SELECT * FROM json_execute_serialized_sql('x')", "table function"),
    ("SELECT getenv('HOME')", "the function 'getenv'"),
    ("SELECT current_setting('temp_directory')", "the function 'current_setting'"),
    ("SELECT repeat('x', 3000000000)", "the function 'repeat'"),
    ("SELECT lpad('x', 2000000000, 'y')", "the function 'lpad'"),
    ("SELECT string_agg(key_id) FROM keys", "the function 'string_agg'"),
    ("SELECT list(key_id) FROM keys", "the function 'list'"),
    ("SELECT regexp_matches('a', '(a*)*b')", "the function 'regexp_matches'"),
    ("SELECT now()", "the function 'now'"),
    ("SELECT random()", "the function 'random'"),
    ("SELECT setseed(0.5)", "the function 'setseed'"),
    ("SELECT nextval('x')", "the function 'nextval'"),
    ("SELECT pg_sleep(10)", "the function 'pg_sleep'"),
    ("SELECT write_log('x')", "the function 'write_log'"),
    ("SELECT main.abs(1)", "the function 'abs'"),
    ("SELECT (SELECT 1)", "subquery"),
    ("SELECT EXISTS (SELECT 1 FROM keys)", "subquery"),
    ("SELECT sum(n) OVER () FROM keys", "window"),
    ("SELECT n FROM keys QUALIFY row_number() OVER () = 1", "window"),
    ("SELECT (x -> x)", "lambda"),
    ("SELECT #1 FROM keys", "positional_reference"),
    ("SELECT n COLLATE NOCASE FROM keys", "collate"),
    ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH"),
    ("WITH x AS (DELETE FROM keys RETURNING *) SELECT * FROM x", "WITH"),
    ("WITH x AS (INSERT INTO keys VALUES ('x', 1) RETURNING *) SELECT * FROM x", "WITH"),
    ("WITH x AS (UPDATE keys SET n = 1 RETURNING *) SELECT * FROM x", "WITH"),
    ("WITH RECURSIVE x AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM x) SELECT * FROM x", "WITH"),
    ("SELECT * FROM (WITH x AS (DELETE FROM keys RETURNING *) FROM x)", "WITH"),
    ("SELECT 1 UNION SELECT 2", "set operation node"),
    ("SELECT n FROM keys LIMIT 1", "limit modifier"),
    ("SELECT DISTINCT n FROM keys", "distinct modifier"),
    ("SHOW TABLES", "show ref"),
    ("DESCRIBE keys", "show ref"),
    ("SUMMARIZE keys", "show ref"),
    ("VALUES (1)", "expression list"),
)


@pytest.mark.parametrize(("select", "what"), NOT_PLAIN)
def test_a_select_is_made_of_what_the_engine_needs_and_nothing_else(locked: Locked, select: str, what: str) -> None:
    assert refusal(locked, select) == f"KM-TST-01: {what} is not allowed in the engine"


BEHIND_THE_CHECK = (
    "SELECT * FROM read_csv('{}/secret.csv')",
    "SELECT * FROM '{}/secret.csv'",
    "SELECT * FROM read_text('{}/secret.csv')",
    "SELECT * FROM read_parquet('{}/keys.parquet')",
    "SELECT * FROM glob('{}/*')",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x')",
    "SELECT * FROM read_parquet('s3://bucket/x')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_extensions()",
    "COPY keys TO '{}/out.csv'",
    "EXPORT DATABASE '{}/out'",
    "ATTACH '{}/other.db' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET threads = 99",
    "SET memory_limit = '99GB'",
    "PRAGMA memory_limit = '99GB'",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "CALL enable_logging()",
    "SELECT getenv('HOME')",
    "SELECT * FROM outside",
)


@pytest.mark.parametrize("statement", BEHIND_THE_CHECK)
def test_the_database_is_locked_even_for_what_passes_every_check(
    locked: Locked, tmp_path: Path, statement: str
) -> None:
    outside = 1  # a Python variable, which DuckDB's replacement scans would find by its name
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(duckdb.Error):
        locked.connection.execute(statement.format(tmp_path)).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert outside


def test_a_plain_select_is_kept(locked: Locked) -> None:
    locked.keep("kept", 'SELECT k.n AS n FROM "keys" k WHERE k.n > $least', {"least": 7, "other": 1}, "x")
    locked.keep("again", "SELECT max(n) AS most, count(*) AS many FROM kept", {}, "x")
    assert locked.connection.execute("FROM again").fetchall() == [(9, 2)]


def test_a_table_kept_twice_is_replaced(locked: Locked) -> None:
    for value in (1, 2):
        locked.keep("kept", f"SELECT {value} AS a", {}, "x")
    assert locked.connection.execute("FROM kept").fetchall() == [(2,)]


SLOW = "SELECT count(*) AS n FROM " + " CROSS JOIN ".join(f'"keys" k{i}' for i in range(12))


def test_time_is_bounded(locked: Locked) -> None:
    assert refusal(locked, SLOW) == "KM-TST-01: ran longer than 0.5 seconds"
    locked.keep("kept", "SELECT 1 AS a", {}, "x")  # and the next statement is not disturbed


def test_memory_and_disk_are_bounded(tmp_path: Path) -> None:
    opened = Locked(str(tmp_path / "x.duckdb"), Limits(memory_mb=50, disk_mb=1, threads=1))
    opened.connection.execute("CREATE TABLE big AS SELECT range AS n, hash(range) AS h FROM range(1000000)")
    wide = "SELECT " + ", ".join(f"a.h + {i} AS h{i}" for i in range(30)) + " FROM big a JOIN big b ON a.h = b.h"
    with pytest.raises(ControlError, match=r"^x: needs more than 50 MB$"):
        opened.keep("kept", f"SELECT max(h0) AS h FROM ({wide}) GROUP BY h1, h2, h3, h4, h5", {}, "x")
    opened.close()


@pytest.mark.parametrize(
    ("select", "values", "message"),
    [
        ("SELECT missing FROM keys", {}, 'Binder Error: Referenced column "missing" not found'),
        ("SELECT n // 0 FROM keys", {}, "Division by zero"),
        ("SELECT n > $p FROM keys", {}, "p"),
        ("SELECT n > $p FROM keys", {"p": 10**60}, ""),
    ],
)
def test_an_error_names_the_controls(locked: Locked, select: str, values: dict[str, int], message: str) -> None:
    with pytest.raises(ControlError) as caught:
        locked.keep("kept", select, values, "KM-TST-01")
    assert str(caught.value).startswith("KM-TST-01: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(("threads", "expected"), [(3, 3), (1, 1)])
def test_limits_reach_the_database(threads: int, expected: int) -> None:
    opened = Locked(":memory:", Limits(memory_mb=123, threads=threads))
    found = opened.connection.execute(
        "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('lock_configuration')"
    ).fetchone()
    opened.close()
    assert found is not None
    assert (found[0], found[2]) == (expected, True)
    assert found[1].startswith("117.3 MiB")


def test_threads_are_few_on_any_machine() -> None:
    assert Limits().config()["threads"] in {1, 2, 3, 4}
