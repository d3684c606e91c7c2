"""The transport on a real PostgreSQL: what is answered, what is refused, what fails, and that nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from scanner.collect.hashes import Hashes, of_fingerprint
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.postgres.operations import (
    COLUMNS,
    DATA_KEYS,
    LAYOUT,
    OPERATIONS,
    PRIVILEGES,
    ROLES,
    RULES,
    SAMPLES,
    SESSION,
    SETTINGS,
    USAGE,
)
from scanner.collect.postgres.transport import PostgresTransport
from scanner.estate.layout import parse_layout
from scanner.model.layout import Layout
from scanner.model.observation import GapReason
from tests.collect.postgres.voice import KEK, PASSWORD, SCHEMA, a_source
from tests.postgres import Server, create

ANYWHERE = "0.0.0.0"  # noqa: S104 - as a rule has it
NOTES: Mapping[str, Any] = {"table": "voice.notes"}
BITES: Mapping[str, Any] = {"table": "voice.Sound bites"}
KEYS: Mapping[str, Any] = {"table": "vault.data_keys"}


def ask(transport: PostgresTransport, operation: str, **params: Any) -> Any:  # noqa: ANN401 - an answer
    return transport.send(operation, params).body


def failure(transport: PostgresTransport, operation: str, **params: Any) -> CallError:  # noqa: ANN401 - parameters
    with pytest.raises(CallError) as caught:
        transport.send(operation, params)
    return caught.value


def as_admin(server: Server, database: str, **given: Any) -> PostgresTransport:  # noqa: ANN401 - fields of the source
    return PostgresTransport(a_source(**given), server.admin(database))


def a_layout(table: str, column: str = "{name: body, format: aes-256-gcm, ciphertext: body_ct, key: dek}") -> Layout:
    keys = "{table: vault.data_keys, id: id, tenant: tenant_id, wrapped: wrapped, key: kek, created: created_at}"
    tables = f"[{{table: {table}, id: id, tenant: tenant_id, columns: [{column}]}}]"
    return parse_layout(f"envelope: 1\nkeys: {keys}\ntables: {tables}\n".encode(), "small.yaml")


@pytest.fixture(scope="module")
def odd(good: Server) -> Server:
    """A database with what a database should not have: views that write, sleep and fail, hidden rows, large tables."""
    create(good, "odd", SCHEMA)
    good.run(
        """
        CREATE FUNCTION public.writes() RETURNS bytea LANGUAGE plpgsql AS
            'BEGIN INSERT INTO vault.data_keys VALUES (''new''); RETURN ''x''; END';
        CREATE FUNCTION public.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT -1::bigint';
        CREATE VIEW voice.writing AS SELECT 1 AS id, 't' AS tenant_id, 'k' AS dek, public.writes() AS body_ct;
        CREATE VIEW voice.sleeping AS
            SELECT 1 AS id, 't' AS tenant_id, pg_sleep(30)::text AS dek, 'x'::bytea AS body_ct;
        CREATE TABLE voice.hidden (id int, tenant_id text, dek text, body_ct bytea);
        ALTER TABLE voice.hidden ENABLE ROW LEVEL SECURITY;
        GRANT USAGE ON SCHEMA voice TO keyaudit; GRANT SELECT ON voice.hidden TO keyaudit;
        CREATE TABLE voice.large AS SELECT n AS id, 't' || n % 3 AS tenant_id, 'k' || n AS dek,
            sha512(n::text::bytea) AS body_ct, CASE WHEN n % 3000 = 0 THEN sha512(n::text::bytea) END AS rare
            FROM generate_series(1, 60000) n;
        ANALYZE voice.large;
        CREATE TABLE voice.shared AS SELECT n AS id, CASE WHEN n < 1500 THEN 't' || n END AS tenant_id, 'k' AS dek,
            sha512(n::text::bytea) AS body_ct FROM generate_series(1, 1500) n;
        INSERT INTO vault.data_keys (id, created_at)
            SELECT lpad(n::text, 5, '0'), '2026-01-01' FROM generate_series(1, 5001) n;
        INSERT INTO voice.notes (id, body_ct, dek) VALUES (1, '', 'a'), (2, NULL, 'b'), (3, sha512('x'), NULL);
        """,
        "odd",
    )
    return good


def test_the_session_is_encrypted_and_can_only_read(reader: PostgresTransport) -> None:
    body = ask(reader, SESSION)
    assert (body["database"], body["role"], body["read_only"]) == ("voice", "keyaudit", "on")
    assert (body["encrypted"], body["tls_version"]) == (True, "TLSv1.3")
    assert reader.endpoint.startswith("postgresql://127.0.0.1:")
    assert PASSWORD not in reader.endpoint


def test_settings_and_what_takes_their_place(good: Server, reader: PostgresTransport) -> None:
    good.run("ALTER ROLE app SET log_statement = 'all'; ALTER ROLE app SET app.secret = 'hunter2'")
    good.run(
        "ALTER DATABASE voice SET log_parameter_max_length = 64; ALTER DATABASE postgres SET log_statement = 'ddl'"
    )
    try:
        body = ask(reader, SETTINGS)
    finally:
        good.run("ALTER ROLE app RESET ALL; ALTER DATABASE voice RESET ALL; ALTER DATABASE postgres RESET ALL")
    found = {one["name"]: (one["given"], one["set_by"]) for one in body["settings"]}
    assert found["ssl_min_protocol_version"] == ("TLSv1.2", "configuration file")
    assert found["pgaudit.log"] == ("write, read, role", "configuration file")
    assert body["withheld"] == []
    assert body["overrides"] == [
        {"name": "log_parameter_max_length", "given": "64", "database": "voice", "role": None},
        {"name": "log_statement", "given": "all", "database": None, "role": "app"},
    ]
    assert "hunter2" not in json.dumps(body)


def test_settings_that_a_role_may_not_see_are_named(good: Server) -> None:
    transport = PostgresTransport(a_source(), good.dsn("guest", "guest", "voice"))
    body = ask(transport, SETTINGS)
    transport.close()
    assert body["withheld"] == ["ssl_ciphers", "ssl_max_protocol_version", "ssl_min_protocol_version"]


def test_rules_and_roles(good: Server, reader: PostgresTransport) -> None:
    rules = [(one["connection"], one["address"], one["method"], one["faulty"]) for one in ask(reader, RULES)["rules"]]
    assert rules == [
        ("local", None, "peer", False),
        ("hostssl", "127.0.0.1", "scram-sha-256", False),
        ("hostnossl", ANYWHERE, "reject", False),
        ("host", ANYWHERE, "scram-sha-256", False),
    ]
    roles = {one["name"]: (one["logs_in"], one["superuser"]) for one in ask(reader, ROLES)["roles"]}
    assert (roles["postgres"], roles["app"], roles["vault_reader"]) == ((True, True), (True, False), (False, False))
    guest = PostgresTransport(a_source(), good.dsn("guest", "guest", "voice"))
    error = failure(guest, RULES)
    guest.close()
    assert (error.reason, error.code) == (GapReason.DENIED, "42501")


def test_the_layout_is_told_and_held_against_the_tables(reader: PostgresTransport, odd: Server) -> None:
    assert ask(reader, LAYOUT)["registry"] == "vault.data_keys"
    body = ask(reader, COLUMNS, **BITES)
    assert {one["column"]: one["type"] for one in body["columns"]}["caption"] == "text"
    assert (body["kind"], body["missing"]) == ("r", [])
    for table, missing in (("voice.nowhere", ["the table itself"]), ("voice.shared", ["nonce"])):
        column = "{name: body, format: aes-256-gcm, ciphertext: body_ct, nonce: nonce, key: dek}"
        transport = as_admin(odd, "odd", layout=a_layout(table, column))
        assert ask(transport, COLUMNS, table=table)["missing"] == missing
        transport.close()


def test_who_may_read_what(reader: PostgresTransport, bad: Server) -> None:
    keys, notes = ask(reader, PRIVILEGES, **KEYS), ask(reader, PRIVILEGES, **NOTES)
    # `operator` has to say SET ROLE for it, and may.
    assert {"operator", "postgres", "vault_reader"} <= set(keys["readers"])
    assert not {"app", "guest", "public"} & set(keys["readers"])
    assert ("app" in notes["readers"], "app" in notes["writers"], "app" in keys["writers"]) == (True, True, False)
    bad.run(
        "GRANT USAGE ON SCHEMA vault TO PUBLIC; GRANT SELECT (wrapped), UPDATE (kek) ON vault.data_keys TO PUBLIC",
        "voice",
    )
    transport = as_admin(bad, "voice")
    everyone = ask(transport, PRIVILEGES, **KEYS)
    transport.close()
    assert {"public", "app", "guest"} <= set(everyone["readers"]) & set(everyone["writers"])


def test_the_registry_without_the_keys(reader: PostgresTransport) -> None:
    body = ask(reader, DATA_KEYS, **KEYS)
    first, _, third, destroyed = body["data_keys"]
    assert "NextToken" not in body
    assert first == {
        "id": "a-1",
        "tenant": "a",
        "length": 184,
        "form": "bytea",
        "kek": KEK,
        "created": "2026-01-01T00:00:00.000Z",
        "activated": "2026-01-02T00:00:00.000Z",
        "retired": "2026-04-01T00:00:00.000Z",
        "state": "retired",
        "algorithm": "AES-256-GCM",
        "wrap_algorithm": "kms",
    }
    assert (third["length"], third["retired"], destroyed["length"]) == (32, None, None)


def test_of_a_fingerprint_a_keyed_hash_is_kept(good: Server) -> None:
    layout = a_source().layout
    assert layout is not None
    named = replace(layout, keys=replace(layout.keys, fingerprint="key_sha256"))
    found = {}
    for salt in ("", "salt"):
        transport = PostgresTransport(a_source(layout=named), good.admin("voice"), salt)
        found[salt] = ask(transport, DATA_KEYS, **KEYS)["data_keys"]
        transport.close()
    # Without a salt it is not kept: the bare fingerprint never is.
    assert [one for one in found[""] if "fingerprint" in one] == []
    assert {one["fingerprint"] for one in found["salt"]} == {of_fingerprint(Hashes(b"salt"), "0a" * 32)}
    assert "0a" * 32 not in json.dumps(found)


def test_a_long_registry_comes_in_pages(odd: Server) -> None:
    transport = as_admin(odd, "odd")
    first = ask(transport, DATA_KEYS, **KEYS)
    assert (len(first["data_keys"]), first["NextToken"]) == (5000, "05000")
    second = ask(transport, DATA_KEYS, **KEYS, PageToken=first["NextToken"])
    transport.close()
    assert ([one["id"] for one in second["data_keys"]], "NextToken" in second) == (["05001"], False)


def test_use_is_counted_for_each_data_key(reader: PostgresTransport) -> None:
    body = ask(reader, USAGE, **NOTES, value="summary")
    assert body["population"] == 20
    assert [(one["data_key"], one["population"], one["tenants"]) for one in body["used"]] == [
        ("a-1", 10, ["a"]),
        ("a-2", 5, ["a"]),
        ("b-1", 5, ["b"]),
    ]
    assert body["used"][0]["newest"] == "2026-05-20T00:00:00.000Z"
    caption = ask(reader, USAGE, **BITES, value="caption")["used"]
    assert [(one["data_key"], one["tenant_count"]) for one in caption] == [(None, 1), ("a-2", 2), ("gone", 1)]
    assert ask(reader, USAGE, **BITES, value="clip")["population"] == 3


def test_more_tenants_than_can_be_named_are_counted(odd: Server) -> None:
    transport = as_admin(odd, "odd", layout=a_layout("voice.shared"))
    (used,) = ask(transport, USAGE, table="voice.shared", value="body")["used"]
    transport.close()
    assert (len(used["tenants"]), used["tenant_count"], used["tenantless"], used["newest"]) == (1000, 1499, 1, None)


def test_more_data_keys_than_are_counted_are_a_gap(odd: Server) -> None:
    transport = as_admin(odd, "odd", layout=a_layout("voice.large"))
    error = failure(transport, USAGE, table="voice.large", value="body")
    transport.close()
    assert (error.reason, error.code) == (GapReason.LIMIT, "TooManyKeys")


def test_a_sample_holds_no_values(reader: PostgresTransport) -> None:
    body = ask(reader, SAMPLES, **BITES, rows=100)
    text = json.dumps(body)
    assert (body["rows"], body["by"], len(body["values"])) == (4, "rows", 7)
    assert [one["plain"] for one in body["values"] if one["column"] == "clip"].count("JSON") == 1
    assert "plain words" not in text
    assert "Jane" not in text
    assert len(ask(reader, SAMPLES, **NOTES, rows=100)["values"]) == 60


def test_a_sample_is_as_large_as_it_may_be(odd: Server) -> None:
    found = {}
    for column in ("body_ct", "rare"):
        value = f"{{name: body, format: aes-256-gcm, ciphertext: {column}, key: dek}}"
        transport = as_admin(odd, "odd", layout=a_layout("voice.large", value), sample_rows=15)
        body = ask(transport, SAMPLES, table="voice.large", rows=15)
        transport.close()
        found[column] = (body["rows"], body["by"], len(body["values"]))
    # Most blocks have no rare value: then it is chosen among all rows.
    assert found == {"body_ct": (15, "blocks", 15), "rare": (15, "rows", 15)}


def test_values_that_are_not_there_are_not_sampled(odd: Server) -> None:
    transport = as_admin(odd, "odd", layout=a_layout("voice.notes"))
    values = ask(transport, SAMPLES, table="voice.notes", rows=100)["values"]
    transport.close()
    assert sorted((one["length"], one["data_key"], one["understood"]) for one in values) == [
        (0, "a", False),
        (64, None, False),
    ]


FORBIDDEN: list[tuple[str, dict[str, Any]]] = [
    ("postgres:Query", {}),
    (SESSION, {"table": "voice.notes"}),
    (COLUMNS, {"table": "pg_catalog.pg_authid"}),
    (COLUMNS, {}),
    (PRIVILEGES, {"table": "pg_catalog.pg_authid"}),
    (DATA_KEYS, {"table": "voice.notes"}),
    (DATA_KEYS, {"table": "voice.notes", "where": "true"}),
    (USAGE, {"table": "vault.data_keys", "value": "wrapped"}),
    (USAGE, {"table": "voice.notes", "value": "id"}),
    (SAMPLES, {"table": "voice.notes", "rows": 101}),
    (SAMPLES, {"table": "vault.data_keys", "rows": 100}),
]


@pytest.mark.parametrize(("operation", "params"), FORBIDDEN)
def test_what_is_not_declared_or_not_in_the_layout_is_refused(
    reader: PostgresTransport, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ForbiddenOperationError):
        reader.send(operation, params)


@pytest.mark.parametrize("given", [{"sample_rows": 0}, {"sample_rows": None}, {"layout": None}])
def test_no_row_is_sampled_that_the_estate_does_not_allow(good: Server, given: dict[str, Any]) -> None:
    transport = as_admin(good, "voice", **given)
    with pytest.raises(ForbiddenOperationError):
        transport.send(SAMPLES, {**NOTES, "rows": given.get("sample_rows", 100)})


def test_without_a_layout_no_table_is_looked_at(good: Server) -> None:
    with pytest.raises(ForbiddenOperationError, match="not a table of the layout"):
        as_admin(good, "voice", layout=None).send(COLUMNS, NOTES)


FAILS: list[tuple[str, str, GapReason, str]] = [
    ("voice.writing", SAMPLES, GapReason.FAILED, "25006"),
    ("voice.sleeping", USAGE, GapReason.LIMIT, "57014"),
    ("voice.nowhere", USAGE, GapReason.MALFORMED, "42P01"),
    ("voice.nowhere", PRIVILEGES, GapReason.MALFORMED, "WrongLayout"),
]


@pytest.mark.parametrize(("table", "operation", "reason", "code"), FAILS)
def test_what_fails_says_why(odd: Server, table: str, operation: str, reason: GapReason, code: str) -> None:
    seconds = 1 if table == "voice.sleeping" else 30
    transport = as_admin(odd, "odd", layout=a_layout(table), statement_timeout=seconds)
    by_operation: dict[str, dict[str, Any]] = {SAMPLES: {"rows": 100}, USAGE: {"value": "body"}, PRIVILEGES: {}}
    error = failure(transport, operation, table=table, **by_operation[operation])
    # What failed leaves the connection as it was.
    assert ask(transport, SESSION)["database"] == "odd"
    transport.close()
    assert (error.reason, error.code) == (reason, code)


def test_rows_that_row_security_hides_are_an_error_and_not_fewer_rows(odd: Server) -> None:
    source = a_source(layout=a_layout("voice.hidden"))
    transport = PostgresTransport(source, odd.dsn("keyaudit", PASSWORD, "odd"))
    error = failure(transport, USAGE, table="voice.hidden", value="body")
    transport.close()
    assert (error.reason, error.code) == (GapReason.DENIED, "42501")
    assert "row-level security" in error.detail


CONNECTING: list[tuple[dict[str, str], GapReason]] = [
    ({"password": "wrong"}, GapReason.DENIED),
    ({"more": "sslmode=disable"}, GapReason.DENIED),
    ({"database": "nowhere"}, GapReason.UNREACHABLE),
    ({"more": "port=1"}, GapReason.UNREACHABLE),
    ({"more": "sslmode=verify-full sslrootcert=/nowhere"}, GapReason.UNREACHABLE),
]


@pytest.mark.parametrize(("given", "reason"), CONNECTING)
def test_no_connection_is_tried_once(good: Server, given: dict[str, str], reason: GapReason) -> None:
    fields = {"user": "keyaudit", "password": PASSWORD, "database": "voice", **given}
    transport = PostgresTransport(a_source(), good.dsn(**fields))
    first, second = failure(transport, SESSION), failure(transport, ROLES)
    assert second is first
    assert first.reason is reason
    assert PASSWORD not in first.detail
    assert transport.endpoint == "postgresql:"
    # The layout is the user's own word: no connection is needed.
    assert ask(transport, LAYOUT)["path"] == "voice.yaml"
    transport.close()


def test_a_connection_string_that_is_none_is_not_repeated() -> None:
    error = failure(PostgresTransport(a_source(), "hunter2 is not a connection string"), SESSION)
    assert (error.code, "hunter2" in error.detail) == ("BadConnectionString", False)


@pytest.fixture
def cut(good: Server, reader: PostgresTransport) -> PostgresTransport:
    """Return a transport whose connection the server has ended."""
    ask(reader, SESSION)
    with psycopg.connect(good.admin("voice")) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyaudit'")
    return reader


def test_a_connection_that_was_lost_is_made_again(cut: PostgresTransport) -> None:
    assert failure(cut, SESSION).reason is GapReason.UNREACHABLE
    assert ask(cut, SESSION)["database"] == "voice"


def test_options_of_the_connection_string_stay(good: Server) -> None:
    transport = PostgresTransport(a_source(), f"{good.admin('voice')} connect_timeout=3 options='-c geqo=perhaps'")
    assert "geqo" in failure(transport, SESSION).detail


def test_every_declared_operation_can_be_sent(reader: PostgresTransport) -> None:
    for operation in OPERATIONS:
        with pytest.raises(ForbiddenOperationError, match="not with these parameters"):
            reader.send(operation.name, {"anything": "else"})
