"""Errors say what is wrong, where, and what to do, and each has its exit code."""

from __future__ import annotations

import pytest

from scanner import errors
from scanner.errors import ConfigError, EvidenceError, KeyauditError, Place

CODES = {
    "KeyauditError": 1,
    "EvidenceError": 1,
    "ConfigError": 2,
    "UsageError": 2,
    "ControlError": 2,
    "MissingExtraError": 2,
}


def test_every_error_has_its_exit_code() -> None:
    found = {n: e.exit_code for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, KeyauditError)}
    assert found == CODES


@pytest.mark.parametrize(
    ("place", "text"),
    [(Place("f.yaml"), "f.yaml"), (Place("f.yaml", 3), "f.yaml:3"), (Place("f.yaml", 3, 5), "f.yaml:3")],
)
def test_a_place_is_file_and_line(place: Place, text: str) -> None:
    assert str(place) == text
    assert str(ConfigError("is wrong", place=place)) == f"{text}: is wrong"


def test_an_error_without_a_place_is_its_message() -> None:
    error = ConfigError("is wrong", hint="do this")
    assert (str(error), error.message, error.hint, error.place) == ("is wrong", "is wrong", "do this", None)


def test_a_hint_of_its_own_comes_before_that_of_the_kind() -> None:
    assert EvidenceError("is damaged").hint == "the file was changed after the scan; scan again"
    assert EvidenceError("is damaged", hint="do this").hint == "do this"
    assert KeyauditError("is wrong").hint == ""
