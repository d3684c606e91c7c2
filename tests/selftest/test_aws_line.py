"""Calls to AWS under self-test: what leaves, which keys may be named, what is tried again, what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator
from scanner.model.observation import GapReason
from scanner.selftest.aws_line import ALLOWED, ATTEMPTS, KeyGuard, Line, ProvingHub
from scanner.selftest.interface import CannotRunError, DeniedError, RefusedError
from tests.collect.fakes import Clock
from tests.selftest.aws_world import CANARY, OTHER, SECOND, a_source, arn, logged_in, running
from tests.support import REGION


@pytest.fixture(scope="module")
def simulator() -> Iterator[AwsSimulator]:
    with running() as aws:
        yield aws


@pytest.fixture
def aws(simulator: AwsSimulator, tmp_path: Path) -> Iterator[AwsSimulator]:
    with logged_in(simulator, tmp_path):
        yield simulator


def a_line(aws: AwsSimulator, clock: Clock | None = None, **given: Any) -> Line:  # noqa: ANN401 - fields of Line
    client = ProvingHub(a_source(aws), ALLOWED).client("", REGION, "kms")
    guard = KeyGuard({f"alias/{CANARY}"}, used={arn(CANARY), arn(SECOND)}, changed={arn(CANARY)})
    guard.watch(client)
    return Line(client=client, outside=(clock or Clock()).outside(), **given)


def encrypt(key: str) -> dict[str, object]:
    return {"KeyId": key, "Plaintext": b"made up"}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("kms:Encrypt", encrypt(arn(OTHER))),
        ("kms:Encrypt", encrypt(f"alias/{CANARY}")),
        ("kms:Decrypt", {"CiphertextBlob": b"x"}),
        ("kms:ReEncrypt", {"CiphertextBlob": b"x", "SourceKeyId": arn(CANARY), "DestinationKeyId": arn(OTHER)}),
        ("kms:ReEncrypt", {"CiphertextBlob": b"x", "SourceKeyId": arn(OTHER), "DestinationKeyId": arn(CANARY)}),
        ("kms:DisableKey", {"KeyId": arn(SECOND)}),
        ("kms:ScheduleKeyDeletion", {"KeyId": arn(OTHER)}),
        ("kms:DescribeKey", {"KeyId": arn(OTHER)}),
        ("kms:ListKeys", {}),
        ("kms:DeleteAlias", {"AliasName": f"alias/{CANARY}"}),
        ("kms:PutKeyPolicy", {"KeyId": arn(CANARY), "Policy": "{}"}),
        ("kms:CreateGrant", {"KeyId": arn(CANARY), "GranteePrincipal": "x", "Operations": ["Decrypt"]}),
    ],
)
def test_another_key_or_operation_never_leaves(aws: AwsSimulator, operation: str, params: dict[str, object]) -> None:
    line, before = a_line(aws), len(aws.requests)
    with pytest.raises(ForbiddenOperationError):
        line.call(operation, params)
    assert (len(aws.requests), line.calls) == (before, [])


def test_an_endpoint_without_tls_elsewhere_is_refused(aws: AwsSimulator) -> None:
    hub = ProvingHub(a_source(aws, endpoint_url="http://kms.example.invalid"), ALLOWED)
    with pytest.raises(CallError, match="PlainHttpRefused"):
        hub.client("", REGION, "kms")


def test_a_call_is_recorded_with_its_request_id_and_signer(aws: AwsSimulator) -> None:
    line = a_line(aws)
    answer = line.call("kms:Encrypt", encrypt(arn(CANARY)))
    [call] = line.calls
    assert isinstance(answer["CiphertextBlob"], bytes)
    assert (call.operation, call.code, call.logged) == ("kms:Encrypt", "", True)
    assert call.signer == ENVIRON["AWS_ACCESS_KEY_ID"]
    assert len(call.request_id) == 36
    assert "made up" not in str(line.calls)


def test_a_signer_is_told_whatever_the_header_is(aws: AwsSimulator) -> None:
    line = a_line(aws)

    class Request:
        headers: dict[str, Any] = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260615/us-east-1/kms"}

    line._sign(Request())
    assert line._signing.signer == "AKIAEXAMPLE"


@pytest.mark.parametrize(
    ("fault", "error", "reason", "attempts"),
    [
        (Fault("deny", "kms:Encrypt"), DeniedError, None, 1),
        (Fault("throttle", "kms:Encrypt"), CannotRunError, GapReason.THROTTLED, ATTEMPTS),
        (Fault("error", "kms:Encrypt"), CannotRunError, GapReason.FAILED, ATTEMPTS),
        (Fault("disconnect", "kms:Encrypt"), CannotRunError, GapReason.UNREACHABLE, ATTEMPTS),
        (Fault("malformed", "kms:Encrypt"), CannotRunError, GapReason.MALFORMED, 1),
        (Fault("unsupported", "kms:Encrypt"), CannotRunError, GapReason.UNSUPPORTED, 1),
        (Fault("expired", "kms:Encrypt"), CannotRunError, GapReason.DENIED, 1),
    ],
)
def test_only_an_answer_that_says_no_is_a_refusal(
    aws: AwsSimulator, fault: Fault, error: type[Exception], reason: GapReason | None, attempts: int
) -> None:
    aws.faults.add(fault)
    line = a_line(aws)
    with pytest.raises(error) as caught:
        line.call("kms:Encrypt", encrypt(arn(CANARY)))
    assert getattr(caught.value, "reason", None) is reason
    assert len(line.calls) == attempts
    assert [call.logged for call in line.calls] == [fault.kind == "deny"] * attempts


def test_a_refusal_has_the_code_of_aws(aws: AwsSimulator) -> None:
    line = a_line(aws)
    with pytest.raises(RefusedError) as caught:
        line.call("kms:Decrypt", {"KeyId": arn(CANARY), "CiphertextBlob": b"not one of ours"})
    assert caught.value.code == "InvalidCiphertextException"
    assert line.calls[0].logged is True


def test_a_throttled_call_is_made_again_after_a_while(aws: AwsSimulator) -> None:
    aws.faults.add(Fault("throttle", "kms:Encrypt", times=2))
    clock = Clock()
    line = a_line(aws, clock)
    line.call("kms:Encrypt", encrypt(arn(CANARY)))
    assert [call.code for call in line.calls] == ["ThrottlingException", "ThrottlingException", ""]
    assert clock.waits == [0.2, 0.4]


def test_a_stopped_run_makes_no_call_again_unless_it_must(aws: AwsSimulator) -> None:
    aws.faults.add(Fault("throttle", "kms:*", times=1))
    with pytest.raises(CannotRunError, match="stopped"):
        a_line(aws, Clock(stopped=True)).call("kms:Encrypt", encrypt(arn(CANARY)))
    aws.faults.add(Fault("throttle", "kms:*", times=1))
    slept: list[float] = []
    line = a_line(aws, Clock(stopped=True), sleep=slept.append)
    line.call("kms:EnableKey", {"KeyId": arn(CANARY)}, always=True)
    assert (slept, [call.code for call in line.calls]) == ([0.2], ["ThrottlingException", ""])


def test_credentials_that_cannot_be_loaded_on_the_way_are_told(aws: AwsSimulator) -> None:
    line = a_line(aws)

    def fails(**_: object) -> None:
        raise FileNotFoundError("no aws-vault")

    line.client.meta.events.register("before-send", fails)
    with pytest.raises(CannotRunError, match="no aws-vault") as caught:
        line.call("kms:Encrypt", encrypt(arn(CANARY)))
    assert caught.value.reason is GapReason.FAILED
