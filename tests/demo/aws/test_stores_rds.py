"""The simulated Amazon RDS answers as the world tells: real botocore reads every answer."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from scanner.demo.aws import stores_rds
from scanner.demo.aws.stores_world import Cluster, Database, Snapshot, Stores
from tests.demo.aws.composing import Request
from tests.demo.aws.stores_composing import KEYS, key_arn
from tests.demo.aws.stores_everything import ELSEWHERE, HERE
from tests.demo.aws.test_stores import client, days
from tests.support import NOW

TENANT = KEYS["tenant"]
Fields = dict[str, Any]
STORAGE: list[tuple[Fields, Fields]] = [
    ({"key": "tenant"}, {"StorageEncrypted": True, "StorageEncryptionType": "sse-kms", "KmsKeyId": TENANT}),
    ({}, {"StorageEncrypted": True, "StorageEncryptionType": "sse-kms", "KmsKeyId": "alias/aws/rds"}),
    ({"owned": True}, {"StorageEncrypted": True, "StorageEncryptionType": "sse-rds"}),
    ({"encrypted": False}, {"StorageEncrypted": False, "StorageEncryptionType": "none"}),
]


@pytest.mark.parametrize(("given", "wanted"), STORAGE)
def test_a_database_tells_how_it_is_encrypted(given: Fields, wanted: Fields) -> None:
    with client("rds", Stores(databases=[Database(name="voice", **HERE, **given)])) as rds:
        (told,) = rds.describe_db_instances()["DBInstances"]
    assert {name: told.get(name) for name in wanted} == wanted
    assert ("KmsKeyId" in told) == ("KmsKeyId" in wanted)


def test_a_cluster_under_a_key_of_rds_alone_says_that_it_is_not_encrypted() -> None:
    with client("rds", Stores(clusters=[Cluster(name="aurora", **HERE, owned=True)])) as rds:
        (told,) = rds.describe_db_clusters()["DBClusters"]
    assert (told["StorageEncrypted"], told["StorageEncryptionType"]) == (False, "sse-rds")


def test_a_database_tells_the_rest() -> None:
    voice = Database(name="voice", **HERE, backup_days=0, public=True, age_days=9, tags={"a": "b"}, replica_of="x")
    with client("rds", Stores(databases=[voice, Database(name="there", **ELSEWHERE)])) as rds:
        (told,) = rds.describe_db_instances()["DBInstances"]
    assert (told["DBInstanceArn"], told["BackupRetentionPeriod"], told["PubliclyAccessible"]) == (voice.arn, 0, True)
    assert (days(told["InstanceCreateTime"]), told["TagList"]) == (9, [{"Key": "a", "Value": "b"}])
    assert told["ReadReplicaSourceDBInstanceIdentifier"] == "x"
    assert told["DBParameterGroups"] == [
        {"DBParameterGroupName": "default.postgres", "ParameterApplyStatus": "in-sync"}
    ]


def test_a_cluster_knows_its_members() -> None:
    part = Stores(
        databases=[
            Database(name="one", **HERE, cluster="aurora"),
            Database(name="two", **HERE, cluster="aurora"),
            Database(name="other", **ELSEWHERE, cluster="aurora"),
        ],
        clusters=[Cluster(name="aurora", **HERE, group_status="pending-reboot", replica_of="arn:aws:rds:x")],
    )
    with client("rds", part) as rds:
        (told,) = rds.describe_db_clusters()["DBClusters"]
        members = [i["DBClusterIdentifier"] for i in rds.describe_db_instances()["DBInstances"]]
    assert [m["DBInstanceIdentifier"] for m in told["DBClusterMembers"]] == ["one", "two"]
    assert {m["DBClusterParameterGroupStatus"] for m in told["DBClusterMembers"]} == {"pending-reboot"}
    assert (told["ReplicationSourceIdentifier"], members) == ("arn:aws:rds:x", ["aurora", "aurora"])


def test_snapshots_of_aws_backup_are_listed_apart() -> None:
    part = Stores(
        snapshots=[
            Snapshot(name="nightly", **HERE, of="voice", type="automated"),
            Snapshot(name="by-hand", **HERE, of="voice", encrypted=False),
            Snapshot(name="backup", **HERE, of="voice", type="awsbackup"),
            Snapshot(name="weekly", **HERE, of="aurora", of_cluster=True, owned=True),
        ]
    )
    with client("rds", part) as rds:
        listed = rds.describe_db_snapshots()["DBSnapshots"]
        backups = rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]
        (of_cluster,) = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert [(s["DBSnapshotIdentifier"], s["Encrypted"]) for s in listed] == [("nightly", True), ("by-hand", False)]
    assert [s["DBSnapshotIdentifier"] for s in backups] == ["backup"]
    assert (of_cluster["StorageEncryptionType"], of_cluster["DBClusterIdentifier"]) == ("sse-rds", "aurora")


PARAMETERS: list[tuple[Database | Cluster, str, str | None]] = [
    (Database(name="a", **HERE), "rds.force_ssl", "1"),
    (Database(name="a", **HERE, requires_tls=False), "rds.force_ssl", "0"),
    (Database(name="a", **HERE, engine="mysql", requires_tls=None), "require_secure_transport", None),
    (Cluster(name="a", **HERE, engine="aurora-mysql"), "require_secure_transport", "ON"),
    (Cluster(name="a", **HERE, engine="docdb", requires_tls=False), "tls", "disabled"),
    (Cluster(name="a", **HERE, engine="neptune"), "neptune_enforce_ssl", "1"),
]


@pytest.mark.parametrize(("one", "parameter", "value"), PARAMETERS)
def test_a_group_is_filtered_by_the_name_of_a_parameter(
    one: Database | Cluster, parameter: str, value: str | None
) -> None:
    filters = [{"Name": "parameter-name", "Values": [parameter]}]
    part = Stores(clusters=[one]) if isinstance(one, Cluster) else Stores(databases=[one])
    with client("rds", part) as rds:
        if isinstance(one, Cluster):
            told = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=one.group_name, Filters=filters)
        else:
            told = rds.describe_db_parameters(DBParameterGroupName=one.group_name, Filters=filters)
    assert [(p["ParameterName"], p.get("ParameterValue")) for p in told["Parameters"]] == [(parameter, value)]


def test_without_a_filter_a_group_has_more_of_them() -> None:
    part = Stores(databases=[Database(name="a", **HERE, engine="oracle-ee"), Database(name="b", **HERE)])
    with client("rds", part) as rds:
        oracle = rds.describe_db_parameters(DBParameterGroupName="default.oracle-ee")["Parameters"]
        postgres = rds.describe_db_parameters(DBParameterGroupName="default.postgres")["Parameters"]
    assert {p["ParameterName"] for p in postgres} - {p["ParameterName"] for p in oracle} == {"rds.force_ssl"}


def test_a_group_that_nobody_uses_is_not_there() -> None:
    with client("rds", Stores()) as rds, pytest.raises(ClientError, match="DBParameterGroupNotFound"):
        rds.describe_db_parameters(DBParameterGroupName="x")


def test_other_services_are_not_answered() -> None:
    assert stores_rds.answer(Stores(), Request("s3:ListBuckets"), NOW, key_arn) is None
