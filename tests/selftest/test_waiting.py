"""Waiting for a key service: done, too late, stopped, refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.collect.ask import Outside
from scanner.model.observation import GapReason
from scanner.selftest.interface import CannotRunError, RefusedError
from scanner.selftest.waiting import POLL_SECONDS, wait_until


class Clock:
    """A clock that moves only when somebody waits."""

    def __init__(self, *, stops: bool = False) -> None:
        self.now, self.stops = 0.0, stops

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.stops


def outside(clock: Clock) -> Outside:
    return replace(
        Outside(None, None, None, None, None, None),  # type: ignore[arg-type] # nothing else is asked
        monotonic=lambda: clock.now,
        wait=clock.wait,
    )


def test_it_asks_until_it_is_done() -> None:
    clock, answers = Clock(), iter((False, False, True))
    wait_until(outside(clock), "k", "disabled", lambda: next(answers))
    assert clock.now == 2 * POLL_SECONDS


def test_too_late_is_told_with_the_time() -> None:
    with pytest.raises(CannotRunError, match="k is not disabled after 5 s") as caught:
        wait_until(outside(Clock()), "k", "disabled", lambda: False, 5)
    assert caught.value.reason is GapReason.LIMIT


def test_who_is_stopped_waits_no_longer() -> None:
    with pytest.raises(CannotRunError, match="stopped"):
        wait_until(outside(Clock(stops=True)), "k", "disabled", lambda: False)


def test_a_refusal_does_not_say_that_nothing_changed() -> None:
    def refused() -> bool:
        raise RefusedError("AccessDenied")

    with pytest.raises(CannotRunError, match="k may be disabled: AccessDenied") as caught:
        wait_until(outside(Clock()), "k", "disabled", refused)
    assert caught.value.reason is GapReason.DENIED
