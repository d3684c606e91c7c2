"""Many subjects at once: bounded, each on its own, and none left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import pytest

from scanner.collect.ask import StoppedError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.fakes import LIST, ONE, Bench, Clock, FakeTransport, Work, in_turn, throttled


def asks(work: Work, subject: str) -> None:
    work.ask.call(ONE, {"id": subject}, subject=subject)


def test_each_subject_is_worked_on_and_a_failure_stays_with_its_own(bench: Bench) -> None:
    work = bench.work()

    def one(subject: str) -> None:
        if subject == "bad":
            raise ZeroDivisionError("oh")
        work.ask.call(ONE, {"id": subject}, subject=subject)

    work.ask.each(one, iter(["a", "bad", "b"]))
    assert sorted(str(a.subject) for a in work.answers) == ["a", "b"]
    assert {(g.operation, g.subject) for g in work.gaps} == {(ONE, "bad"), (LIST, "bad")}
    gap = work.gaps[0]
    assert (gap.reason, gap.error_code, gap.detail, gap.attempts) == (
        GapReason.FAILED,
        "ZeroDivisionError",
        "unexpected: oh",
        0,
    )


def test_only_so_many_subjects_are_taken_at_once(bench: Bench) -> None:
    work = bench.work(concurrency=2)
    taken, most = [0], [0]
    lock = threading.Lock()

    def subjects() -> Iterator[str]:
        for i in range(50):
            with lock:
                taken[0] += 1
                most[0] = max(most[0], taken[0])
            yield str(i)

    def one(_: str) -> None:
        with lock:
            taken[0] -= 1

    work.ask.each(one, subjects())
    assert taken[0] == 0
    assert most[0] <= 2 * 4 + 1


def test_calls_under_way_are_bounded_by_the_gate(bench: Bench) -> None:
    running, most = [0], [0]
    lock = threading.Lock()
    enough = threading.Barrier(4)

    def behave(_operation: str, params: Mapping[str, Json]) -> Json:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        if int(str(params["id"])) < 4:
            enough.wait(30)  # four are inside together, or this breaks
        with lock:
            running[0] -= 1
        return {}

    work = bench.work(behave)
    work.ask.each(lambda subject: asks(work, subject), iter(map(str, range(40))))
    assert most[0] == 4
    assert len(work.answers) == 40


def test_nothing_of_a_unit_runs_on_when_its_listing_fails(bench: Bench) -> None:
    work = bench.work()
    release = threading.Event()
    finished = []

    def one(subject: str) -> None:
        release.wait(30)
        finished.append(subject)

    def subjects() -> Iterator[str]:
        yield "a"
        yield "b"
        release.set()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work.ask.each(one, subjects())
    assert sorted(finished) == ["a", "b"]


def test_a_stop_ends_the_taking_of_subjects(bench: Bench) -> None:
    clock = Clock()
    work = bench.work(clock=clock)
    taken = []

    def subjects() -> Iterator[str]:
        for i in range(1000):
            if i == 3:
                clock.stop()
            taken.append(i)
            yield str(i)

    with pytest.raises(StoppedError):
        work.ask.each(lambda _: None, subjects())
    assert taken == [0, 1, 2, 3]


def test_a_stop_in_the_work_leaves_each(bench: Bench) -> None:
    work = bench.work(clock=Clock(stops_after=1), behavior=in_turn(*[throttled()] * 9))
    with pytest.raises(StoppedError):
        work.ask.each(lambda subject: asks(work, subject), iter("abc"))


def test_it_connects_once_and_closes_once(bench: Bench) -> None:
    made: list[FakeTransport] = []

    def connect() -> FakeTransport:
        made.append(FakeTransport())
        return made[-1]

    work = bench.work(transport=connect)
    work.ask.each(lambda subject: asks(work, subject), iter("abcdef"))
    work.ask.close()
    assert len(made) == made[0].closed == 1
    assert len(made[0].asked) == 6
