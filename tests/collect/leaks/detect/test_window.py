"""Runs, words and lines of a window."""

from __future__ import annotations

import pytest

from scanner.collect.leaks.detect.window import Window


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (b"", []),
        (b"short words only", []),
        (b"a" * 19, []),
        (b"a" * 20, [(0, 20)]),
        (b"x: " + b"a" * 30 + b".", [(3, 33)]),
        (b"a" * 20 + b" " + b"b" * 25, [(0, 20), (21, 46)]),
        (rb"\n" + b"a" * 20, [(2, 22)]),
        (rb"\x" + b"a" * 20, [(1, 22)]),
        ("ä".encode() + b"a" * 20, [(2, 22)]),
    ],
)
def test_runs_are_what_keys_are_made_of(text: bytes, runs: list[tuple[int, int]]) -> None:
    assert list(Window.of(text).runs()) == runs


def test_words_are_found_whatever_their_case() -> None:
    window = Window.of(b"Pin pin PIN")
    assert list(window.places(b"pin")) == [0, 4, 8]


@pytest.mark.parametrize(("place", "line"), [(0, (0, 3)), (4, (4, 9)), (9, (4, 9)), (10, (10, 12))])
def test_the_line_around_a_place(place: int, line: tuple[int, int]) -> None:
    assert Window.of(b"one\nthree\nsi").line(place) == line


def test_a_line_is_looked_at_a_bounded_way() -> None:
    assert Window.of(b"x" * 5000).line(2500, before=10, after=20) == (2490, 2520)
