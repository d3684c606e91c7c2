"""ST-DAT-08, the rotation drill: every data key of a scratch copy is rewrapped under a second key while it is in use.

Readers and writers run on connections of their own: before, between any two rewraps, after, and with the old key
disabled. Nothing may fail, and no byte of data may change but those that the writers wrote.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from scanner.envelope.rows import OpenError
from scanner.model.observation import GapReason
from scanner.selftest.bench import POLL_SECONDS, SETTLE_SECONDS, PutBackError
from scanner.selftest.crew import PATIENCE, Crew
from scanner.selftest.database import Connect, telling
from scanner.selftest.interface import CannotRunError, KeyLifecycle, Outcome, RefusedError, Test
from scanner.selftest.scratch import Record, Scratch, context, made_up, records, refused, scratch_schema, statement

if TYPE_CHECKING:
    import psycopg


_NAMED = 6
"""Problems that a detail names."""
TITLE = "rewraps every data key of a scratch copy while it is read and written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What the drill needs. Both keys are canaries: the first is disabled for a moment."""

    scratch: Scratch
    connect: Connect = field(repr=False)
    lifecycle: KeyLifecycle
    second_key: str
    readers: int = 3
    writers: int = 2
    operations: int = 5
    """Of each reader and writer, at least, in each phase."""
    wait: Callable[[float], bool]
    """Wait that many seconds, less when the run is stopped; True when it was stopped."""
    patience: float = PATIENCE
    settle: float = SETTLE_SECONDS
    """Seconds that a disabled key may still work."""


def drill_test(drill: Drill) -> Test:
    """Return the test."""
    return Test(id="ST-DAT-08", title=TITLE, changes_state=True, run=lambda: run(drill))


@dataclass(slots=True)
class _Written:
    """What the writers wrote last: row to SHA-256 of nonce and value."""

    last: dict[int, str] = field(default_factory=dict)


def run(drill: Drill) -> Outcome:
    """Run the drill. Raises CannotRunError. The schema is dropped and the old key enabled whatever happens."""
    if not drill.second_key or drill.second_key == drill.scratch.key:
        raise CannotRunError("the drill needs another key to rewrap under: add `second_key:`", GapReason.NOT_ALLOWED)
    with closing(drill.connect()) as connection:
        connection.autocommit = True
        with scratch_schema(connection, drill.scratch):
            outcome = _rotate(drill, connection)
    return outcome


def _rotate(drill: Drill, connection: psycopg.Connection[Any]) -> Outcome:
    schema, written = drill.scratch.schema, _Written()
    before = records(connection, schema)
    wrapped = {one.data_key: one for one in before}
    works = [partial(_read, drill, number) for number in range(drill.readers)]
    works += [partial(_write, drill, written, number) for number in range(drill.writers)]
    with Crew(drill.connect, works, drill.patience) as crew:
        crew.wait(drill.operations)
        for old in wrapped.values():
            _rewrap(drill, connection, old)
            crew.wait(1)
        crew.wait(drill.operations)
        with _disabled(drill):
            still = list(_works_still(drill, next(iter(wrapped.values()))))
            crew.wait(drill.operations)
            crew.stop()
            after = records(connection, schema)
            closed = list(_unopened(drill, after))
    problems = [*_changed(drill, before, after, written), *still, *crew.kept, *closed]
    figures = _figures(drill, crew, before, after)
    done = f"{figures['operations']} operations on {len(before)} rows while {len(wrapped)} data keys were rewrapped"
    seen = f"{crew.failures} failed, the longest took {crew.longest_pause_ms} ms"
    detail = f"{done}: {seen}; " + (
        "; ".join(problems[:_NAMED]) or "no byte changed, and all opens without the old key"
    )
    return Outcome(passed=not problems, detail=detail, cases=len(wrapped), figures=figures)


def _figures(drill: Drill, crew: Crew, before: list[Record], after: list[Record]) -> dict[str, Any]:
    operations = crew.operations
    return {
        "operations": sum(operations),
        "reads": sum(operations[: drill.readers]),
        "writes": sum(operations[drill.readers :]),
        "failures": crew.failures,
        "longest_pause_ms": crew.longest_pause_ms,
        "data_keys": len({one.data_key for one in before}),
        "rows": len(before),
        "untouched_rows": sum(map(_untouched, before)),
        "sha256_before": digest(before),
        "sha256_after": digest(after),
    }


def _untouched(record: Record) -> bool:
    """Return whether writers leave a row alone: every other one."""
    return record.id % 2 == 0


def digest(rows: list[Record]) -> str:
    """Return the SHA-256 of all bytes of the rows that writers leave alone, in the order of their ids."""
    total = hashlib.sha256()
    for one in sorted(filter(_untouched, rows), key=lambda row: row.id):
        for part in (str(one.id).encode(), one.tenant.encode(), one.data_key.encode(), one.nonce, one.value):
            total.update(len(part).to_bytes(4, "big") + part)
    return total.hexdigest()


