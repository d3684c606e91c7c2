"""Made-up objects of a bucket under the self-tests of the data path: good ones pass, and each broken one is caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner.collect.interface import ForbiddenOperationError
from scanner.demo.aws.audio import Audio, seed
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.simulator import AwsSimulator
from scanner.demo.aws.stores_world import Bucket, Stores
from scanner.model.estate import S3Selftest, Selftests
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.datapath import data_path_tests
from scanner.selftest.interface import CannotRunError, Edge, Outcome
from scanner.selftest.objects import GET, LIST, MOST_BYTES, ObjectPath, object_path
from tests.selftest.aws_world import CANARY, WORLD, a_source, a_test, arn, connected, logged_in
from tests.selftest.test_jobs import an_estate, execute, told
from tests.support import ACCOUNT, REGION, simulated

BUCKET = "voice-audio"
TEST = S3Selftest(
    source="main", bucket=BUCKET, canaries=(("canary-a", "canary-a/"), ("canary-b", "canary-b/")), objects=2
)
TENANTS = ["canary-a", "canary-b", "real"]
STORED = WORLD.model_copy(
    update={"data": Stores(buckets=[Bucket(name=BUCKET, account=ACCOUNT, region=REGION, age_days=5)])}
)


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsSimulator]:
    with simulated(STORED) as running:
        yield running


@pytest.fixture(autouse=True)
def filled(aws: AwsSimulator, tmp_path: Path) -> Iterator[None]:
    seed(Audio(bucket=BUCKET, account=ACCOUNT, key=CANARY, tenants=TENANTS, objects=2), aws.wrap)
    with logged_in(aws, tmp_path):
        yield


def put(name: str, body: bytes) -> None:
    from moto.s3.models import s3_backends

    s3_backends[ACCOUNT]["aws"].put_object(BUCKET, name, body)


def stored(name: str) -> bytes:
    from moto.s3.models import s3_backends

    return bytes(s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys[name].value)


@contextmanager
def path(aws: AwsSimulator, test: S3Selftest = TEST) -> Iterator[ObjectPath]:
    with connected(aws) as access:
        yield object_path(test, access.objects(), access.keys, "aws")


def outcome(aws: AwsSimulator, number: str, test: S3Selftest = TEST) -> Outcome:
    with path(aws, test) as objects:
        return next(one for one in data_path_tests(objects) if one.id == number).run()


@pytest.mark.parametrize("number", [f"ST-DAT-0{n}" for n in range(1, 8)])
def test_good_objects_pass(aws: AwsSimulator, number: str) -> None:
    found = outcome(aws, number)
    assert (found.passed, found.detail) == (True, found.detail)


def test_what_opens_is_proven(aws: AwsSimulator) -> None:
    edge = Edge(child=f"arn:aws:s3:::{BUCKET}", child_kind="store", parent=arn(CANARY), parent_kind="key")
    assert outcome(aws, "ST-DAT-04").edges == (edge,)


def test_nothing_but_the_named_prefixes_is_read(aws: AwsSimulator) -> None:
    before = len(aws.requests)
    with path(aws) as objects:
        assert {value.row_id.partition("/")[0] for value in objects.canaries().values} == {"canary-a", "canary-b"}
        objects.canaries()  # read once
        asked = [(r.operation, str(r.params)) for r in aws.requests[before:] if r.service == "s3"]
        assert len(asked) == 6
        assert not [one for one in asked if "real" in one[1]]
        for operation, params in (
            (LIST, {"Bucket": BUCKET, "Prefix": "real/"}),
            (LIST, {"Bucket": BUCKET}),
            (GET, {"Bucket": BUCKET, "Key": "real/call-0000.wav"}),
            (GET, {"Bucket": "other", "Key": "canary-a/call-0000.wav"}),
        ):
            with pytest.raises(ForbiddenOperationError):
                objects.line.call(operation, params)
    assert len([r for r in aws.requests[before:] if r.service == "s3"]) == 6


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        ("ST-DAT-01", b"RIFF$@\x00\x00WAVEfmt " + bytes(64)),
        ("ST-DAT-02", b"RIFF$@\x00\x00WAVEfmt " + bytes(64)),
        ("ST-DAT-04", None),
    ],
)
def test_a_broken_object_is_caught(aws: AwsSimulator, number: str, changed: bytes | None) -> None:
    name = "canary-a/call-0000.wav"
    message = stored(name)
    put(name, changed or message[:-1] + bytes([message[-1] ^ 1]))
    assert outcome(aws, number).passed is False


def test_one_message_for_two_tenants_is_caught(aws: AwsSimulator) -> None:
    for number in range(2):
        put(f"canary-b/call-000{number}.wav", stored(f"canary-a/call-000{number}.wav"))
    assert outcome(aws, "ST-DAT-05").passed is False
    assert outcome(aws, "ST-DAT-03").passed is False


@pytest.mark.parametrize("body", [b"", bytes(MOST_BYTES + 1)], ids=["empty", "too large"])
def test_what_cannot_be_opened_in_memory_is_left_alone(aws: AwsSimulator, body: bytes) -> None:
    put("canary-a/call-0000.wav", body)
    with path(aws) as objects:
        assert len(objects.canaries().values) == 3


def test_without_an_object_there_is_nothing_to_tell(aws: AwsSimulator) -> None:
    test = S3Selftest(source="main", bucket=BUCKET, canaries=(("canary-c", "canary-c/"),))
    with pytest.raises(CannotRunError, match="has no object under canary-c/ of at most 1048576 bytes"):
        outcome(aws, "ST-DAT-01", test)


def test_a_bucket_that_may_not_be_read_is_a_gap(aws: AwsSimulator) -> None:
    aws.faults.add(Fault("deny", "s3:ListObjectsV2"))
    with pytest.raises(CannotRunError, match="could not be read") as caught:
        outcome(aws, "ST-DAT-01")
    assert caught.value.reason is GapReason.DENIED


def test_objects_are_in_no_database(aws: AwsSimulator) -> None:
    with path(aws) as objects, pytest.raises(AssertionError):
        objects.connect()


def test_they_are_opened_with_the_keys_that_the_estate_names(aws: AwsSimulator, tmp_path: Path) -> None:
    estate = an_estate(aws=(a_source(aws),), selftests=Selftests(aws=(a_test(),), s3=(TEST,)))
    (answer,) = execute(tmp_path / "log", estate, "ST-DAT-04")
    body = told(answer)
    assert (body["outcome"], body["target"], body["provider"]) == ("pass", f"arn:aws:s3:::{BUCKET}", "aws")
    assert {"s3:GetObject", "kms:Decrypt"} <= {str(call["operation"]) for call in calls(body)}


def calls(body: Mapping[str, Json]) -> list[dict[str, Json]]:
    made = body["calls"]
    assert isinstance(made, list)
    return [call for call in made if isinstance(call, dict)]
