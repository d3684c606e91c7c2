"""Amazon RDS and what shares its API (Aurora, DocumentDB, Neptune): instances, clusters and snapshots.

Whether TLS is required, a parameter group says. Each group is asked once however many databases use it, and for the one
parameter that its engine has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import KEYED, TAGGED, Place, entries, feeds, place_of
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation

NAME = "aws.rds"
PAGING = Paging(answer="Marker", parameter="Marker")
CLUSTERS = "rds:DescribeDBClusters"
INSTANCES = "rds:DescribeDBInstances"
SNAPSHOTS = "rds:DescribeDBSnapshots"
CLUSTER_SNAPSHOTS = "rds:DescribeDBClusterSnapshots"
PARAMETERS = "rds:DescribeDBParameters"
CLUSTER_PARAMETERS = "rds:DescribeDBClusterParameters"

TLS_PARAMETER: Mapping[str, str] = {
    "postgres": "rds.force_ssl",
    "aurora-postgresql": "rds.force_ssl",
    "sqlserver": "rds.force_ssl",
    "mysql": "require_secure_transport",
    "mariadb": "require_secure_transport",
    "aurora-mysql": "require_secure_transport",
    "docdb": "tls",
    "neptune": "neptune_enforce_ssl",
}
"""Engine, up to an edition (``sqlserver-ee``), to its parameter that requires TLS. Oracle and Db2 have none."""

_DATABASE = ("name", "created_at", "copy_of", "encrypted", "provider_encryption", "customer_key_possible")
_STORE = (*feeds("*", *_DATABASE), *KEYED, *TAGGED)
_OF_DATABASE = (*_STORE, *feeds("point_in_time_recovery", "public", "tls_only"))


def _operation(name: str, purpose: str, *fed: str, needs: tuple[str, ...] = ()) -> Operation:
    return Operation(name=name, permissions=(name,), feeds=fed, needs=needs, purpose=purpose)


OPERATIONS: tuple[Operation, ...] = (
    _operation(CLUSTERS, "the population of database clusters, their keys and backups", *_OF_DATABASE),
    _operation(INSTANCES, "the population of databases, their keys and backups", *_OF_DATABASE, needs=(CLUSTERS,)),
    _operation(SNAPSHOTS, "the population of snapshots, and their keys", *_STORE),
    _operation(CLUSTER_SNAPSHOTS, "the population of cluster snapshots, and their keys", *_STORE),
    _operation(PARAMETERS, "whether TLS is required", *feeds("tls_only"), needs=(CLUSTERS, INSTANCES)),
    _operation(CLUSTER_PARAMETERS, "whether clusters require TLS", *feeds("tls_only"), needs=(CLUSTERS,)),
)

_NOT_KEPT = ("MasterUsername", "MasterUserSecret")
DROP: Mapping[str, tuple[str, ...]] = {
    CLUSTERS: tuple(f"/DBClusters/*/{name}" for name in (*_NOT_KEPT, "PendingModifiedValues")),
    INSTANCES: tuple(f"/DBInstances/*/{name}" for name in (*_NOT_KEPT, "PendingModifiedValues")),
    SNAPSHOTS: ("/DBSnapshots/*/MasterUsername",),
    CLUSTER_SNAPSHOTS: ("/DBClusterSnapshots/*/MasterUsername",),
}
"""Operation to the members of its answers that are never kept: who the first user is, and a password to be."""


def tls_parameter(engine: Json) -> str:
    """Return the parameter of an engine that requires TLS, or empty text."""
    name = engine if isinstance(engine, str) else ""
    return TLS_PARAMETER.get(name, "") or TLS_PARAMETER.get(name.partition("-")[0], "")


def collect(asking: Asking) -> Iterator[Unit]:
    """Read the databases of one account and region. Yields no further units."""
    place = place_of(asking)
    groups: dict[str, str] = {}
    for cluster in _listed(asking, CLUSTERS, "DBClusters", "DBClusterArn"):
        _use(groups, place, "cluster-pg", cluster.get("DBClusterParameterGroup"), cluster)
    for instance in _listed(asking, INSTANCES, "DBInstances", "DBInstanceArn"):
        # What a member of a cluster requires is said by the group of its cluster.
        if not instance.get("DBClusterIdentifier"):
            for group in _groups(instance):
                _use(groups, place, "pg", group.get("DBParameterGroupName"), instance)
    for _ in _listed(asking, SNAPSHOTS, "DBSnapshots", "DBSnapshotArn"):
        pass
    # Those that AWS Backup makes are not among them, and are asked as a listing of their own.
    backups = {"SnapshotType": "awsbackup"}
    for _ in _listed(asking, SNAPSHOTS, "DBSnapshots", "DBSnapshotArn", backups, about=by_backup(place)):
        pass
    for _ in _listed(asking, CLUSTER_SNAPSHOTS, "DBClusterSnapshots", "DBClusterSnapshotArn"):
        pass
    asking.each(lambda group: _parameters(asking, group, groups[group]), iter(sorted(groups)))
    yield from ()


def by_backup(place: Place) -> str:
    """Return what the listing of AWS Backup's snapshots is about."""
    return place.arn("rds", "snapshot:awsbackup:*")


def _listed(
    asking: Asking, operation: str, items: str, identity: str, more: Mapping[str, Json] | None = None, about: str = ""
) -> Iterator[dict[str, Json]]:
    params: dict[str, Json] = {"MaxRecords": 100, **(more or {})}
    check = lists(items, identity)
    for page in asking.pages(operation, params, PAGING, subject=about or None, known=(NOT_OFFERED,), check=check):
        yield from entries(page.body, items)


def _groups(instance: dict[str, Json]) -> list[dict[str, Json]]:
    groups = instance.get("DBParameterGroups")
    found = groups if isinstance(groups, list) else []
    return [group for group in found if isinstance(group, dict)]


def _use(groups: dict[str, str], place: Place, kind: str, name: Json, user: dict[str, Json]) -> None:
    """Remember that a database uses a parameter group, and which parameter counts."""
    parameter = tls_parameter(user.get("Engine"))
    if parameter and isinstance(name, str) and name:
        groups[place.arn("rds", f"{kind}:{name}")] = parameter


def _parameters(asking: Asking, group: str, parameter: str) -> None:
    _, kind, name = group.rsplit(":", 2)
    of_cluster = kind == "cluster-pg"
    params: dict[str, Json] = {
        "DBClusterParameterGroupName" if of_cluster else "DBParameterGroupName": name,
        "Filters": [{"Name": "parameter-name", "Values": [parameter]}],
        "MaxRecords": 100,
    }
    operation = CLUSTER_PARAMETERS if of_cluster else PARAMETERS
    check = lists("Parameters", "ParameterName")
    for _ in asking.pages(operation, params, PAGING, subject=group, check=check):
        pass
