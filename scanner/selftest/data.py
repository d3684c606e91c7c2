"""The self-tests of a database with envelopes: those of each table, and those on a scratch copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scanner.model.estate import PostgresSelftest, PostgresSource
from scanner.model.layout import EncryptedTable
from scanner.model.observation import GapReason
from scanner.selftest import drill, rotation, shred
from scanner.selftest.database import Connect
from scanner.selftest.datapath import DataPath, data_path_tests
from scanner.selftest.interface import CannotRunError, KeyLifecycle, KeyService, Outcome, Test
from scanner.selftest.scratch import Scratch


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """The key service that opens data keys, and its canaries, which wrap those of the scratch copy."""

    service: KeyService
    key: str
    second_key: str
    lifecycle: KeyLifecycle | None
    """None: the keys are no canaries."""


def store_tests(
    source: PostgresSource, table: EncryptedTable, connect: Connect, service: KeyService
) -> tuple[str, tuple[Test, ...]]:
    """Return what facts call a table of a source's layout, the target, and ST-DAT-01 to 07 of it.

    ``connect`` is the source's own, which reads. Raises CannotRunError when the source has no layout.
    """
    if source.layout is None:
        raise CannotRunError(f"nobody said how {source.name} keeps its envelopes: add `layout:`", GapReason.NOT_ALLOWED)
    path = DataPath(source=source.name, layout=source.layout, table=table, connect=connect, service=service)
    return path.store_id, data_path_tests(path)


def scratch_tests(
    test: PostgresSelftest, connect: Connect | None, wrapping: Wrapping, wait: Callable[[float], bool]
) -> tuple[str, tuple[Test, ...]]:
    """Return what the scratch copy is called, the target, and ST-DAT-08 to 10.

    ``connect`` is what may make the schema; None: the estate gives no such connection. ``wait`` waits so many seconds
    and tells whether the run was stopped.
    """
    target = f"postgres:{test.source}:{test.schema}"
    why = _why_not(test, connect)
    if connect is None or why:
        return target, tuple(_not_allowed(number, title, why) for number, title in _TITLES)
    scratch = Scratch(schema=test.schema, service=wrapping.service, key=wrapping.key)
    first = _not_allowed(*_TITLES[0], "the drill disables a key: add `canary: true` to the key under `selftest: aws:`")
    if wrapping.lifecycle is not None:
        first = drill.drill_test(
            drill.Drill(
                scratch=scratch,
                connect=connect,
                lifecycle=wrapping.lifecycle,
                second_key=wrapping.second_key,
                wait=wait,
            )
        )
    return target, (
        first,
        rotation.rotation_test(rotation.Rotation(scratch=scratch, connect=connect)),
        shred.shred_test(shred.Shred(scratch=scratch, connect=connect)),
    )


_TITLES = (("ST-DAT-08", drill.TITLE), ("ST-DAT-09", rotation.TITLE), ("ST-DAT-10", shred.TITLE))


def _why_not(test: PostgresSelftest, connect: Connect | None) -> str:
    if not test.canary:
        return f"it makes and drops the schema {test.schema}: add `canary: true` under `selftest: postgres:`"
    return "" if connect else "it needs a connection that may make a schema: add `dsn:` under `selftest: postgres:`"


def _not_allowed(number: str, title: str, why: str) -> Test:
    def run() -> Outcome:
        raise CannotRunError(why, GapReason.NOT_ALLOWED)

    return Test(id=number, title=title, changes_state=True, run=run)
