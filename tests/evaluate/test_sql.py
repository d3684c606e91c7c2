"""The verdict table of the design, and what is known of other rows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from scanner.errors import ControlError
from scanner.evaluate.columns import check
from scanner.evaluate.sql import plan_table, related_statements, statement
from scanner.model.control import Related
from scanner.model.facts import Fact
from tests.evaluate.builders import OTHER, a_control, a_gap, a_grant, a_key, grants, judge, listed, with_ids

THREE = a_control(applies="multi_region", pass_when="rotation_enabled", fail_when="expires")
TRUTHS = (True, False, None)
COMBINATIONS = [(a, p, f) for a, p, f in itertools.product(TRUTHS, TRUTHS, TRUTHS) if (a, p, f) != (True, True, True)]


def designed(applies: bool | None, passes: bool | None, fails: bool | None) -> str:
    if applies is None:
        return "unknown"
    if not applies:
        return "not_applicable"
    return {(True, False): "pass", (False, True): "fail"}.get((passes is True, fails is True), "unknown")


def test_every_combination_has_the_verdict_of_the_design(tmp_path: Path) -> None:
    keys = [a_key(f"{a} {p} {f}", multi_region=a, rotation_enabled=p, expires=f) for a, p, f in COMBINATIONS]
    judged = judge(tmp_path, THREE, [*keys, listed()])
    assert dict(judged.rows("subject, verdict")) == {f"{a} {p} {f}": designed(a, p, f) for a, p, f in COMBINATIONS}
    assert len(COMBINATIONS) == 26


def test_pass_and_fail_at_once_stop_the_scan(tmp_path: Path) -> None:
    keys = [
        a_key("ok", multi_region=True, rotation_enabled=True, expires=False),
        a_key("b'ad\x1b[31m", multi_region=True, rotation_enabled=True, expires=True),
    ]
    with pytest.raises(ControlError) as caught:
        judge(tmp_path, THREE, [*keys, listed()])
    message = 'controls/generation/KM-TST-01.yaml: KM-TST-01 says both pass and fail of "b\'ad\\x1b[31m"'
    assert (str(caught.value), caught.value.hint) == (message, "make `pass` and `fail` exclude each other")
    assert not (tmp_path / "verdicts.parquet").exists()


@pytest.mark.parametrize(
    ("text", "bits", "verdict"),
    [
        ("length_bits * length_bits > 0", 2**62, "unknown"),
        ("length_bits * length_bits > 0", 256, "pass"),
        ("abs(length_bits) > 0", -(2**63), "unknown"),
        ("10 // length_bits > 1", 0, "unknown"),
        ("10 % length_bits = 1", 0, "unknown"),
    ],
)
def test_what_cannot_be_computed_is_unknown(tmp_path: Path, text: str, bits: int, verdict: str) -> None:
    judged = judge(tmp_path, a_control(pass_when=text, fail_when="false"), [a_key(length_bits=bits), listed()])
    assert judged.verdict() == verdict


ALL_LISTED = (listed(), listed("key_grants", "k"))
YES, NO, MAYBE = (a_grant(str(value), decrypts=value) for value in TRUTHS)


@pytest.mark.parametrize(
    ("aggregate", "rows", "known", "expected"),
    [
        ("any", (), True, False),
        ("any", (), False, None),
        ("any", (NO,), True, False),
        ("any", (NO,), False, None),
        ("any", (NO, MAYBE), True, None),
        ("any", (NO, MAYBE, YES), True, True),
        ("any", (YES,), False, True),
        ("all", (), True, True),
        ("all", (), False, None),
        ("all", (YES,), True, True),
        ("all", (YES,), False, None),
        ("all", (YES, MAYBE), True, None),
        ("all", (YES, MAYBE, NO), True, False),
        ("all", (NO,), False, False),
    ],
)
def test_any_and_all_are_known_when_rows_or_listing_decide(
    tmp_path: Path, aggregate: str, rows: tuple[Fact, ...], *, known: bool, expected: bool | None
) -> None:
    control = a_control(related=(grants(aggregate),), pass_when="found", fail_when="NOT found", observe=("found",))
    coverage = listed("key_grants", "k", complete=known)
    judged = judge(tmp_path, control, [a_key(), listed(), coverage, *rows])
    assert judged.observed() == {"found": expected}
    assert judged.verdict() == {True: "pass", False: "fail", None: "unknown"}[expected]


@pytest.mark.parametrize(
    ("aggregate", "rows", "known", "expected"),
    [
        ("count", (), True, 0),
        ("count", (), False, None),
        ("count", (YES, NO), True, 1),
        ("count", (YES, NO), False, None),
        ("count", (YES, MAYBE), True, None),
        ("min", (), True, None),
        ("max", (NO,), True, None),
    ],
)
def test_counts_and_extremes_need_the_whole_listing(
    tmp_path: Path, aggregate: str, rows: tuple[Fact, ...], *, known: bool, expected: int | None
) -> None:
    value = "created_at" if aggregate in {"min", "max"} else ""
    test = "found > '2020-01-01'" if value else "found = 0"
    control = a_control(
        related=(grants(aggregate, value=value),), pass_when=test, fail_when="false", observe=("found",)
    )
    judged = judge(tmp_path, control, [a_key(), listed(), listed("key_grants", "k", complete=known), *rows])
    assert judged.observed() == {"found": expected}


@pytest.mark.parametrize(
    ("aggregate", "missing", "known", "expected"),
    [
        ("min", False, True, "2024-01-01T00:00:00Z"),
        ("max", False, True, "2025-01-01T00:00:00Z"),
        ("max", False, False, None),
        ("max", True, True, None),
    ],
)
def test_extremes_are_known_when_every_value_is(
    tmp_path: Path, aggregate: str, *, missing: bool, known: bool, expected: str | None
) -> None:
    rows = [
        a_grant("a", decrypts=True, created_at=datetime(2024, 1, 1)),  # noqa: DTZ001 - as tables keep it
        a_grant("b", decrypts=True, created_at=None if missing else datetime(2025, 1, 1)),  # noqa: DTZ001
        a_grant("c", decrypts=False, created_at=datetime(2000, 1, 1)),  # noqa: DTZ001
    ]
    control = a_control(
        related=(grants(aggregate, value="created_at"),), pass_when="found > '2020-01-01'", observe=("found",)
    )
    judged = judge(tmp_path, control, [a_key(), listed(), listed("key_grants", "k", complete=known), *rows])
    assert judged.observed() == {"found": expected}


def test_rows_of_another_subject_do_not_count(tmp_path: Path) -> None:
    control = a_control(related=(grants("any"),), pass_when="NOT found", fail_when="found")
    facts = [a_key("k"), a_key("other"), listed(), listed("key_grants", "k"), a_grant("g", "other", decrypts=True)]
    judged = judge(tmp_path, control, facts)
    # The other's listing was never read to its end, and one row decides all the same.
    assert (judged.verdict("k"), judged.verdict("other")) == ("pass", "fail")


def test_a_listing_that_failed_once_is_not_complete(tmp_path: Path) -> None:
    control = a_control(related=(grants("any"),), pass_when="NOT found", fail_when="found")
    twice = [listed("key_grants", "k"), listed("key_grants", "k", complete=False, source=OTHER)]
    assert judge(tmp_path, control, [a_key(), listed(), *twice]).verdict() == "unknown"


REPLICAS = Related("copies", "count", "keys", "primary_key_id", "key_id", "true")
COPIES = a_control(related=(REPLICAS,), pass_when="copies = 1", fail_when="copies != 1", observe=("copies",))


@pytest.mark.parametrize(
    ("facts", "gaps", "copies"),
    [
        ([listed(parent=OTHER, source=OTHER)], (), 1),
        ([listed(parent=OTHER, source=OTHER, complete=False)], (), None),
        ([], (a_gap("list", source=OTHER),), None),
        ([listed(parent=OTHER, source=OTHER), a_key("lost", primary_key_id=None)], (), None),
    ],
)
def test_rows_that_may_stand_anywhere_are_known_when_everything_was_listed(
    tmp_path: Path, facts: list[Fact], gaps: tuple[object, ...], copies: int | None
) -> None:
    keys = [a_key("k", primary_key_id="none"), a_key("r", source=OTHER, region="us-west-2", primary_key_id="k")]
    judged = judge(tmp_path, COPIES, [*keys, listed(), *facts], gaps=gaps)  # type: ignore[arg-type]  # of Gap
    assert judged.observed("k") == {"copies": copies}


def test_rows_of_the_same_source_are_known_when_it_was_listed(tmp_path: Path) -> None:
    stores = replace(REPLICAS, name="stores", table="key_stores", on="source", to="source")
    control = a_control(related=(stores,), pass_when="stores = 0", observe=("stores",))
    elsewhere = [listed("key_stores", OTHER, source=OTHER, complete=False)]
    assert judge(tmp_path, control, [a_key(), listed(), listed("key_stores"), *elsewhere]).verdict() == "pass"


def test_a_subject_that_does_not_say_where_it_belongs_has_no_known_relations(tmp_path: Path) -> None:
    by_name = Related("named", "count", "key_stores", "source", "key_store_id", "true")
    control = a_control(related=(by_name,), pass_when="named = 0", fail_when="named > 0", observe=("named",))
    judged = judge(tmp_path, control, [a_key(key_store_id=None), listed(), listed("key_stores", "x")])
    assert judged.observed() == {"named": None}


def test_controls_share_related_values_that_mean_the_same() -> None:
    one = a_control(related=(grants("any", name="one"),), pass_when="one")
    other = replace(one, related=(grants("any", name="two"), grants("count", name="three")), pass_when="two")
    first, second = (check(control) for control in (with_ids(one, "KM-TST-01")[0], with_ids(other, "KM-TST-02")[0]))
    plan = plan_table("keys", (second, first))
    assert [checked.control.id for checked in plan.controls] == ["KM-TST-01", "KM-TST-02"]
    assert plan.names(second) == {"two": "related_0", "three": "related_1"}
    assert plan.names(first) == {"one": "related_0"}
    assert [name for name, _ in related_statements(plan)] == [
        "related_rows_0",
        "related_listed_0",
        "related_rows_1",
        "related_listed_1",
    ]


def test_one_statement_judges_all_controls_of_a_table() -> None:
    plan = plan_table("keys", [check(control) for control in with_ids(a_control(), "KM-TST-01", "KM-TST-02")])
    assert statement(plan).count("AS code_") == 2
