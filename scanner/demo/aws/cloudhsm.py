"""AWS CloudHSM of the simulated cloud: clusters and their backups.

Both operations are answered here and nothing is put into moto: its clusters have UUIDs for ids, ``DEFAULT`` for a mode,
one zone that is called like the region, no password and no certificates; its backups are all of account 123456789012,
and its instants are text without a zone where this protocol has numbers.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scanner.demo.aws.request import Asked

Days = Annotated[int, Field(ge=0, le=36500)]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
State = Literal[
    "CREATE_IN_PROGRESS",
    "UNINITIALIZED",
    "INITIALIZE_IN_PROGRESS",
    "INITIALIZED",
    "ACTIVE",
    "UPDATE_IN_PROGRESS",
    "MODIFY_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "DELETED",
    "DEGRADED",
]
Json = dict[str, Any]

LISTS: Mapping[str, tuple[str, str, str, str]] = {
    "cloudhsmv2:DescribeClusters": ("Clusters", "NextToken", "NextToken", "MaxResults"),
    "cloudhsmv2:DescribeBackups": ("Backups", "NextToken", "NextToken", "MaxResults"),
}
"""Operation to its items, the page token that it takes and gives, and the parameter for the size of a page."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Hsm(_Strict):
    """One HSM of a cluster."""

    zone: Annotated[str, StringConstraints(pattern=r"^[a-z]$")]
    """Letter of its availability zone."""
    state: Literal["CREATE_IN_PROGRESS", "ACTIVE", "DEGRADED", "DELETE_IN_PROGRESS", "DELETED"] = "ACTIVE"


class Backup(_Strict):
    """One backup of a cluster."""

    age_days: Days
    state: Literal["CREATE_IN_PROGRESS", "READY", "DELETED", "PENDING_DELETION"] = "READY"


class Cluster(_Strict):
    """A cluster. Days count back from the demo's clock."""

    name: str
    account: AccountId
    region: str
    about: str = ""
    defect: str = ""
    type: Literal["hsm1.medium", "hsm2m.medium"] = "hsm2m.medium"
    mode: Literal["FIPS", "NON_FIPS"] = "FIPS"
    state: State = "ACTIVE"
    age_days: Days = 100
    hsms: list[Hsm] = []
    retention_days: Annotated[int, Field(ge=7, le=379)] | None = 90
    """None: a cluster from before there were retention policies."""
    backups: list[Backup] = []
    password: str = ""
    """Of the first officer. A scan must not keep it."""

    @property
    def id(self) -> str:
        """Return the cluster's id, the same on every run."""
        return f"cluster-{_letters(f'{self.account}/{self.region}/{self.name}')}"


class CloudHsm(_Strict):
    """The clusters of the world."""

    clusters: list[Cluster] = []


def _letters(name: str) -> str:
    return base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:11]


def answer(part: CloudHsm, request: Asked, now: datetime) -> Json | None:
    """Return the answer to a request, or None for an operation of another service."""
    here = [c for c in part.clusters if (c.account, c.region) == (request.account, request.region)]
    if request.operation == "cloudhsmv2:DescribeClusters":
        return {"Clusters": [_cluster(cluster, now) for cluster in here]}
    if request.operation == "cloudhsmv2:DescribeBackups":
        # Newest first, as the service lists them.
        pairs = sorted(
            ((b.age_days, i, c, b) for c in here for i, b in enumerate(c.backups)), key=lambda pair: pair[:2]
        )
        return {"Backups": [_backup(cluster, number, backup, now) for _, number, cluster, backup in pairs]}
    return None


def _seconds(now: datetime, days_ago: int) -> float:
    return (now - timedelta(days=days_ago)).timestamp()


def _cluster(cluster: Cluster, now: datetime) -> Json:
    told: Json = {
        "BackupPolicy": "DEFAULT",
        "ClusterId": cluster.id,
        "CreateTimestamp": _seconds(now, cluster.age_days),
        "Hsms": [_hsm(cluster, number, hsm) for number, hsm in enumerate(cluster.hsms)],
        "HsmType": cluster.type,
        "Mode": cluster.mode,
        "NetworkType": "IPV4",
        "SecurityGroup": "sg-0123456789abcdef0",
        "State": cluster.state,
        "SubnetMapping": {f"{cluster.region}{hsm.zone}": f"subnet-0123456789abcde{hsm.zone}" for hsm in cluster.hsms},
        "VpcId": "vpc-0123456789abcdef0",
        "Certificates": {"ClusterCertificate": "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----"},
        "TagList": [{"Key": "Name", "Value": cluster.name}],
    }
    if cluster.retention_days is not None:
        told["BackupRetentionPolicy"] = {"Type": "DAYS", "Value": str(cluster.retention_days)}
    if cluster.password:
        told["PreCoPassword"] = cluster.password
    return told


def _hsm(cluster: Cluster, number: int, hsm: Hsm) -> Json:
    return {
        "AvailabilityZone": f"{cluster.region}{hsm.zone}",
        "ClusterId": cluster.id,
        "HsmId": f"hsm-{_letters(f'{cluster.id}/{number}')}",
        "HsmType": cluster.type,
        "SubnetId": f"subnet-0123456789abcde{hsm.zone}",
        "State": hsm.state,
    }


def _backup(cluster: Cluster, number: int, backup: Backup, now: datetime) -> Json:
    identity = f"backup-{_letters(f'{cluster.id}/backup/{number}')}"
    return {
        "BackupId": identity,
        "BackupArn": f"arn:aws:cloudhsm:{cluster.region}:{cluster.account}:backup/{identity}",
        "BackupState": backup.state,
        "ClusterId": cluster.id,
        "CreateTimestamp": _seconds(now, backup.age_days),
        "NeverExpires": False,
        "HsmType": cluster.type,
        "Mode": cluster.mode,
        "TagList": [],
    }
