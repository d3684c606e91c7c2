"""What the self-tests of a key service work with, and the steps that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from scanner.model.observation import GapReason
from scanner.selftest.interface import (
    AuditLog,
    Call,
    CannotRunError,
    Context,
    DataKey,
    DeniedError,
    KeyLifecycle,
    KeyService,
    Outcome,
    RefusedError,
    wipe,
)

CONTEXT: Context = {"purpose": "keyaudit-selftest", "tenant": "canary-1"}
"""What every data key of the tests is bound to."""
SETTLE_SECONDS = 120.0
"""How long a change of a key's state may take to be in force everywhere: AWS names a minute, and at most five."""
SETTLE_HERE_SECONDS = 4.0
"""The same for an emulator on this machine, which has nobody to tell."""
POLL_SECONDS = 2.0

T = TypeVar("T")


class PutBackError(CannotRunError):
    """A canary was left changed. Somebody must put it back by hand."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(
            f"THE CANARY {key} COULD NOT BE PUT BACK ({why}): cancel its deletion and enable it by hand",
            GapReason.FAILED,
        )


@dataclass(slots=True, kw_only=True)
class Bench:
    """What the tests of one key work with."""

    service: KeyService
    key: str
    wait: Callable[[float], bool]
    """Wait that many seconds, less when the run is stopped; True when it was stopped."""
    monotonic: Callable[[], float]
    second_key: str = ""
    canary: bool = False
    lifecycle: KeyLifecycle | None = None
    stranger: Callable[[], KeyService] | None = None
    """Makes the key service as a principal without rights uses it. Raises CannotRunError. Its calls count as made."""
    audit: AuditLog | None = None
    audit_wait: float = 900
    """Seconds."""
    earlier: Callable[[], Sequence[Call]] = tuple
    """Calls of tests that an earlier run made."""
    threads: int = 8
    settle: float = SETTLE_SECONDS


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that must be refused."""

    name: str
    run: Callable[[], object]


def until_refused(bench: Bench, attempts: Sequence[Attempt]) -> list[str]:
    """Return what is still accepted when time is up: a change of state takes a while to be in force everywhere."""
    until = bench.monotonic() + bench.settle
    while True:
        working = accepted(bench, attempts)
        if not working or bench.monotonic() >= until:
            return working
        if bench.wait(POLL_SECONDS):
            raise CannotRunError("stopped", GapReason.LIMIT)


def put_back(bench: Bench, restore: Callable[[str], None], wrapped: bytes) -> None:
    """Make the canary usable again, and see that it is, be the run stopped or not. Raises PutBackError."""
    problem = ""
    try:
        restore(bench.key)
    except (RefusedError, CannotRunError) as error:
        problem = str(error)
    until = bench.monotonic() + bench.settle
    while True:
        try:
            wipe(bench.service.unwrap(bench.key, wrapped, CONTEXT))
        except CannotRunError as error:
            if problem or error.reason is not GapReason.LIMIT:
                raise PutBackError(bench.key, problem or str(error)) from error
            return  # stopped, as below
        except RefusedError as error:
            if bench.monotonic() >= until:
                raise PutBackError(bench.key, problem or f"it still refuses: {error}") from error
            if bench.wait(POLL_SECONDS):
                if problem:
                    raise PutBackError(bench.key, problem) from error
                return  # stopped; the service said that it is enabled, which takes a moment to be in force
        else:
            return


def generate(bench: Bench) -> DataKey:
    """Return a data key of the key under test. Raises CannotRunError where it is refused."""
    return needed(lambda: bench.service.generate_data_key(bench.key, CONTEXT))


def needed(work: Callable[[], T]) -> T:
    """Do what must work for the test to tell anything. Raises CannotRunError where it is refused."""
    try:
        return work()
    except DeniedError as error:
        raise CannotRunError(
            f"the caller may not do what the test needs: {error}; `keyaudit permissions` lists the rights",
            GapReason.DENIED,
        ) from error
    except RefusedError as error:
        raise CannotRunError(f"the service refused what the test needs: {error}", GapReason.FAILED) from error


def opened(bench: Bench, wrapped: bytes, key: str = "") -> bytearray | None:
    """Return what a wrapped key opens to, or None when it is refused. Raises CannotRunError for want of rights."""
    try:
        return bench.service.unwrap(key or bench.key, wrapped, CONTEXT)
    except DeniedError:
        return needed(lambda: bench.service.unwrap(key or bench.key, wrapped, CONTEXT))
    except RefusedError:
        return None


def must_open(bench: Bench, wrapped: bytes) -> None:
    """See that the right thing works, so that a refusal of the wrong one means something."""
    wipe(needed(lambda: bench.service.unwrap(bench.key, wrapped, CONTEXT)))


def second_key(bench: Bench) -> str:
    """Return the second key, which works."""
    if not bench.second_key:
        raise CannotRunError(
            "it needs a second key: add `second_key` to the key under `selftest:`", GapReason.NOT_ALLOWED
        )
    needed(lambda: bench.service.generate_data_key(bench.second_key, CONTEXT)).wipe()
    return bench.second_key


def canary_of(bench: Bench) -> KeyLifecycle:
    """Return what changes the canary's state. Raises CannotRunError where the key is none."""
    if not bench.canary or bench.lifecycle is None:
        raise CannotRunError(
            "it changes the key's state: add `canary: true` under `selftest:` to a key that exists for this alone",
            GapReason.NOT_ALLOWED,
        )
    return bench.lifecycle


def unwrapping(bench: Bench, wrapped: bytes, context: Context) -> Callable[[], object]:
    """Return the attempt to unwrap with a context."""
    return lambda: wipe(bench.service.unwrap(bench.key, wrapped, context))


def accepted(bench: Bench, attempts: Sequence[Attempt]) -> list[str]:
    """Return the names of what is accepted, in order; a few are tried at once."""

    def taken(attempt: Attempt) -> bool:
        go_on(bench)
        try:
            attempt.run()
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(bench.threads, thread_name_prefix="selftest") as pool:
        return [one.name for one, yes in zip(attempts, pool.map(taken, attempts), strict=True) if yes]


def go_on(bench: Bench) -> None:
    """Raise CannotRunError when the run was stopped."""
    if bench.wait(0):
        raise CannotRunError("stopped", GapReason.LIMIT)


def passed(detail: str, cases: int) -> Outcome:
    """Return that every case held."""
    return Outcome(passed=True, detail=detail, cases=cases)


def failed(detail: str, cases: int) -> Outcome:
    """Return that one did not."""
    return Outcome(passed=False, detail=detail, cases=cases)
