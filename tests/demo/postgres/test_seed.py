"""The demo's database holds what its world says: rows that open with their keys alone, and what was planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.demo.postgres.embedded import databases
from scanner.demo.postgres.seed import NONCE_BYTES, aad
from scanner.demo.postgres.world import Database, DataKey, Tenant

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ARN = "arn:aws:kms:us-east-1:1:key/"
WORLD = Database(
    name="little_voice",
    kek="rows",
    plain_forms=1,
    repeated_nonces=1,
    tenants=[
        Tenant(name="a", keys=[DataKey(name="a-2", age_days=3, notes=3, forms=6)]),
        Tenant(
            name="b",
            borrows="a-2",
            keys=[
                DataKey(name="b-1", kek="other", age_days=200, retired_days_ago=100, state="retired", notes=2),
                DataKey(name="b-2", missing="gone", age_days=5),
                DataKey(name="b-3", plain=True, age_days=5),
                DataKey(name="b-4", unregistered=True, age_days=5, notes=1),
            ],
        ),
    ],
)
PLAIN: dict[str, bytes] = {}


def wrap(alias: str, plaintext: bytes, context: Mapping[str, str]) -> tuple[str, bytes]:
    wrapped = f"wrapped by {alias} for {context['tenant']} {len(PLAIN)}".encode()
    PLAIN[wrapped.decode()] = plaintext
    return f"{ARN}{alias}", wrapped


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    folder = tmp_path_factory.mktemp("world") / "postgres"
    with (
        databases([WORLD], folder, NOW, wrap) as values,
        psycopg.connect(values["LITTLE_VOICE_DSN"], autocommit=True) as opened,
    ):
        yield opened


def registered(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    names = {WORLD.key_id(key): key.name for tenant in WORLD.tenants for key in tenant.keys}
    rows = connection.execute("SELECT id, tenant_id, wrapped, kek, state, retired_at, created_at FROM vault.data_keys")
    return {names[row[0]]: row[1:] for row in rows}


def test_the_registry_is_as_planted(connection: psycopg.Connection[Any]) -> None:
    found = registered(connection)
    assert set(found) == {"a-2", "b-1", "b-2", "b-3"}
    assert {name: row[2] for name, row in found.items()} == {
        "a-2": f"{ARN}rows",
        "b-1": f"{ARN}other",
        "b-2": f"{ARN[:-1]}/gone",
        "b-3": f"{ARN}rows",
    }
    assert found["b-1"][3:5] == ("retired", NOW - timedelta(days=100))
    assert found["a-2"][4] is None
    assert found["a-2"][5] == NOW - timedelta(days=3)
    assert (len(found["b-3"][1]), found["a-2"][1].startswith(b"wrapped by rows for a")) == (32, True)


def test_rows_open_with_their_own_key_and_nothing_else(connection: psycopg.Connection[Any]) -> None:
    wrapped = registered(connection)["a-2"][1]
    cipher = AESGCM(PLAIN[wrapped.decode()])
    key = WORLD.key_id(WORLD.tenants[0].keys[0])
    rows = connection.execute(
        "SELECT id, nonce, note FROM voice.call_notes WHERE data_key_id = %s ORDER BY id", [key]
    ).fetchall()
    assert len(rows) == 3
    number, nonce, note = rows[0]
    assert b" " in cipher.decrypt(nonce, note, aad("a", "call_notes", number, key))
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, note, aad("b", "call_notes", number, key))


def test_forms_have_what_was_planted_in_them(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("SELECT tenant_id, data_key_id, form FROM voice.intake_forms ORDER BY id").fetchall()
    assert [tenant for tenant, _, _ in rows] == ["a"] * 6 + ["b"] * 5
    assert {key for _, key, _ in rows} == {WORLD.key_id(WORLD.tenants[0].keys[0])}
    assert [form.startswith(b'{"form"') for _, _, form in rows] == [False] * 5 + [True] + [False] * 5
    nonces = [form[:NONCE_BYTES] for _, _, form in rows]
    assert nonces[0] == nonces[1]
    assert len(set(nonces)) == len(nonces) - 1
