"""Which projects and locations of Google Cloud there are, who asks, and how the uses of keys are logged.

The projects are those that the estate names: what else the credential sees is not looked for. Every location that Cloud
KMS lists for a project becomes a unit of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from scanner.collect.gcp import kms
from scanner.collect.gcp.listings import PAGE_SIZE, PAGING, lists, names, policy
from scanner.collect.gcp.login import Login
from scanner.collect.gcp.methods import FOLDER as FOLDER_NAME
from scanner.collect.gcp.methods import LOCATION
from scanner.collect.gcp.methods import ORGANIZATION as ORGANIZATION_NAME
from scanner.collect.gcp.transport import WHO, GcpTransport
from scanner.collect.interface import Asking, CallError, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import GcpSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation, columns

IDENTITY = "gcp.identity"
NAME = "gcp.project"
LOCATIONS = "cloudkms:projects.locations.list"
FOLDER = "cloudresourcemanager:folders.get"
FOLDER_POLICY = "cloudresourcemanager:folders.getIamPolicy"
ORGANIZATION_POLICY = "cloudresourcemanager:organizations.getIamPolicy"
DEEPEST = 12
"""Levels above a project that are walked: Google Cloud allows ten folders and the organization."""
BUCKETS = "logging:projects.locations.buckets.list"
SINKS = "logging:projects.sinks.list"
STORE = "data_stores.log_group"

_TRAIL = (
    *("*", "trail_id", "name", "owner_account", "home_region", "multi_region", "organization", "logging"),
    *("stopped_at", "validated", "bucket", "bucket_id", "log_group_id", "records_key_management", "records_key_use"),
    *("excludes_key_events", "key_ref", "superseded"),
)
_SCOPE = ("*", "scope_id", "trails", "key_management_recorded", "key_use_recorded")
_BUCKET = (
    *("*", "name", "created_at", "copy_of", "encrypted", "provider_encryption", "key_ref", "key_id", "key_managed_by"),
    *("key_state", "customer_key_possible", "write_once", "write_once_mode", "write_once_days", "expires"),
    *("retention_days", "removes", "shortest_retention_days"),
)
OPERATIONS: tuple[Operation, ...] = (
    Operation(name=WHO, permissions=(), purpose="who is scanning, and by which credential", always=True),
    Operation(
        name=LOCATIONS,
        permissions=("cloudkms.locations.list",),
        purpose="locations of Cloud KMS",
        always=True,
    ),
    Operation(
        name=SINKS,
        permissions=("logging.sinks.list",),
        feeds=(*columns("audit_trails", *_TRAIL), *columns("audit_scopes", *_SCOPE)),
        purpose="where the audit logs go",
    ),
    Operation(
        name=BUCKETS,
        permissions=("logging.buckets.list",),
        feeds=(*columns("data_stores", *_BUCKET), "audit_trails.key_ref"),
        kinds=(STORE,),
        purpose="how long the audit logs are kept, and under which key",
    ),
    Operation(
        name=FOLDER,
        permissions=("resourcemanager.folders.get",),
        feeds=kms.USE_LOGGED,
        needs=(kms.PROJECT,),
        purpose="what is above each folder above a project",
    ),
    Operation(
        name=FOLDER_POLICY,
        permissions=("resourcemanager.folders.getIamPolicy",),
        feeds=kms.USE_LOGGED,
        needs=(kms.PROJECT, FOLDER),
        purpose="which uses of keys the folders above a project log, or exempt from logging",
    ),
    Operation(
        name=ORGANIZATION_POLICY,
        permissions=("resourcemanager.organizations.getIamPolicy",),
        feeds=kms.USE_LOGGED,
        needs=(kms.PROJECT, FOLDER),
        purpose="which uses of keys the organization logs, or exempts from logging",
    ),
)
_AUDIT = frozenset({SINKS, BUCKETS, FOLDER, FOLDER_POLICY, ORGANIZATION_POLICY, kms.PROJECT, kms.PROJECT_POLICY})
_EVERY = (*OPERATIONS, *kms.OPERATIONS)
_OF_PROJECT = tuple(op for op in _EVERY if op.name in {LOCATIONS} | _AUDIT)


def operations() -> tuple[Operation, ...]:
    """Return every declared operation, those that find projects and locations first."""
    return _EVERY


@dataclass(frozen=True, slots=True)
class _Way:
    """A source with what all of its units share."""

    source: GcpSource
    login: Login
    wanted: frozenset[str]
    deadline: float


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a unit reads, and as whom."""

    account: str = ""
    region: str = ""
    principal: str = ""


