"""Amazon RDS: listings, and each parameter group once for the one parameter that counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.rds import (
    CLUSTER_PARAMETERS,
    CLUSTERS,
    INSTANCES,
    NAME,
    OPERATIONS,
    PARAMETERS,
    SNAPSHOTS,
    TLS_PARAMETER,
    collect,
    tls_parameter,
)
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import Cluster, Database, Snapshot, Stores
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.normalize.aws.rds_tls import PARAMETER
from tests.collect.aws.scripted import Scripted, run
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import HERE
from tests.support import ACCOUNT, REGION

SERVICE = Service(NAME, OPERATIONS, collect)
PREFIX = f"arn:aws:rds:{REGION}:{ACCOUNT}:"
LISTS = {op.name for op in OPERATIONS} - {PARAMETERS, CLUSTER_PARAMETERS}
FLEET = Stores(
    databases=[
        *(Database(name=f"pg-{i}", **HERE, group="strict") for i in range(3)),
        Database(name="my", **HERE, engine="mysql"),
        Database(name="ora", **HERE, engine="oracle-ee"),
        Database(name="aurora-1", **HERE, engine="aurora-mysql", cluster="aurora", group="of-a-member"),
    ],
    clusters=[Cluster(name="aurora", **HERE, engine="aurora-mysql"), Cluster(name="docs", **HERE, engine="docdb")],
)


def test_each_group_is_asked_once_for_the_parameter_of_its_engine(tmp_path: Path) -> None:
    with spoken(FLEET) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    asked = {(a.subject, str(a.params["Filters"])) for a in found.answers() if "Parameters" in a.operation}
    assert found.asked[PARAMETERS] + found.asked[CLUSTER_PARAMETERS] == len(asked)
    assert asked == {
        (f"{PREFIX}{group}", str([{"Name": "parameter-name", "Values": [parameter]}]))
        for group, parameter in (
            ("pg:strict", "rds.force_ssl"),
            ("pg:default.mysql", "require_secure_transport"),
            ("cluster-pg:default.aurora-mysql", "require_secure_transport"),
            ("cluster-pg:default.docdb", "tls"),
        )
    }
    assert found.gaps == []


def test_an_account_without_databases_costs_its_listings(tmp_path: Path) -> None:
    with spoken(Stores()) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    # Snapshots of AWS Backup are a listing of their own.
    assert found.asked == {**dict.fromkeys(LISTS, 1), SNAPSHOTS: 2, "sts:GetCallerIdentity": 1}


def test_the_two_listings_of_snapshots_are_told_apart(tmp_path: Path) -> None:
    kept = [Snapshot(name=f"s-{i}", **HERE, of="pg") for i in range(3)]
    made = [Snapshot(name=f"b-{i}", **HERE, of="pg", type="awsbackup") for i in range(3)]
    with spoken(Stores(snapshots=[*kept, *made]), page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    pages = [(a.subject, a.page, a.last) for a in found.answers(SNAPSHOTS)]
    backups = f"{PREFIX}snapshot:awsbackup:*"
    assert pages == [(None, 0, False), (None, 1, True), (backups, 0, False), (backups, 1, True)]


def test_long_listings_are_read_to_the_end(tmp_path: Path) -> None:
    with spoken(FLEET, page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.asked[INSTANCES], found.asked[CLUSTERS], found.asked[PARAMETERS], found.gaps) == (3, 1, 2, [])


def test_a_group_that_may_not_be_read_is_a_gap_of_that_group(tmp_path: Path) -> None:
    with spoken(FLEET) as app:
        app.faults.add(Fault("deny", PARAMETERS, subject="strict"))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.subject, found.gap.reason) == (f"{PREFIX}pg:strict", GapReason.DENIED)


def test_a_plan_without_transport_asks_no_group(tmp_path: Path) -> None:
    with spoken(FLEET) as app:
        found = collect_service(tmp_path, app.url, SERVICE, wanted=frozenset({CLUSTERS, INSTANCES}))
    assert set(found.asked) == {CLUSTERS, INSTANCES, "sts:GetCallerIdentity"}


ODD: list[Json] = [
    {},
    {"DBParameterGroups": "x", "Engine": "mysql"},
    {"DBParameterGroups": ["x"], "Engine": "mysql"},
    {"DBParameterGroups": [{}], "Engine": "mysql"},
    {"DBParameterGroups": [{"DBParameterGroupName": ""}], "Engine": "mysql"},
    {"DBParameterGroups": [{"DBParameterGroupName": "g"}], "Engine": 1},
]


@pytest.mark.parametrize("instance", ODD)
def test_a_database_without_a_group_asks_none(bench: Bench, instance: dict[str, Json]) -> None:
    empty: dict[str, Json] = {
        CLUSTERS: {"DBClusters": []},
        INSTANCES: {"DBInstances": [{"DBInstanceArn": "i", **instance}]},
        SNAPSHOTS: {"DBSnapshots": []},
        "rds:DescribeDBClusterSnapshots": {"DBClusterSnapshots": []},
    }
    provider = Scripted(empty)
    work = run(bench, collect, OPERATIONS, provider)
    assert PARAMETERS not in provider.operations
    assert work.gaps == []


ENGINES = [
    ("postgres", "rds.force_ssl"),
    ("sqlserver-ee", "rds.force_ssl"),
    ("aurora-postgresql", "rds.force_ssl"),
    ("aurora-mysql", "require_secure_transport"),
    ("docdb", "tls"),
    ("oracle-se2", ""),
    ("db2-ae", ""),
    ("custom-sqlserver-ee", ""),
    (None, ""),
]


@pytest.mark.parametrize(("engine", "parameter"), ENGINES)
def test_an_engine_has_its_parameter(engine: Json, parameter: str) -> None:
    assert tls_parameter(engine) == parameter


def test_the_collector_asks_for_what_the_normalizer_reads() -> None:
    assert {engine: parameter.name for engine, parameter in PARAMETER.items()} == TLS_PARAMETER
