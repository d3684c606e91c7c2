"""One of everything that the simulated data stores can be, in the tests' account and region."""

from __future__ import annotations

from typing import Any

from scanner.demo.aws.stores_world import (
    Bucket,
    Cluster,
    Database,
    Lock,
    LogGroup,
    Rule,
    Secret,
    Snapshot,
    Stores,
    Table,
    Vault,
    Volumes,
)
from tests.support import ACCOUNT, REGION

HERE: dict[str, Any] = {"account": ACCOUNT, "region": REGION}
ELSEWHERE: dict[str, Any] = {"account": ACCOUNT, "region": "us-west-2"}
EPHI = {"data-classification": "ephi"}

EVERYTHING = Stores(
    buckets=[
        Bucket(
            name="voice-audio",
            **HERE,
            encryption="aws:kms",
            key="tenant",
            bucket_key=True,
            versioning="Enabled",
            lock=Lock(mode="COMPLIANCE", days=7),
            lifecycle=[Rule(days=30, former_days=5)],
            logs_to="access-logs",
            tags=EPHI,
        ),
        Bucket(
            name="forgotten",
            **HERE,
            encryption="none",
            tls_only=False,
            blocked=False,
            acls=True,
            public_acl=True,
            policy=[{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "BUCKET/*"}],
        ),
        Bucket(name="in-the-west", **ELSEWHERE),
    ],
    databases=[
        Database(name="voice", **HERE, key="tenant", tags=EPHI),
        Database(name="voice-replica", **HERE, key="tenant", replica_of="voice", backup_days=0),
        Database(name="old", **HERE, engine="mysql", requires_tls=None, encrypted=False, public=True, backup_days=0),
        Database(name="ledger", **HERE, engine="oracle-ee"),
        Database(name="aurora-1", **HERE, engine="aurora-postgresql", cluster="aurora", key="tenant"),
    ],
    clusters=[
        Cluster(name="aurora", **HERE, engine="aurora-postgresql", key="tenant"),
        Cluster(name="documents", **HERE, engine="docdb", owned=True, requires_tls=False),
    ],
    snapshots=[
        Snapshot(name="nightly", **HERE, of="voice", type="automated", key="tenant"),
        Snapshot(name="kept", **HERE, of="gone", encrypted=False),
        Snapshot(name="by-backup", **HERE, of="voice", type="awsbackup", key="tenant"),
        Snapshot(name="of-cluster", **HERE, of="aurora", of_cluster=True, key="tenant"),
    ],
    tables=[
        Table(name="calls", **HERE, key="tenant", tags=EPHI),
        Table(name="sessions", **HERE, point_in_time=False),
    ],
    volumes=[Volumes(**HERE, key="tenant")],
    secrets=[
        Secret(name="db/voice", **HERE, key="tenant", tags=EPHI, description="CANARY hunter2"),
        Secret(name="never", **HERE, rotates=False, rotated_days_ago=None),
        Secret(name="copy", **HERE, replica_of="us-west-2", rotates=False, rotated_days_ago=None),
    ],
    log_groups=[
        LogGroup(name="/aws/lambda/voice", **HERE, count=60, retention_days=None),
        LogGroup(name="/audit", **HERE, key="tenant", retention_days=2192),
    ],
    vaults=[
        Vault(
            name="main", **HERE, key="tenant", locked=True, min_retention_days=35, locked_for_good_days_ago=3, points=5
        ),
        Vault(name="sealed", **HERE, air_gapped=True, min_retention_days=7),
        Vault(name="open", **HERE, points=1),
    ],
)
