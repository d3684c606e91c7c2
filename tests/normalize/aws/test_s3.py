"""Amazon S3 answers to rows: each setting of a bucket, what is missing of it, and what denies."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.s3 import GONE, OF_BUCKET, normalize
from tests.normalize.builders import KEY, SOURCE, missed, observed, rows

BUCKET = "arn:aws:s3:::voice"
TLS = json.dumps(
    {
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"{BUCKET}*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    }
)
Columns = dict[str, Any]


def listed(*names: str, **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    buckets: list[Json] = [{"Name": name, "CreationDate": "2025-01-02T03:04:05.000Z"} for name in names]
    return observed("s3:ListBuckets", {"Buckets": buckets}, **fields)


def told(name: str, response: Any) -> Record:  # noqa: ANN401 - an answer, an error code in text, or None: denied
    operation = f"s3:{name}"
    if response is None:
        return missed(operation, subject=BUCKET)
    if isinstance(response, str):
        return observed(operation, {"message": "no"}, subject=BUCKET, error=response)
    return observed(operation, response, subject=BUCKET)


def bucket(**answers: Any) -> DataStoreFact:  # noqa: ANN401 - answers by operation
    records = [listed("voice"), *(told(name, response) for name, response in answers.items())]
    (row,) = rows(list(normalize(records)), DataStoreFact)
    assert isinstance(row, DataStoreFact)
    return row


def columns(row: DataStoreFact, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def encrypted_by(by_default: Json, **fields: Json) -> Json:
    rule: dict[str, Json] = {"ApplyServerSideEncryptionByDefault": by_default, **fields}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


UNKNOWN = (True, None, None, None)
ENCRYPTION: list[tuple[Any, tuple[Any, ...]]] = [
    (None, (None, None, None, None)),
    ("ServerSideEncryptionConfigurationNotFoundError", (True, "AES256", "none", False)),
    (encrypted_by({"SSEAlgorithm": "AES256"}), (True, "AES256", "none", False)),
    (encrypted_by({"SSEAlgorithm": "AES256"}, BucketKeyEnabled=True), (True, "AES256", "none", False)),
    (encrypted_by({"SSEAlgorithm": "aws:kms"}), (True, "aws:kms", "alias/aws/s3", False)),
    (
        encrypted_by({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/voice"}, BucketKeyEnabled=True),
        (True, "aws:kms", "alias/voice", True),
    ),
    (
        encrypted_by({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, BucketKeyEnabled=False),
        (True, "aws:kms", KEY, False),
    ),
    (
        encrypted_by({"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY}, BucketKeyEnabled=True),
        (True, "aws:kms:dsse", KEY, False),
    ),
    (encrypted_by({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ""}), (True, "aws:kms", None, False)),
    (
        encrypted_by({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": 1}, BucketKeyEnabled="x"),
        (True, "aws:kms", None, None),
    ),
    (encrypted_by({"SSEAlgorithm": "aws:new"}), (True, "aws:new", None, False)),
    (encrypted_by(None, BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]}), (True, "AES256", "none", False)),
    (encrypted_by({}), UNKNOWN),
    (encrypted_by("x"), UNKNOWN),
    ({"ServerSideEncryptionConfiguration": {"Rules": []}}, UNKNOWN),
    ({"ServerSideEncryptionConfiguration": {"Rules": ["x"]}}, UNKNOWN),
    ({"ServerSideEncryptionConfiguration": {"Rules": [{}, {}]}}, UNKNOWN),
    ({}, UNKNOWN),
]


@pytest.mark.parametrize(("answer", "wanted"), ENCRYPTION)
def test_encryption(answer: Any, wanted: tuple[Any, ...]) -> None:  # noqa: ANN401 - as told() takes it
    row = bucket(GetBucketEncryption=answer)
    assert columns(row, "encrypted", "provider_encryption", "key_ref", "bucket_key") == wanted


VERSIONING: list[tuple[Any, bool | None]] = [
    (None, None),
    ({}, False),
    ({"Status": "Enabled"}, True),
    ({"Status": "Suspended"}, False),
    ({"Status": "Perhaps"}, None),
    ({"Status": 1}, None),
]


@pytest.mark.parametrize(("answer", "wanted"), VERSIONING)
def test_versioning(answer: Any, wanted: bool | None) -> None:  # noqa: ANN401 - as told() takes it
    assert bucket(GetBucketVersioning=answer).versioned is wanted


def locked(**retention: Json) -> Json:
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}}


LOCKS: list[tuple[Any, tuple[Any, ...]]] = [
    (None, (None, None, None)),
    ("ObjectLockConfigurationNotFoundError", (False, "none", 0)),
    ({"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}, (False, "none", 0)),
    (locked(Mode="COMPLIANCE", Days=30), (True, "compliance", 30)),
    (locked(Mode="GOVERNANCE", Years=6), (True, "governance", 2190)),
    (locked(Mode="COMPLIANCE", Days=30, Years=0), (True, "compliance", 30)),
    (locked(Mode="COMPLIANCE", Days=30, Years=1), (True, "compliance", None)),
    (locked(Mode="COMPLIANCE"), (True, "compliance", None)),
    (locked(DefaultEventHold={"Days": 30}), (None, None, None)),
    (locked(Mode="NEW", Days=1), (None, None, None)),
    ({"ObjectLockConfiguration": {}}, (None, None, None)),
    ({"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": "x"}}, (None, None, None)),
]


@pytest.mark.parametrize(("answer", "wanted"), LOCKS)
def test_object_lock(answer: Any, wanted: tuple[Any, ...]) -> None:  # noqa: ANN401 - as told() takes it
    row = bucket(GetObjectLockConfiguration=answer)
    assert columns(row, "write_once", "write_once_mode", "write_once_days") == wanted


RULES: Json = {"Rules": [{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}]}
LIFECYCLES: list[tuple[Any, Any, tuple[Any, ...]]] = [
    (None, {}, (None, None, None, None)),
    ("NoSuchLifecycleConfiguration", None, (False, None, False, None)),
    (RULES, {}, (True, 30, True, 30)),
    (RULES, {"Status": "Enabled"}, (False, None, False, None)),
    (RULES, None, (None, None, None, None)),
    (RULES, {"Status": "Perhaps"}, (None, None, None, None)),
    ({}, {}, (None, None, None, None)),
]


@pytest.mark.parametrize(("answer", "versioning", "wanted"), LIFECYCLES)
def test_lifecycle(answer: Any, versioning: Any, wanted: tuple[Any, ...]) -> None:  # noqa: ANN401 - as above
    row = bucket(GetBucketLifecycleConfiguration=answer, GetBucketVersioning=versioning)
    assert columns(row, "expires", "retention_days", "removes", "shortest_retention_days") == wanted


POLICIES: list[tuple[Any, bool | None]] = [
    (None, None),
    ("NoSuchBucketPolicy", False),
    ({"Policy": TLS}, True),
    ({"Policy": TLS.replace("Deny", "Allow")}, False),
    ({"Policy": "not a policy"}, None),
    ({"Policy": 1}, None),
    ({}, None),
]


@pytest.mark.parametrize(("answer", "wanted"), POLICIES)
def test_transport(answer: Any, wanted: bool | None) -> None:  # noqa: ANN401 - as told() takes it
    assert bucket(GetBucketPolicy=answer).tls_only is wanted


def test_a_policy_that_was_not_asked_is_not_known() -> None:
    assert bucket().tls_only is None


def test_a_policy_that_redaction_cut_is_not_read() -> None:
    cut = observed("s3:GetBucketPolicy", {"Policy": TLS}, subject=BUCKET, redacted=("/response/Policy",))
    (row,) = rows(list(normalize([listed("voice"), cut])), DataStoreFact)
    assert row.tls_only is None


LOGGINGS: list[tuple[Any, bool | None]] = [
    (None, None),
    ({}, False),
    ({"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}, True),
    ({"LoggingEnabled": {"TargetBucket": ""}}, None),
    ({"LoggingEnabled": "x"}, None),
]


@pytest.mark.parametrize(("answer", "wanted"), LOGGINGS)
def test_access_logging(answer: Any, wanted: bool | None) -> None:  # noqa: ANN401 - as told() takes it
    assert bucket(GetBucketLogging=answer).access_logged is wanted


TAGGINGS: list[tuple[Any, tuple[str, ...] | None]] = [
    (None, None),
    ("NoSuchTagSet", ()),
    ({"TagSet": [{"Key": "data-classification", "Value": "ephi"}]}, ("data-classification=ephi",)),
    ({"TagSet": "x"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("answer", "wanted"), TAGGINGS)
def test_tags(answer: Any, wanted: tuple[str, ...] | None) -> None:  # noqa: ANN401 - as told() takes it
    assert bucket(GetBucketTagging=answer).tags == wanted


# What makes a bucket public: its policy unless that is restricted, and ACLs where they count.
def block(*, acls: bool | None, policies: bool | None) -> Json:
    settings: dict[str, Json] = {"BlockPublicAcls": True, "BlockPublicPolicy": True}
    settings |= {} if acls is None else {"IgnorePublicAcls": acls}
    settings |= {} if policies is None else {"RestrictPublicBuckets": policies}
    return {"PublicAccessBlockConfiguration": settings}


def owned(ownership: Json) -> Json:
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}


def granted(uri: Json) -> Json:
    return {"Grants": [{"Permission": "READ", "Grantee": {"Type": "Group", "URI": uri}}]}


OPEN, SHUT = {"PolicyStatus": {"IsPublic": True}}, {"PolicyStatus": {"IsPublic": False}}
NO_POLICY, NO_BLOCK, NO_OWNERSHIP = (
    "NoSuchBucketPolicy",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
)
ENFORCED, WRITER = owned("BucketOwnerEnforced"), owned("ObjectWriter")
EVERYBODY = granted("http://acs.amazonaws.com/groups/global/AllUsers")
USERS = granted("http://acs.amazonaws.com/groups/global/AuthenticatedUsers")
DELIVERY = granted("http://acs.amazonaws.com/groups/s3/LogDelivery")
ALL, FREE = block(acls=True, policies=True), block(acls=False, policies=False)

PUBLIC: list[tuple[Any, Any, Any, Any, bool | None]] = [
    # policy status, block, ownership, ACL
    (SHUT, ALL, None, None, False),
    (NO_POLICY, ALL, None, None, False),
    (OPEN, ALL, None, None, False),
    (OPEN, block(acls=True, policies=False), None, None, True),
    (OPEN, block(acls=True, policies=None), None, None, True),
    (OPEN, NO_BLOCK, ENFORCED, None, True),
    (SHUT, NO_BLOCK, ENFORCED, None, False),
    (NO_POLICY, FREE, ENFORCED, None, False),
    (SHUT, NO_BLOCK, WRITER, EVERYBODY, True),
    (SHUT, NO_BLOCK, NO_OWNERSHIP, USERS, True),
    (SHUT, block(acls=None, policies=True), owned("BucketOwnerPreferred"), EVERYBODY, True),
    # An ACL that is not public leaves those of the objects.
    (SHUT, NO_BLOCK, WRITER, DELIVERY, None),
    (SHUT, NO_BLOCK, WRITER, {"Grants": []}, None),
    (SHUT, NO_BLOCK, WRITER, {"Grants": [{"Permission": "READ"}]}, None),
    (SHUT, NO_BLOCK, WRITER, {"Grants": "x"}, None),
    (SHUT, NO_BLOCK, None, EVERYBODY, None),
    (SHUT, NO_BLOCK, owned("New"), EVERYBODY, None),
    (SHUT, NO_BLOCK, {"OwnershipControls": {"Rules": []}}, EVERYBODY, None),
    (OPEN, None, ENFORCED, None, None),
    (SHUT, None, ENFORCED, None, False),
    (None, ALL, None, None, False),
    (None, NO_BLOCK, ENFORCED, None, None),
    ({"PolicyStatus": {}}, FREE, ENFORCED, None, None),
    (SHUT, {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": "x"}}, WRITER, EVERYBODY, None),
]


@pytest.mark.parametrize(("status", "blocked", "ownership", "acl", "wanted"), PUBLIC)
def test_public(status: Any, blocked: Any, ownership: Any, acl: Any, wanted: bool | None) -> None:  # noqa: ANN401
    row = bucket(
        GetBucketPolicyStatus=status,
        GetPublicAccessBlock=blocked,
        GetBucketOwnershipControls=ownership,
        GetBucketAcl=acl,
    )
    assert row.public is wanted


# Whole units.
def test_a_bucket_has_its_name_and_date() -> None:
    row = bucket()
    assert (row.store_id, row.name, row.kind, str(row.created_at)) == (
        BUCKET,
        "voice",
        "object_store",
        "2025-01-02 03:04:05",
    )


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []


@pytest.mark.parametrize("operation", OF_BUCKET)
def test_a_bucket_that_is_gone_has_no_row(operation: str) -> None:
    records = [listed("voice", "other"), observed(operation, {"message": "no"}, subject=BUCKET, error=GONE)]
    facts = list(normalize(records))
    (coverage,) = rows(facts, CoverageFact)
    assert [row.name for row in rows(facts, DataStoreFact)] == ["other"]
    assert (coverage.row_count, coverage.complete) == (1, True)


def test_buckets_of_other_regions_have_their_rows_there() -> None:
    regions: list[Json] = [
        {"Name": "here", "BucketRegion": "us-east-1"},
        {"Name": "there", "BucketRegion": "us-west-2"},
        {"Name": "unsaid"},
    ]
    facts = list(normalize([observed("s3:ListBuckets", {"Buckets": regions})]))
    assert [row.name for row in rows(facts, DataStoreFact)] == ["here", "unsaid"]


INCOMPLETE: list[list[Record]] = [
    [listed("voice", last=False), missed("s3:ListBuckets", page=1)],
    [listed("voice"), missed("s3:ListBuckets")],
    [observed("s3:ListBuckets", {"Buckets": [{"Name": "voice"}, {"Name": 1}]})],
    [observed("s3:ListBuckets", {"Buckets": "x"}), told("GetBucketVersioning", {})],
    [missed("s3:ListBuckets")],
]


@pytest.mark.parametrize("records", INCOMPLETE)
def test_a_listing_that_was_not_read_to_its_end_says_so(records: list[Record]) -> None:
    (coverage,) = rows(list(normalize(records)), CoverageFact)
    assert (coverage.complete, coverage.parent_id) == (False, SOURCE)


def test_the_order_of_arrival_does_not_matter() -> None:
    records = [listed("voice"), told("GetBucketVersioning", {}), told("GetBucketPolicy", {"Policy": TLS})]
    first = list(normalize(records))
    assert all(list(normalize(shuffled)) == first for shuffled in itertools.permutations(records))
    (row, _) = first
    assert isinstance(row, DataStoreFact)
    assert row.evidence == tuple(sorted(record.id for record in records))
