"""AWS KMS under self-test, by real botocore against the simulator: every test passes, and the ways in hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.crypto import STRANGER
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.simulator import AwsSimulator
from scanner.model.observation import GapReason
from scanner.selftest import aws as module
from scanner.selftest.aws import Access, connect
from scanner.selftest.bench import CONTEXT, Bench
from scanner.selftest.interface import CannotRunError, DeniedError, KeyDescription, RefusedError
from scanner.selftest.kms import kms_tests
from tests.collect.fakes import Clock
from tests.selftest.aws_world import (
    CANARY,
    OTHER,
    OTHER_ACCOUNT,
    SECOND,
    a_source,
    a_test,
    arn,
    connected,
    logged_in,
    running,
)
from tests.support import ACCOUNT, REGION


@pytest.fixture(scope="module")
def simulator() -> Iterator[AwsSimulator]:
    with running() as aws:
        yield aws


@pytest.fixture
def aws(simulator: AwsSimulator, tmp_path: Path) -> Iterator[AwsSimulator]:
    with logged_in(simulator, tmp_path):
        yield simulator


def bench(access: Access, clock: Clock) -> Bench:
    return Bench(
        service=access.keys,
        key=access.key,
        second_key=access.second_key,
        canary=True,
        lifecycle=access.lifecycle,
        stranger=access.stranger,
        audit=access.audit,
        audit_wait=0,
        wait=clock.wait,
        monotonic=lambda: clock.seconds,
    )


def test_a_good_aws_passes_every_test_and_every_call_is_in_its_log(aws: AwsSimulator) -> None:
    clock = Clock()
    with connected(aws, clock, stranger_profile="stranger") as access:
        outcomes = {test.id: test.run() for test in kms_tests(bench(access, clock))}
        assert {number: one.detail for number, one in outcomes.items() if one.passed is not True} == {}
        assert len(outcomes) == 11
        assert outcomes["ST-KMS-11"].cases == len(access.keys.calls)
        assert access.keys.describe(access.key).state == "active"


def test_an_event_that_the_log_lost_is_missed(aws: AwsSimulator) -> None:
    clock = Clock()
    with connected(aws, clock) as access:
        tests = {test.id: test for test in kms_tests(bench(access, clock))}
        aws.layer.parts.calls.drops = frozenset({"kms:Decrypt"})
        tests["ST-KMS-01"].run()
        aws.layer.parts.calls.drops = frozenset()
        outcome = tests["ST-KMS-11"].run()
        assert (outcome.passed, outcome.detail) == (False, "1 of 4 calls are not in it after 0 s: 1 kms:Decrypt")


def test_a_key_may_be_named_in_any_way(aws: AwsSimulator) -> None:
    identity = arn(CANARY).rpartition("/")[2]
    for name in (f"alias/{CANARY}", identity, arn(CANARY), arn(CANARY).replace(f"key/{identity}", f"alias/{CANARY}")):
        with connected(aws, key=name, second_key="") as access:
            assert (access.key, access.second_key) == (arn(CANARY), "")


def test_what_is_no_canary_is_used_and_never_changed(aws: AwsSimulator) -> None:
    with connected(aws, canary=False) as access:
        access.keys.generate_data_key(access.key, CONTEXT).wipe()
        for change in (access.lifecycle.rotate, access.lifecycle.disable, access.lifecycle.schedule_deletion):
            with pytest.raises(ForbiddenOperationError):
                change(access.key)
        with pytest.raises(ForbiddenOperationError):
            access.keys.generate_data_key(arn(OTHER), CONTEXT)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"key": "alias/nobody"}, RefusedError, "NotFoundException"),
        ({"key": "alias/signing"}, CannotRunError, "is no symmetric encryption key of the customer's own"),
        ({"second_key": arn(CANARY)}, CannotRunError, "`second_key` is the same key"),
    ],
)
def test_keys_that_cannot_be_tested_are_told(
    aws: AwsSimulator, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words), connected(aws, **given):
        pass


@pytest.mark.parametrize(
    ("profile", "words"), [("same", "is the scan's own principal"), ("nobody", "`stranger_profile` cannot log in")]
)
def test_a_stranger_must_be_somebody_else(aws: AwsSimulator, profile: str, words: str) -> None:
    with connected(aws, stranger_profile=profile) as access:
        stranger = access.stranger or pytest.fail("there is none")
        with pytest.raises(CannotRunError, match=words):
            stranger()


def test_a_stranger_is_refused_and_that_is_recorded(aws: AwsSimulator) -> None:
    with connected(aws) as access:
        assert access.stranger is None
    with connected(aws, stranger_profile="stranger") as access:
        stranger = (access.stranger or pytest.fail("there is none"))()
        with pytest.raises(DeniedError):
            stranger.generate_data_key(access.key, CONTEXT)
        assert (access.keys.calls[-1].code, access.keys.calls[-1].signer) == ("AccessDeniedException", STRANGER)


@pytest.mark.parametrize(
    ("regions", "test", "region"),
    [
        (("us-west-2", REGION), {"region": REGION}, REGION),
        (("us-west-2",), {"key": arn(CANARY), "second_key": ""}, REGION),
        ((REGION, "us-west-2"), {}, REGION),
        (("all",), {}, REGION),
        ((), {}, REGION),
    ],
)
def test_the_region_is_what_the_estate_says_or_the_key_or_the_source(
    aws: AwsSimulator, regions: tuple[str, ...], test: dict[str, Any], region: str
) -> None:
    access = connect(a_source(aws, regions=regions), a_test(**test), Clock().outside(), "")
    access.close()
    assert access.key.split(":")[3] == region


def test_roles_are_assumed_in_turn_and_then_that_of_the_keys_account(aws: AwsSimulator) -> None:
    chain = tuple(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("one", "two"))
    source = a_source(aws, role_chain=chain, organization_role="keyaudit-audit")
    before = len(aws.requests)
    key = arn("member")
    access = connect(source, a_test(key=key, second_key=""), Clock().outside(), "outside-7")
    access.keys.generate_data_key(access.key, CONTEXT).wipe()
    access.close()
    assumed = [one.params for one in aws.requests[before:] if one.operation == "sts:AssumeRole"]
    assert [(one["RoleArn"], one.get("ExternalId")) for one in assumed] == [
        (chain[0], None),
        (chain[1], "outside-7"),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/keyaudit-audit", None),
    ]


def test_an_identity_that_is_not_told_ends_it(aws: AwsSimulator) -> None:
    aws.faults.add(Fault("wrong_types", "sts:GetCallerIdentity"))
    with pytest.raises(CallError, match="AWS does not tell who is asking"), connected(aws):
        pass


def test_answers_without_what_they_must_have_are_malformed(aws: AwsSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(aws) as access:
        monkeypatch.setattr(type(access.keys.line), "call", lambda *_args, **_given: {"Plaintext": "text"})
        with pytest.raises(CannotRunError, match="has no `Plaintext`"):
            access.keys.unwrap(access.key, b"x", CONTEXT)
        with pytest.raises(CannotRunError, match="does not tell the key's ARN"):
            access.keys.describe(access.key)


def keeps(state: str, clock: Clock) -> Any:  # noqa: ANN401 - a method
    def describe(*_: object) -> KeyDescription:
        return KeyDescription(arn(CANARY), state, "same")

    del clock
    return describe


@pytest.mark.parametrize(
    ("change", "words"),
    [("rotate", "is not rotated after 900 s"), ("disable", "is not disabled after 120 s"),
     ("schedule_deletion", "is not pending deletion after 120 s")],
)  # fmt: skip
def test_a_change_that_does_not_come_is_waited_for_in_bounds(
    aws: AwsSimulator, monkeypatch: pytest.MonkeyPatch, change: str, words: str
) -> None:
    clock = Clock()
    with connected(aws, clock) as access:
        monkeypatch.setattr(module.AwsKeys, "describe", keeps("active", clock))
        with pytest.raises(CannotRunError, match=words) as caught:
            getattr(access.lifecycle, change)(access.key)
        assert caught.value.reason is GapReason.LIMIT
        access.lifecycle.cancel_deletion(access.key)


def test_a_stopped_wait_says_so(aws: AwsSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with connected(aws, clock) as access:
        monkeypatch.setattr(module.AwsKeys, "describe", keeps("active", clock))
        clock.stopped = True
        with pytest.raises(CannotRunError, match="stopped"):
            access.lifecycle.disable(access.key)
        access.lifecycle.enable(access.key)


def test_a_canary_that_may_not_be_looked_at_after_the_change_is_not_called_unchanged(aws: AwsSimulator) -> None:
    with connected(aws) as access:
        aws.faults.add(Fault("deny", "kms:DescribeKey"))
        with pytest.raises(CannotRunError, match="may be disabled: AccessDeniedException"):
            access.lifecycle.disable(access.key)
        access.lifecycle.enable(access.key)


def test_a_key_that_is_not_pending_needs_no_cancelling_and_other_refusals_count(aws: AwsSimulator) -> None:
    with connected(aws) as access:
        access.lifecycle.cancel_deletion(access.key)
        assert access.keys.describe(access.key).state == "active"
        aws.faults.add(Fault("deny", "kms:CancelKeyDeletion"))
        with pytest.raises(DeniedError):
            access.lifecycle.cancel_deletion(access.key)


def test_a_second_key_wraps_what_is_wrapped_and_rewrapped(aws: AwsSimulator) -> None:
    with connected(aws) as access:
        wrapped = access.keys.wrap(access.key, b"k" * 32, CONTEXT)
        moved = access.keys.rewrap(access.key, wrapped, CONTEXT, access.second_key)
        assert access.keys.unwrap(arn(SECOND), moved, CONTEXT) == b"k" * 32
        with pytest.raises(RefusedError):
            access.keys.rewrap(access.second_key, wrapped, CONTEXT, access.key)
