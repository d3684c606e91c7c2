"""Failures of PostgreSQL: what each one means, what to do, and that no value and no password is in the words."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors as pg

from scanner.collect.postgres.errors import bad_string, not_connected, understand
from scanner.model.observation import GapReason
from tests.collect.postgres.voice import a_source

FAILED: list[tuple[type[psycopg.Error], GapReason, str]] = [
    (pg.QueryCanceled, GapReason.LIMIT, "raise `statement_timeout:` of the source voice (30 seconds)"),
    (pg.LockNotAvailable, GapReason.LIMIT, "raise `statement_timeout:`"),
    (pg.InsufficientPrivilege, GapReason.DENIED, "`keyaudit permissions postgres` prints what to grant"),
    (pg.InvalidAuthorizationSpecification, GapReason.DENIED, "prints what to grant"),
    (pg.UndefinedTable, GapReason.MALFORMED, "the layout voice.yaml does not fit the database"),
    (pg.UndefinedColumn, GapReason.MALFORMED, "the layout voice.yaml does not fit the database"),
    (pg.CannotCoerce, GapReason.MALFORMED, "the layout voice.yaml does not fit the database"),
    (pg.InvalidDatetimeFormat, GapReason.MALFORMED, "a value is not of the form that the layout voice.yaml gives it"),
    (pg.AdminShutdown, GapReason.UNREACHABLE, ""),
    (pg.TooManyConnections, GapReason.UNREACHABLE, ""),
    (pg.InternalError_, GapReason.FAILED, "the server's words are not kept"),
    (psycopg.OperationalError, GapReason.UNREACHABLE, "the connection was lost"),
]


@pytest.mark.parametrize(("kind", "reason", "words"), FAILED, ids=[kind.__name__ for kind, _, _ in FAILED])
def test_each_failure_has_its_reason(kind: type[psycopg.Error], reason: GapReason, words: str) -> None:
    found = understand(kind("patient Jane Roe"), a_source())
    assert found.reason is reason
    assert words in found.detail
    assert "Jane" not in found.detail
    assert found.code == (kind.sqlstate or kind.__name__)


def test_without_a_layout_none_is_wrong() -> None:
    assert "not offered here" in understand(pg.UndefinedTable("x"), a_source(layout=None)).detail


CONNECTING: list[tuple[str, GapReason]] = [
    ('FATAL:  password authentication failed for user "x"', GapReason.DENIED),
    ("FATAL:  pg_hba.conf rejects connection for host", GapReason.DENIED),
    ('FATAL:  role "x" is not permitted to log in', GapReason.DENIED),
    ("connection refused\n\tIs the server running?", GapReason.UNREACHABLE),
    ("server certificate for 10.0.0.1 does not match", GapReason.UNREACHABLE),
]


@pytest.mark.parametrize(("said", "reason"), CONNECTING)
def test_a_connection_that_did_not_come_about(said: str, reason: GapReason) -> None:
    found = not_connected(psycopg.OperationalError(f"{said} hunter2"), "hunter2")
    assert (found.reason, found.code) == (reason, "OperationalError")
    assert found.detail.endswith("[redacted]")
    assert "\n" not in found.detail


def test_a_sqlstate_tells_a_refusal_and_no_password_is_none_to_cut() -> None:
    assert not_connected(pg.InvalidPassword("x"), "").reason is GapReason.DENIED


def test_a_bad_connection_string_is_not_repeated() -> None:
    found = bad_string(a_source())
    assert found.code == "BadConnectionString"
    assert "the source voice" in found.detail
