"""The scratch schema is made, filled and dropped, and no other one is touched."""

from __future__ import annotations

from typing import Any, cast

import psycopg
import pytest

from scanner.envelope.rows import OpenError
from scanner.model.observation import GapReason
from scanner.selftest.bench import PutBackError
from scanner.selftest.database import connector
from scanner.selftest.datapath import DataPath, data_path_tests
from scanner.selftest.interface import CannotRunError, Context, DeniedError
from scanner.selftest.scratch import MARK, Scratch, drop, made_up, make, records, scratch_schema
from tests.selftest.local import FIRST, LocalKeys, Refuses

SCHEMA = "scratch made here"


def scratch(service: LocalKeys | None = None, **given: Any) -> Scratch:  # noqa: ANN401
    return Scratch(schema=SCHEMA, service=service or LocalKeys(), key=FIRST, **{"rows": 10, **given})


def schemas(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname LIKE 'scratch%'"
    ).fetchall()


def test_the_schema_is_made_filled_and_dropped(connection: psycopg.Connection[Any]) -> None:
    made = scratch()
    for _ in range(2):
        make(connection, made)
        assert schemas(connection) == [(SCHEMA, MARK)]
        rows = records(connection, SCHEMA)
        assert [one.id for one in rows] == list(range(10))
        assert {one.tenant for one in rows} == {"canary-1", "canary-2", "canary-3"}
        assert all(one.open(made.service) == made_up(one.tenant, one.id) for one in rows)
        assert len({one.data_key for one in rows}) == 3
    drop(connection, SCHEMA)
    drop(connection, SCHEMA)
    assert schemas(connection) == []


def test_it_keeps_its_envelopes_as_its_layout_says(dsn: str, connection: psycopg.Connection[Any]) -> None:
    made = scratch()
    make(connection, made)
    layout = made.layout()
    path = DataPath(source="main", layout=layout, table=layout.tables[0], connect=connector(dsn), service=made.service)
    outcomes = {one.id: one.run().passed for one in data_path_tests(path)}
    drop(connection, SCHEMA)
    assert [number for number, passed in outcomes.items() if not passed] == ["ST-DAT-07"]


@pytest.mark.parametrize("comment", [None, "something else"])
def test_a_schema_of_somebody_else_is_left_alone(connection: psycopg.Connection[Any], comment: str | None) -> None:
    connection.execute(cast("Any", f'CREATE SCHEMA "{SCHEMA}"'))
    connection.execute(cast("Any", f'CREATE TABLE "{SCHEMA}".precious (id int)'))
    if comment:
        connection.execute(cast("Any", f"COMMENT ON SCHEMA \"{SCHEMA}\" IS '{comment}'"))
    try:
        with pytest.raises(CannotRunError, match="not the self-tests' own: give another `schema:`") as caught:
            make(connection, scratch())
        assert caught.value.reason is GapReason.NOT_ALLOWED
        assert connection.execute(cast("Any", f'SELECT count(*) FROM "{SCHEMA}".precious')).fetchone() == (0,)
    finally:
        connection.execute(cast("Any", f'DROP SCHEMA "{SCHEMA}" CASCADE'))


def test_a_half_made_schema_is_not_left_behind(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(CannotRunError, match="the key service refused with AccessDeniedException") as caught:
        make(connection, scratch(Refuses("generate_data_key")))
    assert caught.value.reason is GapReason.FAILED
    assert schemas(connection) == []


class Denies(LocalKeys):
    def generate_data_key(self, key: str, context: Context) -> Any:  # noqa: ANN401
        raise DeniedError("AccessDeniedException")


def test_missing_rights_are_a_gap_of_their_own(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(CannotRunError, match="generating a data key") as caught:
        make(connection, scratch(Denies()))
    assert caught.value.reason is GapReason.DENIED


class Short(LocalKeys):
    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return super().unwrap(key, wrapped, context)[:16]


def test_a_data_key_of_another_length_opens_nothing(connection: psycopg.Connection[Any]) -> None:
    made = scratch(Short())
    make(connection, made)
    with pytest.raises(OpenError, match="32 bytes, not 16"):
        records(connection, SCHEMA)[0].open(made.service)
    drop(connection, SCHEMA)


@pytest.mark.parametrize("fails", [True, False])
def test_what_failed_first_is_told_when_the_schema_cannot_be_dropped(
    dsn: str, connection: psycopg.Connection[Any], fails: bool
) -> None:
    def lose() -> None:
        lost = psycopg.connect(dsn, autocommit=True)
        with scratch_schema(lost, scratch()):
            lost.close()
            if fails:
                raise PutBackError(FIRST, "no")

    error, words = (PutBackError, "THE CANARY") if fails else (CannotRunError, "dropping the scratch schema")
    with pytest.raises(error, match=words):
        lose()
    with scratch_schema(connection, scratch()):
        assert schemas(connection) == [(SCHEMA, MARK)]
    assert schemas(connection) == []
