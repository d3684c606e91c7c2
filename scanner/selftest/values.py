"""The canary tenants' encrypted values of one table, and their data keys: read in one read-only transaction each.

Nothing of other tenants is read. The number of values under the canaries' data keys is counted over the whole tables.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scanner.envelope.message import Header, parse_header
from scanner.envelope.rows import OpenError, RowCipher, Sealed, aad, split
from scanner.envelope.stream import open_stream
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, Layout, TableName, columns_in
from scanner.model.observation import GapReason
from scanner.selftest.database import telling
from scanner.selftest.interface import CannotRunError

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One encrypted value of a canary tenant's row."""

    column: EncryptedColumn
    row: Mapping[str, object]
    """Identity, tenant and what the AAD names, as text."""
    row_id: str
    tenant: str
    ciphertext: bytes
    """As the column holds it."""
    nonce: bytes | None
    """As its column holds it; None: the layout names none, or it is NULL."""
    data_key: str
    """Identifier of its data key; empty in a format that describes itself, or where it is NULL."""

    @property
    def describes_itself(self) -> bool:
        """It is a message of the AWS Encryption SDK."""
        return self.column.format is EnvelopeFormat.AWS_ENCRYPTION_SDK

    def sealed(self) -> Sealed:
        """Return nonce and ciphertext. Raises OpenError when they are not there."""
        if not self.column.nonce:
            return split(self.ciphertext)
        if self.nonce is None:
            raise OpenError("the nonce is NULL")
        return Sealed(self.nonce, self.ciphertext)

    def header(self) -> Header:
        """Return the header of a message. Raises OpenError when it has none."""
        try:
            return parse_header(self.ciphertext)
        except ValueError as error:
            raise OpenError(str(error)) from None

    def bound(self, row: Mapping[str, object] | None = None) -> bytes:
        """Return its AAD, or the one that it would have in another row. Raises OpenError when there is none."""
        try:
            return aad(self.column.aad, self.row if row is None else row)
        except ValueError as error:
            raise OpenError(str(error)) from None

    def open(self, key: bytes | bytearray, sealed: Sealed | None = None, bound: bytes | None = None) -> bytes:
        """Return the plaintext, with another nonce and ciphertext or AAD where given. Raises OpenError."""
        try:
            cipher = RowCipher(key)
        except ValueError as error:
            raise OpenError(str(error)) from None
        return cipher.open(sealed or self.sealed(), self.bound() if bound is None else bound)

    def open_message(self, key: bytes | bytearray, message: bytes | None = None) -> bytes:
        """Return the plaintext of a message, or of ``message`` in its place. Raises OpenError."""
        target = io.BytesIO()
        try:
            open_stream(io.BytesIO(self.ciphertext if message is None else message), target, lambda _: key)
        except ValueError as error:
            raise OpenError(str(error)) from None
        return target.getvalue()

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.column.name} of row {self.row_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedDataKey:
    """A data key as the registry has it."""

    id: str
    tenant: str
    wrapped: bytes
    key: str
    """Key-encryption key, as the registry names it."""
    context: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """What was read."""

    values: tuple[Value, ...]
    """Up to the limit of each tenant, in the order of their rows."""
    population: int
    """Rows that the canary tenants have."""
    data_keys: Mapping[str, WrappedDataKey]
    counts: Mapping[str, int]
    """Data key to values under it, in all tables of the layout and of all tenants."""


def read(connection: psycopg.Connection[Any], layout: Layout, table: EncryptedTable, limit: int) -> Canaries:
    """Read at most ``limit`` rows of each canary tenant. Raises CannotRunError."""
    if not layout.canary_tenants:
        words = "the layout names no canary tenants: add `canary_tenants: [NAME]`, whose rows are made up"
        raise CannotRunError(words, GapReason.NOT_ALLOWED)
    with _read_only(connection, f"reading {table.table}"):
        values = tuple(_values(connection, layout, table, limit))
        population = sum(_population(connection, table, tenant) for tenant in layout.canary_tenants)
        ids = sorted({one.data_key for one in values if one.data_key})
        keys = {one.id: one for one in _data_keys(connection, layout, ids)}
        counts = _counts(connection, layout, ids)
    for column in table.columns:
        if not any(one.column is column for one in values):
            raise CannotRunError(f"{table.table} has no {column.name} of a canary tenant: add a made-up row")
    return Canaries(values=values, population=population, data_keys=keys, counts=counts)


@contextmanager
def _read_only(connection: psycopg.Connection[Any], doing: str) -> Iterator[None]:
    from psycopg import sql

    with telling(doing), connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("SET TRANSACTION READ ONLY"))
        yield