def _one(connection: psycopg.Connection[Any], drill: Drill, number: int) -> Record:
    found = records(connection, drill.scratch.schema, "WHERE r.id = %s", number)
    if not found:
        raise OpenError(f"row {number} is gone")
    return found[0]


def _read(drill: Drill, place: int, connection: psycopg.Connection[Any], done: int) -> None:
    """Read a row, unwrap its data key and open it; the next row each time, from a place of the reader's own."""
    record = _one(connection, drill, (done + place * 7) % drill.scratch.rows)
    _expect(drill, record)


def _expect(drill: Drill, record: Record) -> None:
    """Open a row, and see that it is the one that was made up. Raises OpenError, RefusedError."""
    text = record.open(drill.scratch.service)
    same = text == made_up(record.tenant, record.id)
    if not (same or (not _untouched(record) and text.startswith(made_up(record.tenant, record.id)[:-1]))):
        raise OpenError(f"row {record.id} opens to something else")


def _write(drill: Drill, written: _Written, place: int, connection: psycopg.Connection[Any], done: int) -> None:
    """Encrypt a row anew under its data key. No two writers have a row in common."""
    own = range(1 + 2 * place, drill.scratch.rows, 2 * drill.writers)
    record = _one(connection, drill, own[done % len(own)])
    text = made_up(record.tenant, record.id, done + 1)
    nonce, value = record.cipher(drill.scratch.service).seal(text, record.bound())
    with telling("writing a scratch row"):
        connection.execute(
            statement("UPDATE {schema}.records SET nonce = %s, value = %s WHERE id = %s", drill.scratch.schema),
            (nonce, value, record.id),
        )
    written.last[record.id] = hashlib.sha256(nonce + value).hexdigest()


def _rewrap(drill: Drill, connection: psycopg.Connection[Any], old: Record) -> None:
    """Rewrap a data key: one row of the registry changes, in one transaction. Raises CannotRunError."""
    service, schema = drill.scratch.service, drill.scratch.schema
    try:
        wrapped = service.rewrap(old.kek, old.wrapped, context(old.tenant), drill.second_key)
    except RefusedError as error:
        raise refused("rewrapping a data key", error) from None
    with telling("replacing a wrapped data key"):
        connection.execute(
            statement("UPDATE {schema}.data_keys SET wrapped = %s, kek = %s WHERE id = %s", schema),
            (wrapped, drill.second_key, old.data_key),
        )


@contextmanager
def _disabled(drill: Drill) -> Iterator[None]:
    """Disable the old key, and enable it again whatever happens. Raises PutBackError when that does not work."""
    key = drill.scratch.key
    try:
        try:
            drill.lifecycle.disable(key)
        except RefusedError as error:
            raise refused(f"disabling {key}", error) from None
        yield
    finally:
        try:
            drill.lifecycle.enable(key)
        except (RefusedError, CannotRunError) as error:
            raise PutBackError(key, str(error)) from error


def _unopened(drill: Drill, rows: list[Record]) -> Iterator[str]:
    """Yield what is wrong with the rows now that the old key is disabled."""
    for one in rows:
        try:
            _expect(drill, one)
        except (OpenError, RefusedError) as error:
            yield f"row {one.id} does not open without the old key: {error}"


def _works_still(drill: Drill, old: Record) -> Iterator[str]:
    """Wait until the old key refuses, which takes a moment to be in force; yield that it does not when time is up."""
    for _ in range(1 + int(drill.settle // POLL_SECONDS)):
        try:
            old.cipher(drill.scratch.service)
        except (RefusedError, OpenError):
            return
        if drill.wait(POLL_SECONDS):
            raise CannotRunError("stopped", GapReason.LIMIT)
    yield f"{drill.scratch.key} unwraps although it is disabled"


def _changed(drill: Drill, before: list[Record], after: list[Record], written: _Written) -> Iterator[str]:
    """Yield what changed that nobody was to change, and what did not that was to."""
    if {one.id for one in before} != {one.id for one in after}:
        yield "rows are gone, or there are more"
    if digest(before) != digest(after):
        yield "bytes of rows changed that no writer touched"
    last = {one.id: hashlib.sha256(one.nonce + one.value).hexdigest() for one in after}
    if any(last.get(number) != wanted for number, wanted in written.last.items()):
        yield "a row does not hold what its writer wrote last"
    old = {one.data_key: one.wrapped for one in before}
    if any(one.kek != drill.second_key or one.wrapped == old.get(one.data_key) for one in after):
        yield "a data key is still wrapped as before"
