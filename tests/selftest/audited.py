"""A database with envelopes of every format, as an application may keep them; and with its mistakes."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.envelope.stream import Wrapping, seal_stream
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, KeyTable, Layout, TableName
from scanner.selftest.database import connector
from scanner.selftest.datapath import DataPath
from tests.selftest.local import FIRST, LocalKeys

TENANTS = ("canary-a", "canary-b")
NOTE, FORM, AUDIO = "note", "form", "audio"
ROWS = 3
"""Of each tenant."""
SCHEMA = """
DROP SCHEMA IF EXISTS audited CASCADE;
CREATE SCHEMA audited;
CREATE TABLE audited.keys (id text, tenant text, wrapped bytea, kek text, created timestamptz DEFAULT now());
CREATE TABLE audited.calls (
    id bigint PRIMARY KEY, tenant text, dek text, note bytea, nonce bytea, form bytea, audio bytea, plain text);
"""

COLUMNS = {
    NOTE: EncryptedColumn(
        name=NOTE, format=EnvelopeFormat.AES_GCM, ciphertext=NOTE, nonce="nonce", key="dek", aad="note|{tenant}|{id}"
    ),
    FORM: EncryptedColumn(
        name=FORM, format=EnvelopeFormat.AES_GCM, ciphertext=FORM, key="dek", aad="form|{tenant}|{id}|{dek}"
    ),
    AUDIO: EncryptedColumn(name=AUDIO, format=EnvelopeFormat.AWS_ENCRYPTION_SDK, ciphertext=AUDIO),
}
KEYS = KeyTable(
    table=TableName("audited", "keys"),
    id="id",
    tenant="tenant",
    wrapped="wrapped",
    key="kek",
    created="created",
    context=(("tenant", "{tenant}"),),
)


def layout(*columns: str, tenants: tuple[str, ...] = TENANTS, context: bool = True, **changed: Any) -> Layout:  # noqa: ANN401
    """Return the layout of some columns, with fields of them ``changed``."""
    table = EncryptedTable(
        table=TableName("audited", "calls"),
        id="id",
        tenant="tenant",
        columns=tuple(replace(COLUMNS[name], **changed) for name in columns or COLUMNS),
    )
    keys = KEYS if context else replace(KEYS, context=())
    return Layout(keys=keys, tables=(table,), canary_tenants=tenants)


class Audited:
    """The database, filled with two canary tenants and another one."""

    def __init__(self, dsn: str, connection: psycopg.Connection[Any], service: LocalKeys | None = None) -> None:
        self.dsn = dsn
        self.connection = connection
        self.service = service or LocalKeys()
        self.plain: dict[str, bytes] = {}
        connection.execute(SCHEMA)
        for place, tenant in enumerate((*TENANTS, "real")):
            key = self.add_key(tenant)
            for number in range(place, 3 * ROWS, 3):
                self.add_row(number, tenant, key)

    def add_key(self, tenant: str) -> str:
        key = f"dek-{tenant}"
        self.plain[key] = os.urandom(32)
        wrapped = self.service.wrap(FIRST, self.plain[key], {"tenant": tenant})
        self.execute("INSERT INTO audited.keys VALUES (%s, %s, %s, %s)", key, tenant, wrapped, FIRST)
        return key

    def add_row(self, number: int, tenant: str, key: str, *, bound: str = "note|{tenant}|{id}") -> None:
        cipher, nonces = AESGCM(self.plain[key]), (os.urandom(12), os.urandom(12))
        note = cipher.encrypt(nonces[0], b"made-up note", bound.format(tenant=tenant, id=number).encode())
        form = nonces[1] + cipher.encrypt(nonces[1], b"made-up form", f"form|{tenant}|{number}|{key}".encode())
        audio = self.message({"tenant": tenant, "call": str(number)})
        self.execute(
            "INSERT INTO audited.calls VALUES (%s, %s, %s, %s, %s, %s, %s)",
            number, tenant, key, note, nonces[0], form, audio,
        )  # fmt: skip

    def message(self, context: Mapping[str, str], provider: str = "aws-kms") -> bytes:
        """Return a message of the AWS Encryption SDK."""
        made, target = self.service.generate_data_key(FIRST, context), io.BytesIO()
        wrapping = Wrapping(provider, FIRST.encode(), made.wrapped)
        seal_stream(io.BytesIO(b"made-up sound" * 20), target, made.plaintext, [wrapping], context, frame=128)
        return target.getvalue()

    def execute(self, statement: str, *parameters: object) -> None:
        self.connection.execute(cast("Any", statement), parameters)

    def path(self, *columns: str, **given: Any) -> DataPath:  # noqa: ANN401
        """Return what is tested: some columns, with the layout ``given``."""
        own = {name: given.pop(name) for name in ("sample", "alert_values") if name in given}
        described = layout(*columns, **given)
        return DataPath(
            source="main",
            layout=described,
            table=described.tables[0],
            connect=connector(self.dsn),
            service=self.service,
            **own,
        )
