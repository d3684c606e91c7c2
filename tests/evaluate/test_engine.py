"""A whole evaluation: deterministic, bounded, and never surer than the facts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.synthetic import write_synthetic_facts
from scanner.collect.aws import services
from scanner.errors import ConfigError, ControlError, KeyauditError
from scanner.evaluate.columns import check
from scanner.evaluate.engine import limits_for, memory_for, plan, tables_read
from scanner.evaluate.load import load_catalogue
from scanner.evaluate.locked import Limits
from scanner.model.control import Control
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Gap
from scanner.resources import controls_dir
from tests.evaluate.builders import (
    FLAG,
    GRANT_VALUES,
    KEY_VALUES,
    OTHER,
    a_control,
    a_gap,
    a_grant,
    a_key,
    a_parameter,
    decide,
    grants,
    judge,
    listed,
    with_ids,
)

CATALOGUE = load_catalogue(controls_dir()).controls
OVER_KEYS = [control for control in CATALOGUE if control.table == "keys"]


def test_results_come_in_the_order_of_the_controls(tmp_path: Path) -> None:
    controls = with_ids(a_control(), "KM-TST-03", "KM-TST-01", "KM-TST-02")
    judged = judge(tmp_path, controls, [a_key(), listed()])
    assert [result.control.id for result in judged.evaluation.results] == ["KM-TST-03", "KM-TST-01", "KM-TST-02"]


def test_without_controls_there_are_no_results(tmp_path: Path) -> None:
    judged = judge(tmp_path, [], [a_key(), listed()])
    assert judged.evaluation.results == ()
    assert judged.rows() == []


def test_only_what_decides_is_loaded() -> None:
    control = a_control(
        related=(grants("max", "can_regrant", value="created_at"),),
        pass_when="found < $as_of",
        observe=("name", "tags"),
    )
    assert tables_read(plan([check(control)])) == {
        "coverage": ("source", "coverage_id", "listed_table", "parent_id", "complete"),
        "key_grants": ("source", "grant_id", "key_id", "can_regrant", "created_at"),
        "keys": ("source", "key_id", "managed_by", "length_bits"),
    }


@pytest.mark.parametrize(
    ("as_of", "verdict"),
    [
        (datetime(2026, 1, 1, 0, 30), "pass"),  # noqa: DTZ001 - as tables keep it
        (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "pass"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "fail"),
    ],
)
def test_the_clock_is_utc(tmp_path: Path, as_of: datetime, verdict: str) -> None:
    control = a_control(pass_when="$as_of >= '2026-01-01'", fail_when="$as_of < '2026-01-01'")
    assert judge(tmp_path, control, [a_key(), listed()], as_of=as_of).verdict() == verdict


def test_nothing_but_the_verdicts_is_left_behind(tmp_path: Path) -> None:
    judge(tmp_path, a_control(), [a_key(), listed()])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts", "verdicts.parquet"]


def test_a_scan_that_stops_leaves_the_earlier_verdicts(tmp_path: Path) -> None:
    before = judge(tmp_path, a_control(), [a_key(), listed()]).verdicts.read_bytes()
    with pytest.raises(ControlError, match="says both pass and fail of 'k'"):
        judge(tmp_path, a_control(fail_when="length_bits > 0"), [a_key(), listed()])
    assert (tmp_path / "verdicts.parquet").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts", "verdicts.parquet"]


def test_a_parameter_means_the_same_in_every_control(tmp_path: Path) -> None:
    one = a_control(parameters=(a_parameter("least", 1),), pass_when="length_bits > $least")
    (other,) = with_ids(one, "KM-TST-02")
    two = replace(other, parameters=(a_parameter("least", 2),))
    with pytest.raises(ConfigError, match="the parameter least has two defaults: 1 and 2"):
        judge(tmp_path, [one, two], [a_key(), listed()])


def test_a_policy_of_another_type_is_refused(tmp_path: Path) -> None:
    control = a_control(parameters=(a_parameter("least", 1),), pass_when="length_bits > $least")
    with pytest.raises(ConfigError, match="policy: least must be a number, not text"):
        judge(tmp_path, control, [a_key(), listed()], policy={"least": "1"})


def test_a_number_too_large_for_the_database_is_an_error_with_the_controls_name(tmp_path: Path) -> None:
    control = a_control(parameters=(a_parameter("least", 1),), pass_when="length_bits > $least")
    with pytest.raises(ControlError, match=r"^KM-TST-01: "):
        judge(tmp_path, control, [a_key(), listed()], policy={"least": 10**60})


def test_a_faulty_control_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="there is no column 'x'"):
        decide(tmp_path, a_control(pass_when="x"), tmp_path / "nowhere")


def test_facts_that_cannot_be_read_are_an_error_in_one_line(tmp_path: Path) -> None:
    judged = judge(tmp_path, a_control(), [a_key(), listed()])
    (judged.facts / "keys.parquet").write_bytes(b"no parquet")
    with pytest.raises(KeyauditError, match=r"^the facts cannot be judged: .*keys.parquet") as caught:
        decide(tmp_path, a_control(), judged.facts)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_too_little_memory_is_an_error_that_says_so(tmp_path: Path) -> None:
    write_synthetic_facts(tmp_path / "facts", 20_000)
    with pytest.raises(KeyauditError, match="judging needs more than 12 MB of memory and 1 MB of disk") as caught:
        decide(tmp_path, OVER_KEYS, tmp_path / "facts", limits=Limits(memory_mb=12, disk_mb=1, threads=1))
    assert "--control" in caught.value.hint


# The same facts in another order, on another number of threads.


def many(count: int) -> list[Fact]:
    keys: list[Fact] = [
        a_key(
            f"key{i % 977:03}-{i}",
            source=OTHER if i % 3 else "aws:111122223333:us-east-1",
            length_bits=None if i % 7 == 0 else 128 + 64 * (i % 4),
            evidence=tuple(Digest(f"sha256:{i:05}{j}") for j in range(i % 4)),
            name=f"näme <{i}>",
        )
        for i in range(count)
    ]
    rows: list[Fact] = [a_grant(f"g{i}", f"key{i % 977:03}-{i}", decrypts=i % 2 == 0) for i in range(0, count, 5)]
    return [*keys, *rows, listed(), listed(parent=OTHER, source=OTHER)]


def test_order_of_arrival_does_not_reach_any_byte(tmp_path: Path) -> None:
    facts = many(500)
    controls = with_ids(a_control(related=(grants("any"),), observe=("name", "found")), "KM-TST-01", "KM-TST-02")
    gaps = [a_gap("describe", f"key{i:03}-{i}", error_code=str(i % 3)) for i in range(0, 300, 7)]
    gaps += [a_gap("list", source=OTHER), a_gap("who")]
    files = set()
    for seed in range(3):
        shuffle = random.Random(seed)  # noqa: S311 - an order, not a secret
        folder = tmp_path / str(seed)
        folder.mkdir()
        mixed = [shuffle.sample(group, len(group)) for group in (facts, controls, gaps)]
        judged = judge(folder, mixed[1], mixed[0], gaps=mixed[2])  # type: ignore[arg-type]  # three kinds of lists
        parts = sorted([*judged.facts.iterdir(), judged.verdicts])
        files.add(tuple(path.read_bytes() for path in parts))
    assert len(files) == 1


def test_threads_do_not_reach_any_byte(tmp_path: Path) -> None:
    write_synthetic_facts(tmp_path / "facts", 25_000)  # more than one group of rows in each file
    controls = [c for c in CATALOGUE if c.id in {"KM-ACC-02", "KM-ACC-13", "KM-ROT-04", "KM-INV-07"}]
    gaps = [a_gap("kms:GetKeyRotationStatus"), a_gap("kms:ListKeys", source=OTHER)]
    files = {
        decide(
            tmp_path,
            controls,
            tmp_path / "facts",
            gaps=gaps,
            operations=services.operations(),
            limits=Limits(threads=threads),
        ).verdicts.read_bytes()
        for threads in (1, 3, 8)
    }
    assert len(files) == 1


# Properties of the whole catalogue.

KEYS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in KEY_VALUES.items()})
GRANTS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in GRANT_VALUES.items()})
PAIRS = st.lists(
    st.tuples(KEYS, st.lists(GRANTS, max_size=2), st.sampled_from(FLAG), st.randoms(use_true_random=False)),
    min_size=1,
    max_size=12,
)


def forgetful(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return {name: None if chance.random() < 0.3 else value for name, value in row.items()}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(PAIRS)
def test_a_fact_that_is_forgotten_can_only_make_a_verdict_unknown(
    pairs: list[tuple[dict[str, Any], list[dict[str, Any]], bool | None, random.Random]],
) -> None:
    facts: list[Fact] = [listed()]
    for i, (key, rows, complete, chance) in enumerate(pairs):
        facts += [a_key(f"{i}", **key), a_key(f"{i} less", **forgetful(key, chance))]
        for j, row in enumerate(rows):
            facts.append(a_grant(f"{i} {j}", f"{i}", **row))
            facts.append(a_grant(f"{i} {j} less", f"{i} less", **forgetful(row, chance)))
        if complete is not None:
            facts.append(listed("key_grants", f"{i}", complete=complete))
            facts.append(listed("key_grants", f"{i} less", complete=complete and chance.random() < 0.7))
    with TemporaryDirectory() as folder:
        found = {(c, s): v for c, s, v in judge(Path(folder), OVER_KEYS, facts).rows("control_id, subject, verdict")}
    for (control, subject), verdict in found.items():
        if not subject.endswith("less"):
            assert found[control, f"{subject} less"] in {verdict, "unknown"}


GAPS = st.lists(
    st.builds(
        a_gap,
        st.sampled_from([operation.name for operation in services.operations()]),
        st.sampled_from([None, "pass", "fail", "dark", "elsewhere"]),
        source=st.sampled_from(["aws:111122223333:us-east-1", OTHER]),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Control]]:
    folder = tmp_path_factory.mktemp("mixed")
    keys = [a_key("pass"), a_key("fail", length_bits=1), a_key("dark", length_bits=None), listed()]
    passes = a_control(fail_when="false", pass_when="true", applies="length_bits = 256")
    controls = [a_control(), *with_ids(passes, "KM-TST-02"), *with_ids(replace(passes, applies="false"), "KM-TST-03")]
    judge(folder, controls, keys)
    return folder, controls


@settings(max_examples=10, deadline=None)
@given(few=GAPS, more=GAPS)
def test_a_gap_more_never_makes_a_control_better(
    mixed: tuple[Path, list[Control]], few: list[Gap], more: list[Gap]
) -> None:
    folder, controls = mixed
    better, worse = (
        decide(folder, controls, folder / "facts", gaps=gaps, operations=services.operations()).evaluation.results
        for gaps in (few, [*few, *more])
    )
    for before, after in zip(better, worse, strict=True):
        assert after.verdict in {before.verdict, "unknown"}
        assert after.counts.passed == before.counts.passed
        assert after.counts.unknown >= before.counts.unknown


@pytest.mark.parametrize(
    ("rows", "related", "megabytes"), [(0, 0, 256), (285_000, 0, 256), (700_000, 0, 500), (5_000_000, 10, 860)]
)
def test_memory_follows_what_is_judged(rows: int, related: int, megabytes: int) -> None:
    assert memory_for(rows, related) == megabytes
    assert limits_for(rows, related).memory_mb == megabytes


@pytest.mark.parametrize(("rows", "threads"), [(0, 1), (20_480, 1), (20_481, Limits().threads)])
def test_what_cannot_be_shared_is_judged_by_one_thread(rows: int, threads: int) -> None:
    assert limits_for(rows, 0).threads == threads
