"""Thresholds: a control's default, unless the policy sets it."""

from __future__ import annotations

import pytest

from scanner.errors import ConfigError
from scanner.evaluate.thresholds import kind, parameter_values, threshold_uses
from scanner.model.control import Basis
from scanner.model.ids import Json
from tests.evaluate.builders import a_control, a_parameter

LIMIT = a_parameter("limit", 730, Basis.NIST_SUGGESTED, "days")


@pytest.mark.parametrize(
    ("policy", "value", "basis", "overridden"),
    [
        ({}, 730, Basis.NIST_SUGGESTED, False),
        ({"other": 1}, 730, Basis.NIST_SUGGESTED, False),
        ({"limit": 365}, 365, Basis.POLICY, True),
        ({"limit": 1.5}, 1.5, Basis.POLICY, True),
        ({"limit": 730}, 730, Basis.NIST_SUGGESTED, False),
    ],
)
def test_the_policy_sets_the_value_and_its_basis(
    policy: dict[str, Json], value: Json, basis: Basis, *, overridden: bool
) -> None:
    (use,) = threshold_uses(a_control(parameters=(LIMIT,)), policy)
    assert (use.value, use.basis, use.overridden) == (value, basis, overridden)
    assert (use.default, use.default_basis, use.unit, use.source) == (730, Basis.NIST_SUGGESTED, "days", "a test")


@pytest.mark.parametrize(
    ("default", "value", "message", "hint"),
    [
        (730, "365", "policy: limit must be a number, not text", "the default is 730 days"),
        (730, True, "policy: limit must be a number, not true or false", "the default is 730 days"),
        (730, None, "policy: limit must be a number, not something else", "the default is 730 days"),
        (730, [1], "policy: limit must be a number, not something else", "the default is 730 days"),
        ("owner", 5, "policy: limit must be text, not a number", "the default is owner days"),
        ([], "x", "policy: limit must be a list of text, not text", "the default is [] days"),
        (["a"], {"a": 1}, "policy: limit must be a list of text, not something else", "the default is ['a'] days"),
    ],
)
def test_another_type_is_refused(default: Json, value: Json, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        threshold_uses(a_control(parameters=(a_parameter("limit", default, unit="days"),)), {"limit": value})
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a number"),
        ("", "text"),
        ([], "a list of text"),
        (["a"], "a list of text"),
        (["a", 1], "something else"),
        (None, "something else"),
        ({}, "something else"),
    ],
)
def test_types_have_words(value: Json, words: str) -> None:
    assert kind(value) == words


def test_values_are_given_by_name() -> None:
    control = a_control(parameters=(LIMIT, a_parameter("tags", ["a"])))
    uses = threshold_uses(control, {"tags": ["b"]})
    assert parameter_values([*uses, *uses]) == {"limit": 730, "tags": ["b"]}


def test_one_name_has_one_value() -> None:
    uses = [
        *threshold_uses(a_control(parameters=(LIMIT,)), {}),
        *threshold_uses(a_control(parameters=(LIMIT,)), {"limit": 1}),
    ]
    with pytest.raises(ConfigError, match="the parameter limit has two defaults: 730 and 1") as caught:
        parameter_values(uses)
    assert "give one of them another name" in caught.value.hint
