"""The list of self-tests, what each feeds, and what is recorded of one."""

from __future__ import annotations

import re

import pytest

from scanner.collect.plan import plan
from scanner.model.facts import columns_of
from scanner.model.observation import GapReason
from scanner.model.tables import BY_NAME
from scanner.selftest.interface import Call, CannotRunError, Edge, Outcome
from scanner.selftest.record import DECLARED, calls_in, of_family, operations, told, untold

BY_ID = {entry.id: entry for entry in DECLARED}
CALL = Call("kms:Decrypt", "r-1", "No", "2026-06-15T12:00:00Z", logged=False, signer="AKIAEXAMPLE")


def test_every_test_of_the_specification_is_listed_once() -> None:
    numbers = {"MOD": 2, "KMS": 11, "HSM": 4, "DAT": 10}
    expected = {f"ST-{family}-{n:02}" for family, most in numbers.items() for n in range(1, most + 1)}
    assert set(BY_ID) == expected
    assert len(DECLARED) == len(expected)


def test_what_changes_state_runs_after_the_rest_of_its_family_and_before_the_audit_log() -> None:
    order = [entry.id for entry in of_family("kms")]
    assert order[-4:] == ["ST-KMS-07", "ST-KMS-08", "ST-KMS-09", "ST-KMS-11"]
    assert {entry.id for entry in DECLARED if entry.changes_state} == {
        *("ST-KMS-07", "ST-KMS-08", "ST-KMS-09", "ST-HSM-03", "ST-DAT-08", "ST-DAT-09", "ST-DAT-10")
    }


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_an_operation_feeds_columns_that_there_are(operation: object) -> None:
    for feed in getattr(operation, "feeds", ()):
        table, _, name = feed.partition(".")
        assert name == "*" or name in {column.name for column in columns_of(BY_NAME[table])}


def test_a_control_over_one_test_plans_that_one() -> None:
    assert plan(["selftests@ST-KMS-03.passed", "selftests@ST-KMS-03.*"], operations()) == {"selftest:ST-KMS-03"}


def test_the_audit_log_is_looked_at_after_calls_were_made_and_plans_no_change_of_state() -> None:
    planned = plan(["selftests@ST-KMS-11.passed"], operations())
    assert planned > {"selftest:ST-KMS-11", "selftest:ST-KMS-01"}
    assert not any(BY_ID[name.removeprefix("selftest:")].changes_state for name in planned)


def test_the_population_of_the_hierarchy_does_not_hang_on_proofs() -> None:
    assert (
        plan(["bindings.*", "bindings.child_id", "key_chains.*", "key_chains.modules", "modules.*"], operations())
        == frozenset()
    )
    assert "selftest:ST-DAT-04" in plan(["key_chains.weakest"], operations())


def test_actions_are_those_of_iam() -> None:
    actions = {action for operation in operations() for action in operation.permissions}
    assert all(re.fullmatch(r"(kms|cloudtrail|s3):[A-Za-z]+", action) for action in actions)
    changes = {"kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:RotateKeyOnDemand"}
    assert not changes & {a for entry in DECLARED if not entry.changes_state for a in entry.actions}


@pytest.mark.parametrize(("passed", "word"), [(True, "pass"), (False, "fail"), (None, "unknown")])
def test_an_outcome_is_recorded_with_its_calls_and_edges(passed: bool | None, word: str) -> None:
    edge = Edge(child="store", child_kind="store", parent="key", parent_kind="key")
    outcome = Outcome(passed=passed, detail="d" * 3_000, cases=7, edges=(edge,), figures={"rows": 1})
    body = told(BY_ID["ST-DAT-04"], "the target", "postgres", outcome, [CALL])
    assert (body["test"], body["target"], body["provider"]) == ("ST-DAT-04", "the target", "postgres")
    assert (body["outcome"], body["cases"], body["figures"]) == (word, 7, {"rows": 1})
    assert (body["reason"] == "unsupported") is (passed is None)
    assert len(str(body["detail"])) == 2_000
    assert body["edges"] == [{"child": "store", "child_kind": "store", "parent": "key", "parent_kind": "key"}]
    assert calls_in(body) == [CALL]


def test_what_could_not_be_told_has_its_reason() -> None:
    error = CannotRunError("no rights", GapReason.DENIED)
    body = untold(BY_ID["ST-KMS-01"], "the target", "aws", error, [CALL])
    assert (body["outcome"], body["reason"], body["detail"]) == ("unknown", "denied", "no rights")


def test_a_record_without_calls_has_none() -> None:
    assert calls_in({}) == calls_in({"calls": "text"}) == calls_in({"calls": [1]}) == []
