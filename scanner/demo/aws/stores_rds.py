"""Amazon RDS of the simulated AWS: databases, clusters, snapshots and the one parameter of each group that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from scanner.demo.aws.request import Asked
from scanner.demo.aws.stores_world import (
    Cluster,
    Database,
    Json,
    KeyArn,
    Snapshot,
    Stores,
    key_ref,
    seconds,
    tag_list,
)

LISTS: Mapping[str, tuple[str, str, str, str]] = {
    f"rds:Describe{name}": (items, "Marker", "Marker", "MaxRecords")
    for name, items in (
        ("DBInstances", "DBInstances"),
        ("DBClusters", "DBClusters"),
        ("DBSnapshots", "DBSnapshots"),
        ("DBClusterSnapshots", "DBClusterSnapshots"),
        ("DBParameters", "Parameters"),
        ("DBClusterParameters", "Parameters"),
    )
}
"""Operation to its items, the page token that it takes and gives, and the parameter for the size of a page."""

_PARAMETERS = {
    "postgres": "rds.force_ssl",
    "aurora-postgresql": "rds.force_ssl",
    "sqlserver-se": "rds.force_ssl",
    "mysql": "require_secure_transport",
    "mariadb": "require_secure_transport",
    "aurora-mysql": "require_secure_transport",
    "docdb": "tls",
    "neptune": "neptune_enforce_ssl",
}
_VALUES = {"docdb": ("disabled", "enabled"), "aurora-mysql": ("OFF", "ON")}
"""Engine to what it says for no and for yes; the others say 0 and 1."""


def answer(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json | None:
    """Return the answer to a request, or None for an operation of another service."""
    made = ANSWERS.get(request.operation)
    return made(part, request, now, key_arn) if made is not None else None


def _is_here(one: Database | Cluster | Snapshot, request: Asked) -> bool:
    return (one.account, one.region) == (request.account, request.region)


def _instances(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    return {"DBInstances": [_instance(one, now, key_arn) for one in part.databases if _is_here(one, request)]}


def _clusters(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    return {"DBClusters": [_cluster(part, one, now, key_arn) for one in part.clusters if _is_here(one, request)]}


def _storage(one: Database | Cluster | Snapshot, flagged: str, key_arn: KeyArn) -> Json:
    """Return how storage is encrypted. A cluster under a key of Amazon RDS alone says that it is not."""
    if not one.encrypted or (one.owned and not isinstance(one, Database)):
        return {flagged: False, "StorageEncryptionType": "sse-rds" if one.owned else "none"}
    if one.owned:
        return {flagged: True, "StorageEncryptionType": "sse-rds"}
    key = key_ref(one.key or "alias/aws/rds", key_arn)
    return {flagged: True, "StorageEncryptionType": "sse-kms", "KmsKeyId": key}


def _instance(one: Database, now: datetime, key_arn: KeyArn) -> Json:
    told: Json = {
        "DBInstanceIdentifier": one.name,
        "DBInstanceArn": one.arn,
        "DBInstanceClass": "db.r6g.large",
        "DBInstanceStatus": "available",
        "Engine": one.engine,
        "MasterUsername": "root_of_it_all",
        "InstanceCreateTime": seconds(now, one.age_days),
        "BackupRetentionPeriod": one.backup_days,
        "DBParameterGroups": [{"DBParameterGroupName": one.group_name, "ParameterApplyStatus": one.group_status}],
        "PubliclyAccessible": one.public,
        "PendingModifiedValues": {},
        "TagList": tag_list(one.tags),
        **_storage(one, "StorageEncrypted", key_arn),
    }
    if one.cluster:
        told["DBClusterIdentifier"] = one.cluster
    if one.replica_of:
        told["ReadReplicaSourceDBInstanceIdentifier"] = one.replica_of
    return told


def _cluster(part: Stores, one: Cluster, now: datetime, key_arn: KeyArn) -> Json:
    members = [d.name for d in part.databases if d.cluster == one.name and d.prefix == one.prefix]
    told: Json = {
        "DBClusterIdentifier": one.name,
        "DBClusterArn": one.arn,
        "Status": "available",
        "Engine": one.engine,
        "MasterUsername": "root_of_it_all",
        "ClusterCreateTime": seconds(now, one.age_days),
        "BackupRetentionPeriod": one.backup_days,
        "DBClusterParameterGroup": one.group_name,
        "DBClusterMembers": [
            {
                "DBInstanceIdentifier": name,
                "IsClusterWriter": number == 0,
                "DBClusterParameterGroupStatus": one.group_status,
                "PromotionTier": 1,
            }
            for number, name in enumerate(members)
        ],
        "TagList": tag_list(one.tags),
        **_storage(one, "StorageEncrypted", key_arn),
    }
    if one.replica_of:
        told["ReplicationSourceIdentifier"] = one.replica_of
    return told


def _snapshots(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    wanted = request.params.get("SnapshotType")
    listed = []
    for one in _of(part, request, of_cluster=False):
        if one.type == wanted or (wanted is None and one.type != "awsbackup"):
            told = {"DBSnapshotIdentifier": one.name, "DBSnapshotArn": one.arn, "DBInstanceIdentifier": one.of}
            listed.append({**told, **_snapshot(one, now), **_storage(one, "Encrypted", key_arn)})
    return {"DBSnapshots": listed}


def _cluster_snapshots(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    listed = []
    for one in _of(part, request, of_cluster=True):
        told = {
            "DBClusterSnapshotIdentifier": one.name,
            "DBClusterSnapshotArn": one.arn,
            "DBClusterIdentifier": one.of,
        }
        listed.append({**told, **_snapshot(one, now), **_storage(one, "StorageEncrypted", key_arn)})
    return {"DBClusterSnapshots": listed}


def _of(part: Stores, request: Asked, *, of_cluster: bool) -> Iterator[Snapshot]:
    return (one for one in part.snapshots if _is_here(one, request) and one.of_cluster == of_cluster)


def _snapshot(one: Snapshot, now: datetime) -> Json:
    return {
        "SnapshotCreateTime": seconds(now, one.age_days),
        "SnapshotType": one.type,
        "Status": "available",
        "Engine": one.engine,
        "MasterUsername": "root_of_it_all",
        "TagList": tag_list(one.tags),
    }


def _parameters(part: Stores, request: Asked, _: datetime, __: KeyArn) -> Json:
    name = request.params.get("DBParameterGroupName", request.params.get("DBClusterParameterGroupName"))
    every: list[Database | Cluster] = [*part.databases, *part.clusters]
    users = [one for one in every if _is_here(one, request) and one.group_name == name]
    if not users:
        return {"__type": "DBParameterGroupNotFound", "message": f"DBParameterGroup not found: {name}"}
    listed = [_parameter(users[0])] if users[0].engine in _PARAMETERS else []
    others = [{"ParameterName": f"x_{i}", "Source": "engine-default", "IsModifiable": True} for i in range(3)]
    wanted = [value for key, value in request.params.items() if key.startswith("Filters.")]
    return {"Parameters": [one for one in [*others, *listed] if not wanted or one["ParameterName"] in wanted]}


def _parameter(one: Database | Cluster) -> Json:
    told: Json = {"ParameterName": _PARAMETERS[one.engine], "IsModifiable": True, "Source": "engine-default"}
    if one.requires_tls is not None:
        told |= {"ParameterValue": _VALUES.get(one.engine, ("0", "1"))[one.requires_tls], "Source": "user"}
    return told


ANSWERS: Mapping[str, Callable[[Stores, Asked, datetime, KeyArn], Json]] = {
    "rds:DescribeDBInstances": _instances,
    "rds:DescribeDBClusters": _clusters,
    "rds:DescribeDBSnapshots": _snapshots,
    "rds:DescribeDBClusterSnapshots": _cluster_snapshots,
    "rds:DescribeDBParameters": _parameters,
    "rds:DescribeDBClusterParameters": _parameters,
}
