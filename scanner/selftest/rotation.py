"""ST-DAT-09, rotation of data keys: the rows of a scratch copy are re-encrypted under new keys, a few at a time.

A batch is one transaction, and how far the rotation is stands in the database alone: whoever goes on after a crash
finds whole batches, and begins where the last one ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scanner.envelope.rows import OpenError, RowCipher, Sealed
from scanner.selftest.crew import PATIENCE, Crew
from scanner.selftest.database import Connect, telling
from scanner.selftest.interface import CannotRunError, Outcome, RefusedError, Test
from scanner.selftest.scratch import (
    DEACTIVATED,
    RETIRING,
    Record,
    Scratch,
    add_data_key,
    cipher,
    made_up,
    records,
    refused,
    scratch_schema,
    statement,
)

if TYPE_CHECKING:
    import psycopg

BATCH = 8
"""Rows of a transaction, at most."""
Changed = Callable[[int], None]
"""Called for each row, within its transaction, with the number of rows that this run has changed."""


def rotate(
    connection: psycopg.Connection[Any], scratch: Scratch, batch: int = BATCH, changed: Changed = lambda _: None
) -> int:
    """Begin a rotation of every tenant's data key, or go on with the one that was begun, to its end.

    The connection commits each statement (autocommit). Returns how many batches it took. Raises CannotRunError; what
    was committed by then stays.
    """
    _begin(connection, scratch)
    batches = done = 0
    while moved := _batch(connection, scratch, batch, done, changed):
        batches, done = batches + 1, done + moved
    with telling("ending the rotation"):
        connection.execute(
            statement("UPDATE {schema}.data_keys SET state = %s WHERE state = %s", scratch.schema),
            (DEACTIVATED, RETIRING),
        )
    return batches


def _begin(connection: psycopg.Connection[Any], scratch: Scratch) -> None:
    """Retire every active data key and register its successor, all at once; nothing when a rotation is under way."""
    with telling("beginning the rotation"), connection.transaction():
        begun = connection.execute(
            statement("SELECT count(*) FROM {schema}.data_keys WHERE state = %s", scratch.schema), (RETIRING,)
        ).fetchone()
        if begun == (0,):
            connection.execute(
                statement("UPDATE {schema}.data_keys SET state = %s WHERE state <> %s", scratch.schema),
                (RETIRING, DEACTIVATED),
            )
            for tenant in scratch.names:
                add_data_key(connection, scratch, tenant)


def _batch(connection: psycopg.Connection[Any], scratch: Scratch, batch: int, done: int, changed: Changed) -> int:
    """Re-encrypt at most so many rows of one retiring data key in one transaction; return how many."""
    schema = scratch.schema
    with telling("re-encrypting scratch rows"), connection.transaction():
        rows = records(
            connection,
            schema,
            "WHERE r.data_key_id = (SELECT x.data_key_id FROM {schema}.records x JOIN {schema}.data_keys y "
            "ON y.id = x.data_key_id AND y.state = %s ORDER BY 1 LIMIT 1) ORDER BY r.id LIMIT %s FOR UPDATE OF r",
            RETIRING,
            batch,
        )
        if rows:
            _reencrypt(connection, scratch, rows, done, changed)
        return len(rows)


def _reencrypt(
    connection: psycopg.Connection[Any], scratch: Scratch, rows: list[Record], before: int, changed: Changed
) -> None:
    tenant = rows[0].tenant
    found = connection.execute(
        statement(
            "SELECT id, wrapped, kek FROM {schema}.data_keys WHERE tenant_id = %s AND state = 'active'", scratch.schema
        ),
        (tenant,),
    ).fetchone()
    if found is None:
        raise CannotRunError(f"tenant {tenant} has no active data key")
    key_id, wrapped, kek = found
    try:
        old, new = rows[0].cipher(scratch.service), cipher(scratch.service, kek, wrapped, tenant)
        for number, row in enumerate(rows, 1):
            plain = old.open(Sealed(row.nonce, row.value), row.bound())
            nonce, value = new.seal(plain, row.bound(key_id))
            done = connection.execute(
                statement(
                    "UPDATE {schema}.records SET data_key_id = %s, nonce = %s, value = %s WHERE id = %s", scratch.schema
                ),
                (key_id, nonce, value, row.id),
            )
            if done.rowcount != 1:
                raise CannotRunError(f"row {row.id} could not be changed: {done.rowcount} rows were")
            changed(before + number)
    except RefusedError as error:
        raise refused("unwrapping a data key", error) from None
    except OpenError as error:
        raise CannotRunError(f"re-encrypting the rows of tenant {tenant}: {error}") from None


TITLE = "re-encrypts a scratch copy under new data keys, is cut off half-way, and goes on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What the test needs."""

    scratch: Scratch
    connect: Connect = field(repr=False)
    batch: int = BATCH
    patience: float = PATIENCE


