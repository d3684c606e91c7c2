"""The answer about a place: bounded, sorted, and the same for the same place."""

from __future__ import annotations

import pytest

from scanner.collect.leaks import report as module
from scanner.collect.leaks.finding import look, whole
from scanner.collect.leaks.report import REASONS, Spot
from scanner.model.observation import GapReason
from tests.collect.leaks.support import HASHES, LINE, OTHER, report

LOOKED = look(next(whole(LINE.encode())), HASHES)


def test_the_same_secret_at_the_same_place_is_one_leak() -> None:
    made = report()
    for line in (5, 9):
        made.add(Spot("a.log"), LOOKED, line)
    made.add(Spot("b.log"), LOOKED, 0)
    leaks = made.answer()["leaks"]
    assert isinstance(leaks, list)
    assert [(one["path"], one["line"], one["occurrences"]) for one in leaks if isinstance(one, dict)] == [
        ("a.log", 5, 2),
        ("b.log", 0, 1),
    ]


def test_more_than_are_kept_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    made = report()
    made.add(Spot("a.log"), LOOKED, 1)
    made.add(Spot("b.log"), LOOKED, 1)
    assert made.skipped == {"too_many": (1, ["b.log"])}


def test_a_few_names_are_kept_for_each_reason() -> None:
    made = report()
    for number in range(9):
        made.skip("link", f"a{number}")
    made.skip("link", "a0")
    assert made.answer()["skipped"] == [{"reason": "link", "count": 10, "names": [f"a{i}" for i in range(5)]}]


def test_every_reason_has_words_and_a_reason_of_gaps() -> None:
    assert all(words for _, words in REASONS.values())
    assert {name for name, (reason, _) in REASONS.items() if reason is GapReason.THROTTLED} == {"throttled"}


def test_the_secret_is_in_no_answer() -> None:
    made = report()
    made.add(Spot("a.log"), look(next(whole(f"kek={OTHER}".encode())), HASHES), 1)
    assert OTHER not in str(made.answer())
