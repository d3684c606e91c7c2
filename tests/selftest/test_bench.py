"""Steps that tests of a key service share: trying what must be refused, and putting a canary back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.model.observation import GapReason
from scanner.selftest.bench import CONTEXT, Attempt, PutBackError, accepted, opened, put_back, until_refused
from scanner.selftest.interface import CannotRunError, Context, RefusedError
from tests.collect.fakes import Clock
from tests.selftest.vault import FIRST, Vault, a_bench, cannot


def refuse() -> None:
    raise RefusedError("No")


class Slow(Vault):
    """Becomes usable after some tries; ``error`` is what it says until then."""

    def __init__(self, tries: int, error: Exception) -> None:
        super().__init__()
        self.tries, self.error = tries, error

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        self.tries -= 1
        if self.tries >= 0:
            raise self.error
        return bytearray(32)


def test_what_is_accepted_is_named_in_order() -> None:
    attempts = [Attempt("a", refuse), Attempt("b", bool), Attempt("c", refuse), Attempt("d", bool)]
    assert accepted(a_bench(), attempts) == ["b", "d"]


def test_a_failure_that_is_no_refusal_ends_the_attempts() -> None:
    with pytest.raises(CannotRunError, match="no line"):
        accepted(a_bench(), [Attempt("a", cannot)])


def test_a_stopped_run_tries_nothing_more() -> None:
    tried: list[str] = []
    with pytest.raises(CannotRunError, match="stopped") as caught:
        accepted(a_bench(clock=Clock(stopped=True)), [Attempt("a", lambda: tried.append("a"))])
    assert (tried, caught.value.reason) == ([], GapReason.LIMIT)


def test_a_change_of_state_may_take_a_while() -> None:
    clock, left = Clock(), iter([True, True, False])

    def works_twice() -> None:
        if not next(left):
            raise RefusedError("Disabled")

    assert until_refused(a_bench(clock=clock), [Attempt("unwraps", works_twice)]) == []
    assert clock.seconds == 4


def test_a_run_that_is_stopped_while_it_waits_cannot_tell() -> None:
    with pytest.raises(CannotRunError, match="stopped"):
        until_refused(a_bench(clock=Clock(stops_after=2)), [Attempt("unwraps", bool)])


def test_an_opened_key_is_none_where_it_is_refused() -> None:
    assert opened(a_bench(Slow(1, RefusedError("No"))), b"x") is None


def nothing(_: str) -> None:
    """Put back at once."""


def fails(_: str) -> None:
    raise RefusedError("Internal")


def test_a_canary_is_waited_for_until_it_works() -> None:
    clock = Clock()
    put_back(a_bench(Slow(3, RefusedError("Disabled")), clock), nothing, b"x")
    assert clock.seconds == 6


def test_a_canary_that_works_although_putting_it_back_failed_is_fine() -> None:
    service = Vault()
    wrapped = service.generate_data_key(FIRST, CONTEXT).wrapped
    put_back(a_bench(service), fails, wrapped)
    assert service.calls[-1].operation == "unwrap"


@pytest.mark.parametrize(
    ("error", "restore", "clock", "words"),
    [
        (RefusedError("Disabled"), nothing, Clock(), "it still refuses: Disabled"),
        (RefusedError("Disabled"), fails, Clock(), "Internal"),
        (RefusedError("Disabled"), fails, Clock(stopped=True), "Internal"),
        (RefusedError("Disabled"), cannot, Clock(), "no line"),
        (CannotRunError("gone"), nothing, Clock(), "gone"),
        (CannotRunError("stopped", GapReason.LIMIT), fails, Clock(), "Internal"),
    ],
)
def test_a_canary_that_stays_changed_is_told(
    error: Exception, restore: Callable[[str], None], clock: Clock, words: str
) -> None:
    with pytest.raises(PutBackError) as caught:
        put_back(a_bench(Slow(1_000, error), clock), restore, b"x")
    expected = f"THE CANARY {FIRST} COULD NOT BE PUT BACK ({words}): cancel its deletion and enable it by hand"
    assert (str(caught.value), caught.value.reason) == (expected, GapReason.FAILED)


@pytest.mark.parametrize(
    ("error", "clock"),
    [
        (RefusedError("Disabled"), Clock(stopped=True)),
        (CannotRunError("stopped", GapReason.LIMIT), Clock()),
    ],
)
def test_a_stopped_run_puts_back_and_does_not_wait_for_it(error: Exception, clock: Clock) -> None:
    restored: list[str] = []
    put_back(a_bench(Slow(1_000, error), clock), restored.append, b"x")
    assert restored == [FIRST]