def _values(connection: psycopg.Connection[Any], layout: Layout, table: EncryptedTable, limit: int) -> Iterator[Value]:
    from psycopg import sql

    names = sorted({table.id, table.tenant, *(name for one in table.columns for name in columns_in(one.aad))})
    wanted: list[sql.Composable] = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in names]
    for one in table.columns:
        wanted.append(sql.Identifier(one.ciphertext))
        wanted.append(sql.Identifier(one.nonce) if one.nonce else sql.SQL("NULL"))
        wanted.append(sql.SQL("{}::text").format(sql.Identifier(one.key)) if one.key else sql.SQL("NULL"))
    query = sql.SQL("SELECT {} FROM {} WHERE {}::text = %s ORDER BY {} LIMIT %s").format(
        sql.SQL(", ").join(wanted), _table(table.table), sql.Identifier(table.tenant), sql.Identifier(table.id)
    )
    for tenant in layout.canary_tenants:
        for found in connection.execute(query, (tenant, limit)):
            row = dict(zip(names, found, strict=False))
            for place, column in enumerate(table.columns):
                ciphertext, nonce, key = found[len(names) + 3 * place :][:3]
                if ciphertext is not None:
                    yield Value(
                        column=column,
                        row=row,
                        row_id=str(row[table.id]),
                        tenant=tenant,
                        ciphertext=_octets(ciphertext),
                        nonce=None if nonce is None else _octets(nonce),
                        data_key=key or "",
                    )


def _octets(value: object) -> bytes:
    """Return the bytes of a column that should be bytea, and may be text by mistake."""
    return value if isinstance(value, bytes) else str(value).encode()


def _table(name: TableName) -> sql.Identifier:
    from psycopg import sql

    return sql.Identifier(name.schema, name.name)


def _population(connection: psycopg.Connection[Any], table: EncryptedTable, tenant: str) -> int:
    from psycopg import sql

    query = sql.SQL("SELECT count(*) FROM {} WHERE {}::text = %s").format(
        _table(table.table), sql.Identifier(table.tenant)
    )
    [[count]] = connection.execute(query, (tenant,)).fetchall()
    return int(count)


def _data_keys(connection: psycopg.Connection[Any], layout: Layout, ids: Sequence[str]) -> Iterator[WrappedDataKey]:
    from psycopg import sql

    keys = layout.keys
    named = sorted({name for _, template in keys.context for name in columns_in(template)})
    columns = [sql.SQL("{}::text").format(sql.Identifier(n)) for n in (keys.id, keys.tenant, keys.key, *named)]
    query = sql.SQL("SELECT {}, {} FROM {} WHERE {}::text = ANY(%s)").format(
        sql.Identifier(keys.wrapped), sql.SQL(", ").join(columns), _table(keys.table), sql.Identifier(keys.id)
    )
    for wrapped, key_id, tenant, key, *values in connection.execute(query, (list(ids),)):
        row = dict(zip(named, values, strict=True))
        try:
            context = {name: aad(template, row).decode() for name, template in keys.context}
        except ValueError as error:
            raise CannotRunError(f"the context of data key {key_id}: {error}") from None
        if wrapped is None or key is None:
            raise CannotRunError(f"data key {key_id} is not whole in the registry: it has no wrapped form, or no key")
        yield WrappedDataKey(id=key_id, tenant=tenant or "", wrapped=_octets(wrapped), key=key, context=context)


def _counts(connection: psycopg.Connection[Any], layout: Layout, ids: Sequence[str]) -> Mapping[str, int]:
    from psycopg import sql

    counts = dict.fromkeys(ids, 0)
    for table in layout.tables:
        for column in table.columns:
            if column.key:
                query = sql.SQL("SELECT {0}::text, count({1}) FROM {2} WHERE {0}::text = ANY(%s) GROUP BY 1").format(
                    sql.Identifier(column.key), sql.Identifier(column.ciphertext), _table(table.table)
                )
                for key_id, count in connection.execute(query, (list(ids),)):
                    counts[key_id] += count
    return counts
