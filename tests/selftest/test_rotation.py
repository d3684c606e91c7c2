"""ST-DAT-09 on a real PostgreSQL: every row opens at every moment, whatever is killed; and what breaks it is caught."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from scanner.selftest import rotation
from scanner.selftest.database import Connect, connector
from scanner.selftest.interface import CannotRunError, Context, DataKey, Outcome
from scanner.selftest.rotation import Rotation, rotate, rotation_test
from scanner.selftest.scratch import Scratch, drop, made_up, make, records, statement
from tests.selftest.local import FIRST, LocalKeys, Refuses

SCHEMA = "scratch_rotation"
KEY = bytes(range(32))


@pytest.fixture
def scratch(connection: psycopg.Connection[Any]) -> Iterator[Scratch]:
    made = Scratch(schema=SCHEMA, service=LocalKeys({FIRST: KEY}), key=FIRST, rows=30)
    make(connection, made)
    yield made
    drop(connection, SCHEMA)


def states(connection: psycopg.Connection[Any]) -> list[tuple[str, int]]:
    """Return the states of data keys, with the number of rows under keys in each."""
    query = (
        f"SELECT k.state, count(r.id) FROM {SCHEMA}.data_keys k LEFT JOIN {SCHEMA}.records r ON r.data_key_id = k.id "
        "GROUP BY 1 ORDER BY 1"
    )
    return connection.execute(cast("Any", query)).fetchall()


def assert_all_open(connection: psycopg.Connection[Any], scratch: Scratch) -> None:
    rows = records(connection, SCHEMA)
    assert [one.id for one in rows] == list(range(30))
    assert all(one.open(scratch.service) == made_up(one.tenant, one.id) for one in rows)


def test_it_moves_every_row_in_batches(connection: psycopg.Connection[Any], scratch: Scratch) -> None:
    seen: list[int] = []
    before = {one.id: one for one in records(connection, SCHEMA)}
    assert rotate(connection, scratch, 4, seen.append) == 3 * 3
    assert seen == list(range(1, 31))
    assert states(connection) == [("active", 30), ("deactivated", 0)]
    assert_all_open(connection, scratch)
    after = records(connection, SCHEMA)
    assert all(one.nonce != before[one.id].nonce and one.data_key != before[one.id].data_key for one in after)
    assert rotate(connection, scratch, 100) == 3
    assert states(connection) == [("active", 30), ("deactivated", 0)]


def test_it_survives_a_kill_within_a_transaction_and_goes_on(
    connection: psycopg.Connection[Any], scratch: Scratch, dsn: str
) -> None:
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-m", "tests.selftest.rotate_and_wait", dsn, SCHEMA, KEY.hex(), "13"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"waiting\n"
        assert states(connection) == [("active", 10), ("retiring", 20)]
        assert_all_open(connection, scratch)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    # Tenants have ten rows each: batches of 4, 4 and 2 were committed, three rows of the fourth were not.
    assert states(connection) == [("active", 10), ("retiring", 20)]
    assert_all_open(connection, scratch)
    resumed: list[int] = []
    rotate(connection, scratch, 4, resumed.append)
    assert resumed == list(range(1, 21))
    assert states(connection) == [("active", 30), ("deactivated", 0)]
    assert_all_open(connection, scratch)


def run(connect: Connect, service: LocalKeys, **given: Any) -> Outcome:  # noqa: ANN401
    scratch = Scratch(schema=SCHEMA, service=service, key=FIRST, rows=given.pop("rows", 30))
    test = rotation_test(Rotation(scratch=scratch, connect=connect, **{"batch": 4, **given}))
    assert (test.id, test.changes_state) == ("ST-DAT-09", True)
    try:
        return test.run()
    finally:
        with closing(connect()) as connection:
            found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone()
        assert found is None


def test_a_rotation_that_is_cut_off_goes_on_and_every_row_opens_at_every_moment(dsn: str) -> None:
    outcome = run(connector(dsn), LocalKeys())
    figures = cast("dict[str, Any]", outcome.figures)
    assert outcome.passed, outcome.detail
    # Tenants have ten rows each: 15 rows are the batches of 4, 4, 2 and 4, and one row more that was not committed.
    assert (figures["rows"], figures["rows_when_cut_off"], figures["batches_after"]) == (30, 14, 2 + 3)
    assert (figures["failures"], figures["left"]) == (0, 0)
    assert figures["readings_of_all_rows"] >= 6


class WrapsAnotherKey(LocalKeys):
    """Registers another key than it encrypts under, from the fourth on."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        self.made += 1
        good = super().generate_data_key(key, context)
        return good if self.made <= 3 else DataKey(plaintext=good.plaintext, wrapped=self.wrap(key, b"short", context))


