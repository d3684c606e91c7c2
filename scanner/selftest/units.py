"""The runner's units of self-tests: one for each job, one after another.

A test that made no call and cannot run becomes a gap; one
that made calls is recorded with them, and with a gap beside it when it could not tell.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from scanner.collect.ask import Outside, StoppedError
from scanner.collect.interface import Asking, CallError, ForbiddenOperationError, Reply, Unit
from scanner.evidence.records import source_id
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.bench import PutBackError
from scanner.selftest.interface import Call, CannotRunError, DeniedError, RefusedError, Test
from scanner.selftest.record import Entry, calls_in, of_family, operations, told, untold

NAME = "selftest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A target that is connected, with the tests that can be run on it."""

    provider: str
    target: str
    """As facts call it."""
    principal: str = ""
    """Who uses it, as the provider names that; empty: nobody is named."""
    tests: Sequence[Test]
    calls: Callable[[], Sequence[Call]]
    """Every call made so far."""
    close: Callable[[], None]


Connect = Callable[["Station"], Rig]
"""Connects a target. Raises CallError, RefusedError or CannotRunError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One target, or one source for which the estate names none."""

    source: str
    target: str
    """As the estate calls it; empty: there is none."""
    family: str
    connect: Connect | None
    lacks: str = ""
    """What to add to the estate, where there is no target; empty: there is none on purpose."""

    @property
    def name(self) -> str:
        """What subjects call the target: of several sources, two may have a key of one name."""
        return self.source if self.source == self.target else f"{self.source}/{self.target}"


def chain(jobs: Sequence[Job], outside: Outside) -> Iterator[Unit]:
    """Yield the unit of the first job, which yields that of the next: two jobs may use the same canary."""
    if not jobs:
        return
    job, rest = jobs[0], jobs[1:]
    entries = of_family(job.family)
    station = Station(entries, job.connect, outside)

    def collect(asking: Asking) -> Iterator[Unit]:
        # First, so that the next one runs whatever becomes of this one. It waits until this one has ended.
        yield from chain(rest, outside)
        for entry in entries:
            if not asking.wants(entry.operation):
                continue
            if job.connect is None and not job.lacks:
                asking.call(entry.operation, {})
            elif job.connect is None:
                detail = f"the estate names nothing for self-tests to use: add `{job.lacks}`"
                error = CallError(GapReason.NOT_ALLOWED, code="NoSelftest", detail=detail)
                asking.note(entry.operation, error, subject=None)
            else:
                run_test(asking, entry, job, station)

    yield Unit(
        id="/".join((NAME, job.source, job.family, job.target or "none")),
        source=source_id(NAME, job.source, quote(job.target, safe="/:")),
        source_name=job.source,
        account="",
        region="",
        collector=NAME,
        principal="",
        operations=tuple(one for one in operations() if one.name in {entry.operation for entry in entries}),
        collect=collect,
        transport=lambda: station,
        # Each test has bounds of its own; what is read before them may have taken long.
        deadline=float("inf"),
        concurrency=1,
    )


def run_test(asking: Asking, entry: Entry, job: Job, station: Station) -> None:
    """Run one test, or take its result of an earlier run. One that could not tell has a gap too, and so runs again."""
    subject = f"{entry.id} {job.name}"
    answer = asking.call(entry.operation, {"target": job.target}, subject=subject)
    if answer is None:
        return
    if entry.operation not in station.ran:
        station.earlier.extend(calls_in(answer.body))
    if answer.body.get("outcome") == "unknown":
        reason = GapReason(str(answer.body.get("reason")))
        error = CallError(reason, code="CannotTell", detail=str(answer.body.get("detail")))
        asking.note(entry.operation, error, subject=subject)


class Station:
    """Runs the tests of one target when it is asked to; a transport to the runner."""

    endpoint = "self-tests"

    def __init__(self, entries: Sequence[Entry], connect: Connect | None, outside: Outside) -> None:
        self._entries: Mapping[str, Entry] = {entry.operation: entry for entry in entries}
        self._connect = connect
        self._outside = outside
        self._rig: Rig | None = None
        self._problem: CallError | None = None
        self.ran: set[str] = set()
        """Operations that were asked of it, and so were not taken from an earlier run."""
        self.earlier: list[Call] = []
        """Calls of tests that an earlier run made."""

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Run a test. Raises CallError where it made no call and cannot run, StoppedError when it was stopped."""
        entry = self._entries.get(operation)
        if entry is None or not params.keys() <= {"target"}:
            raise ForbiddenOperationError(f"{operation} is not a declared self-test")
        self.ran.add(operation)
        if self._connect is None:
            return Reply(200, "", {"declined": True})
        rig = self._connected(self._connect)
        test = next((one for one in rig.tests if one.id == entry.id), None)
        if test is None:
            raise CallError(GapReason.UNSUPPORTED, code="NoSuchTest", detail=f"{rig.provider} has no {entry.id} yet")
        before = len(rig.calls())
        try:
            outcome = test.run()
        except CannotRunError as error:
            return self._could_not(entry, rig, error, rig.calls()[before:])
        body = told(entry, rig.target, rig.provider, outcome, rig.calls()[before:])
        return Reply(200, "", {**body, "principal": rig.principal})

    def close(self) -> None:
        """Give up the connections of the target."""
        if self._rig is not None:
            self._rig.close()

    def _could_not(self, entry: Entry, rig: Rig, error: CannotRunError, calls: Sequence[Call]) -> Reply:
        if isinstance(error, PutBackError):
            # Whatever else becomes of the run, and of its report: somebody must act.
            logging.getLogger(__name__).critical("%s", error)
        elif self._outside.stopped():
            raise StoppedError
        if not calls:
            raise CallError(error.reason, code="CannotRun", detail=str(error)) from error
        body = untold(entry, rig.target, rig.provider, error, calls)
        return Reply(200, "", {**body, "principal": rig.principal})

    def _connected(self, connect: Connect) -> Rig:
        if self._problem is not None:
            raise self._problem
        if self._rig is None:
            try:
                self._rig = self._open(connect)
            except CallError as error:
                self._problem = error
                raise
        return self._rig

    def _open(self, connect: Connect) -> Rig:
        try:
            return connect(self)
        except CannotRunError as error:
            if self._outside.stopped():
                raise StoppedError from error
            raise CallError(error.reason, code="CannotRun", detail=str(error)) from error
        except RefusedError as error:
            reason = GapReason.DENIED if isinstance(error, DeniedError) else GapReason.FAILED
            raise CallError(reason, code=error.code, detail=error.detail) from error
