"""A server and its roles to rows, from made-up answers and from a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.collect.postgres.operations import OPERATIONS
from scanner.model.database import DatabaseRoleFact, DatabaseRuleFact, DatabaseServerFact
from scanner.model.envelope import DataKeyFact, EnvelopeFact
from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.postgres.server import normalize
from tests.collect.postgres.voice import PASSWORD, a_source, collected, fill
from tests.normalize.builders import SOURCE, missed, observed, rows
from tests.normalize.postgres.answers import REGISTRY, STORE, layout
from tests.postgres import bad_server

SESSION = observed(
    "postgres:Session",
    {"database": "voice", "encrypted": True, "tls_version": "TLSv1.3", "server_version": "15.8"},
)
SETTINGS = observed(
    "postgres:Settings", {"settings": [{"name": "ssl", "given": "on", "set_by": "default"}], "overrides": []}
)
HBA: Json = {
    "connection": "host",
    "databases": ["all"],
    "users": ["all"],
    "address": "all",
    "method": "md5",
    "faulty": False,
}
RULES = observed("postgres:Rules", {"rules": [HBA]})
ROLES = observed(
    "postgres:Roles",
    {
        "roles": [
            {"name": "app", "logs_in": True, "superuser": False},
            {"name": "postgres", "logs_in": True, "superuser": True},
        ]
    },
)


def may(table: str, readers: Json, writers: Json) -> Record:
    return observed("postgres:Privileges", {"readers": readers, "writers": writers}, subject=table)


def read(*records: Record) -> list[Fact]:
    return list(normalize(records))


def server(*records: Record) -> DatabaseServerFact:
    (row,) = rows(read(*records), DatabaseServerFact)
    assert isinstance(row, DatabaseServerFact)
    return row


def test_a_server() -> None:
    row = server(SESSION, SETTINGS, RULES)
    assert (row.server_id, row.provider, row.account, row.version) == (SOURCE, "postgres", "voice", "15.8")
    assert (row.session_encrypted, row.session_tls_version) == (True, "TLSv1.3")
    assert (row.tls_offered, row.tls_required, row.audit_extension) == (True, False, False)
    assert len(row.evidence) == 3


SESSIONS: list[tuple[dict[str, Json], tuple[Any, ...]]] = [
    ({"encrypted": False, "tls_version": None}, (False, "none", "")),
    ({"encrypted": "yes", "tls_version": "TLSv1.3"}, (None, None, "")),
]


@pytest.mark.parametrize(("body", "expected"), SESSIONS)
def test_a_session(body: dict[str, Json], expected: tuple[Any, ...]) -> None:
    row = server(observed("postgres:Session", body))
    assert (row.session_encrypted, row.session_tls_version, row.account) == expected
    assert (row.tls_offered, row.tls_required, row.logs_parameters) == (None, None, None)


def test_a_server_that_was_not_reached_is_not_there_and_not_known_not_to_be() -> None:
    found = read(missed("postgres:Session"), missed("postgres:Rules"), missed("postgres:Roles"))
    listings = {(row.listed_table, row.complete) for row in rows(found, CoverageFact)}
    assert listings == {("database_servers", False), ("database_rules", False), ("database_roles", False)}
    assert len(found) == 3


def test_rules_that_were_not_understood_leave_the_listing_open() -> None:
    faulty: Json = {"connection": None, "faulty": True}
    found = read(SESSION, observed("postgres:Rules", {"rules": [HBA, faulty]}))
    (row,) = rows(found, DatabaseRuleFact)
    assert (row.rule_id, row.weak_method) == (f"{SOURCE}/rule/1", True)
    assert [one.complete for one in rows(found, CoverageFact) if one.listed_table == "database_rules"] == [False]
    assert server(SESSION, missed("postgres:Rules")).tls_required is None


def roles(*records: Record) -> dict[str, tuple[Any, ...]]:
    found: list[DatabaseRoleFact] = rows(read(SESSION, *records), DatabaseRoleFact)
    return {r.name: (r.reads_data_keys, r.writes_data_keys, r.reads_values, r.everyone) for r in found}


def test_roles_and_what_they_may() -> None:
    found = roles(layout(), ROLES, may(REGISTRY, ["postgres"], ["postgres"]), may(STORE, ["app", "postgres"], []))
    assert found == {
        "app": (False, False, True, False),
        "postgres": (True, True, True, False),
        "public": (False, False, False, True),
    }


def test_what_roles_may_is_not_known_without_an_answer() -> None:
    assert roles(ROLES)["app"] == (None, None, None, False)
    gaps = (missed("postgres:Privileges", subject=REGISTRY), may(STORE, "app", []))
    assert roles(layout(), ROLES, *gaps)["app"] == (None, None, None, False)
    assert roles(missed("postgres:Roles")) == {}


def test_no_record_is_no_row() -> None:
    assert read() == []


def test_a_real_server_that_is_badly_configured(tmp_path: Path) -> None:
    bad = bad_server()
    fill(bad, "rows")
    rights = "GRANT pg_read_all_settings, pg_read_all_data TO keyaudit; GRANT SELECT ON pg_hba_file_rules TO keyaudit"
    bad.run(f"{rights}; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO keyaudit", "rows")
    bad.run("GRANT USAGE ON SCHEMA vault TO PUBLIC; GRANT SELECT ON vault.data_keys TO PUBLIC", "rows")
    found = read(*collected(tmp_path, a_source(), bad.dsn("keyaudit", PASSWORD, "rows"), OPERATIONS).records)
    (row,) = rows(found, DatabaseServerFact)
    assert (row.tls_offered, row.tls_min_version, row.tls_required, row.session_encrypted) == (
        False,
        "none",
        False,
        False,
    )
    assert (row.password_encryption, row.audit_extension, row.audit_classes) == ("md5", False, ())
    assert (row.audits_reads_and_writes, row.logs_connections, row.logs_parameters) == (False, False, True)
    rules = [(r.allows_plaintext, r.from_elsewhere, r.trusts, r.weak_method) for r in rows(found, DatabaseRuleFact)]
    assert rules == [
        (False, False, False, False),
        (True, False, True, False),
        (True, False, False, True),
        (True, True, False, True),
    ]
    public = next(r for r in rows(found, DatabaseRoleFact) if r.everyone)
    assert (public.reads_data_keys, public.writes_data_keys, public.reads_values) == (True, False, False)
    states = {
        r.data_key_id.rpartition("/")[2]: (r.registered, r.state, r.tenant_count) for r in rows(found, DataKeyFact)
    }
    assert states == {
        "a-1": (True, "deactivated", 1),
        "a-2": (True, "active", 2),
        "b-1": (True, None, 1),
        "c-1": (True, "destroyed", 0),
        "gone": (False, None, 1),
    }
    assert [(r.name, r.encrypted) for r in rows(found, DataStoreFact)] == [
        ("voice.notes", True),
        ("voice.Sound bites", False),
    ]
    plain = {r.envelope_id.rpartition("#")[2]: (r.plaintext, r.nonces_repeated) for r in rows(found, EnvelopeFact)}
    assert plain == {"body": (0, 0), "summary": (0, 0), "clip": (1, 0), "caption": (2, 2)}
