"""Fill a demo database: the registry of data keys, and rows that are really encrypted under them.

This is the audited application's own code, so to say: it shares nothing with the scanner but the layout file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.demo.postgres.world import Database, DataKey, Tenant

if TYPE_CHECKING:
    import psycopg

Wrap = Callable[[str, bytes, Mapping[str, str]], tuple[str, bytes]]
"""(alias of a key, plaintext, encryption context) to (ARN, wrapped)."""

SCHEMA = """
CREATE SCHEMA vault;
CREATE SCHEMA voice;
CREATE TABLE vault.data_keys (
    id text PRIMARY KEY, tenant_id text NOT NULL, wrapped bytea NOT NULL, kek text NOT NULL, state text NOT NULL,
    algorithm text NOT NULL, wrapped_by text NOT NULL, created_at timestamptz NOT NULL,
    activated_at timestamptz NOT NULL, retired_at timestamptz);
CREATE TABLE voice.call_notes (
    id bigint PRIMARY KEY, tenant_id text NOT NULL, data_key_id text NOT NULL, nonce bytea NOT NULL,
    note bytea NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE voice.intake_forms (
    id bigint PRIMARY KEY, tenant_id text NOT NULL, data_key_id text NOT NULL, form bytea NOT NULL,
    updated_at timestamptz NOT NULL);
CREATE ROLE voice_app LOGIN;
CREATE ROLE reporting LOGIN;
CREATE ROLE keyaudit LOGIN;
GRANT USAGE ON SCHEMA vault, voice TO voice_app, keyaudit;
GRANT USAGE ON SCHEMA voice TO reporting;
GRANT SELECT, INSERT, UPDATE ON vault.data_keys TO voice_app;
GRANT SELECT, INSERT, UPDATE ON voice.call_notes, voice.intake_forms TO voice_app;
GRANT SELECT ON vault.data_keys, voice.call_notes, voice.intake_forms TO keyaudit;
GRANT pg_read_all_settings, pg_read_all_stats TO keyaudit;
GRANT SELECT ON pg_hba_file_rules TO keyaudit;
GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO keyaudit;
"""
NONCE_BYTES = 12
_SENTENCES = (
    "Caller asked to move the appointment and confirmed the date of birth on file.",
    "Refill of the usual prescription requested; pharmacy unchanged since the last visit.",
    "Left a message about the laboratory results; a nurse will call back in the afternoon.",
    "Reported that the new dosage helps; no side effects; follow-up in four weeks.",
)
"""Made up: nobody ever said this."""


@dataclass(frozen=True, slots=True)
class _Made:
    tenant: Tenant
    key: DataKey
    id: str
    plain: bytes

    def last_write(self, now: datetime) -> datetime:
        return now - timedelta(days=self.key.retired_days_ago or 0, hours=1)


def seed(connection: psycopg.Connection[Any], database: Database, now: datetime, wrap: Wrap) -> None:
    """Fill an empty database as it stands at ``now``."""
    connection.execute(SCHEMA)
    made = [
        _Made(tenant, key, database.key_id(key), secrets.token_bytes(32))
        for tenant in database.tenants
        for key in tenant.keys
    ]
    _registry(connection, database, made, now, wrap)
    with connection.cursor().copy(
        "COPY voice.call_notes (id, tenant_id, data_key_id, nonce, note, updated_at) FROM STDIN"
    ) as copy:
        for row in _notes(made, now):
            copy.write_row(row)
    with connection.cursor().copy(
        "COPY voice.intake_forms (id, tenant_id, data_key_id, form, updated_at) FROM STDIN"
    ) as copy:
        for row in _forms(database, made, now):
            copy.write_row(row)
    connection.execute("ANALYZE")
    connection.commit()


def _registry(
    connection: psycopg.Connection[Any], database: Database, made: list[_Made], now: datetime, wrap: Wrap
) -> None:
    for one in made:
        key = one.key
        if key.unregistered:
            continue
        arn, wrapped = wrap(key.kek or database.kek, one.plain, {"tenant": one.tenant.name, "purpose": "data-key"})
        if key.missing:
            arn = f"{arn.rpartition('/')[0]}/{key.missing}"
        since = now - timedelta(days=key.age_days)
        retired = None if key.retired_days_ago is None else now - timedelta(days=key.retired_days_ago)
        connection.execute(
            "INSERT INTO vault.data_keys VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.id,
                one.tenant.name,
                one.plain if key.plain else wrapped,
                arn,
                key.state,
                "AES-256-GCM",
                "none" if key.plain else "aws-kms",
                since,
                since,
                retired,
            ),
        )


def aad(tenant: str, table: str, row: int, data_key: str) -> bytes:
    """Return what a value is bound to, as the layout file says it."""
    return f"{table}|{tenant}|{row}|{data_key}".encode()


def _notes(made: list[_Made], now: datetime) -> Iterator[tuple[object, ...]]:
    number = 0
    for one in made:
        cipher = AESGCM(one.plain)
        for _ in range(one.key.notes):
            number += 1
            nonce, text = secrets.token_bytes(NONCE_BYTES), _SENTENCES[number % len(_SENTENCES)].encode()
            bound = aad(one.tenant.name, "call_notes", number, one.id)
            at = one.last_write(now) - timedelta(minutes=number % 1000)
            yield number, one.tenant.name, one.id, nonce, cipher.encrypt(nonce, text, bound), at


def _forms(database: Database, made: list[_Made], now: datetime) -> Iterator[tuple[object, ...]]:
    number, nonce = 0, b""
    first = made[0].id
    for one, tenant in _holders(made):
        cipher = AESGCM(one.plain)
        for _ in range(one.key.forms if tenant is one.tenant else 5):
            number += 1
            again = one.id == first and 1 < number <= 1 + database.repeated_nonces
            nonce = nonce if again else secrets.token_bytes(NONCE_BYTES)
            text = f'{{"form": {number}, "consent": true, "remark": "{_SENTENCES[number % len(_SENTENCES)]}"}}'.encode()
            sealed = nonce + cipher.encrypt(nonce, text, aad(tenant.name, "intake_forms", number, one.id))
            plain = one.id == first and one.key.forms - database.plain_forms < number <= one.key.forms
            yield number, tenant.name, one.id, text if plain else sealed, one.last_write(now)


def _holders(made: list[_Made]) -> Iterator[tuple[_Made, Tenant]]:
    """Yield each data key with each tenant that has forms under it."""
    for one in made:
        yield one, one.tenant
        for other in {id(m.tenant): m.tenant for m in made}.values():
            if other.borrows == one.key.name:
                yield one, other
