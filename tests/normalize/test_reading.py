"""Typed reads: a value of another type, or a word that we do not know, is not known."""

from __future__ import annotations

from datetime import datetime

import pytest

from scanner.model.ids import Json
from scanner.normalize import reading

WORDS = {"YES": 1}
WRONG: list[Json] = [5, True, 1.5, [], ["YES"], {}, {"a": "YES"}]


@pytest.mark.parametrize("value", WRONG)
def test_what_is_not_text_is_not_known(value: Json) -> None:
    body: reading.Object = {"x": value}
    assert reading.given(body, "x")
    assert reading.text(body, "x") is None
    assert reading.text_or(body, "x", "none") is None
    assert reading.choice(body, "x", WORDS) is None
    assert reading.choice_or(body, "x", WORDS, 0) is None
    assert reading.moment(body, "x") is None


def test_absence_has_a_word_of_its_own_where_something_was_read() -> None:
    bodies: list[reading.Object] = [{}, {"x": None}]
    for body in bodies:
        assert not reading.given(body, "x")
        assert reading.text_or(body, "x", "none") == "none"
        assert reading.choice_or(body, "x", WORDS, 0) == 0
    assert not reading.given(None, "x")
    assert reading.text_or(None, "x", "none") is None
    assert reading.choice_or(None, "x", WORDS, 0) is None


def test_a_word_means_what_the_table_says() -> None:
    assert reading.choice({"x": "YES"}, "x", WORDS) == 1
    assert reading.choice_or({"x": "YES"}, "x", WORDS, 0) == 1
    assert reading.choice({"x": "yes"}, "x", WORDS) is None
    assert reading.choice_or({"x": "MAYBE"}, "x", WORDS, 0) is None
    assert reading.text({"x": "YES"}, "x") == reading.text_or({"x": "YES"}, "x", "none") == "YES"


@pytest.mark.parametrize("value", ["true", 1, 0, None, []])
def test_only_a_boolean_is_a_flag(value: Json) -> None:
    assert reading.flag({"x": value}, "x") is None
    assert reading.flag({"x": False}, "x") is False
    assert reading.flag(None, "x") is None


@pytest.mark.parametrize("value", ["90", 90.0, True, 0, -1, None])
def test_only_a_positive_integer_is_a_number_of_days(value: Json) -> None:
    assert reading.days({"x": value}, "x") is None
    assert reading.days({"x": 90}, "x") == 90
    assert reading.days(None, "x") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5)),  # noqa: DTZ001 - as DuckDB keeps it
        ("2026-01-02T03:04:05.678+02:00", datetime(2026, 1, 2, 1, 4, 5, 678000)),  # noqa: DTZ001
        ("2026-01-02T03:04:05", None),  # without a zone nobody knows when that was
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_a_moment_needs_a_zone_and_a_place_in_the_calendar(value: str, expected: datetime | None) -> None:
    assert reading.moment({"x": value}, "x") == expected


def test_a_child_is_an_object_of_an_object() -> None:
    assert reading.child({"x": {"y": 1}}, "x") == {"y": 1}
    bodies: list[Json] = [{"x": []}, {"x": "y"}, {}, [], "x", None]
    for body in bodies:
        assert reading.child(body, "x") is None


def test_a_list_of_texts_is_sorted_and_all_texts() -> None:
    assert reading.texts({"x": ["b", "a", "b"]}, "x") == ("a", "b")
    assert reading.texts({"x": []}, "x") == ()
    values: list[Json] = [["a", 5], "a", None, {"a": "b"}]
    for value in values:
        assert reading.texts({"x": value}, "x") is None
