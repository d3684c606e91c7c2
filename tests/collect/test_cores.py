"""The threads that ask share one core, and nothing else is moved."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from scanner.collect import cores
from scanner.collect.cores import one_core


def _seen_by_a_new_thread() -> set[int]:
    seen: list[set[int]] = []
    thread = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    return seen[0]


def test_threads_started_inside_stay_on_one_core_and_the_caller_is_let_go_again() -> None:
    before = os.sched_getaffinity(0)
    with one_core():
        inside = _seen_by_a_new_thread()
        assert os.sched_getaffinity(0) == inside
    assert len(inside) == 1
    assert inside <= before
    assert os.sched_getaffinity(0) == before


def test_the_caller_is_let_go_when_the_work_fails() -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(KeyError), one_core():
        raise KeyError
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("text", ["", "1 (keyaudit) S 0", "1 (a b) c) S " + "x " * 60])
def test_a_core_that_the_system_does_not_tell_is_the_first_allowed_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "stat").write_text(text)
    monkeypatch.setattr(cores, "_STAT", tmp_path / "stat")
    first = min(os.sched_getaffinity(0))
    with one_core():
        assert os.sched_getaffinity(0) == {first}


def test_a_core_that_is_told_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    last = max(os.sched_getaffinity(0))
    (tmp_path / "stat").write_text("1 (key) audit) " + " ".join([*["0"] * 36, str(last), "0"]))
    monkeypatch.setattr(cores, "_STAT", tmp_path / "stat")
    with one_core():
        assert os.sched_getaffinity(0) == {last}


def test_a_system_that_does_not_let_us_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def refuse(who: int, which: set[int]) -> None:
        calls.append((who, which))
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with one_core():
        pass
    assert len(calls) == 1


def test_a_system_without_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity")
    before = os.sched_getaffinity(0)
    with one_core():
        assert os.sched_getaffinity(0) == before
