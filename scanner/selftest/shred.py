"""ST-DAT-10, crypto-shredding: when a tenant's data key is destroyed, its rows are gone, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scanner.envelope.rows import OpenError, RowCipher, Sealed
from scanner.selftest.database import Connect, telling
from scanner.selftest.interface import CannotRunError, Outcome, RefusedError, Test
from scanner.selftest.scratch import Record, Scratch, records, refused, scratch_schema, statement

if TYPE_CHECKING:
    import psycopg

REACH = "copies of the wrapped key in backups, replicas and dead rows are not reached by this"
_DESTROYED = b"\0"
"""In place of the wrapped key: not empty, which some clients of key services refuse on their own."""


TITLE = "destroys the data key of a tenant of a scratch copy, and tries to open its rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shred:
    """What the test needs."""

    scratch: Scratch
    connect: Connect = field(repr=False)


def shred_test(shred: Shred) -> Test:
    """Return the test."""
    return Test(id="ST-DAT-10", title=TITLE, changes_state=True, run=lambda: run(shred))


def run(shred: Shred) -> Outcome:
    """Run the test. Raises CannotRunError. The schema is dropped whatever happens."""
    if shred.scratch.tenants < 2:
        raise CannotRunError("the test needs two tenants: one whose data key is destroyed, and another")
    with closing(shred.connect()) as connection:
        connection.autocommit = True
        with scratch_schema(connection, shred.scratch):
            outcome = _shred(shred, connection)
    return outcome


def _shred(shred: Shred, connection: psycopg.Connection[Any]) -> Outcome:
    scratch = shred.scratch
    gone, *_ = scratch.names
    before = records(connection, scratch.schema)
    for one in before:
        if (why := _closed(scratch, one)) is not None:
            raise CannotRunError(f"row {one.id} does not open as it was made: {why}")
    with telling("destroying a data key"):
        connection.execute(
            statement(
                "UPDATE {schema}.data_keys SET wrapped = %s, state = 'destroyed' WHERE tenant_id = %s", scratch.schema
            ),
            (_DESTROYED, gone),
        )
    after = records(connection, scratch.schema)
    theirs, others = [o for o in after if o.tenant == gone], [o for o in after if o.tenant != gone]
    keys = list({one.data_key: one for one in others}.values())
    problems = [f"row {one.id} of the tenant still opens" for one in theirs if _closed(scratch, one) is None]
    problems += _opened_by(scratch, theirs, keys)
    problems += [f"row {o.id} of tenant {o.tenant} is lost: {why}" for o in others if (why := _closed(scratch, o))]
    if any(old.wrapped in new.wrapped for old in before if old.tenant == gone for new in after):
        problems.append("the wrapped data key is still in the registry")
    good = f"{len(theirs)} rows of the tenant do not open any more, {len(others)} of others do; {REACH}"
    return Outcome(
        passed=not problems,
        detail="; ".join(problems[:3]) or good,
        cases=len(after) + len(theirs) * len(keys),
        figures={"shredded_rows": len(theirs), "other_rows": len(others)},
    )


def _closed(scratch: Scratch, record: Record) -> str | None:
    """Return why a row does not open; None: it opens."""
    try:
        record.open(scratch.service)
    except (OpenError, RefusedError) as error:
        return str(error)
    return None


def _opened_by(scratch: Scratch, rows: list[Record], keys: list[Record]) -> Iterator[str]:
    """Yield the rows that a data key opens that is still there: another tenant's."""
    for key in keys:
        try:
            cipher = key.cipher(scratch.service)
        except RefusedError as error:
            raise refused(f"unwrapping the data key of tenant {key.tenant}", error) from None
        yield from (
            f"row {one.id} opens with the data key of tenant {key.tenant}" for one in rows if _opens(cipher, one)
        )


def _opens(cipher: RowCipher, record: Record) -> bool:
    try:
        cipher.open(Sealed(record.nonce, record.value), record.bound())
    except OpenError:
        return False
    return True
