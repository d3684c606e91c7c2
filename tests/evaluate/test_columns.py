"""Names and types: what a control may read, and what it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.evaluate.columns import check, control_columns, decision_columns, kinds_of, related_type, table_types
from scanner.evaluate.places import FaultError
from scanner.model.control import Related
from tests.evaluate.builders import a_control, a_parameter, grants

LIMIT = (
    a_parameter("limit", 5),
    a_parameter("tags", ["a"]),
    a_parameter("word", "x"),
    a_parameter("yes", default=True),
)
PATH = "controls/generation/KM-TST-01.yaml"

FAULTS: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"table": "kys"}, "there is no fact table 'kys'", "did you mean keys?"),
    ({"pass_when": "lenght > 1"}, "pass: there is no column 'lenght'", "there are: account, "),
    ({"fail_when": "Length_Bits > 1"}, "fail: there is no column 'Length_Bits'", "did you mean length_bits?"),
    ({"pass_when": "current_date > created_at"}, "pass: there is no column 'current_date'", "use $as_of"),
    (
        {"pass_when": "length_bits > $limt"},
        "pass: $limt is not a parameter of this control",
        "did you mean $limit?",
    ),
    ({"applies": "state IS NULL"}, "applies: IS NULL is not allowed in a control", "NULL means not known"),
    ({"parameters": (a_parameter("as_of", 1),)}, "$as_of is the clock of the scan", "use another name"),
    ({"observe": ("nme",)}, "observe: keys has no column 'nme'", "did you mean name?"),
    ({"observe": ("name", "state", "name")}, "observe: 'name' is given twice", "remove one of them"),
    ({"related": (grants("any", "dcrypts"),)}, "related found: there is no column 'dcrypts'", "did you mean decrypts?"),
    (
        {"related": (Related("x", "any", "grants", "key_id", "key_id"),)},
        "there is no fact table 'grants'",
        "did you mean key_grants?",
    ),
    (
        {"related": (Related("x", "any", "key_grants", "key", "key_id"),)},
        "related x: key_grants has no column 'key'",
        "",
    ),
    ({"related": (Related("x", "any", "key_grants", "key_id", "key"),)}, "related x: keys has no column 'key'", ""),
    ({"related": (grants("max", value="created"),)}, "related found: key_grants has no column 'created'", "created_at"),
    (
        {"related": (Related("x", "any", "key_grants", "grantee", "key_id"),)},
        "related x: must join on 'key_id'",
        "per key",
    ),
    ({"related": (grants("any", name="state"),)}, "related state: keys has a column of that name", "another name"),
    # types
    ({"pass_when": "length_bits"}, "pass: is BIGINT, not true or false", "compare it with something"),
    ({"pass_when": "'yes'"}, "pass: is VARCHAR, not true or false", "compare it with something"),
    ({"pass_when": "$limit"}, "pass: is INTEGER, not true or false", "compare it with something"),
    ({"pass_when": "managed_by = 5"}, "pass: Could not convert string 'text' to INT32", "values of one type"),
    ({"pass_when": "rotation_period_days = provider_spec"}, "pass: Could not convert string 'text'", "of one type"),
    ({"pass_when": "false AND managed_by IN (1, 2)"}, "pass: Could not convert string 'text'", "of one type"),
    ({"pass_when": "length_bits BETWEEN 'a' AND 'b'"}, "pass: Could not convert string 'a'", "of one type"),
    ({"pass_when": "created_at < 'yesterday'"}, "pass: invalid timestamp field format", "of one type"),
    ({"pass_when": "created_at < $word"}, "pass: invalid timestamp field format", "of one type"),
    ({"pass_when": "list_contains(tags, 5)"}, "pass: Cannot deduce template type", "of one type"),
    ({"pass_when": "tags = 'x'"}, "pass: Type VARCHAR with value 'x' can't be cast", "of one type"),
    ({"pass_when": "len(length_bits) > 1"}, "pass: No function matches", "of one type"),
    ({"pass_when": "date_diff('day', managed_by, $as_of) > 1"}, "pass: No function matches", "of one type"),
    ({"pass_when": "found", "related": (grants("count"),)}, "pass: is BIGINT, not true or false", "compare it"),
    ({"related": (grants("any", "grantee"),)}, "related found: is VARCHAR, not true or false", "compare it"),
)


@pytest.mark.parametrize(("given", "message", "hint"), FAULTS, ids=range(len(FAULTS)))
def test_a_control_that_cannot_be_meant_is_refused_with_advice(given: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(FaultError) as caught:
        check(a_control(**{"parameters": LIMIT, **given}))
    assert str(caught.value).startswith(f"{PATH}: {message}")
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "rotation_enabled",
        "created_at < '2031-01-01'",
        "created_at < $as_of",
        "tags = $tags OR list_has_any(tags, $tags)",
        "name = $word AND rotation_enabled = $yes",
        "abs(length_bits) > 1.5",
        "1 // (length_bits - 1) > 0",  # a division by zero is no matter of types
        "length_bits * 9223372036854775807 * 2 > 0",
    ],
)
def test_a_control_that_makes_sense_is_accepted(text: str) -> None:
    assert check(a_control(parameters=LIMIT, pass_when=text)).passes.text == text


def test_decisions_rest_on_columns_conditions_and_populations() -> None:
    control = a_control(
        related=(grants("max", "decrypts AND NOT cross_account", value="created_at"),),
        pass_when="found < $as_of",
        fail_when="found >= $as_of",
        observe=("name", "found"),
    )
    decided = {
        "keys.managed_by",
        "keys.*",
        "keys.key_id",
        "key_grants.*",
        "key_grants.key_id",
        "key_grants.decrypts",
        "key_grants.cross_account",
        "key_grants.created_at",
    }
    assert decision_columns(control) == decided
    assert control_columns(control) == decided | {"keys.name"}
    assert check(control).decided_by == {"managed_by", "found"}


KINDS: list[tuple[str, set[str] | None]] = [
    ("encrypted", None),
    ("kind = 'secret'", {"secret"}),
    ("'secret' = kind AND ephi", {"secret"}),
    ("kind IN ('secret', 'log_group') AND kind != 'x'", {"secret", "log_group"}),
    ("kind IN ('secret', 'log_group') AND kind = 'secret'", {"secret"}),
    ("kind = 'secret' OR kind = 'log_group'", {"secret", "log_group"}),
    ("kind = 'secret' OR ephi", None),
    ("NOT (kind = 'secret')", None),
    ("name = 'secret'", None),
    ("kind = name", None),
    ("kind = $which", None),
    ("name IN ('kind')", None),
]


@pytest.mark.parametrize(("applies", "expected"), KINDS, ids=[applies for applies, _ in KINDS])
def test_the_kinds_to_which_a_control_applies(applies: str, expected: set[str] | None) -> None:
    control = a_control(
        table="data_stores", applies=applies, pass_when="encrypted", fail_when="NOT encrypted", observe=("tls_only",)
    )
    if "$which" in applies:
        control = replace(control, parameters=(a_parameter("which", "secret"),))
    found = kinds_of(check(control))
    assert found == (None if expected is None else frozenset(expected))
    shown = {"data_stores.tls_only"} if expected is None else {f"data_stores@{kind}.tls_only" for kind in expected}
    assert shown <= control_columns(control)


def test_checking_again_gives_the_same_without_parsing_again() -> None:
    control = a_control()
    assert check(control).passes is check(replace(control, title="another")).passes


def test_related_values_have_types() -> None:
    kinds = [related_type(grants(*one)) for one in (("count",), ("any",), ("all",))]
    assert [*kinds, related_type(grants("min", value="created_at"))] == ["BIGINT", "BOOLEAN", "BOOLEAN", "TIMESTAMP"]


def test_tables_have_types() -> None:
    assert table_types("keys")["tags"] == "VARCHAR[]"
