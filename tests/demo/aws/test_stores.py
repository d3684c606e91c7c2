"""The simulated data stores answer as the world tells: real botocore reads every answer, moto's own included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from scanner.demo.aws import stores
from scanner.demo.aws.stores_world import Bucket, Lock, LogGroup, Rule, Secret, Stores, Table, Vault, Volumes
from tests.demo.aws.composing import Request
from tests.demo.aws.stores_composing import KEYS, key_arn, spoken
from tests.demo.aws.stores_everything import ELSEWHERE, EVERYTHING, HERE
from tests.support import ACCOUNT, NOW

TENANT = KEYS["tenant"]


@contextmanager
def client(service: str, part: Stores, *, page_size: int = 1000) -> Iterator[Any]:
    """Run the data stores of a world and yield a real client of the tests' region."""
    with spoken(part, page_size=page_size) as app:
        made = botocore.session.Session().create_client(service, endpoint_url=app.url)
        try:
            yield made
        finally:
            made.close()


def days(instant: Any) -> int:  # noqa: ANN401 - a datetime of botocore's
    return int((NOW - instant).days)


OPERATIONS = sorted({*stores.LISTS, *stores.ANSWERS})


def strays(shape: Any, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - a botocore shape, JSON
    """Yield what in an answer is not documented: members, and words of an enumeration."""
    if shape.type_name == "structure":
        yield from (f"{where}.{name} is not documented" for name in value.keys() - shape.members.keys())
        for name in value.keys() & shape.members.keys():
            yield from strays(shape.members[name], value[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from strays(shape.member, item, f"{where}[]")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where} is {value!r}"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_has_the_documented_shape(operation: str) -> None:
    params = {"DBParameterGroupName": "default.mysql", "DBClusterParameterGroupName": "default.docdb"}
    answer = stores.answer(EVERYTHING, Request(operation, params=params), NOW, key_arn)
    service, _, name = operation.partition(":")
    model = botocore.session.get_session().get_service_model(service).operation_model(name)
    assert answer
    assert list(strays(model.output_shape, answer, name)) == []


def test_what_is_not_answered_is_left_to_moto() -> None:
    assert stores.answer(EVERYTHING, Request("s3:GetBucketPolicy"), NOW, key_arn) is None


def test_buckets_are_listed_by_region() -> None:
    part = Stores(buckets=[Bucket(name="there", **ELSEWHERE), Bucket(name="here", **HERE, age_days=9)])
    with client("s3", part) as s3:
        every, here = s3.list_buckets()["Buckets"], s3.list_buckets(BucketRegion="us-east-1")["Buckets"]
    assert [(b["Name"], b["BucketRegion"]) for b in every] == [("here", "us-east-1"), ("there", "us-west-2")]
    assert [(b["Name"], days(b["CreationDate"])) for b in here] == [("here", 9)]


def test_buckets_are_listed_by_page() -> None:
    part = Stores(buckets=[Bucket(name=f"bucket-{i}", **HERE) for i in range(3)])
    with client("s3", part) as s3:
        first = s3.list_buckets(MaxBuckets=2)
        rest = s3.list_buckets(MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert [b["Name"] for page in (first, rest) for b in page["Buckets"]] == ["bucket-0", "bucket-1", "bucket-2"]
    assert "ContinuationToken" not in rest


def test_a_bucket_of_another_account_is_not_listed() -> None:
    with client("s3", Stores(buckets=[Bucket(name="foreign", account="444455556666", region="us-east-1")])) as s3:
        assert s3.list_buckets()["Buckets"] == []


FULL = Bucket(
    name="voice",
    **HERE,
    encryption="aws:kms",
    key="tenant",
    bucket_key=True,
    versioning="Enabled",
    lock=Lock(mode="GOVERNANCE", years=6),
    lifecycle=[Rule(days=30, former_days=5), Rule(prefix="tmp/", days=1, enabled=False), Rule(former_days=9)],
    acls=True,
    public_acl=True,
    logs_to="access-logs",
    tags={"a": "b"},
)


def test_a_bucket_has_every_setting() -> None:
    with client("s3", Stores(buckets=[FULL])) as s3:
        rule = s3.get_bucket_encryption(Bucket="voice")["ServerSideEncryptionConfiguration"]["Rules"][0]
        lock = s3.get_object_lock_configuration(Bucket="voice")["ObjectLockConfiguration"]
        rules = s3.get_bucket_lifecycle_configuration(Bucket="voice")["Rules"]
        assert s3.get_bucket_versioning(Bucket="voice")["Status"] == "Enabled"
        assert s3.get_bucket_logging(Bucket="voice")["LoggingEnabled"]["TargetBucket"] == "access-logs"
        assert s3.get_bucket_tagging(Bucket="voice")["TagSet"] == [{"Key": "a", "Value": "b"}]
        assert all(s3.get_public_access_block(Bucket="voice")["PublicAccessBlockConfiguration"].values())
        assert len(s3.get_bucket_acl(Bucket="voice")["Grants"]) == 2
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": TENANT}
    assert rule == {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    assert (lock["ObjectLockEnabled"], lock["Rule"]["DefaultRetention"]["Years"]) == ("Enabled", 6)
    assert [
        (r["Filter"]["Prefix"], r["Status"], r.get("Expiration"), r.get("NoncurrentVersionExpiration")) for r in rules
    ] == [
        ("", "Enabled", {"Days": 30}, {"NoncurrentDays": 5}),
        ("tmp/", "Disabled", {"Days": 1}, None),
        ("", "Enabled", None, {"NoncurrentDays": 9}),
    ]


def test_the_policy_is_the_documented_one_and_what_the_world_adds() -> None:
    extra: dict[str, object] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "BUCKET/*"}
    with client("s3", Stores(buckets=[Bucket(name="voice", **HERE, policy=[extra])])) as s3:
        first, second = json.loads(s3.get_bucket_policy(Bucket="voice")["Policy"])["Statement"]
        assert s3.get_bucket_policy_status(Bucket="voice")["PolicyStatus"]["IsPublic"] is True
    assert first["Resource"] == "arn:aws:s3:::voice/*"
    assert (second["Effect"], second["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


PLAIN = Bucket(name="plain", **HERE, encryption="none", tls_only=False, blocked=False)
ABSENT = [
    ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
    ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
    ("get_bucket_policy", "NoSuchBucketPolicy"),
    ("get_bucket_policy_status", "NoSuchBucketPolicy"),
    ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
    ("get_bucket_tagging", "NoSuchTagSet"),
]


def test_a_bucket_without_settings_says_so_as_s3_does() -> None:
    with client("s3", Stores(buckets=[PLAIN])) as s3:
        for method, code in ABSENT:
            with pytest.raises(ClientError) as caught:
                getattr(s3, method)(Bucket="plain")
            assert caught.value.response["Error"]["Code"] == code
        assert "Status" not in s3.get_bucket_versioning(Bucket="plain")
        assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="plain")
        rules = s3.get_bucket_ownership_controls(Bucket="plain")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_a_bucket_that_can_be_locked_locks_nothing_by_itself() -> None:
    with client("s3", Stores(buckets=[Bucket(name="voice", **HERE, lockable=True)])) as s3:
        config = s3.get_object_lock_configuration(Bucket="voice")["ObjectLockConfiguration"]
    assert config == {"ObjectLockEnabled": "Enabled"}


def test_a_table_has_its_key_date_tags_and_backups() -> None:
    part = Stores(
        tables=[
            Table(name="calls", **HERE, key="tenant", age_days=9, tags={"a": "b"}),
            Table(name="plain", **HERE, point_in_time=False),
        ]
    )
    with client("dynamodb", part) as db:
        told = [db.describe_table(TableName=name)["Table"] for name in ("calls", "plain")]
        backups = [
            db.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
            for name in ("calls", "plain")
        ]
        tags = db.list_tags_of_resource(ResourceArn=part.tables[0].arn)["Tags"]
    assert told[0]["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": TENANT}
    assert ("SSEDescription" in told[1], days(told[0]["CreationDateTime"]), tags) == (
        False,
        9,
        [{"Key": "a", "Value": "b"}],
    )
    statuses = [b["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] for b in backups]
    assert statuses == ["ENABLED", "DISABLED"]


VOLUMES: list[tuple[Stores, bool, str]] = [
    (Stores(), False, "alias/aws/ebs"),
    (Stores(volumes=[Volumes(**HERE)]), True, "alias/aws/ebs"),
    (Stores(volumes=[Volumes(**HERE, key="tenant")]), True, TENANT),
    (Stores(volumes=[Volumes(**HERE, encrypted=False, key="tenant")]), False, TENANT),
    (Stores(volumes=[Volumes(**ELSEWHERE, key="tenant")]), False, "alias/aws/ebs"),
]


@pytest.mark.parametrize(("part", "encrypted", "key"), VOLUMES)
def test_volumes_have_defaults_by_region(part: Stores, encrypted: bool, key: str) -> None:
    with client("ec2", part) as ec2:
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is encrypted
        assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key


def test_a_secret_tells_what_it_has() -> None:
    part = Stores(
        secrets=[
            Secret(name="db", **HERE, key="tenant", tags={"a": "b"}, rotated_days_ago=3, description="what it is"),
            Secret(name="never", **HERE, rotates=False, rotated_days_ago=None),
            Secret(name="copy", **HERE, replica_of="us-west-2"),
            Secret(name="there", **ELSEWHERE),
        ]
    )
    with client("secretsmanager", part) as sm:
        full, bare, copy = sm.list_secrets()["SecretList"]
    assert (full["KmsKeyId"], full["RotationEnabled"], days(full["LastRotatedDate"])) == (TENANT, True, 3)
    assert (full["Description"], full["Tags"]) == ("what it is", [{"Key": "a", "Value": "b"}])
    assert bare.keys().isdisjoint({"KmsKeyId", "RotationEnabled", "LastRotatedDate", "Description", "PrimaryRegion"})
    assert copy["PrimaryRegion"] == "us-west-2"


def pages(logs: Any, **params: Any) -> list[list[str]]:  # noqa: ANN401 - a client, parameters
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        page = logs.describe_log_groups(**params, **token)
        found.append([group["logGroupName"] for group in page["logGroups"]])
        if "nextToken" not in page:
            return found
        token = {"nextToken": page["nextToken"]}


def test_log_groups_are_listed_by_name_in_pages() -> None:
    part = Stores(
        log_groups=[LogGroup(name="/c", **HERE), LogGroup(name="/a", **HERE, count=3), LogGroup(name="/b", **HERE)]
    )
    with client("logs", part) as logs:
        assert pages(logs, limit=2) == [["/a-000000", "/a-000001"], ["/a-000002", "/b"], ["/c"]]
        assert pages(logs) == [["/a-000000", "/a-000001", "/a-000002", "/b", "/c"]]


def test_hundreds_of_thousands_are_there_without_being_made() -> None:
    part = Stores(log_groups=[LogGroup(name="/many", **HERE, count=285_000)])
    last = stores.answer(part, Request("logs:DescribeLogGroups", params={"nextToken": "284950", "limit": 50}), NOW)
    assert last is not None
    assert ([g["logGroupName"] for g in last["logGroups"]][-1], "nextToken" in last) == ("/many-284999", False)


@pytest.mark.parametrize("token", ["x", "5"])
def test_a_token_of_no_page_is_refused(token: str) -> None:
    part = Stores(log_groups=[LogGroup(name="/a", **HERE)])
    with client("logs", part) as logs, pytest.raises(ClientError, match="InvalidParameterException"):
        logs.describe_log_groups(nextToken=token)


def test_a_log_group_tells_its_key_retention_and_class() -> None:
    full = LogGroup(name="/full", **HERE, key="tenant", retention_days=30, age_days=9)
    bare = LogGroup(name="/bare", **HERE, retention_days=None, kind="DELIVERY")
    with client("logs", Stores(log_groups=[full, bare])) as logs:
        one, other = logs.describe_log_groups()["logGroups"]
    assert (one["logGroupName"], one["logGroupClass"]) == ("/bare", "DELIVERY")
    assert one.keys().isdisjoint({"retentionInDays", "kmsKeyId"})
    assert (other["kmsKeyId"], other["retentionInDays"], other["logGroupArn"]) == (TENANT, 30, full.arn)
    assert other["creationTime"] == int(NOW.timestamp() - 9 * 86400) * 1000


VAULTS: list[tuple[Vault, dict[str, Any]]] = [
    (Vault(name="open", **HERE), {"Locked": False, "EncryptionKeyArn": "alias/aws/backup"}),
    (Vault(name="keyed", **HERE, key="tenant", locked=True), {"Locked": True, "EncryptionKeyArn": TENANT}),
    (
        Vault(name="kept", **HERE, locked=True, min_retention_days=7, points=3),
        {"MinRetentionDays": 7, "NumberOfRecoveryPoints": 3},
    ),
    (
        Vault(name="sealed", **HERE, air_gapped=True),
        {"Locked": True, "VaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "EncryptionKeyType": "AWS_OWNED_KMS_KEY"},
    ),
    (Vault(name="sealed", **HERE, air_gapped=True, key="tenant"), {"EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY"}),
]


@pytest.mark.parametrize(("vault", "wanted"), VAULTS)
def test_a_vault_tells_its_lock_and_key(vault: Vault, wanted: dict[str, Any]) -> None:
    with client("backup", Stores(vaults=[vault])) as backup:
        (told,) = backup.list_backup_vaults()["BackupVaultList"]
    assert {name: told[name] for name in wanted} == wanted
    assert ("MinRetentionDays" in told) == (vault.min_retention_days is not None)


def test_a_lock_ends_or_begins_to_hold_for_good() -> None:
    part = Stores(vaults=[Vault(name=f"v{n}", **HERE, locked=True, locked_for_good_days_ago=n) for n in (-3, 3)])
    with client("backup", part) as backup:
        dates = [vault["LockDate"] for vault in backup.list_backup_vaults()["BackupVaultList"]]
    assert [days(date) for date in dates] == [-3, 3]


def test_everything_of_another_place_is_left_out() -> None:
    elsewhere = Request("backup:ListBackupVaults", account=ACCOUNT, region="eu-west-1")
    assert stores.answer(EVERYTHING, elsewhere, NOW, key_arn) == {"BackupVaultList": []}
