"""The scratch schema: tables of the drills' own with made-up rows, in envelopes like those of the audited database.

Nothing else in the database is touched. A schema of that name that does not carry the mark is not the drills', and is
left alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scanner.envelope.rows import OpenError, RowCipher, Sealed, aad
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, KeyTable, Layout, TableName
from scanner.model.observation import GapReason
from scanner.selftest.database import telling
from scanner.selftest.interface import CannotRunError, DeniedError, KeyService, RefusedError, wipe

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

MARK = "scratch of keyaudit's self-tests: made-up rows, may be dropped"
"""Comment on the schema."""
TEMPLATE = "scratch|{tenant_id}|{id}|{data_key_id}"
"""What a row is bound to."""
ACTIVE, RETIRING, DEACTIVATED = "active", "retiring", "deactivated"
"""States of a data key: encrypts; its rows are being re-encrypted; has none left."""
_TABLES = """
CREATE SCHEMA {schema};
COMMENT ON SCHEMA {schema} IS {mark};
CREATE TABLE {schema}.data_keys (
    id text PRIMARY KEY, tenant_id text NOT NULL, wrapped bytea NOT NULL, kek text NOT NULL, state text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE {schema}.records (
    id bigint PRIMARY KEY, tenant_id text NOT NULL,
    data_key_id text NOT NULL REFERENCES {schema}.data_keys, nonce bytea NOT NULL, value bytea NOT NULL);
CREATE INDEX ON {schema}.records (data_key_id, id);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A scratch schema and the key that wraps its data keys."""

    schema: str
    service: KeyService
    key: str
    tenants: int = 3
    rows: int = 60
    """Of all tenants together."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the tenants."""
        return tuple(f"canary-{number}" for number in range(1, self.tenants + 1))

    def layout(self) -> Layout:
        """Return how the schema keeps its envelopes."""
        column = EncryptedColumn(
            name="value",
            format=EnvelopeFormat.AES_GCM,
            ciphertext="value",
            nonce="nonce",
            key="data_key_id",
            aad=TEMPLATE,
        )
        return Layout(
            keys=KeyTable(
                table=TableName(self.schema, "data_keys"),
                id="id",
                tenant="tenant_id",
                wrapped="wrapped",
                key="kek",
                created="created_at",
                state="state",
                context=(("tenant", "{tenant_id}"), ("purpose", "scratch")),
            ),
            tables=(
                EncryptedTable(table=TableName(self.schema, "records"), id="id", tenant="tenant_id", columns=(column,)),
            ),
            canary_tenants=self.names,
        )


def context(tenant: str) -> Mapping[str, str]:
    """Return what the wrapping of a tenant's data keys is bound to."""
    return {"tenant": tenant, "purpose": "scratch"}


def statement(text: str, schema: str) -> sql.Composed:
    """Return SQL in which ``{schema}`` is the scratch schema, quoted, and ``{mark}`` its mark."""
    from psycopg import sql

    # The texts are this package's own; nothing of the user's is in them but the schema's name, quoted.
    return sql.SQL(text).format(schema=sql.Identifier(schema), mark=sql.Literal(MARK))


def make(connection: psycopg.Connection[Any], scratch: Scratch) -> None:
    """Make the schema anew and fill it. Raises CannotRunError, as :func:`drop` does."""
    drop(connection, scratch.schema)
    with telling("making the scratch schema"), connection.transaction():
        connection.execute(statement(_TABLES, scratch.schema))
        for place, tenant in enumerate(scratch.names):
            key_id, cipher = add_data_key(connection, scratch, tenant)
            for number in range(place, scratch.rows, scratch.tenants):
                bound = aad(TEMPLATE, {"tenant_id": tenant, "id": number, "data_key_id": key_id})
                nonce, value = cipher.seal(made_up(tenant, number), bound)
                connection.execute(
                    statement("INSERT INTO {schema}.records VALUES (%s, %s, %s, %s, %s)", scratch.schema),
                    (number, tenant, key_id, nonce, value),
                )


@contextmanager
def scratch_schema(connection: psycopg.Connection[Any], scratch: Scratch) -> Iterator[None]:
    """Make the schema for a block, and drop it whatever happens. Raises CannotRunError.

    When it cannot be dropped after the block failed, that failure is the one that is told: it may be a canary that
    somebody must put back, and the next run drops what is left.
    """
    make(connection, scratch)
    failed = True
    try:
        yield
        failed = False
    finally:
        try:
            drop(connection, scratch.schema)
        except CannotRunError:
            if not failed:
                raise


def made_up(tenant: str, number: int, revision: int = 0) -> bytes:
    """Return the plaintext of a row: nobody ever said this."""
    return f"made-up record {number} of {tenant}, revision {revision}".encode()


def add_data_key(connection: psycopg.Connection[Any], scratch: Scratch, tenant: str) -> tuple[str, RowCipher]:
    """Register a new active data key of a tenant; return its id, and what encrypts under it. Raises CannotRunError."""
    try:
        made = scratch.service.generate_data_key(scratch.key, context(tenant))
    except RefusedError as error:
        raise refused("generating a data key", error) from None
    key_id = f"{tenant}-{secrets.token_hex(8)}"
    connection.execute(
        statement(
            "INSERT INTO {schema}.data_keys (id, tenant_id, wrapped, kek, state) VALUES (%s, %s, %s, %s, %s)",
            scratch.schema,
        ),
        (key_id, tenant, made.wrapped, scratch.key, ACTIVE),
    )
    try:
        return key_id, RowCipher(made.plaintext)
    finally:
        made.wipe()


def refused(doing: str, error: RefusedError) -> CannotRunError:
    """Return why a test cannot go on when the key service refuses what it needs."""
    reason = GapReason.DENIED if isinstance(error, DeniedError) else GapReason.FAILED
    return CannotRunError(f"{doing}: the key service refused with {error}", reason)


def drop(connection: psycopg.Connection[Any], schema: str) -> None:
    """Drop the schema, if it is there. Raises CannotRunError when it is not the drills' own, or may not be dropped."""
    with telling("dropping the scratch schema"), connection.transaction():
        found = connection.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (schema,)
        ).fetchone()
        if found is None:
            return
        if found[0] != MARK:
            words = (
                f"the schema {schema} is there and not the self-tests' own: give another `schema:`, which they may make"
            )
            raise CannotRunError(words, GapReason.NOT_ALLOWED)
        connection.execute(statement("DROP SCHEMA {schema} CASCADE", schema))