def test_a_data_key_that_does_not_open_is_told(dsn: str) -> None:
    with pytest.raises(
        CannotRunError, match=r"re-encrypting the rows of tenant .*: a data key of AES-256 has 32 bytes"
    ):
        run(connector(dsn), WrapsAnotherKey())


def meddling(dsn: str, meddle: str | Callable[[psycopg.Connection[Any]], None], at: int) -> Connect:
    """Return a connector that first does something else, the given time that it is asked."""
    connect, asked = connector(dsn), [0]

    def opened() -> psycopg.Connection[Any]:
        asked[0] += 1
        if asked[0] == at:
            with psycopg.connect(dsn, autocommit=True) as other:
                meddle(other) if callable(meddle) else other.execute(cast("Any", meddle))
        return connect()

    return opened


RESUMED = 4
"""The test's own connection, the reader's, the one that is lost, and the one that goes on."""
ACTIVE = f"{SCHEMA}.data_keys WHERE state = 'active'"
TRIGGER = f"""
CREATE FUNCTION {SCHEMA}.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {{body}} END $$;
CREATE TRIGGER meddle {{when}} FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.meddle()
"""


@pytest.mark.parametrize(
    ("meddle", "detail"),
    [
        (
            TRIGGER.format(
                when=f"AFTER UPDATE ON {SCHEMA}.data_keys",
                body=f"INSERT INTO {SCHEMA}.records SELECT min(id) - 1, OLD.tenant_id, OLD.id, '', '' "
                f"FROM {SCHEMA}.records; RETURN NEW;",
            ),
            "3 rows are left under the old data keys",
        ),
        (
            f"UPDATE {SCHEMA}.records SET value = value || 'x' WHERE data_key_id IN (SELECT id FROM {ACTIVE})",
            "the value does not open",
        ),
        (f"DELETE FROM {SCHEMA}.records WHERE id = 29", "29 rows are there of 30"),
    ],
)
def test_rows_that_are_lost_or_left_are_caught(dsn: str, meddle: str, detail: str) -> None:
    outcome = run(meddling(dsn, meddle, RESUMED), LocalKeys())
    assert outcome.passed is False
    assert detail in outcome.detail


def test_a_row_that_opens_to_something_else_is_caught(dsn: str) -> None:
    service = LocalKeys()

    def replace(connection: psycopg.Connection[Any]) -> None:
        [one] = records(connection, SCHEMA, "WHERE r.id = 29")
        nonce, value = one.cipher(service).seal(b"made up by somebody else", one.bound())
        connection.execute(
            statement("UPDATE {schema}.records SET nonce = %s, value = %s WHERE id = 29", SCHEMA), (nonce, value)
        )

    outcome = run(meddling(dsn, replace, RESUMED), service)
    assert outcome.passed is False
    assert "row 29 opens to something else" in outcome.detail


@pytest.mark.parametrize(
    ("meddle", "words"),
    [
        (
            TRIGGER.format(when=f"BEFORE UPDATE ON {SCHEMA}.records", body="RETURN NULL;"),
            r"row \d+ could not be changed: 0 rows were",
        ),
        (f"UPDATE {SCHEMA}.data_keys SET state = 'suspended' WHERE state = 'active'", "has no active data key"),
        (f"UPDATE {SCHEMA}.records SET value = 'x'", "re-encrypting the rows of tenant"),
    ],
)
def test_a_rotation_that_cannot_go_on_says_why(dsn: str, meddle: str, words: str) -> None:
    with pytest.raises(CannotRunError, match=words):
        run(meddling(dsn, meddle, RESUMED), LocalKeys())


def test_batches_that_are_not_whole_are_caught(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The double commits each row on its own: what was lost with the connection is there all the same."""

    def each_row(
        connection: psycopg.Connection[Any],
        scratch: Scratch,
        batch: int,
        changed: Callable[[int], None] = lambda _: None,
    ) -> int:
        rotate(connection, scratch, batch)
        for number in range(scratch.rows):
            changed(number + 1)
        return 0

    monkeypatch.setattr(rotation, "rotate", each_row)
    outcome = run(connector(dsn), LocalKeys())
    assert outcome.passed is False
    assert "cut off within a batch after 15 rows, 30 are changed" in outcome.detail


def test_a_refusal_of_the_service_is_told(dsn: str) -> None:
    with pytest.raises(CannotRunError, match="unwrapping a data key: the key service refused with AccessDenied"):
        run(connector(dsn), Refuses("unwrap"))


def test_it_takes_rows_to_be_cut_off(dsn: str) -> None:
    with pytest.raises(CannotRunError, match="too few rows"):
        run(connector(dsn), LocalKeys(), rows=0)
