"""Amazon S3: what is asked of which bucket, and that no bucket of another region is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.s3 import ACL, BLOCK, BUCKETS, NAME, OPERATIONS, OWNERSHIP, collect
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import Bucket, Stores
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import ELSEWHERE, HERE

SERVICE = Service(NAME, OPERATIONS, collect)
OF_BUCKET = {op.name for op in OPERATIONS} - {BUCKETS}
ONE = "arn:aws:s3:::one"


def of_subject(found: Collected, arn: str) -> set[str]:
    return {answer.operation for answer in found.answers() if answer.subject == arn}


ACLS: list[tuple[Bucket, set[str]]] = [
    (Bucket(name="blocked", **HERE, acls=True), set()),
    (Bucket(name="enforced", **HERE, blocked=False), {OWNERSHIP}),
    (Bucket(name="open", **HERE, blocked=False, acls=True), {OWNERSHIP, ACL}),
]


@pytest.mark.parametrize(("bucket", "asked"), ACLS, ids=[bucket.name for bucket, _ in ACLS])
def test_an_acl_that_does_not_count_is_not_asked(tmp_path: Path, bucket: Bucket, asked: set[str]) -> None:
    with spoken(Stores(buckets=[bucket])) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert of_subject(found, bucket.arn) == (OF_BUCKET - {OWNERSHIP, ACL}) | asked
    assert found.gaps == []


def test_an_account_without_buckets_costs_one_call(tmp_path: Path) -> None:
    with spoken(Stores()) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.asked == {BUCKETS: 1, "sts:GetCallerIdentity": 1}


def test_buckets_of_other_regions_are_not_asked(tmp_path: Path) -> None:
    with spoken(Stores(buckets=[Bucket(name="here", **HERE), Bucket(name="there", **ELSEWHERE)])) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
        listed = [request.params for request in app.requests if request.operation == BUCKETS]
    assert listed == [{"bucket-region": "us-east-1", "max-buckets": "1000"}]
    assert {a.subject for a in found.answers() if a.subject} == {"arn:aws:s3:::here"}


LISTED: list[tuple[list[Json], list[str]]] = [
    ([{"Name": "one"}, {"Name": "one"}], ["one"]),
    ([{"Name": "one", "BucketRegion": "us-east-1"}, {"Name": "two", "BucketRegion": "us-west-2"}], ["one"]),
    ([{"Name": "one", "BucketRegion": ""}], []),
]


@pytest.mark.parametrize(("buckets", "asked"), LISTED)
def test_an_endpoint_that_lists_every_region_is_not_followed(
    bench: Bench, buckets: list[Json], asked: list[str]
) -> None:
    provider = Scripted({BUCKETS: {"Buckets": buckets}})
    run(bench, collect, OPERATIONS, provider)
    assert [params["Bucket"] for name, params in provider.asked if name == BLOCK] == asked


def test_long_listings_are_read_to_the_end(tmp_path: Path) -> None:
    with spoken(Stores(buckets=[Bucket(name=f"bucket-{i}", **HERE) for i in range(5)]), page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.asked[BUCKETS], found.asked[BLOCK], found.gaps) == (3, 5, [])


def test_a_denied_answer_is_a_gap_of_its_own(tmp_path: Path) -> None:
    with spoken(Stores(buckets=[Bucket(name="one", **HERE), Bucket(name="two", **HERE)])) as app:
        app.faults.add(Fault("deny", "s3:GetBucketEncryption", subject="one"))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == (
        "s3:GetBucketEncryption",
        ONE,
        GapReason.DENIED,
    )
    assert (found.asked["s3:GetBucketEncryption"], found.asked[BLOCK]) == (1, 2)


def test_a_block_that_may_not_be_read_makes_the_collector_ask_all_the_same(tmp_path: Path) -> None:
    with spoken(Stores(buckets=[Bucket(name="one", **HERE, acls=True)])) as app:
        app.faults.add(Fault("deny", BLOCK))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert of_subject(found, ONE) == OF_BUCKET - {BLOCK}


def test_an_answer_that_is_no_xml_is_a_gap(tmp_path: Path) -> None:
    with spoken(Stores(buckets=[Bucket(name="one", **HERE)])) as app:
        app.faults.add(Fault("malformed", "s3:GetBucketVersioning"))
        found = collect_service(tmp_path, app.url, SERVICE)
    # botocore takes it for an internal error of S3, which is asked again.
    assert (found.gap.operation, found.gap.reason) == ("s3:GetBucketVersioning", GapReason.FAILED)
    assert found.gap.attempts > 1


@pytest.mark.parametrize("at", ["s3:GetBucketEncryption", "s3:GetBucketTagging", BLOCK, OWNERSHIP])
def test_of_a_bucket_that_is_gone_nothing_more_is_asked(bench: Bench, at: str) -> None:
    provider = Scripted({BUCKETS: {"Buckets": [{"Name": "one"}]}, **GOOD}, codes={at: "NoSuchBucket"})
    work = run(bench, collect, OPERATIONS, provider)
    assert provider.operations[-1] == at
    assert work.gaps == []


GOOD: dict[str, Json] = {
    "s3:GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": []}},
    "s3:GetObjectLockConfiguration": {"ObjectLockConfiguration": {}},
    "s3:GetBucketLifecycleConfiguration": {"Rules": []},
    "s3:GetBucketPolicy": {"Policy": "{}"},
    "s3:GetBucketPolicyStatus": {"PolicyStatus": {"IsPublic": False}},
    "s3:GetBucketTagging": {"TagSet": []},
    BLOCK: {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": False}},
    OWNERSHIP: {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    ACL: {"Grants": []},
}
ABSENT = {
    "s3:GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
    "s3:GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
    "s3:GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
    "s3:GetBucketPolicy": "NoSuchBucketPolicy",
    "s3:GetBucketPolicyStatus": "NoSuchBucketPolicy",
    "s3:GetBucketTagging": "NoSuchTagSet",
    BLOCK: "NoSuchPublicAccessBlockConfiguration",
    OWNERSHIP: "OwnershipControlsNotFoundError",
}


def test_what_is_not_configured_is_an_answer(bench: Bench) -> None:
    provider = Scripted({BUCKETS: {"Buckets": [{"Name": "one"}]}, ACL: {"Grants": []}}, codes=ABSENT)
    work = run(bench, collect, OPERATIONS, provider)
    assert work.gaps == []
    assert {a.operation: a.error_code for a in work.answers if a.error_code} == ABSENT


@pytest.mark.parametrize("operation", sorted(GOOD))
def test_an_answer_without_what_it_is_about_is_a_gap(bench: Bench, operation: str) -> None:
    provider = Scripted({BUCKETS: {"Buckets": [{"Name": "one"}]}, **GOOD, operation: {}})
    work = run(bench, collect, OPERATIONS, provider)
    assert gaps(work) == [(operation, GapReason.MALFORMED)]


def test_a_resumed_scan_asks_only_what_is_missing(tmp_path: Path) -> None:
    with spoken(Stores(buckets=[Bucket(name="one", **HERE)])) as app:
        app.faults.add(Fault("deny", "s3:GetBucketPolicy", times=1))
        collect_service(tmp_path, app.url, SERVICE)
        before = len(app.requests)
        found = collect_service(tmp_path, app.url, SERVICE)
        assert [request.operation for request in app.requests[before:]] == ["s3:GetBucketPolicy"]
    assert [gap.run for gap in found.gaps] == [1]