def first_unit(source: GcpSource, *, wanted: frozenset[str], deadline: float) -> Unit:
    """Return the unit that logs in; every other unit of ``source`` follows. ``deadline`` is monotonic, in seconds."""
    way = _Way(source, Login(), wanted, deadline)

    def collect(asking: Asking) -> Iterator[Unit]:
        told = asking.call(WHO, {}, check=_identifies)
        if told is not None:
            scope = _Scope(principal=str(told.body["principal"]))
            yield from (_project(way, replace(scope, account=project)) for project in source.projects)

    return _unit(way, IDENTITY, _Scope(), OPERATIONS[:1], collect)


def _unit(
    way: _Way,
    name: str,
    scope: _Scope,
    declared: tuple[Operation, ...],
    collect: Callable[[Asking], Iterable[Unit]],
) -> Unit:
    allowed = {operation.name for operation in declared}
    source, most = way.source, way.source.concurrency
    parts = ("gcp", source.name, scope.account, scope.region, name.removeprefix("gcp."))
    return Unit(
        id="/".join(part for part in parts if part),
        source=source_id("gcp", scope.account or source.name, scope.region),
        source_name=source.name,
        account=scope.account,
        region=scope.region,
        collector=name,
        principal=scope.principal,
        operations=declared,
        collect=collect,
        transport=lambda: GcpTransport(way.login, allowed=allowed, endpoint=source.endpoint_url, connections=most),
        deadline=way.deadline,
        concurrency=most,
    )


def _project(way: _Way, scope: _Scope) -> Unit:
    return _unit(way, NAME, scope, _OF_PROJECT, lambda asking: _locations(asking, way, scope))


def _locations(asking: Asking, way: _Way, scope: _Scope) -> Iterator[Unit]:
    """Read what is about a whole project, and yield the units of its locations."""
    project = f"projects/{scope.account}"
    if way.wanted & _AUDIT:
        _audit(asking, project)
    if not any(op.name in way.wanted for op in kms.OPERATIONS):
        return
    for location in way.source.locations or _listed(asking, project):
        here = replace(scope, region=location)
        yield _unit(way, kms.NAME, here, kms.OPERATIONS, kms.collect)


def _audit(asking: Asking, project: str) -> None:
    sinks: dict[str, Json] = {"parent": project, "pageSize": PAGE_SIZE}
    # A sink is named by its last part alone in what Cloud Logging answers.
    for _ in asking.pages(SINKS, sinks, PAGING, check=lists("sinks", r"[^/]+", "")):
        pass
    kept = lists("buckets", r"(?:projects|organizations|folders)/[^/]+/locations/[^/]+/buckets/[^/]+", "")
    for _ in asking.pages(BUCKETS, sinks, PAGING, check=kept):
        pass
    asking.call(kms.PROJECT_POLICY, {"resource": project}, check=policy)
    told = asking.call(kms.PROJECT, {"name": project}, check=kms.is_project)
    above = told.body.get("parent", "") if told is not None else ""
    for _ in range(DEEPEST):
        above = _level(asking, str(above))


def _listed(asking: Asking, project: str) -> list[str]:
    found = [name.rpartition("/")[2] for name in names(asking, LOCATIONS, f"name={project}", "locations", LOCATION)]
    if not found and asking.wants(LOCATIONS):
        # Cloud KMS is offered somewhere: nothing to scan is never a clean scan.
        error = CallError(GapReason.MALFORMED, code="NoLocation", detail="Cloud KMS lists no location for the project")
        asking.note(LOCATIONS, error, subject=project)
    return sorted(found)


def _identifies(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("principal"), str) else "`principal` is not text"


def _level(asking: Asking, name: str) -> str:
    """Read the audit configuration of a folder or an organization; return what is above it, or empty text."""
    if re.fullmatch(ORGANIZATION_NAME, name):
        asking.call(ORGANIZATION_POLICY, {"resource": name}, subject=name, check=policy)
    if not re.fullmatch(FOLDER_NAME, name):
        return ""
    asking.call(FOLDER_POLICY, {"resource": name}, subject=name, check=policy)
    told = asking.call(FOLDER, {"name": name}, subject=name, check=_has_parent)
    return str(told.body["parent"]) if told is not None else ""


def _has_parent(body: dict[str, Json]) -> str:
    parent = body.get("parent")
    known = isinstance(parent, str) and re.fullmatch(f"{FOLDER_NAME}|{ORGANIZATION_NAME}", parent)
    return "" if known else "`parent` is no folder and no organization"
