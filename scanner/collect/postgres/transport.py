"""The transport under the PostgreSQL collector: fixed statements, each in a read-only transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Composed

from scanner.collect.hashes import Hashes, of_fingerprint
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.collect.postgres import operations, statements
from scanner.collect.postgres.errors import bad_string, not_connected, understand
from scanner.collect.postgres.layout import told
from scanner.collect.postgres.permissions import registry_columns, table_columns
from scanner.collect.postgres.samples import read_row
from scanner.model.estate import PostgresSource
from scanner.model.ids import Json
from scanner.model.layout import EncryptedColumn, EncryptedTable, KeyTable, TableName
from scanner.model.observation import GapReason

CONNECT_SECONDS = 10
LOCK_MILLISECONDS = 5_000
_OVERSAMPLED = 5
"""Of a large table so many times the rows wanted are looked among, in whole blocks."""

_FEWEST_BLOCKS = 50
"""Blocks that are looked at, at least: which ones is chance, and none must not be one."""

Params = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the catalogue tells of a table."""

    kind: str
    """``relkind``; empty: it is not there."""
    estimate: float
    """Rows, as the statistics have it."""
    pages: int
    types: dict[str, str]

    def percent(self, rows: int) -> float | None:
        """Return of how much of a large table a sample is taken, in percent of its blocks; None: of all its rows."""
        if self.kind not in {"r", "m"} or self.estimate < statements.LARGE:
            return None
        share = 100 * max(_OVERSAMPLED * rows / self.estimate, _FEWEST_BLOCKS / max(self.pages, 1))
        return share if share < 100 else None


