"""A control's examples are its tests: they must be able to fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.examples import EMPTY, NULLS, UNLISTED, run_examples
from scanner.evaluate.load import load_control
from scanner.evaluate.places import FaultError
from scanner.model.control import Control, Related
from tests.evaluate.builders import a_control, a_parameter, an_example, grants
from tests.evaluate.faulty import GOOD, put

LONG: dict[str, Any] = {"key_id": "a", "managed_by": "customer", "length_bits": 256}
SHORT: dict[str, Any] = {**LONG, "length_bits": 128}


def failures(control: Control) -> list[tuple[str, str, str, str]]:
    return [(f.example, f.subject, f.expected, f.got) for f in run_examples(control)]


def test_examples_that_hold_are_silent() -> None:
    dark: dict[str, Any] = {"key_id": "c", "managed_by": "customer"}
    other: dict[str, Any] = {"key_id": "d", "managed_by": "x"}
    rows: tuple[dict[str, Any], ...] = (LONG, {**SHORT, "key_id": "b"}, dark, other)
    expect = {"a": "pass", "b": "fail", "c": "unknown", "d": "not_applicable"}
    assert failures(a_control(examples=(an_example(*rows, expect=expect),))) == []


@pytest.mark.parametrize("expected", ["fail", "unknown", "not_applicable"])
def test_another_verdict_is_a_failure(expected: str) -> None:
    found = failures(a_control(examples=(an_example(LONG, expect={"a": expected}),)))
    assert found == [("an example", "a", expected, "pass")]


def test_a_subject_that_is_not_there_is_a_failure() -> None:
    found = failures(a_control(examples=(an_example(LONG, expect={"a": "pass", "b": "pass"}),)))
    assert found == [("an example", "b", "pass", "missing")]


def test_a_row_that_nothing_is_said_of_is_a_failure() -> None:
    found = failures(a_control(examples=(an_example(LONG, {**SHORT, "key_id": "b"}, expect={"a": "pass"}),)))
    assert found == [("an example", "b", "stated", "fail")]


def test_a_contradiction_is_a_failure() -> None:
    control = a_control(fail_when="length_bits > 1", examples=(an_example(LONG, expect={"a": "pass"}),))
    assert failures(control) == [("an example", "a", "pass", "contradiction")]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"applies": "true", "pass_when": "true"}, [(NULLS, "null", "unknown", "pass")]),
        ({"applies": "true", "fail_when": "true"}, [(NULLS, "null", "unknown", "fail")]),
        ({"applies": "false"}, [(NULLS, "null", "unknown", "not_applicable")]),
    ],
)
def test_a_row_of_nulls_must_be_unknown(given: dict[str, Any], found: list[tuple[str, str, str, str]]) -> None:
    assert failures(a_control(**given)) == found


def test_an_empty_table_is_no_answer_unless_it_was_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.evaluate.outcome._listed", lambda db, table: db is not None and table == "x")
    assert failures(a_control()) == [(EMPTY, "keys", "not_applicable", "unknown")]
    monkeypatch.setattr("scanner.evaluate.outcome._listed", lambda db, table: db is not None and table == "keys")
    assert failures(a_control()) == [(UNLISTED, "keys", "unknown", "not_applicable")]


def test_a_failure_names_file_and_line(tmp_path: Path) -> None:
    path = put(tmp_path / "rotation" / "KM-ROT-04.yaml", GOOD.replace("expect: {a: pass}", "expect: {a: fail}"))
    (failure,) = run_examples(load_control(path))
    assert str(failure) == f"{path}:28: KM-ROT-04: on: a is pass, expected fail"


RELATED = a_control(related=(grants("any"),), pass_when="NOT found", fail_when="found", applies="true")


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "pass"),
        ({"related": (("key_grants", ({"key_id": "a", "decrypts": True},)),)}, "fail"),
        ({"related": (("key_grants", ({"key_id": "a"},)),)}, "unknown"),
        ({"related": (("key_grants", ({"key_id": "z", "decrypts": True},)),)}, "pass"),
        ({"unlisted": ("key_grants",)}, "unknown"),
        ({"unlisted": ("key_grants",), "related": (("key_grants", ({"key_id": "a", "decrypts": True},)),)}, "fail"),
    ],
)
def test_related_rows_are_listed_unless_the_example_says_otherwise(given: dict[str, Any], verdict: str) -> None:
    assert failures(replace(RELATED, examples=(an_example({"key_id": "a"}, expect={"a": verdict}, **given),))) == []


def test_rows_listed_for_a_whole_source_are_listed_too() -> None:
    stores = Related("found", "count", "key_stores", "source", "source", "connected")
    row: dict[str, Any] = {"store_id": "s", "account": "1", "region": "x", "connected": True}
    example = an_example({"key_id": "a"}, expect={"a": "fail"}, related=(("key_stores", (row,)),))
    control = a_control(related=(stores,), pass_when="found = 0", fail_when="found > 0", applies="true")
    assert failures(replace(control, examples=(example,))) == []


def test_parameters_and_the_clock_are_those_of_the_example() -> None:
    control = a_control(
        parameters=(a_parameter("least", 256),),
        pass_when="length_bits >= $least AND $as_of >= created_at",
        fail_when="length_bits < $least OR $as_of < created_at",
        examples=(
            an_example({**SHORT, "created_at": "2026-01-01"}, expect={"a": "pass"}, parameters=(("least", 128),)),
            an_example({**LONG, "created_at": "2026-01-01T00:00:01Z"}, expect={"a": "fail"}),
            an_example({**LONG, "created_at": "2026-01-01T01:00:00+01:00"}, expect={"a": "pass"}),
            an_example({**LONG, "created_at": "2030-01-01"}, expect={"a": "pass"}, as_of="2030-01-01T00:00:00Z"),
        ),
    )
    assert failures(control) == []


BAD: tuple[tuple[tuple[dict[str, Any], ...], dict[str, Any], str], ...] = (
    (({**LONG, "lenght": 1},), {}, "keys has no column 'lenght'"),
    (({"managed_by": "x"},), {}, "each row needs a key_id of its own, and one has None"),
    (({"key_id": None},), {}, "each row needs a key_id of its own, and one has None"),
    ((LONG, SHORT), {}, "each row needs a key_id of its own, and one has 'a'"),
    (({**LONG, "length_bits": "many"},), {}, "a row of keys is not valid: Conversion Error: Could not convert"),
    (({**LONG, "length_bits": 10**30},), {}, "a row of keys is not valid: "),
    (({**LONG, "created_at": "soon"},), {}, "a row of keys is not valid: Invalid isoformat string: 'soon'"),
    (({**LONG, "tags": 5},), {}, "a row of keys is not valid: "),
    ((LONG,), {"parameters": (("least", "many"),)}, "least must be a number, not text"),
    ((LONG,), {"parameters": (("most", 1),)}, "'most' is not a parameter of this control"),
    ((LONG,), {"as_of": "today"}, "Invalid isoformat string: 'today'"),
    ((LONG,), {"related": (("key_grant", ()),)}, "'key_grant' is not a table that this control reads"),
    ((LONG,), {"unlisted": ("key_stores",)}, "'key_stores' is not a table that this control reads"),
    ((LONG,), {"related": (("key_grants", ({"key": "a"},)),)}, "key_grants has no column 'key'"),
)


@pytest.mark.parametrize(("rows", "given", "message"), BAD, ids=[message for _, _, message in BAD])
def test_an_example_that_makes_no_sense_is_refused(rows: Any, given: dict[str, Any], message: str) -> None:  # noqa: ANN401
    control = a_control(
        parameters=(a_parameter("least", 1),),
        related=(grants("any"),),
        pass_when="length_bits > $least AND NOT found",
        examples=(an_example(LONG, expect={"a": "pass"}), an_example(*rows, expect={"a": "pass"}, **given)),
    )
    with pytest.raises(FaultError) as caught:
        run_examples(control)
    assert str(caught.value).startswith(f"{control.path}: {message}")
    assert "\n" not in str(caught.value)


def test_an_example_that_makes_no_sense_is_named_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("rotation_enabled: false}", "rotation_on: false}")
    path = put(tmp_path / "rotation" / "KM-ROT-04.yaml", text)
    with pytest.raises(FaultError, match=r":32: keys has no column 'rotation_on'") as caught:
        run_examples(load_control(path))
    assert caught.value.hint == "did you mean rotation_count?"
