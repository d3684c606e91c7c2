"""Amazon RDS answers to rows: databases, clusters and their members, and snapshots.

A member of a cluster has no storage, no backups and no transport settings of its own: these are its cluster's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.aws.rds_tls import Tls, of_cluster, of_instance
from scanner.normalize.aws.stores import NONE, Encryption, coverage, either, encrypted, prefix, store, tags_of
from scanner.normalize.reading import Object, flag, given, moment, text, text_or
from scanner.normalize.records import Records

CLUSTERS = "rds:DescribeDBClusters"
INSTANCES = "rds:DescribeDBInstances"
SNAPSHOTS = "rds:DescribeDBSnapshots"
CLUSTER_SNAPSHOTS = "rds:DescribeDBClusterSnapshots"

Found = Mapping[str, tuple[Observation, Object]]
"""ARN to what lists it."""

_KINDS = {"docdb": "document_database", "neptune": "graph_database"}
_TYPES = {"none": False, "sse-kms": True, "sse-rds": True}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the databases and snapshots of one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(INSTANCES, None, "DBInstances", identity="DBInstanceArn")
    instances = {str(item["DBInstanceArn"]): (page, item) for page, item in reversed(listing.items)}
    members = _Members(instances, listing.complete)
    clusters: dict[str, DataStoreFact] = {}
    if unit.answers(CLUSTERS):
        whole = unit.listing(CLUSTERS, None, "DBClusters", identity="DBClusterArn")
        found = {str(item["DBClusterArn"]): (page, item) for page, item in reversed(whole.items)}
        clusters = {arn: _cluster(unit, arn, *one, members) for arn, one in sorted(found.items())}
        yield from clusters.values()
        yield coverage(unit, CLUSTERS, len(clusters), complete=whole.complete)
    if unit.answers(INSTANCES):
        for arn, one in sorted(instances.items()):
            yield _instance(unit, arn, *one, clusters)
        yield coverage(unit, INSTANCES, len(instances), complete=listing.complete)
    yield from _all_snapshots(unit, unit.first)


def _row(unit: Records, arn: str, page: Observation, item: Object, name: str, created: str) -> DataStoreFact:
    engine = (text(item, "Engine") or "").partition("-")[0]
    return replace(
        store(unit, page, arn, _KINDS.get(engine, "relational_database"), (page.id,)),
        name=text(item, name),
        created_at=moment(item, created),
        tags=tags_of(item["TagList"]) if given(item, "TagList") else (),
    )


def encryption(item: Object, flagged: str) -> Encryption:
    """Return how storage is encrypted: by its type where that is told, else by the flag under ``flagged``."""
    kind = text(item, "StorageEncryptionType")
    under_kms = flag(item, flagged)
    on = _TYPES.get(kind or "") if given(item, "StorageEncryptionType") else under_kms
    if on is None or (kind in ("none", "sse-kms") and under_kms is not None and under_kms != on):
        return Encryption(None, kind)  # the two contradict each other
    if not on or kind == "sse-rds":
        return Encryption(on, kind, NONE)
    return Encryption(on, kind, text(item, "KmsKeyId") or None)


@dataclass(frozen=True, slots=True)
class _Members:
    """The instances that clusters are made of."""

    instances: Found
    complete: bool

    def of(self, cluster: str) -> Iterator[tuple[Observation, Object]]:
        """Yield the members of a cluster."""
        for page, item in self.instances.values():
            if text(item, "DBClusterIdentifier") == cluster:
                yield page, item

    def public(self, cluster: str) -> bool | None:
        """Tell whether any member of a cluster has a public address."""
        found = either(*(flag(item, "PubliclyAccessible") for _, item in self.of(cluster)))
        return found if found or self.complete else None


def _cluster(unit: Records, arn: str, page: Observation, item: Object, members: _Members) -> DataStoreFact:
    name = text(item, "DBClusterIdentifier") or arn.rpartition(":")[2]
    tls = of_cluster(unit, prefix(page, "rds"), item)
    row = encrypted(_row(unit, arn, page, item, "DBClusterIdentifier", "ClusterCreateTime"), encryption(item, _FLAG))
    return replace(
        _proven(row, *tls.evidence, *(listed.id for listed, _ in members.of(name))),
        copy_of=_source(page, "cluster", text_or(item, "ReplicationSourceIdentifier", NONE)),
        tls_only=tls.required,
        # Only clusters that are not of Aurora tell it themselves.
        public=flag(item, "PubliclyAccessible") if given(item, "PubliclyAccessible") else members.public(name),
        point_in_time_recovery=_point_in_time(item),
    )


_FLAG = "StorageEncrypted"


def _proven(row: DataStoreFact, *evidence: Digest) -> DataStoreFact:
    return replace(row, evidence=tuple(sorted({*row.evidence, *evidence})))


def _source(page: Observation, kind: str, name: str | None) -> str | None:
    """Return the ARN of what is named by its ARN or, where it is in the same region, by its name."""
    return name if name is None or name == NONE or name.startswith("arn:") else f"{prefix(page, 'rds')}{kind}:{name}"


def _point_in_time(item: Object) -> bool | None:
    days = item.get("BackupRetentionPeriod")
    return days > 0 if isinstance(days, int) and not isinstance(days, bool) and days >= 0 else None


def _instance(
    unit: Records, arn: str, page: Observation, item: Object, clusters: Mapping[str, DataStoreFact]
) -> DataStoreFact:
    row = replace(
        _row(unit, arn, page, item, "DBInstanceIdentifier", "InstanceCreateTime"),
        public=flag(item, "PubliclyAccessible"),
    )
    if given(item, "DBClusterIdentifier"):
        return _member(row, item, _source(page, "cluster", text(item, "DBClusterIdentifier")), clusters)
    tls = of_instance(unit, prefix(page, "rds"), item)
    return replace(
        _proven(encrypted(row, encryption(item, _FLAG)), *tls.evidence),
        copy_of=_replicated(page, item),
        tls_only=tls.required,
        point_in_time_recovery=_point_in_time(item),
    )


def _member(row: DataStoreFact, item: Object, arn: str | None, clusters: Mapping[str, DataStoreFact]) -> DataStoreFact:
    own = encryption(item, _FLAG)
    cluster = clusters.get(arn or "")
    if cluster is None:
        return encrypted(replace(row, copy_of=arn), own)
    how = Encryption(cluster.encrypted, cluster.provider_encryption, cluster.key_ref)
    if own.encrypted is not None and own.encrypted != how.encrypted:
        how = Encryption()  # the two contradict each other
    return replace(
        _proven(encrypted(row, how), *cluster.evidence),
        copy_of=arn,
        tls_only=cluster.tls_only,
        point_in_time_recovery=cluster.point_in_time_recovery,
    )


def _replicated(page: Observation, item: Object) -> str | None:
    if given(item, "ReadReplicaSourceDBInstanceIdentifier"):
        return _source(page, "db", text(item, "ReadReplicaSourceDBInstanceIdentifier"))
    return _source(page, "cluster", text_or(item, "ReadReplicaSourceDBClusterIdentifier", NONE))


@dataclass(frozen=True, slots=True)
class _Snapshots:
    """How one kind of snapshot is listed, and what its members are called."""

    operation: str
    items: str
    identity: str
    name: str
    flagged: str
    of: str
    kind: str
    """Kind of what it is a snapshot of, in an ARN."""


_OF_INSTANCE = _Snapshots(
    SNAPSHOTS, "DBSnapshots", "DBSnapshotArn", "DBSnapshotIdentifier", "Encrypted", "DBInstanceIdentifier", "db"
)
_OF_CLUSTER = _Snapshots(
    CLUSTER_SNAPSHOTS,
    "DBClusterSnapshots",
    "DBClusterSnapshotArn",
    "DBClusterSnapshotIdentifier",
    _FLAG,
    "DBClusterIdentifier",
    "cluster",
)


def _all_snapshots(unit: Records, first: Record) -> Iterator[Fact]:
    by_backup = f"{prefix(first, 'rds')}snapshot:awsbackup:*"
    yield from _snapshots(unit, _OF_INSTANCE, None)
    yield from _snapshots(unit, _OF_INSTANCE, by_backup)
    yield from _snapshots(unit, _OF_CLUSTER, None)


def _snapshots(unit: Records, shape: _Snapshots, subject: str | None) -> Iterator[Fact]:
    if not unit.answers(shape.operation, subject):
        return
    listing = unit.listing(shape.operation, subject, shape.items, identity=shape.identity)
    found = {str(item[shape.identity]): (page, item) for page, item in reversed(listing.items)}
    for arn, (page, item) in sorted(found.items()):
        row = _row(unit, arn, page, item, shape.name, "SnapshotCreateTime")
        yield replace(
            encrypted(row, encryption(item, shape.flagged)),
            kind="snapshot",
            copy_of=_source(page, shape.kind, text(item, shape.of)),
        )
    yield coverage(unit, shape.operation, len(found), complete=listing.complete, subject=subject)


__all__ = ["Tls", "encryption", "normalize"]