class PostgresTransport:
    """Reads one database over one connection. Not for several threads."""

    def __init__(self, source: PostgresSource, dsn: str, salt: str = "") -> None:
        self._source = source
        self._dsn = dsn
        self._connection: psycopg.Connection[DictRow] | None = None
        self._failed: CallError | None = None
        self._endpoint = "postgresql:"
        self._hashes = Hashes()
        self._salted = Hashes(salt.encode()) if salt else None
        self._answers: Mapping[str, Callable[[Params], dict[str, Json]]] = {
            operations.SESSION: self._session,
            operations.SETTINGS: self._settings,
            operations.RULES: lambda _: {"rules": _json(self._rows(statements.RULES))},
            operations.ROLES: lambda _: {"roles": _json(self._rows(statements.ROLES))},
            operations.LAYOUT: lambda _: told(source),
            operations.COLUMNS: self._columns,
            operations.PRIVILEGES: self._privileges,
            operations.DATA_KEYS: self._data_keys,
            operations.USAGE: self._usage,
            operations.SAMPLES: self._samples,
        }
        self._parameters: Mapping[str, frozenset[str]] = {
            operations.COLUMNS: frozenset({"table"}),
            operations.PRIVILEGES: frozenset({"table"}),
            operations.DATA_KEYS: frozenset({"table", "PageToken"}),
            operations.USAGE: frozenset({"table", "value"}),
            operations.SAMPLES: frozenset({"table", "rows"}),
        }

    @property
    def endpoint(self) -> str:
        """Where the server is, without user and password."""
        return self._endpoint

    def send(self, operation: str, params: Params) -> Reply:
        """Ask once. Raises CallError, or ForbiddenOperationError for what is not declared or not in the layout."""
        answer = self._answers.get(operation)
        if answer is None or not params.keys() <= self._parameters.get(operation, frozenset()):
            raise ForbiddenOperationError(
                f"{operation} is not a declared read-only operation, or not with these parameters"
            )
        return Reply(200, "", answer(params))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _session(self, _: Params) -> dict[str, Json]:
        (row,) = self._rows(statements.SESSION)
        return row

    def _settings(self, _: Params) -> dict[str, Json]:
        names = [list(statements.SETTINGS)]
        found = self._rows(statements.READ_SETTINGS, names)
        return {
            "settings": _json(found),
            "withheld": _json(sorted(statements.GUARDED - {row["name"] for row in found})),
            "overrides": _json(self._rows(statements.OVERRIDES, names)),
        }

    def _columns(self, params: Params) -> dict[str, Json]:
        name, wanted = self._place(params)
        shape = self._shape(name, wanted)
        types = shape.types
        return {
            "table": str(name),
            "kind": shape.kind,
            "columns": [{"column": column, "type": types[column]} for column in wanted if column in types],
            "missing": [column for column in wanted if column not in types] if shape.kind else ["the table itself"],
        }

    def _privileges(self, params: Params) -> dict[str, Json]:
        name, _ = self._place(params)
        keys = self._layout_keys(name)
        columns = [keys.wrapped] if keys else [one.ciphertext for one in self._table(params).columns]
        found = self._rows(statements.PRIVILEGES, {"table": self._oid(name), "columns": columns})
        names = {right: [row["name"] or "public" for row in found if row[right]] for right in ("reads", "writes")}
        return {"table": str(name), "readers": _json(names["reads"]), "writers": _json(names["writes"])}

    def _data_keys(self, params: Params) -> dict[str, Json]:
        name, _ = self._place(params)
        keys = self._layout_keys(name)
        if keys is None:
            raise ForbiddenOperationError(f"{name} is not the registry of data keys of the layout")
        after = params.get("PageToken")
        statement = statements.data_keys(keys, after=after is not None)
        rows = self._rows(statement, [after] if after is not None else [])
        for row in rows:
            told = row.pop("fingerprint")
            if keys.fingerprint and self._salted is not None:
                row["fingerprint"] = of_fingerprint(self._salted, told)
        page, more = rows[: statements.PAGE], rows[statements.PAGE :]
        answer: dict[str, Json] = {"table": str(name), "data_keys": _json(page)}
        last = page[-1]["id"] if more else None
        return {**answer, "NextToken": last} if last is not None else answer

    def _usage(self, params: Params) -> dict[str, Json]:
        table = self._table(params)
        value = self._value(table, params)
        rows = self._rows(statements.usage(table, value))
        if len(rows) > statements.MAX_KEYS:
            detail = f"over {statements.MAX_KEYS} data keys are used by one column"
            raise CallError(GapReason.LIMIT, code="TooManyKeys", detail=detail)
        for row in rows:
            row["tenants"] = sorted(row["tenants"] or ())
        population = sum(row["population"] for row in rows)
        return {"table": str(table.table), "value": value.name, "population": population, "used": _json(rows)}

    def _samples(self, params: Params) -> dict[str, Json]:
        table, rows = self._table(params), self._source.sample_rows
        if not rows or params.get("rows") != rows:
            raise ForbiddenOperationError("the estate does not allow to read that many rows")
        shape = self._shape(table.table, table_columns(table))
        types, percent = shape.types, shape.percent(rows)
        found = self._rows(statements.samples(table, types, rows, percent))
        if percent is not None and len(found) < rows:
            percent = None  # fewer blocks with values than the statistics say
            found = self._rows(statements.samples(table, types, rows, None))
        values = sorted(
            (value for row in found for value in read_row(table, row, self._hashes)),
            key=lambda one: (str(one["column"]), str(one["row"])),
        )
        return {
            "table": str(table.table),
            "rows": len(found),
            "by": "rows" if percent is None else "blocks",
            "hashes": self._hashes.name,
            "values": _json(values),
        }

    def _place(self, params: Params) -> tuple[TableName, tuple[str, ...]]:
        """Return the table that parameters name, and the columns of it that the layout names."""
        layout = self._source.layout
        named: dict[str, tuple[TableName, list[str]]] = {}
        if layout is not None:
            named[str(layout.keys.table)] = (layout.keys.table, list(registry_columns(layout.keys)))
            for one in layout.tables:
                named.setdefault(str(one.table), (one.table, []))[1].extend(table_columns(one))
        found = named.get(str(params.get("table")))
        if found is None:
            raise ForbiddenOperationError(f"{params.get('table')} is not a table of the layout")
        return found[0], tuple(dict.fromkeys(found[1]))

    def _layout_keys(self, name: TableName) -> KeyTable | None:
        layout = self._source.layout
        return layout.keys if layout is not None and layout.keys.table == name else None

    def _table(self, params: Params) -> EncryptedTable:
        tables = self._source.layout.tables if self._source.layout is not None else ()
        for table in tables:
            if str(table.table) == params.get("table"):
                return table
        raise ForbiddenOperationError(f"{params.get('table')} is not an encrypted table of the layout")

    def _value(self, table: EncryptedTable, params: Params) -> EncryptedColumn:
        for value in table.columns:
            if value.name == params.get("value"):
                return value
        raise ForbiddenOperationError(f"{params.get('value')} is not an encrypted value of the layout")

    def _oid(self, name: TableName) -> int:
        found = self._rows(statements.TABLE, [name.schema, name.name])
        if not found:
            detail = f"there is no table {name}; mend the layout file {self._source.layout_path}"
            raise CallError(GapReason.MALFORMED, code="WrongLayout", detail=detail)
        return int(found[0]["oid"])

    def _shape(self, name: TableName, columns: Sequence[str]) -> _Shape:
        found = self._rows(statements.TABLE, [name.schema, name.name])
        if not found:
            return _Shape("", 0.0, 0, {})
        types = self._rows(statements.TYPES, [found[0]["oid"], list(columns)])
        named = {row["name"]: row["type"] for row in types}
        return _Shape(found[0]["kind"], found[0]["estimate"], found[0]["pages"], named)

    def _rows(self, statement: SQL | Composed, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """Run one statement in a read-only transaction. Raises CallError."""
        connection = self._connected()
        timeout = f"{self._source.statement_timeout}s"
        try:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(statements.LIMITS, [timeout, f"{LOCK_MILLISECONDS}ms"])
                return cursor.execute(statement, params or None).fetchall()
        except psycopg.Error as error:
            if connection.closed:
                self._connection = None
            # The server's words stay in `error`, and it goes no further than here.
            raise understand(error, self._source) from None

    def _connected(self) -> psycopg.Connection[DictRow]:
        if self._failed is not None:
            raise self._failed
        if self._connection is None:
            try:
                self._connection = self._connect()
            except CallError as error:
                # What refused once refuses again: each try can count against an account, and takes its time.
                self._failed = error
                raise
        return self._connection

    def _connect(self) -> psycopg.Connection[DictRow]:
        try:
            given = conninfo_to_dict(self._dsn)
        except psycopg.Error:
            raise bad_string(self._source) from None
        # Also for the case that a statement ever left its transaction. The user's own options stay, before ours.
        options = f"{given.get('options') or ''} -c default_transaction_read_only=on -c statement_timeout=60s".strip()
        whole = make_conninfo(
            self._dsn,
            options=options,
            application_name="keyaudit",
            connect_timeout=given.get("connect_timeout") or CONNECT_SECONDS,
        )
        try:
            connection = psycopg.connect(whole, row_factory=dict_row, prepare_threshold=None)
        except psycopg.Error as error:
            raise not_connected(error, str(given.get("password") or "")) from None
        connection.read_only = True
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        where = connection.info
        self._endpoint = f"postgresql://{where.host}:{where.port}/{where.dbname}"
        return connection


def _json(rows: Sequence[Any]) -> list[Json]:
    return list(rows)
