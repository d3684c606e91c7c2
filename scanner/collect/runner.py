"""Runs units: several at once, each with its own segment, each kept from harming the others.

This is one of the two places that catch everything: whatever goes wrong inside a unit becomes gaps for
what that unit was to read, and the other units go on. Only a disk that does not take the evidence, or the
user's stop, ends the run; what was written stays and can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from scanner.collect.ask import Ask, Outside, StoppedError
from scanner.collect.cores import one_core
from scanner.collect.interface import CallError, Unit
from scanner.collect.limiter import Limiter
from scanner.collect.stored import Stored
from scanner.collect.tally import Tally
from scanner.evidence.log import DiskError, EvidenceLog, read_segment
from scanner.model.observation import GapReason

UNITS_AT_ONCE = 16
CALLS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Run:
    """What all units of a run share."""

    log: EvidenceLog
    wanted: frozenset[str]
    outside: Outside
    tally: Tally
    units_at_once: int = UNITS_AT_ONCE
    calls_at_once: int = CALLS_AT_ONCE
    limiters: dict[tuple[str, str, str], Limiter] = field(default_factory=dict)


def run_units(first: Iterable[Unit], run: Run) -> None:
    """Run units and the units that they yield, each id once. Raises DiskError, StoppedError, or KeyboardInterrupt."""
    seen: set[str] = set()
    # Units use the pool of calls, so theirs is closed first.
    with (
        one_core(),
        ThreadPoolExecutor(run.calls_at_once, thread_name_prefix="call") as calls,
        ThreadPoolExecutor(run.units_at_once, thread_name_prefix="unit") as units,
    ):
        pending: set[Future[list[Unit]]] = set()
        try:
            pending = _submit(units, calls, first, run, seen)
            while pending:
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    pending |= _submit(units, calls, future.result(), run, seen)
        except BaseException:
            # The pools wait for their threads when they close: tell these to ask nothing more.
            run.outside.stop()
            for future in pending:
                future.cancel()
            raise


def _submit(
    units: Executor, calls: Executor, found: Iterable[Unit], run: Run, seen: set[str]
) -> set[Future[list[Unit]]]:
    """Submit the units that were not submitted before: a provider may list an account or a region twice."""
    submitted = set()
    for unit in found:
        if unit.id not in seen:
            seen.add(unit.id)
            run.tally.add(unit.source_name, "units")
            submitted.add(units.submit(_run_unit, unit, calls, run))
    return submitted


def _run_unit(unit: Unit, calls: Executor, run: Run) -> list[Unit]:
    more: list[Unit] = []
    segment = run.log.segment(unit.id)
    try:
        ask = Ask(
            unit,
            wanted=run.wanted,
            stored=Stored(read_segment(segment.path), unit.uncached),
            segment=segment,
            limiter=run.limiters.setdefault((unit.account, unit.region, unit.collector), Limiter(unit.concurrency)),
            pool=calls,
            outside=run.outside,
            tally=run.tally,
            boundary=guard,
        )
        try:
            guard(ask, None, lambda: more.extend(unit.collect(ask)))
        finally:
            ask.close()
    finally:
        run.log.release(unit.id)
    run.tally.add(unit.source_name, "units_done")
    return more


def guard(ask: Ask, subject: str | None, work: Callable[[], None]) -> None:
    """Do ``work``; whatever fails in it becomes gaps about ``subject`` (None: the whole unit)."""
    try:
        work()
    except (StoppedError, DiskError):
        raise
    except CallError as error:
        ask.abandon(subject, error)
    except Exception as error:  # noqa: BLE001 - the boundary: no failure of one unit may stop or hide the others
        ask.abandon(subject, CallError(GapReason.FAILED, code=type(error).__name__, detail=f"unexpected: {error}"))


__all__ = ["DiskError", "Run", "guard", "run_units"]
