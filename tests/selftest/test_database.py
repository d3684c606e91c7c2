"""Errors of PostgreSQL become reasons, and say nothing of connection strings."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any, cast

import psycopg
import pytest

from scanner.model.observation import GapReason
from scanner.selftest.database import connector, telling
from scanner.selftest.interface import CannotRunError


def test_a_connector_opens_a_connection_of_its_own_each_time(dsn: str) -> None:
    connect = connector(dsn)
    with closing(connect()) as first, closing(connect()) as second:
        assert first.info.backend_pid != second.info.backend_pid


@pytest.mark.parametrize(
    ("statement", "reason", "words"),
    [
        ("SELECT * FROM nowhere", GapReason.FAILED, 'says 42P01 relation "nowhere" does not exist'),
        ("SET statement_timeout = 1; SELECT pg_sleep(10)", GapReason.LIMIT, "says 57014"),
        ("SET ROLE limited; SELECT * FROM pg_authid", GapReason.DENIED, "says 42501"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", GapReason.UNREACHABLE, "says 57P01"),
    ],
)
def test_an_error_of_the_server_is_told(
    connection: psycopg.Connection[Any], statement: str, reason: GapReason, words: str
) -> None:
    connection.execute("DO $$ BEGIN CREATE ROLE limited; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    with pytest.raises(CannotRunError, match=f"^asking: PostgreSQL {words}") as caught, telling("asking"):
        connection.execute(cast("Any", statement))
    assert caught.value.reason is reason


@pytest.mark.parametrize("bad", ["host=/nowhere password=hunter2", "no-such-word hunter2"])
def test_a_server_that_is_not_there_is_told_without_the_connection_string(bad: str) -> None:
    with pytest.raises(CannotRunError, match=r"^connecting: PostgreSQL says [A-Za-z]+$") as caught:
        connector(bad)()
    assert caught.value.reason is GapReason.UNREACHABLE


def test_without_psycopg_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CannotRunError, match=r'pip install "keyaudit\[postgres\]"'):
        connector("host=x")()
