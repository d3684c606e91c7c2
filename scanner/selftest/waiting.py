"""Waiting until a key service has done what it was asked: changes of a key's state take a moment."""

from __future__ import annotations

from collections.abc import Callable

from scanner.collect.ask import Outside
from scanner.model.observation import GapReason
from scanner.selftest.interface import CannotRunError, RefusedError

POLL_SECONDS = 2.0
CHANGE_SECONDS = 120.0


def wait_until(
    outside: Outside, key: str, what: str, done: Callable[[], bool], seconds: float = CHANGE_SECONDS
) -> None:
    """Wait until ``key`` is ``what``, at most so many seconds. Raises CannotRunError: too late, stopped, or refused."""
    until = outside.monotonic() + seconds
    try:
        while not done():
            if outside.monotonic() >= until:
                raise CannotRunError(f"{key} is not {what} after {seconds:g} s", GapReason.LIMIT)
            if outside.wait(POLL_SECONDS):
                raise CannotRunError("stopped", GapReason.LIMIT)
    except RefusedError as error:  # its state was changed already, which a refusal does not say
        raise CannotRunError(f"{key} may be {what}: {error}", GapReason.DENIED) from error
