"""Which self-tests a database has, and what the estate must allow for them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from scanner.model.estate import PostgresSelftest, PostgresSource, SecretRef
from scanner.model.observation import GapReason
from scanner.selftest.data import Wrapping, scratch_tests, store_tests
from scanner.selftest.database import connector
from scanner.selftest.interface import CannotRunError
from tests.selftest.audited import NOTE, Audited, layout
from tests.selftest.local import FIRST, SECOND, LocalKeys

DSN = SecretRef("env", "DSN")
SCHEMA = "scratch_data"
IDS = ["ST-DAT-08", "ST-DAT-09", "ST-DAT-10"]


def test_a_table_has_the_tests_of_the_data_path(dsn: str, connection: psycopg.Connection[Any]) -> None:
    audited = Audited(dsn, connection)
    described = layout(NOTE)
    source = PostgresSource(name="main", dsn=DSN, layout=described)
    target, tests = store_tests(source, described.tables[0], connector(dsn), audited.service)
    assert target == "postgres:main:audited.calls"
    assert [one.id for one in tests] == [f"ST-DAT-0{n}" for n in range(1, 8)]
    assert tests[3].run().passed


def test_without_a_layout_there_is_nothing_to_test() -> None:
    source = PostgresSource(name="main", dsn=DSN)
    with pytest.raises(CannotRunError, match="add `layout:`") as caught:
        store_tests(source, layout(NOTE).tables[0], connector("host=x"), LocalKeys())
    assert caught.value.reason is GapReason.NOT_ALLOWED


def wrapping(*, canary: bool = True) -> Wrapping:
    keys = LocalKeys()
    return Wrapping(service=keys, key=FIRST, second_key=SECOND, lifecycle=keys if canary else None)


def selftest(*, canary: bool = True) -> PostgresSelftest:
    return PostgresSelftest(source="main", keys="main", schema=SCHEMA, canary=canary)


def test_the_scratch_copy_has_the_drills(dsn: str) -> None:
    target, tests = scratch_tests(selftest(), connector(dsn), wrapping(), lambda _: False)
    assert target == "postgres:main:scratch_data"
    assert [(one.id, one.changes_state, one.run().passed) for one in tests] == [(one, True, True) for one in IDS]


@pytest.mark.parametrize(
    ("test", "connected", "canary", "refused", "words"),
    [
        (selftest(canary=False), True, True, IDS, "add `canary: true` under `selftest: postgres:`"),
        (selftest(), False, True, IDS, "add `dsn:` under `selftest: postgres:`"),
        (selftest(), True, False, IDS[:1], "add `canary: true` to the key under `selftest: aws:`"),
    ],
)
def test_what_the_estate_does_not_allow_is_not_run(
    dsn: str, test: PostgresSelftest, connected: bool, canary: bool, refused: list[str], words: str
) -> None:
    connect = connector(dsn) if connected else None
    _, tests = scratch_tests(test, connect, wrapping(canary=canary), lambda _: False)
    assert [one.id for one in tests] == IDS
    for one in tests:
        if one.id in refused:
            with pytest.raises(CannotRunError, match=words) as caught:
                one.run()
            assert caught.value.reason is GapReason.NOT_ALLOWED


def test_titles_are_the_same_whether_allowed_or_not(dsn: str) -> None:
    _, allowed = scratch_tests(selftest(), connector(dsn), wrapping(), lambda _: False)
    _, not_allowed = scratch_tests(selftest(canary=False), None, wrapping(), lambda _: False)
    assert [one.title for one in allowed] == [one.title for one in not_allowed]
