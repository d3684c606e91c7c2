"""ST-DAT-08 on a real PostgreSQL: nothing fails and nothing changes; and each way to break that is caught."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import psycopg
import pytest

from scanner.envelope.rows import OpenError
from scanner.model.observation import GapReason
from scanner.selftest.bench import POLL_SECONDS, PutBackError
from scanner.selftest.database import connector
from scanner.selftest.drill import Drill, drill_test
from scanner.selftest.interface import CannotRunError, Context, Outcome
from scanner.selftest.scratch import Scratch
from tests.selftest.local import FIRST, SECOND, DisablesNothing, LocalKeys, Meddles, Refuses, RewrapsAnotherKey

SCHEMA = "scratch_drill"


@pytest.fixture
def drilled(dsn: str) -> Iterator[Callable[..., Outcome]]:
    """Return what runs the drill with a key service, and sees that nothing is left behind."""
    services: list[LocalKeys] = []

    def waits(seconds: float) -> bool:
        assert seconds == POLL_SECONDS
        return False

    def run(service: LocalKeys, **given: Any) -> Outcome:  # noqa: ANN401
        services.append(service)
        scratch = Scratch(schema=SCHEMA, service=service, key=FIRST, rows=12)
        fields = {
            "second_key": SECOND,
            "readers": 2,
            "writers": 2,
            "operations": 2,
            "settle": 4,
            "wait": waits,
            **given,
        }
        drill = Drill(scratch=scratch, connect=connector(dsn), lifecycle=service, **fields)
        test = drill_test(drill)
        assert (test.id, test.changes_state) == ("ST-DAT-08", True)
        return test.run()

    yield run
    assert not any(service.disabled for service in services)
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone()
    assert found is None


def test_every_data_key_is_rewrapped_under_way_and_nothing_fails(drilled: Callable[..., Outcome]) -> None:
    service = LocalKeys()
    outcome = drilled(service)
    figures = cast("dict[str, Any]", outcome.figures)
    assert outcome.passed, outcome.detail
    assert outcome.cases == figures["data_keys"] == 3
    assert (figures["rows"], figures["untouched_rows"], figures["failures"]) == (12, 6, 0)
    # Three phases of at least two operations, and one between any two rewraps, of each reader and writer.
    assert figures["operations"] >= 4 * (3 * 2 + 3)
    assert figures["reads"] >= 2 * 9
    assert figures["writes"] >= 2 * 9
    assert figures["longest_pause_ms"] >= 1
    assert figures["sha256_before"] == figures["sha256_after"]
    assert service.was_disabled == [FIRST]
    assert re.search(r"0 failed, the longest took \d+ ms; no byte changed", outcome.detail)


def execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(cast("Any", statement))


def test_a_rewrap_that_changes_the_key_is_caught(drilled: Callable[..., Outcome]) -> None:
    outcome = drilled(RewrapsAnotherKey())
    assert outcome.passed is False
    assert cast("int", outcome.figures["failures"]) > 0
    assert "the value does not open" in outcome.detail


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("UPDATE {s}.records SET value = value || 'x' WHERE id = 0", "bytes of rows changed"),
        ("DELETE FROM {s}.records WHERE id = 2", "rows are gone, or there are more; bytes of rows changed"),
        (
            "UPDATE {s}.records a SET tenant_id = b.tenant_id FROM {s}.records b WHERE a.id = 4 AND b.id = 3",
            "bytes of rows changed",
        ),
    ],
)
def test_a_rewrap_that_changes_data_is_caught(
    drilled: Callable[..., Outcome], dsn: str, statement: str, detail: str
) -> None:
    outcome = drilled(Meddles(lambda: execute(dsn, statement.format(s=SCHEMA))))
    assert outcome.passed is False
    assert detail in outcome.detail
    assert outcome.figures["sha256_before"] != outcome.figures["sha256_after"]


def test_rows_that_are_gone_are_failures_of_those_who_want_them(drilled: Callable[..., Outcome], dsn: str) -> None:
    outcome = drilled(Meddles(lambda: execute(dsn, f"DELETE FROM {SCHEMA}.records")))
    assert outcome.passed is False
    assert cast("int", outcome.figures["failures"]) >= 4 * 5
    assert re.search(r"row \d+ is gone", outcome.detail)


def test_data_that_was_encrypted_anew_without_need_is_caught(drilled: Callable[..., Outcome], dsn: str) -> None:
    """The rows open all the same: only their bytes show it."""

    def reseal() -> None:
        with psycopg.connect(dsn) as connection:
            from scanner.selftest.scratch import made_up, records, statement

            for one in records(connection, SCHEMA, "WHERE r.id = 0"):
                nonce, value = one.cipher(service).seal(made_up(one.tenant, one.id), one.bound())
                connection.execute(
                    statement("UPDATE {schema}.records SET nonce = %s, value = %s WHERE id = 0", SCHEMA), (nonce, value)
                )

    service = Meddles(reseal)
    outcome = drilled(service)
    assert (outcome.passed, outcome.figures["failures"]) == (False, 0)
    assert "bytes of rows changed that no writer touched" in outcome.detail


class FailsReaders(LocalKeys):
    """Refuses readers and writers, not the drill itself."""

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        if threading.current_thread() is not threading.main_thread():
            raise OpenError("a reader failed")
        return super().unwrap(key, wrapped, context)


def test_a_reader_that_fails_is_caught(drilled: Callable[..., Outcome]) -> None:
    outcome = drilled(FailsReaders())
    assert outcome.passed is False
    assert cast("int", outcome.figures["failures"]) > 0
    assert "a reader failed" in outcome.detail


def test_a_disabled_key_that_works_is_caught(drilled: Callable[..., Outcome]) -> None:
    outcome = drilled(DisablesNothing())
    assert (outcome.passed, outcome.figures["failures"]) == (False, 0)
    assert f"{FIRST} unwraps although it is disabled" in outcome.detail


class RewrapsNothing(LocalKeys):
    """Returns what it was given, and keeps both keys the same."""

    def __init__(self) -> None:
        super().__init__({FIRST: bytes(32), SECOND: bytes(32)})

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        return wrapped


def test_a_rewrap_that_does_nothing_is_caught(drilled: Callable[..., Outcome]) -> None:
    outcome = drilled(RewrapsNothing())
    assert outcome.passed is False
    assert "a data key is still wrapped as before" in outcome.detail


def test_a_write_that_is_lost_is_caught(drilled: Callable[..., Outcome], dsn: str) -> None:
    """A trigger keeps what was there: writers are told that they wrote."""
    trigger = (
        "CREATE OR REPLACE FUNCTION {s}.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';"
        "CREATE OR REPLACE TRIGGER keep BEFORE UPDATE ON {s}.records FOR EACH ROW EXECUTE FUNCTION {s}.keep()"
    )
    outcome = drilled(Meddles(lambda: execute(dsn, trigger.format(s=SCHEMA))))
    assert outcome.passed is False
    assert "a row does not hold what its writer wrote last" in outcome.detail


def test_a_row_that_opens_to_something_else_is_caught(drilled: Callable[..., Outcome], dsn: str) -> None:
    def replace() -> None:
        with psycopg.connect(dsn) as connection:
            from scanner.selftest.scratch import records, statement

            for one in records(connection, SCHEMA, "WHERE r.id = 0"):
                nonce, value = one.cipher(service).seal(b"made up by somebody else", one.bound())
                connection.execute(
                    statement("UPDATE {schema}.records SET nonce = %s, value = %s WHERE id = 0", SCHEMA), (nonce, value)
                )

    service = Meddles(replace)
    outcome = drilled(service)
    assert outcome.passed is False
    assert "row 0 opens to something else" in outcome.detail


@pytest.mark.parametrize(
    ("operation", "words"),
    [("rewrap", "rewrapping a data key"), ("disable", f"disabling {FIRST}")],
)
def test_what_the_service_refuses_to_the_drill_is_told(
    drilled: Callable[..., Outcome], operation: str, words: str
) -> None:
    service = Refuses(operation)
    with pytest.raises(CannotRunError, match=f"{words}.*: the key service refused with AccessDenied") as caught:
        drilled(service)
    assert caught.value.reason is GapReason.FAILED


def test_a_key_that_stays_disabled_is_cried_out(drilled: Callable[..., Outcome]) -> None:
    service = Refuses("enable")
    with pytest.raises(PutBackError, match=f"THE CANARY {FIRST} COULD NOT BE PUT BACK"):
        drilled(service)
    service.disabled.clear()


class DisablesLater(LocalKeys):
    """Goes on unwrapping for a moment after it was disabled."""

    late = 3

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        if key in self.disabled and self.late:
            self.late -= 1
            return _still(self, key, wrapped, context)
        return super().unwrap(key, wrapped, context)


def _still(keys: LocalKeys, key: str, wrapped: bytes, context: Context) -> bytearray:
    return LocalKeys({key: keys.keys[key]}).unwrap(key, wrapped, context)


def test_a_key_that_is_disabled_after_a_moment_is_waited_for(drilled: Callable[..., Outcome]) -> None:
    service = DisablesLater()
    outcome = drilled(service, settle=100)
    assert outcome.passed, outcome.detail
    assert service.late == 0


def test_a_run_that_is_stopped_ends_the_drill(drilled: Callable[..., Outcome]) -> None:
    with pytest.raises(CannotRunError, match="stopped") as caught:
        drilled(DisablesNothing(), wait=lambda _: True)
    assert caught.value.reason is GapReason.LIMIT


@pytest.mark.parametrize("second", ["", FIRST])
def test_it_takes_a_second_key(drilled: Callable[..., Outcome], second: str) -> None:
    with pytest.raises(CannotRunError, match="add `second_key:`"):
        drilled(LocalKeys(), second_key=second)