RECORDS = """
SELECT r.id, r.tenant_id, r.data_key_id, r.nonce, r.value, k.wrapped, k.kek
FROM {schema}.records r JOIN {schema}.data_keys k ON k.id = r.data_key_id
"""
"""Rows with their data keys, for :func:`records`."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row with its data key, as one statement saw both."""

    id: int
    tenant: str
    data_key: str
    nonce: bytes
    value: bytes
    wrapped: bytes
    kek: str

    def bound(self, data_key: str = "") -> bytes:
        """Return what its value is bound to, under its own data key or another."""
        return aad(TEMPLATE, {"tenant_id": self.tenant, "id": self.id, "data_key_id": data_key or self.data_key})

    def cipher(self, service: KeyService) -> RowCipher:
        """Return what its data key opens. Raises OpenError, RefusedError, CannotRunError."""
        return cipher(service, self.kek, self.wrapped, self.tenant)

    def open(self, service: KeyService) -> bytes:
        """Return its plaintext. Raises OpenError, RefusedError, CannotRunError."""
        return self.cipher(service).open(Sealed(self.nonce, self.value), self.bound())


def cipher(service: KeyService, kek: str, wrapped: bytes, tenant: str) -> RowCipher:
    """Unwrap a data key, and return what encrypts under it. Raises OpenError, RefusedError, CannotRunError."""
    plain = service.unwrap(kek, wrapped, context(tenant))
    try:
        return RowCipher(plain)
    except ValueError as error:
        raise OpenError(str(error)) from None
    finally:
        wipe(plain)


def records(
    connection: psycopg.Connection[Any], schema: str, more: str = "ORDER BY r.id", *given: object
) -> list[Record]:
    """Return rows of the scratch schema: all, or those that ``more`` SQL selects."""
    with telling("reading the scratch rows"):
        return [Record(*row) for row in connection.execute(statement(RECORDS + more, schema), given)]
