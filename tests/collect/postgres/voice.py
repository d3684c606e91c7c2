"""A small database of envelopes: a table that is as it should be, and one with a defect in each row."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.collect.postgres import server
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.envelope.message import header_body
from scanner.estate.layout import parse_layout
from scanner.evidence.log import EvidenceLog
from scanner.model.estate import PostgresSource, SecretRef
from scanner.model.layout import Layout
from scanner.model.operation import Operation
from tests.collect.aws.running import Collected
from tests.collect.fakes import Clock
from tests.postgres import Server, create

KEK = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOTES, SOUND = "postgres:voice:voice.notes", "postgres:voice:voice.Sound bites"
REGISTRY = "postgres:voice:vault.data_keys"
PASSWORD = "hunter2-not-in-evidence"
LAYOUT_TEXT = """\
envelope: 1
keys: {table: vault.data_keys, id: id, tenant: tenant_id, wrapped: wrapped, key: kek, created: created_at,
       activated: activated_at, retired: retired_at, state: state, algorithm: algorithm, wrap_algorithm: wrapped_by}
tables:
  - table: voice.notes
    id: id
    tenant: tenant_id
    updated: updated_at
    columns:
      - {name: body, format: aes-256-gcm, ciphertext: body_ct, nonce: body_iv, key: dek, aad: "v1|{tenant_id}|{id}"}
      - {name: summary, format: aes-256-gcm, ciphertext: summary, key: dek}
  - table: voice.Sound bites
    id: id
    tenant: tenant_id
    columns:
      - {name: clip, format: aws-encryption-sdk}
      - {name: caption, format: aes-256-gcm, key: dek}
"""
SCHEMA = """\
CREATE SCHEMA vault; CREATE SCHEMA voice;
CREATE TABLE vault.data_keys (id text PRIMARY KEY, tenant_id text, wrapped bytea, kek text, created_at timestamptz,
    activated_at timestamptz, retired_at timestamptz, state text, algorithm text, wrapped_by text,
    key_sha256 text DEFAULT repeat('0a', 32));
CREATE TABLE voice.notes (id bigint PRIMARY KEY, tenant_id text, updated_at timestamptz, dek text, body_ct bytea,
    body_iv bytea, summary bytea);
CREATE TABLE voice."Sound bites" (id bigint PRIMARY KEY, tenant_id text, clip bytea, dek text, caption text);
"""
ROLES = f"""\
DO $$ BEGIN
    CREATE ROLE keyaudit LOGIN PASSWORD '{PASSWORD}';
    CREATE ROLE guest LOGIN PASSWORD 'guest';
    CREATE ROLE app LOGIN;
    CREATE ROLE vault_reader NOLOGIN;
    CREATE ROLE operator LOGIN NOINHERIT IN ROLE vault_reader;
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA vault TO vault_reader; GRANT SELECT ON vault.data_keys TO vault_reader;
GRANT USAGE ON SCHEMA voice TO app; GRANT SELECT, INSERT ON voice.notes TO app;
"""
PLAIN = b'{"patient": "Jane Roe", "medication": "buprenorphine 8 mg", "call": "refill"}'


@functools.cache
def layout() -> Layout:
    """Return the layout."""
    return parse_layout(LAYOUT_TEXT.encode(), "voice.yaml")


def a_source(**given: Any) -> PostgresSource:  # noqa: ANN401 - any field of PostgresSource
    """Return the source, which samples, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "name": "voice",
        "dsn": SecretRef("env", "VOICE_DSN"),
        "layout": layout(),
        "layout_path": "voice.yaml",
        "sample_rows": 100,
    }
    return PostgresSource(**{**fields, **given})


def data_key(name: str) -> bytes:
    """Return a made-up data key."""
    return hashlib.sha256(name.encode()).digest()


def sealed(key: str, nonce: bytes, aad: str, plain: bytes = PLAIN) -> bytes:
    """Return a value under a data key."""
    return AESGCM(data_key(key)).encrypt(nonce, plain, aad.encode())


def message(**context: str) -> bytes:
    """Return what begins like a message of the AWS Encryption SDK, and goes on as one that nobody can open."""
    body = header_body(b"m" * 32, context, (("aws-kms", KEK.encode(), b"w" * 184),), 4096, b"c" * 32)
    return body + hashlib.sha512(body).digest() * 3


def fill(server_: Server, database: str) -> None:
    """Make the database anew, with its roles and rows."""
    create(server_, database, SCHEMA + ROLES)
    keys = [
        ("a-1", "a", b"w" * 184, KEK, "2026-01-01", "2026-01-02", "2026-04-01", "retired", "AES-256-GCM", "kms"),
        ("a-2", "a", b"w" * 184, KEK, "2026-03-31", "2026-04-01", None, "active", "AES-256-GCM", "kms"),
        ("b-1", "b", b"w" * 32, "alias/b", "2026-03-31", None, "infinity", "in use", "AES_128", "none"),
        ("c-1", "c", None, KEK, "2025-03-31", None, "2025-06-01", "destroyed", None, None),
    ]
    notes = []
    for number in range(1, 41):
        tenant, key = ("a", "a-1") if number < 20 else ("a", "a-2") if number < 30 else ("b", "b-1")
        nonce, other = number.to_bytes(12, "big"), (1000 + number).to_bytes(12, "big")
        body = sealed(key, nonce, f"v1|{tenant}|{number}")
        summary = other + sealed(key, other, "") if number % 2 else None
        notes.append((number, tenant, f"2026-05-{1 + number % 28:02}", key, body, nonce, summary))
    clip = message(tenant="a", call="1")
    text = "\\x" + (b"n" * 12 + sealed("a-2", b"n" * 12, "")).hex()
    bites = [
        (1, "a", clip, "a-2", text),
        (2, "b", message(purpose="audio"), "a-2", text),
        (3, "b", PLAIN, "gone", "plain words that nobody encrypted"),
        (4, "b", None, None, "aGVsbG8="),
    ]
    with psycopg.connect(server_.admin(database)) as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO vault.data_keys VALUES ({', '.join(['%s'] * 10)})", keys)
        cursor.executemany(f"INSERT INTO voice.notes VALUES ({', '.join(['%s'] * 7)})", notes)
        cursor.executemany(f'INSERT INTO voice."Sound bites" VALUES ({", ".join(["%s"] * 5)})', bites)


def collected(
    folder: Path,
    source: PostgresSource,
    dsn: str,
    operations: tuple[Operation, ...],
    wanted: frozenset[str] | None = None,
) -> Collected:
    """Run the source as a scan would."""
    names = frozenset(one.name for one in operations) if wanted is None else wanted
    clock, tally = Clock(), Tally()
    log = EvidenceLog(folder, sync_seconds=60)
    try:
        run_units([server.unit(source, dsn, 3600.0)], Run(log, names, clock.outside(), tally))
    finally:
        log.close()
    return Collected(folder, tally.snapshot())
