"""Cryptographic calls of the simulated AWS KMS, by real botocore: states, callers, and their events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scanner.demo.aws.crypto import STRANGER, Calls
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.request import Recorded
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator
from scanner.demo.embedded import environment
from tests.support import ACCOUNT, NOW, REGION, a_key, a_world, simulated

WORLD = a_world(a_key("canary"), a_key("second"))
CANARY, SECOND = WORLD.key("canary").arn, WORLD.key("second").arn


@pytest.fixture(scope="module")
def simulator() -> Iterator[AwsSimulator]:
    with simulated(WORLD) as aws:
        yield aws


@pytest.fixture
def aws(simulator: AwsSimulator) -> Iterator[AwsSimulator]:
    with environment(ENVIRON):
        yield simulator
    simulator.faults.clear()
    kms = a_client(simulator)
    if kms.describe_key(KeyId=CANARY)["KeyMetadata"]["KeyState"] == "PendingDeletion":
        kms.cancel_key_deletion(KeyId=CANARY)
    kms.enable_key(KeyId=CANARY)


def a_client(aws: AwsSimulator, service: str = "kms", access_key: str = "AKIASIMULATED0000000") -> Any:  # noqa: ANN401
    session = botocore.session.Session()
    session.set_credentials(access_key, "simulated")
    config = Config(retries={"total_max_attempts": 1})
    return session.create_client(service, region_name=REGION, endpoint_url=aws.url, config=config)


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def uses(kms: Any, wrapped: bytes) -> list[str]:  # noqa: ANN401 - a client
    """Return how each use of the canary is answered."""
    told = []
    for use, params in (
        (kms.encrypt, {"KeyId": CANARY, "Plaintext": b"x"}),
        (kms.decrypt, {"KeyId": CANARY, "CiphertextBlob": wrapped}),
        (kms.generate_data_key, {"KeyId": CANARY, "KeySpec": "AES_256"}),
        (kms.generate_data_key_without_plaintext, {"KeyId": "alias/canary", "KeySpec": "AES_256"}),
        (kms.re_encrypt, {"SourceKeyId": CANARY, "CiphertextBlob": wrapped, "DestinationKeyId": SECOND}),
        (kms.re_encrypt, {"SourceKeyId": SECOND, "CiphertextBlob": wrapped, "DestinationKeyId": CANARY}),
    ):
        try:
            use(**params)
            told.append("")
        except ClientError as error:
            told.append(code(error))
    return told


def test_an_enabled_key_works_and_the_source_key_must_be_the_one_that_wrapped(aws: AwsSimulator) -> None:
    kms = a_client(aws)
    wrapped = kms.encrypt(KeyId=CANARY, Plaintext=b"x")["CiphertextBlob"]
    assert uses(kms, wrapped) == ["", "", "", "", "", "IncorrectKeyException"]
    with pytest.raises(ClientError) as caught:
        kms.re_encrypt(SourceKeyId=CANARY, CiphertextBlob=b"junk", DestinationKeyId=SECOND)
    assert code(caught.value) == "InvalidCiphertextException"
    assert kms.re_encrypt(CiphertextBlob=wrapped, DestinationKeyId=SECOND)["KeyId"] == SECOND


def test_a_disabled_key_refuses_every_use_and_works_again_when_enabled(aws: AwsSimulator) -> None:
    kms = a_client(aws)
    wrapped = kms.encrypt(KeyId=CANARY, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=CANARY)
    assert kms.describe_key(KeyId=CANARY)["KeyMetadata"]["KeyState"] == "Disabled"
    assert uses(kms, wrapped) == ["DisabledException"] * 6
    with pytest.raises(ClientError) as caught:
        kms.rotate_key_on_demand(KeyId=CANARY)
    assert code(caught.value) == "DisabledException"
    kms.enable_key(KeyId=CANARY)
    assert uses(kms, wrapped)[:5] == [""] * 5


def test_a_key_that_is_pending_deletion_refuses_every_use_and_change_but_cancelling(aws: AwsSimulator) -> None:
    kms = a_client(aws)
    wrapped = kms.encrypt(KeyId=CANARY, Plaintext=b"x")["CiphertextBlob"]
    assert kms.schedule_key_deletion(KeyId=CANARY, PendingWindowInDays=30)["KeyId"] == CANARY
    assert uses(kms, wrapped) == ["KMSInvalidStateException"] * 6
    for change in (kms.enable_key, kms.disable_key, kms.rotate_key_on_demand):
        with pytest.raises(ClientError) as caught:
            change(KeyId=CANARY)
        assert code(caught.value) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=CANARY)
    assert kms.describe_key(KeyId=CANARY)["KeyMetadata"]["KeyState"] == "Disabled"


def test_a_rotation_gives_new_material(aws: AwsSimulator) -> None:
    kms = a_client(aws)
    before = kms.describe_key(KeyId=CANARY)["KeyMetadata"]["CurrentKeyMaterialId"]
    wrapped = kms.encrypt(KeyId=CANARY, Plaintext=b"x")["CiphertextBlob"]
    assert kms.rotate_key_on_demand(KeyId=CANARY)["KeyId"] == CANARY
    after = kms.describe_key(KeyId=CANARY)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert before != after
    assert kms.decrypt(KeyId=CANARY, CiphertextBlob=wrapped)["Plaintext"] == b"x"


@pytest.mark.parametrize("name", ["alias/nobody", "00000000-0000-0000-0000-000000000000"])
def test_a_key_that_is_not_there_cannot_be_changed(aws: AwsSimulator, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        a_client(aws).disable_key(KeyId=name)
    assert code(caught.value) == "NotFoundException"


def test_a_stranger_is_somebody_else_and_has_no_rights(aws: AwsSimulator) -> None:
    kms = a_client(aws, access_key=STRANGER)
    assert set(uses(kms, b"x")) == {"AccessDeniedException"}
    me, other = (a_client(aws, "sts", key).get_caller_identity()["Arn"] for key in ("AKIASIMULATED0000000", STRANGER))
    assert me != other


def events(aws: AwsSimulator, **attributes: str) -> list[dict[str, Any]]:
    wanted = [{"AttributeKey": name, "AttributeValue": value} for name, value in attributes.items()]
    pages = a_client(aws, "cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=wanted)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def test_every_call_is_in_the_audit_log_under_its_own_request_id(aws: AwsSimulator) -> None:
    kms = a_client(aws, access_key="AKIASOMEBODY00000000")
    made = [kms.generate_data_key(KeyId=CANARY, KeySpec="AES_256") for _ in range(60)]
    ids = [answer["ResponseMetadata"]["RequestId"] for answer in made]
    with pytest.raises(ClientError) as caught:
        kms.decrypt(KeyId=CANARY, CiphertextBlob=b"x")
    ids.append(caught.value.response["ResponseMetadata"]["RequestId"])
    told = events(aws, AccessKeyId="AKIASOMEBODY00000000")
    assert [one["requestID"] for one in told] == ids[::-1]
    assert len(set(ids)) == 61
    assert (told[0]["errorCode"], told[0]["eventName"]) == ("InvalidCiphertextException", "Decrypt")
    assert events(aws, AccessKeyId="AKIANOBODY0000000000") == []


def test_a_throttled_call_is_not_in_it_and_a_broken_log_drops_more(aws: AwsSimulator) -> None:
    kms = a_client(aws, access_key="AKIAANYBODY000000000")
    aws.faults.add(Fault("throttle", "kms:Encrypt"))
    with pytest.raises(ClientError):
        kms.encrypt(KeyId=CANARY, Plaintext=b"x")
    aws.faults.clear()
    calls = aws.layer.parts.calls
    calls.drops = frozenset({"kms:Decrypt"})
    with pytest.raises(ClientError):
        kms.decrypt(KeyId=CANARY, CiphertextBlob=b"x")
    calls.drops = frozenset()
    assert events(aws, AccessKeyId="AKIAANYBODY000000000") == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_an_answer_that_is_no_error_of_aws_is_recorded_as_unknown(body: bytes) -> None:
    calls = Calls()
    request = Recorded("kms:Encrypt", ACCOUNT, REGION, {"KeyId": CANARY}, "AKIA", "")
    calls.record(request, NOW, ("500 Internal Server Error", [("X-Amzn-RequestId", "of moto")], body))
    [event] = calls.matching(Recorded("cloudtrail:LookupEvents", ACCOUNT, REGION, {}, "AKIA", ""))
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "Unknown"
