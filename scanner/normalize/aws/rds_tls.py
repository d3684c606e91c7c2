"""Which databases of Amazon RDS require TLS, as their parameter groups say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.ids import Digest, Json
from scanner.normalize.aws.stores import both
from scanner.normalize.reading import Object, given, text
from scanner.normalize.records import Records

PARAMETERS = "rds:DescribeDBParameters"
CLUSTER_PARAMETERS = "rds:DescribeDBClusterParameters"


@dataclass(frozen=True, slots=True)
class _Parameter:
    """The parameter of an engine that requires TLS, and what its values mean."""

    name: str
    required: frozenset[str]
    optional: frozenset[str]
    by_default: bool | None = None
    """What the engine does where a group says nothing; None: that hangs on its version, so RDS says it."""


_FORCE = _Parameter("rds.force_ssl", frozenset({"1"}), frozenset({"0"}))
# MySQL and MariaDB, "Server System Variables": OFF by default. Where RDS sets another default, the group has a value.
_SECURE = _Parameter("require_secure_transport", frozenset({"1", "on"}), frozenset({"0", "off"}), by_default=False)
# Amazon DocumentDB, "Managing cluster TLS settings"; the other values require a version or the FIPS module.
_TLS = _Parameter("tls", frozenset({"enabled", "tls1.2+", "tls1.3+", "fips-140-3"}), frozenset({"disabled"}))
_ENFORCE = _Parameter("neptune_enforce_ssl", frozenset({"1"}), frozenset({"0"}))

PARAMETER: Mapping[str, _Parameter] = {
    "postgres": _FORCE,
    "aurora-postgresql": _FORCE,
    "sqlserver": _FORCE,
    "mysql": _SECURE,
    "mariadb": _SECURE,
    "aurora-mysql": _SECURE,
    "docdb": _TLS,
    "neptune": _ENFORCE,
}
"""Engine, up to an edition (``sqlserver-ee``), to its parameter. Oracle and Db2 have none."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Whether TLS is required, and the answers that say so."""

    required: bool | None = None
    evidence: tuple[Digest, ...] = ()


def of_instance(unit: Records, prefix: str, instance: Object) -> Tls:
    """Return whether an instance that is no member of a cluster requires TLS."""
    groups = instance.get("DBParameterGroups")
    if not isinstance(groups, list) or len(groups) != 1 or not isinstance(groups[0], dict):
        return Tls()
    in_use = text(groups[0], "ParameterApplyStatus") == "in-sync"
    name = text(groups[0], "DBParameterGroupName")
    return _read(unit, PARAMETERS, f"{prefix}pg:{name}", instance, in_use=in_use)


def of_cluster(unit: Records, prefix: str, cluster: Object) -> Tls:
    """Return whether a cluster requires TLS."""
    members = cluster.get("DBClusterMembers")
    # Without a member there is nothing that a change awaits.
    listed: list[Json] = members if isinstance(members, list) else [members] if members else []
    statuses = [text(m, "DBClusterParameterGroupStatus") if isinstance(m, dict) else None for m in listed]
    name = text(cluster, "DBClusterParameterGroup")
    in_use = all(status == "in-sync" for status in statuses)
    return _read(unit, CLUSTER_PARAMETERS, f"{prefix}cluster-pg:{name}", cluster, in_use=in_use)


def _read(unit: Records, operation: str, group: str, database: Object, *, in_use: bool) -> Tls:
    engine = text(database, "Engine") or ""
    parameter = PARAMETER.get(engine) or PARAMETER.get(engine.partition("-")[0])
    listing = unit.listing(operation, group, "Parameters", identity="ParameterName")
    if parameter is None or not listing.complete:
        return Tls()
    values = [_meaning(parameter, item) for _, item in listing.items if item["ParameterName"] == parameter.name]
    # A version whose group has no such parameter cannot require it. What awaits a restart may be either.
    required = both(*values) if values else False
    return Tls(required if in_use else None, unit.ids(operation, group))


def _meaning(parameter: _Parameter, item: Object) -> bool | None:
    if not given(item, "ParameterValue"):
        return parameter.by_default if text(item, "Source") == "engine-default" else None
    value = (text(item, "ParameterValue") or "").lower()
    return True if value in parameter.required else False if value in parameter.optional else None
