"""The gate: additive increase, multiplicative decrease, and nobody is forgotten at it."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.collect.limiter import Limiter


@given(st.integers(1, 50), st.lists(st.booleans(), max_size=200))
def test_the_limit_stays_between_one_and_its_most(most: int, answers: list[bool]) -> None:
    limiter = Limiter(most)
    for answered in answers:
        (limiter.speed_up if answered else limiter.slow_down)()
        assert 1 <= limiter.limit <= most


@pytest.mark.parametrize(("throttles", "limit"), [(0, 8), (1, 4), (2, 2), (3, 1), (9, 1)])
def test_throttling_halves(throttles: int, limit: int) -> None:
    limiter = Limiter(8)
    for _ in range(throttles):
        limiter.slow_down()
    assert limiter.limit == limit


def test_a_round_of_answers_adds_one() -> None:
    limiter = Limiter(100)
    for _ in range(4):
        limiter.slow_down()
    before = limiter.limit
    for _ in range(before + 1):
        limiter.speed_up()
    assert limiter.limit == before + 1


class Crowd:
    """Threads that go through the gate and count how many are inside."""

    def __init__(self, limiter: Limiter, size: int) -> None:
        self.limiter = limiter
        self.inside, self.most, self.done = 0, 0, 0
        self.leave = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._go) for _ in range(size)]
        for thread in self.threads:
            thread.start()

    def _go(self) -> None:
        with self.limiter.slot():
            with self._lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            self.entered.release()
            self.leave.acquire(timeout=30)
            with self._lock:
                self.inside -= 1
                self.done += 1

    def enter(self, count: int) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=30)

    def end(self) -> None:
        self.leave.release(len(self.threads))
        for thread in self.threads:
            thread.join(30)


def test_no_more_than_the_limit_are_inside_and_all_get_in() -> None:
    crowd = Crowd(Limiter(3), 20)
    crowd.enter(3)
    assert not crowd.entered.acquire(blocking=False)
    crowd.end()
    assert (crowd.most, crowd.done) == (3, 20)


def test_a_narrower_gate_lets_nobody_in_until_enough_have_left() -> None:
    limiter = Limiter(4)
    crowd = Crowd(limiter, 6)
    crowd.enter(4)
    limiter.slow_down()
    crowd.leave.release(2)
    crowd.leave.release(1)  # the third to leave makes room for one
    crowd.enter(1)
    assert crowd.inside <= 2
    crowd.end()
    assert crowd.done == 6


def test_who_waits_gets_in_when_the_gate_widens() -> None:
    limiter = Limiter(2)
    limiter.slow_down()
    crowd = Crowd(limiter, 2)
    crowd.enter(1)
    limiter.speed_up()
    crowd.enter(1)
    crowd.end()
    assert crowd.most == 2


def test_a_failure_inside_gives_the_place_back() -> None:
    limiter = Limiter(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limiter.slot():
            raise ZeroDivisionError
