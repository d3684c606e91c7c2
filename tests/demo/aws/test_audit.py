"""The simulated audit log: what botocore reads of it over HTTP, and what follows from the life of a key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends

from scanner.demo.aws import audit, audit_digests, seeding
from scanner.demo.aws.audit_world import Audit, Digests, KeyEvent, Unlogged
from scanner.demo.world import Key
from tests.demo.aws.composing import Request
from tests.demo.aws.trails_composing import a_trail, heard
from tests.support import ACCOUNT, NOW, REGION, a_key, a_world

OTHER = "444455556666"


def client(service: str, url: str, region: str = REGION) -> Any:  # noqa: ANN401 - a client
    return botocore.session.get_session().create_client(service, region_name=region, endpoint_url=url)


def events(*keys: Key, log: Audit | None = None, region: str = REGION, **by: str) -> list[dict[str, Any]]:
    """Return the events of the log, by one attribute."""
    ((name, value),) = by.items()
    params = {"LookupAttributes": [{"AttributeKey": name, "AttributeValue": value}]}
    request = Request("cloudtrail:LookupEvents", ACCOUNT, region, params)
    found = audit.answer(log or Audit(), request, NOW, keys)
    assert found is not None
    return list(found["Events"])


def names(*keys: Key, log: Audit | None = None, region: str = REGION) -> set[str]:
    """Return the names of all events of the keys."""
    every = ("CreateKey", "ReplicateKey", "ImportKeyMaterial", "RotateKey", "RotateKeyOnDemand", "ScheduleKeyDeletion")
    return {event["EventName"] for name in every for event in events(*keys, log=log, region=region, EventName=name)}


LIVES: list[tuple[Key, set[str]]] = [
    (a_key("young", age_days=10), {"CreateKey"}),
    (a_key("old"), set()),
    (a_key("unused", last_used_days_ago=None), set()),
    (a_key("rotated", rotated_days_ago=[10]), {"RotateKey"}),
    (a_key("by hand", rotation=None, rotated_days_ago=[10]), {"RotateKey", "RotateKeyOnDemand"}),
    (a_key("imported", origin="EXTERNAL", rotation=None, age_days=3), {"CreateKey", "ImportKeyMaterial"}),
    (a_key("going", state="PendingDeletion", deleted_in_days=9, rotation=None), {"ScheduleKeyDeletion"}),
    (a_key("managed", manager="AWS", age_days=3), set()),
    (a_key("elsewhere", account=OTHER, age_days=3), set()),
]


@pytest.mark.parametrize(("key", "expected"), LIVES, ids=[key.alias for key, _ in LIVES])
def test_the_life_of_a_key_is_in_the_log(key: Key, expected: set[str]) -> None:
    assert names(key) == expected


def test_a_replica_is_made_in_two_regions_and_rotates_in_one() -> None:
    primary = a_key("shared", replicated_to=["us-west-2"], rotated_days_ago=[5])
    replica = a_key("copy", replica_of="shared", region="us-west-2", age_days=20, rotated_days_ago=[5], rotation=None)
    assert names(primary, replica) == {"ReplicateKey", "RotateKey"}
    assert names(primary, replica, region="us-west-2") == {"CreateKey"}
    (made,) = events(primary, replica, EventName="ReplicateKey")
    assert json.loads(made["CloudTrailEvent"])["responseElements"]["replicaKeyMetadata"]["arn"] == replica.arn


@pytest.mark.parametrize(("usage", "name"), [("ENCRYPT_DECRYPT", "Decrypt"), ("SIGN_VERIFY", "Sign")])
def test_the_last_use_has_the_id_that_the_key_service_tells(usage: str, name: str) -> None:
    key = a_key("used", usage=usage, last_used_days_ago=3)
    told = seeding.last_usage(a_world(key), key, NOW)["KeyLastUsage"]
    assert isinstance(told, Mapping)
    (found,) = events(key, EventId=str(told["CloudTrailEventId"]))
    assert (found["EventName"], found["EventTime"]) == (name, told["Timestamp"])
    assert audit.use_id(key) == told["CloudTrailEventId"]


def test_what_was_not_logged_is_not_there() -> None:
    key = a_key("young", age_days=10, rotated_days_ago=[5])
    log = Audit(
        unlogged=[Unlogged(key="young", event="RotateKey", defect=""), Unlogged(key="young", event="use", defect="")]
    )
    assert names(key, log=log) == {"CreateKey"}
    assert events(key, log=log, EventId=audit.use_id(key)) == []


def test_other_events_are_in_the_log_too() -> None:
    log = Audit(
        events=[KeyEvent(key="one", name="ScheduleKeyDeletion", days_ago=2, window_days=7, error="AccessDenied")]
    )
    (event,) = events(a_key("one"), a_key("two"), log=log, EventName="ScheduleKeyDeletion")
    record = json.loads(event["CloudTrailEvent"])
    assert (record["errorCode"], record["requestParameters"]["pendingWindowInDays"]) == ("AccessDenied", 7)


@contextmanager
def trails(*found: Any, keys: tuple[Key, ...] = (), region: str = REGION) -> Iterator[Any]:  # noqa: ANN401 - a client
    with heard(Audit(trails=list(found)), keys=keys) as aws:
        yield client("cloudtrail", aws.url, region)


def test_a_trail_is_described() -> None:
    key = a_key("trails")
    trail = a_trail(key="trails", log_group="/trail", prefix="p")
    with trails(trail, keys=(key,)) as cloudtrail:
        (found,) = cloudtrail.describe_trails()["trailList"]
    assert (found["TrailARN"], found["KmsKeyId"], found["S3KeyPrefix"]) == (trail.arn, key.arn, "p")
    assert found["CloudWatchLogsLogGroupArn"].endswith("log-group:/trail:*")


VISIBLE: list[tuple[dict[str, Any], str, int]] = [
    ({}, REGION, 1),
    ({}, "eu-west-1", 1),
    ({"multi_region": False}, "eu-west-1", 0),
    ({"account": OTHER}, REGION, 0),
    ({"account": OTHER, "organization": True}, "eu-west-1", 1),
]


@pytest.mark.parametrize(("given", "region", "count"), VISIBLE)
def test_where_a_trail_is_seen(given: dict[str, Any], region: str, count: int) -> None:
    with trails(a_trail(**given), region=region) as cloudtrail:
        assert len(cloudtrail.describe_trails()["trailList"]) == count


def test_a_member_sees_the_status_of_the_organizations_trail_and_not_its_selectors() -> None:
    trail = a_trail(account=OTHER, organization=True)
    with trails(trail) as cloudtrail:
        assert cloudtrail.get_trail_status(Name=trail.arn)["IsLogging"] is True
        with pytest.raises(ClientError, match="TrailNotFoundException"):
            cloudtrail.get_event_selectors(TrailName=trail.arn)
        with pytest.raises(ClientError, match="TrailNotFoundException"):
            cloudtrail.get_trail_status(Name="other")


def test_the_status_of_a_trail() -> None:
    stopped = a_trail(logging=False, stopped_days_ago=5, delivery_error="AccessDenied", digests=Digests())
    with trails(stopped) as cloudtrail:
        found = cloudtrail.get_trail_status(Name=stopped.arn)
    assert (found["IsLogging"], found["LatestDeliveryError"]) == (False, "AccessDenied")
    assert (found["StopLoggingTime"].day, found["LatestDigestDeliveryTime"].hour) == (10, 11)
    assert "LatestDeliveryTime" not in found


SELECTORS: list[tuple[dict[str, Any], str]] = [
    ({}, "EventSelectors"),
    ({"selectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]}, "EventSelectors"),
    (
        {"advanced": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]},
        "AdvancedEventSelectors",
    ),
]


@pytest.mark.parametrize(("given", "kind"), SELECTORS)
def test_the_selectors_of_a_trail(given: dict[str, Any], kind: str) -> None:
    with trails(a_trail(**given)) as cloudtrail:
        found = cloudtrail.get_event_selectors(TrailName=a_trail().arn)
    assert list(found) == ["TrailARN", kind, "ResponseMetadata"]


def test_the_public_key_of_the_region() -> None:
    with trails() as cloudtrail:
        (found,) = cloudtrail.list_public_keys()["PublicKeyList"]
    assert (found["Fingerprint"], found["Value"][:1]) == (audit_digests.fingerprint(), b"0")
    assert found["ValidityStartTime"] < NOW < found["ValidityEndTime"]


def test_the_log_is_paged() -> None:
    keys = [a_key(f"k{i}", age_days=5) for i in range(5)]
    with heard(keys=keys, page_size=2) as aws:
        pages = client("cloudtrail", aws.url).get_paginator("lookup_events")
        found = pages.paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateKey"}])
        assert [len(page["Events"]) for page in found] == [2, 2, 1]


def test_other_services_are_not_answered() -> None:
    assert audit.answer(Audit(), Request("kms:ListKeys"), NOW) is None
    assert audit.answer(Audit(), Request("cloudtrail:ListTrails"), NOW) is None


def test_buckets_that_are_there_are_kept() -> None:
    with heard(Audit(trails=[a_trail("one"), a_trail("two", digests=Digests(hours=1))])) as aws:
        s3 = client("s3", aws.url)
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["trail-logs"]
        (name,) = [o["Key"] for o in s3.list_objects_v2(Bucket="trail-logs")["Contents"] if "Digest" in o["Key"]]
        found = s3.get_object(Bucket="trail-logs", Key=name)
        found["Body"].close()
    assert set(found["Metadata"]) == {"signature", "signature-algorithm"}
    assert found["LastModified"] == NOW


def test_a_file_is_given_whatever_the_policy_of_its_bucket_is_and_what_is_missing_is_missing() -> None:
    with heard(Audit(trails=[a_trail(digests=Digests(hours=1))])):
        (name,) = audit_digests.files(a_trail(digests=Digests(hours=1, files=0)), "AWSLogs/", NOW)
        found = audit.answer(Audit(), Request("s3:GetObject", params={"Bucket": "trail-logs", "Key": name}), NOW)
        assert found is not None
        assert found["Body"].startswith(b"\x1f\x8b")
        for bucket, code in (("trail-logs", "NoSuchKey"), ("elsewhere", "NoSuchBucket")):
            missing = audit.answer(Audit(), Request("s3:GetObject", params={"Bucket": bucket, "Key": "x"}), NOW)
            assert missing is not None
            assert missing["__type"] == code


def test_a_trail_may_write_into_the_bucket_of_another_account() -> None:
    own = a_trail("one", digests=Digests(hours=1, files=0))
    other = a_trail("two", account="444455556666", key="one", digests=Digests(hours=1, files=0))
    with heard(Audit(trails=[own, other]), keys=[a_key("one")]) as aws:
        names = [file["Key"] for file in client("s3", aws.url).list_objects_v2(Bucket="trail-logs")["Contents"]]
    assert [name.split("/")[1] for name in names] == [ACCOUNT, "444455556666"]
    asked = Request("cloudtrail:DescribeTrails", account="444455556666")
    described = audit.answer(Audit(trails=[own, other]), asked, NOW, [a_key("one")])
    assert described is not None
    assert [trail["KmsKeyId"] for trail in described["trailList"]] == [a_key("one").arn]


def test_digests_are_written_for_every_place_where_a_trail_records() -> None:
    places = [(ACCOUNT, "us-east-1"), (ACCOUNT, "us-west-2"), ("444455556666", "us-east-1")]
    wide = a_trail("wide", organization=True, bucket="wide-logs", digests=Digests(hours=1, files=0))
    narrow = a_trail("narrow", multi_region=False, digests=Digests(hours=1, files=0))
    moto_api_backend.reset()
    audit.seed(Audit(trails=[wide, narrow]), NOW, places)
    found = {name: list(s3_backends[ACCOUNT]["aws"].buckets[name].keys) for name in ("wide-logs", "trail-logs")}
    assert [tuple(name.split("/")[i] for i in (2, 4)) for name in sorted(found["wide-logs"])] == places
    assert len(found["trail-logs"]) == 1


def test_events_are_remembered_by_account_and_region() -> None:
    remembered: audit.Events = {}
    asked = Request("cloudtrail:LookupEvents")
    first = audit.answer(Audit(), asked, NOW, [a_key("one", age_days=5)], remembered)
    assert audit.answer(Audit(), asked, NOW, [], remembered) == first
    assert set(remembered) == {(ACCOUNT, "us-east-1")}


def test_the_ids_of_events_do_not_depend_on_the_clock() -> None:
    asked = Request("cloudtrail:LookupEvents")
    keys = [a_key("one", age_days=5, rotated_days_ago=[2])]
    answers = [audit.answer(Audit(), asked, now, keys) for now in (NOW, NOW + timedelta(days=40))]
    first, second = [[event["EventId"] for event in answer["Events"]] for answer in answers if answer]
    assert first == second
    assert len(set(first)) == 3