def rotation_test(rotation: Rotation) -> Test:
    """Return the test."""
    return Test(id="ST-DAT-09", title=TITLE, changes_state=True, run=lambda: run(rotation))


def run(rotation: Rotation) -> Outcome:
    """Run the test. Raises CannotRunError. The schema is dropped whatever happens."""
    with closing(rotation.connect()) as connection:
        connection.autocommit = True
        with scratch_schema(connection, rotation.scratch):
            outcome = _observed(rotation, connection)
    return outcome


def _observed(rotation: Rotation, connection: psycopg.Connection[Any]) -> Outcome:
    scratch = rotation.scratch
    before = records(connection, scratch.schema)
    with Crew(rotation.connect, [lambda reader, _: _all_open(reader, scratch)], rotation.patience) as crew:
        crew.wait(1)
        lost = _cut_off(rotation)
        crew.wait(1)
        kept = _moved(before, records(connection, scratch.schema))
        began = time.monotonic()
        with closing(rotation.connect()) as resumed:
            resumed.autocommit = True
            batches = rotate(resumed, scratch, rotation.batch)
        seconds = time.monotonic() - began
        crew.wait(1)
    after = records(connection, scratch.schema)
    problems = list(crew.kept)
    if not lost - rotation.batch <= kept < lost:
        problems.append(f"cut off within a batch after {lost} rows, {kept} are changed: not those of whole batches")
    if left := len(after) - _moved(before, after):
        problems.append(f"{left} rows are left under the old data keys")
    figures: dict[str, Any] = {
        "rows": len(before),
        "batch": rotation.batch,
        "rows_when_cut_off": kept,
        "batches_after": batches,
        "ms_per_batch": round(1000 * seconds / max(batches, 1)),
        "readings_of_all_rows": sum(crew.operations),
        "failures": crew.failures,
        "left": left,
    }
    good = (
        f"cut off after {kept} of {len(before)} rows, it went on; every row opened at every moment, none is left behind"
    )
    return Outcome(passed=not problems, detail="; ".join(problems) or good, cases=len(before), figures=figures)


def _moved(before: list[Record], after: list[Record]) -> int:
    """Return how many rows are under another data key than before the rotation."""
    old = {one.data_key for one in before}
    return sum(one.data_key not in old for one in after)


class _CutOffError(Exception):
    """The process is gone, so to say."""


def _cut_off(rotation: Rotation) -> int:
    """Rotate half of the rows, and lose the connection within a transaction, as a killed process does.

    Returns how many rows had been changed by then, committed or not.
    """
    enough = rotation.scratch.rows // 2
    count = 0

    def cut(done: int) -> None:
        nonlocal count
        count = done
        if done >= enough:
            connection.close()
            raise _CutOffError

    with closing(rotation.connect()) as connection:
        connection.autocommit = True
        try:
            rotate(connection, rotation.scratch, rotation.batch, cut)
        except _CutOffError:
            return count
    raise CannotRunError("the rotation ended before it was cut off: the scratch copy has too few rows")


def _all_open(connection: psycopg.Connection[Any], scratch: Scratch) -> None:
    """Open every row, as one statement saw them. Raises OpenError, RefusedError, CannotRunError."""
    rows = records(connection, scratch.schema)
    if len(rows) != scratch.rows:
        raise OpenError(f"{len(rows)} rows are there of {scratch.rows}")
    ciphers: dict[str, RowCipher] = {}
    for one in rows:
        if one.data_key not in ciphers:
            ciphers[one.data_key] = one.cipher(scratch.service)
        if ciphers[one.data_key].open(Sealed(one.nonce, one.value), one.bound()) != made_up(one.tenant, one.id):
            raise OpenError(f"row {one.id} opens to something else")
