"""Readers and writers that work while something else happens."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from scanner.envelope.rows import OpenError
from scanner.selftest.crew import Crew
from scanner.selftest.database import connector
from scanner.selftest.interface import CannotRunError, RefusedError


def test_every_worker_gets_on_with_a_connection_of_its_own(dsn: str) -> None:
    pids: list[set[int]] = [set(), set()]

    def work(place: int) -> Any:  # noqa: ANN401
        def once(connection: psycopg.Connection[Any], done: int) -> None:
            connection.execute("SELECT 1")
            pids[place].add(connection.info.backend_pid)

        return once

    with Crew(connector(dsn), [work(0), work(1)]) as crew:
        crew.wait(3)
        first = crew.operations
        assert min(first) >= 4
        crew.wait(2)
    assert all(after >= before + 3 for before, after in zip(first, crew.operations, strict=True))
    assert [len(one) for one in pids] == [1, 1]
    assert pids[0] != pids[1]
    assert crew.failures == 0
    assert crew.longest_pause_ms >= 1


@pytest.mark.parametrize("error", [OpenError("bad"), RefusedError("bad"), CannotRunError("bad")])
def test_a_failure_is_counted_and_the_worker_goes_on(dsn: str, error: Exception) -> None:
    def fail(connection: psycopg.Connection[Any], done: int) -> None:
        raise error

    with Crew(connector(dsn), [fail]) as crew:
        crew.wait(5)
    assert crew.failures == crew.operations[0] >= 6
    assert crew.kept == ["bad"] * 3


def test_a_worker_without_a_connection_fails_and_is_not_waited_for() -> None:
    with Crew(connector("host=/nowhere"), [lambda connection, done: None]) as crew:
        crew.wait(5)
    assert (crew.failures, crew.operations) == (1, [0])


def test_a_worker_that_hangs_ends_the_wait(dsn: str) -> None:
    go_on = threading.Event()

    def hang(connection: psycopg.Connection[Any], done: int) -> None:
        go_on.wait()

    with Crew(connector(dsn), [hang], patience=0.2) as crew:
        with pytest.raises(CannotRunError, match=r"did not get on within 0\.2 seconds"):
            crew.wait(1)
        go_on.set()
