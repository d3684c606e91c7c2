"""Amazon RDS answers to rows: encryption, clusters and their members, replicas, snapshots."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.rds import encryption, normalize
from scanner.normalize.aws.stores import Encryption
from tests.normalize.builders import KEY, OTHER, SOURCE, missed, observed, rows

PREFIX = "arn:aws:rds:us-east-1:111122223333:"
BACKUPS = f"{PREFIX}snapshot:awsbackup:*"
SEALED: dict[str, Json] = {"StorageEncrypted": True, "StorageEncryptionType": "sse-kms", "KmsKeyId": KEY}
BARE: dict[str, Json] = {"StorageEncrypted": False, "StorageEncryptionType": "none"}


def database(name: str = "voice", /, **fields: Json) -> dict[str, Json]:
    item: dict[str, Json] = {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": f"{PREFIX}db:{name}",
        "Engine": "postgres",
        "InstanceCreateTime": "2025-01-02T03:04:05.000Z",
        "BackupRetentionPeriod": 7,
        "PubliclyAccessible": False,
        "TagList": [],
        **SEALED,
        **fields,
    }
    return {key: value for key, value in item.items() if value is not None}


def cluster(name: str = "aurora", /, **fields: Json) -> dict[str, Json]:
    item: dict[str, Json] = {
        "DBClusterIdentifier": name,
        "DBClusterArn": f"{PREFIX}cluster:{name}",
        "Engine": "aurora-postgresql",
        "ClusterCreateTime": "2025-01-02T03:04:05.000Z",
        "BackupRetentionPeriod": 7,
        "DBClusterParameterGroup": "strict",
        "DBClusterMembers": [],
        **SEALED,
        **fields,
    }
    return {key: value for key, value in item.items() if value is not None}


def databases(*items: dict[str, Json], **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    return observed("rds:DescribeDBInstances", {"DBInstances": [*items]}, **fields)


def clusters(*items: dict[str, Json], **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    return observed("rds:DescribeDBClusters", {"DBClusters": [*items]}, **fields)


def strict(value: str = "1") -> Record:
    return observed(
        "rds:DescribeDBClusterParameters",
        {"Parameters": [{"ParameterName": "rds.force_ssl", "ParameterValue": value}]},
        subject=f"{PREFIX}cluster-pg:strict",
    )


def stores(*records: Record) -> dict[str, DataStoreFact]:
    return {row.store_id.removeprefix(PREFIX): row for row in rows(list(normalize(list(records))), DataStoreFact)}


def only(*records: Record) -> DataStoreFact:
    (row,) = stores(*records).values()
    return row


STORAGE: list[tuple[dict[str, Json], Encryption]] = [
    (SEALED, Encryption(True, "sse-kms", KEY)),
    (BARE, Encryption(False, "none", "none")),
    ({"StorageEncrypted": True, "StorageEncryptionType": "sse-rds"}, Encryption(True, "sse-rds", "none")),
    # A cluster under a key of Amazon RDS alone says that it is not encrypted.
    ({"StorageEncrypted": False, "StorageEncryptionType": "sse-rds"}, Encryption(True, "sse-rds", "none")),
    ({"StorageEncrypted": True, "KmsKeyId": "alias/voice"}, Encryption(True, None, "alias/voice")),
    ({"StorageEncrypted": False}, Encryption(False, None, "none")),
    ({"StorageEncrypted": True}, Encryption(True, None, None)),
    ({"StorageEncryptionType": "sse-kms", "KmsKeyId": KEY}, Encryption(True, "sse-kms", KEY)),
    ({"StorageEncrypted": True, "StorageEncryptionType": "none"}, Encryption(None, "none", None)),
    ({"StorageEncrypted": False, "StorageEncryptionType": "sse-kms"}, Encryption(None, "sse-kms", None)),
    ({"StorageEncrypted": True, "StorageEncryptionType": "new"}, Encryption(None, "new", None)),
    ({"StorageEncrypted": "true"}, Encryption()),
    ({}, Encryption()),
    ({"StorageEncrypted": True, "KmsKeyId": ""}, Encryption(True, None, None)),
]


@pytest.mark.parametrize(("item", "wanted"), STORAGE)
def test_storage(item: dict[str, Json], wanted: Encryption) -> None:
    assert encryption(item, "StorageEncrypted") == wanted


def test_a_database_has_its_settings() -> None:
    row = only(databases(database(TagList=[{"Key": "a", "Value": "b"}])))
    assert (row.name, row.kind, str(row.created_at)) == ("voice", "relational_database", "2025-01-02 03:04:05")
    assert (row.encrypted, row.key_ref, row.tags, row.copy_of) == (True, KEY, ("a=b",), "none")
    assert (row.point_in_time_recovery, row.public, row.tls_only) == (True, False, None)


BACKUP_DAYS: list[tuple[Json, bool | None]] = [
    (0, False),
    (1, True),
    (-1, None),
    (True, None),
    ("7", None),
    (None, None),
]


@pytest.mark.parametrize(("days", "wanted"), BACKUP_DAYS)
def test_backups(days: Json, wanted: bool | None) -> None:
    assert only(databases(database(BackupRetentionPeriod=days))).point_in_time_recovery is wanted


KINDS = [("postgres", "relational_database"), ("docdb", "document_database"), ("neptune", "graph_database")]


@pytest.mark.parametrize(("engine", "kind"), KINDS)
def test_an_engine_makes_a_kind(engine: str, kind: str) -> None:
    assert only(clusters(cluster(Engine=engine))).kind == kind


EUROPE = "arn:aws:rds:eu-west-1:111122223333:db:voice"
REPLICAS: list[tuple[dict[str, Json], str]] = [
    ({"ReadReplicaSourceDBInstanceIdentifier": "voice"}, f"{PREFIX}db:voice"),
    ({"ReadReplicaSourceDBInstanceIdentifier": EUROPE}, EUROPE),
    ({"ReadReplicaSourceDBClusterIdentifier": "aurora"}, f"{PREFIX}cluster:aurora"),
]


@pytest.mark.parametrize(("fields", "source"), REPLICAS)
def test_a_replica_names_its_source(fields: dict[str, Json], source: str) -> None:
    row = only(databases(database("replica", BackupRetentionPeriod=0, **fields)))
    assert (row.copy_of, row.point_in_time_recovery, row.key_ref) == (source, False, KEY)


def test_a_replica_whose_source_is_no_text_has_one_that_is_not_known() -> None:
    assert only(databases(database(ReadReplicaSourceDBInstanceIdentifier=1))).copy_of is None


def test_a_cluster_that_replicates_names_its_source() -> None:
    source = f"arn:aws:rds:eu-west-1:{OTHER}:cluster:aurora"
    assert only(clusters(cluster(ReplicationSourceIdentifier=source))).copy_of == source


def member(name: str = "aurora-1", /, **fields: Json) -> dict[str, Json]:
    given: dict[str, Json] = {"DBClusterIdentifier": "aurora", "BackupRetentionPeriod": 1, **fields}
    return database(name, Engine="aurora-postgresql", **given)


def test_a_member_has_the_storage_backups_and_transport_of_its_cluster() -> None:
    bare = dict.fromkeys(SEALED)
    found = stores(clusters(cluster()), databases(member(**bare)), strict())
    row, of = found["db:aurora-1"], found["cluster:aurora"]
    assert (row.encrypted, row.key_ref, row.copy_of) == (True, KEY, f"{PREFIX}cluster:aurora")
    assert (row.tls_only, row.point_in_time_recovery, row.public) == (True, True, False)
    assert set(of.evidence) <= set(row.evidence)


def test_a_member_that_contradicts_its_cluster_is_not_known() -> None:
    row = stores(clusters(cluster()), databases(member(**BARE)))["db:aurora-1"]
    assert (row.encrypted, row.provider_encryption, row.key_ref) == (None, None, None)


def test_a_member_of_a_cluster_that_was_not_read_has_its_own_storage() -> None:
    row = only(missed("rds:DescribeDBClusters"), databases(member()))
    assert (row.encrypted, row.key_ref, row.copy_of) == (True, KEY, f"{PREFIX}cluster:aurora")
    assert (row.tls_only, row.point_in_time_recovery) == (None, None)


def test_a_member_whose_cluster_has_no_name_is_not_a_database_of_its_own() -> None:
    row = only(databases(member(DBClusterIdentifier=1)))
    assert (row.copy_of, row.point_in_time_recovery) == (None, None)


PUBLIC: list[tuple[Json, list[Record], bool | None]] = [
    (None, [databases(member(), member("aurora-2", PubliclyAccessible=True))], True),
    (None, [databases(member(), database(PubliclyAccessible=True))], False),
    (None, [databases()], False),
    (None, [databases(member(PubliclyAccessible=None))], None),
    (None, [databases(member(), last=False), missed("rds:DescribeDBInstances", page=1)], None),
    (None, [databases(member(PubliclyAccessible=True), last=False), missed("rds:DescribeDBInstances", page=1)], True),
    (None, [], None),
    (True, [databases(member())], True),
    (False, [databases(member(PubliclyAccessible=True))], False),
    ("x", [databases(member())], None),
]


@pytest.mark.parametrize(("own", "records", "wanted"), PUBLIC)
def test_a_cluster_is_as_public_as_its_members(own: Json, records: list[Record], wanted: bool | None) -> None:
    assert stores(clusters(cluster(PubliclyAccessible=own)), *records)["cluster:aurora"].public is wanted


def test_a_cluster_without_a_name_is_called_by_its_arn() -> None:
    found = stores(clusters(cluster(DBClusterIdentifier=None)), databases(member(PubliclyAccessible=True)))
    assert found["cluster:aurora"].public is True


def snapshot(name: str, **fields: Json) -> dict[str, Json]:
    item: dict[str, Json] = {
        "DBSnapshotIdentifier": name,
        "DBSnapshotArn": f"{PREFIX}snapshot:{name}",
        "DBInstanceIdentifier": "voice",
        "SnapshotCreateTime": "2025-01-02T03:04:05.000Z",
        "Engine": "postgres",
        "Encrypted": True,
        "StorageEncryptionType": "sse-kms",
        "KmsKeyId": KEY,
        **fields,
    }
    return {key: value for key, value in item.items() if value is not None}


def snapshots(*items: dict[str, Json], **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    return observed("rds:DescribeDBSnapshots", {"DBSnapshots": [*items]}, **fields)


def test_a_snapshot_names_what_it_is_of() -> None:
    row = only(snapshots(snapshot("nightly")))
    assert (row.kind, row.name, str(row.created_at)) == ("snapshot", "nightly", "2025-01-02 03:04:05")
    assert (row.encrypted, row.key_ref, row.copy_of, row.tags) == (True, KEY, f"{PREFIX}db:voice", ())
    assert (row.public, row.point_in_time_recovery) == (None, None)


def test_a_snapshot_that_is_not_encrypted_says_so() -> None:
    row = only(snapshots(snapshot("old", Encrypted=False, StorageEncryptionType="none", KmsKeyId=None)))
    assert (row.encrypted, row.key_ref) == (False, "none")


def test_a_snapshot_of_nobody_knows_what() -> None:
    assert only(snapshots(snapshot("lost", DBInstanceIdentifier=None))).copy_of is None


def test_a_snapshot_of_a_cluster() -> None:
    item: dict[str, Json] = {
        "DBClusterSnapshotIdentifier": "weekly",
        "DBClusterSnapshotArn": f"{PREFIX}cluster-snapshot:weekly",
        "DBClusterIdentifier": "docs",
        "Engine": "docdb",
        "StorageEncrypted": False,
        "StorageEncryptionType": "sse-rds",
    }
    row = only(observed("rds:DescribeDBClusterSnapshots", {"DBClusterSnapshots": [item]}))
    assert (row.kind, row.copy_of, row.encrypted, row.key_ref) == ("snapshot", f"{PREFIX}cluster:docs", True, "none")


# Populations.
EMPTY = {
    "rds:DescribeDBClusters": "DBClusters",
    "rds:DescribeDBInstances": "DBInstances",
    "rds:DescribeDBSnapshots": "DBSnapshots",
    "rds:DescribeDBClusterSnapshots": "DBClusterSnapshots",
}


def coverages(*records: Record) -> dict[str, tuple[bool, int]]:
    found = rows(list(normalize(list(records))), CoverageFact)
    assert {row.parent_id for row in found} <= {SOURCE}
    return {row.coverage_id.removeprefix(f"data_stores {SOURCE} "): (row.complete, row.row_count) for row in found}


def test_each_listing_says_whether_it_was_read_to_its_end() -> None:
    records = [observed(name, {items: []}) for name, items in EMPTY.items()]
    backups = snapshots(snapshot("a"), subject=BACKUPS, last=False)
    assert coverages(*records, backups) == {
        **dict.fromkeys(EMPTY, (True, 0)),
        f"rds:DescribeDBSnapshots {BACKUPS}": (False, 1),
    }


def test_a_listing_that_was_not_asked_or_is_denied_has_no_coverage() -> None:
    assert coverages(databases(), missed("rds:DescribeDBClusters")) == {"rds:DescribeDBInstances": (True, 0)}


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []


def test_the_order_of_arrival_does_not_matter() -> None:
    records = [clusters(cluster()), databases(member()), strict(), snapshots(snapshot("a"))]
    first = list(normalize(records))
    assert all(list(normalize(list(shuffled))) == first for shuffled in itertools.permutations(records))
