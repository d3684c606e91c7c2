"""Pieces looked at alone, and by processes."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool

import pytest

from scanner.collect.interface import CallError
from scanner.collect.leaks import pool
from scanner.collect.leaks.finding import Piece, look, whole
from scanner.collect.leaks.pool import Lookers
from scanner.model.observation import GapReason
from tests.collect.leaks.support import HASHES, LINE, after, never

PIECES = [Piece((LINE * (i + 1)).encode(), 0, len(LINE) * (i + 1)) for i in range(9)]
EXPECTED = [(i, look(piece, HASHES)) for i, piece in enumerate(PIECES)]


def test_processes_find_what_one_alone_finds_in_the_same_order() -> None:
    alone = Lookers(HASHES, 1)
    assert list(alone.each(enumerate(PIECES), never)) == EXPECTED
    alone.close()
    together = Lookers(HASHES, 2, alone=len(LINE))
    try:
        assert list(together.each(enumerate(PIECES), never)) == EXPECTED
    finally:
        together.close()


def test_when_time_is_up_nothing_more_is_looked_at() -> None:
    looked = Lookers(HASHES, 1).each(enumerate(PIECES), after(3))
    assert [next(looked)[0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(CallError) as caught:
        next(looked)
    assert caught.value.code == "Time"


class Lost(Lookers):
    """Lookers whose processes are stopped from outside."""

    def _ready(self, piece: Piece) -> None:
        raise BrokenProcessPool


def test_a_lost_process_is_a_gap() -> None:
    with pytest.raises(CallError) as caught:
        list(Lost(HASHES, 2).each(enumerate(PIECES), never))
    assert caught.value.reason is GapReason.FAILED


def test_a_process_looks_with_the_hashes_that_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_hashes", None)
    pool.start(HASHES.key)
    (piece,) = whole(LINE.encode())
    assert pool.look_there(piece) == look(piece, HASHES)


def test_a_process_that_may_not_choose_its_cores_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def refuse(process: int, _cores: object) -> None:
        asked.append(process)
        raise OSError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    pool.free_cores()
    assert asked == [0]
    monkeypatch.delattr(os, "sched_setaffinity")
    monkeypatch.setattr(pool, "_hashes", None)
    pool.start(HASHES.key)
    assert asked == [0]
