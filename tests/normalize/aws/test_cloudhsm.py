"""AWS CloudHSM answers to rows: one cluster's answers, then whole units with gaps."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.modules import ModuleFact
from scanner.model.observation import Observation, Record
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.cloudhsm import BACKUPS, CLUSTERS, normalize
from tests.normalize.builders import ACCOUNT, REGION, SOURCE, missed, observed, rows

ID = "cluster-abcdefghijk"
OTHER = "cluster-22222222222"


def hsm(zone: str = "a", **more: Json) -> Json:
    return {"HsmId": f"hsm-{zone}", "AvailabilityZone": f"{REGION}{zone}", "State": "ACTIVE", **more}


def cluster(**more: Json) -> dict[str, Json]:
    """Return a cluster as DescribeClusters tells it: ready, of two HSMs, but for ``more`` (None: left out)."""
    fields: dict[str, Json] = {
        "ClusterId": ID,
        "HsmType": "hsm2m.medium",
        "Mode": "FIPS",
        "State": "ACTIVE",
        "Hsms": [hsm("a"), hsm("b")],
        "BackupRetentionPolicy": {"Type": "DAYS", "Value": "90"},
        "TagList": [{"Key": "Name", "Value": "root"}],
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def clusters(*found: Json, last: bool = True) -> Observation:
    return observed(CLUSTERS, {"Clusters": list(found)}, last=last)


def backup(number: int, day: int | None = 1, **more: Json) -> Json:
    made: dict[str, Json] = {"CreateTimestamp": f"2026-06-{day:02}T00:00:00.000Z"} if day else {}
    return {"BackupId": f"backup-{number}", "ClusterId": ID, "BackupState": "READY", **made, **more}


def backups(*found: Json, last: bool = True) -> Observation:
    return observed(BACKUPS, {"Backups": list(found)}, last=last)


def module(*records: Record) -> Any:  # noqa: ANN401 - a row
    (row,) = rows(list(normalize(records)), ModuleFact)
    return row


def test_a_cluster() -> None:
    listing, copies = clusters(cluster()), backups(backup(1, 2), backup(2, 9))
    row = module(listing, copies)
    assert (row.module_id, row.name, row.kind, row.product) == (ID, "root", "hsm_cluster", "aws-cloudhsm-hsm2m")
    assert (row.source, row.provider, row.account, row.region) == (SOURCE, "aws", ACCOUNT, REGION)
    assert (row.embodiment, row.version, row.state, row.approved_mode) == ("hardware", "none", "ACTIVE", True)
    assert (row.hsm_count, row.zone_count, row.backup_retention_days, row.backups) == (2, 2, 90, 2)
    assert row.last_backup_at == datetime(2026, 6, 9)  # noqa: DTZ001 - as tables keep it
    assert row.certificate_required is True
    assert row.evidence == tuple(sorted([listing.id, copies.id]))
    # Of the certificates only the catalogue's table knows.
    assert {row.certificates, row.certificate, row.standard, row.level, row.certificate_status} == {None}


FIELDS: list[tuple[str, dict[str, Json], dict[str, Any]]] = [
    ("old hardware", {"HsmType": "hsm1.medium"}, {"product": "aws-cloudhsm-hsm1"}),
    ("new hardware", {"HsmType": "hsm3x.large"}, {"product": None}),
    ("no type", {"HsmType": None}, {"product": None}),
    ("on its way to other hardware", {"Hsms": [hsm("a", HsmType="hsm1.medium")]}, {"product": None}),
    ("typed HSMs", {"Hsms": [hsm("a", HsmType="hsm2m.medium")]}, {"product": "aws-cloudhsm-hsm2m"}),
    ("not approved", {"Mode": "NON_FIPS"}, {"approved_mode": False}),
    ("no mode", {"Mode": None}, {"approved_mode": None}),
    ("a new mode", {"Mode": "OTHER"}, {"approved_mode": None}),
    ("one HSM", {"Hsms": [hsm("a")]}, {"hsm_count": 1, "zone_count": 1}),
    ("two in one zone", {"Hsms": [hsm("a"), hsm("a")]}, {"hsm_count": 2, "zone_count": 1}),
    ("one is broken", {"Hsms": [hsm("a"), hsm("b", State="DEGRADED")]}, {"hsm_count": 1, "zone_count": 1}),
    ("no HSMs", {"Hsms": []}, {"hsm_count": 0, "zone_count": 0}),
    ("HSMs not told", {"Hsms": None}, {"hsm_count": None, "zone_count": None, "product": "aws-cloudhsm-hsm2m"}),
    ("an HSM of a wrong type", {"Hsms": ["x"]}, {"hsm_count": None, "zone_count": None}),
    ("HSMs of a wrong type", {"Hsms": "x"}, {"hsm_count": None, "zone_count": None}),
    ("an HSM without a state", {"Hsms": [hsm("a", State=None)]}, {"hsm_count": None, "zone_count": None}),
    ("an HSM without a zone", {"Hsms": [hsm("a", AvailabilityZone=None)]}, {"hsm_count": 1, "zone_count": None}),
    ("no policy", {"BackupRetentionPolicy": None}, {"backup_retention_days": None}),
    ("another policy", {"BackupRetentionPolicy": {"Type": "MOONS", "Value": "9"}}, {"backup_retention_days": None}),
    ("no days", {"BackupRetentionPolicy": {"Type": "DAYS", "Value": "soon"}}, {"backup_retention_days": None}),
    ("a number", {"BackupRetentionPolicy": {"Type": "DAYS", "Value": 90}}, {"backup_retention_days": None}),
    ("many days", {"BackupRetentionPolicy": {"Type": "DAYS", "Value": "9" * 9}}, {"backup_retention_days": None}),
    ("other digits", {"BackupRetentionPolicy": {"Type": "DAYS", "Value": "²"}}, {"backup_retention_days": None}),
    ("no tags", {"TagList": None}, {"name": ID}),
    ("other tags", {"TagList": [{"Key": "owner", "Value": "x"}]}, {"name": ID}),
    ("an empty name", {"TagList": [{"Key": "Name", "Value": ""}]}, {"name": ID}),
    ("tags of a wrong type", {"TagList": ["x"]}, {"name": ID}),
    ("a state of a wrong type", {"State": 1}, {"state": None, "certificate_required": None}),
    ("a new state", {"State": "DREAMING"}, {"state": "DREAMING", "certificate_required": None}),
]


@pytest.mark.parametrize(("name", "given", "expected"), FIELDS, ids=[name for name, _, _ in FIELDS])
def test_what_a_cluster_tells(name: str, given: dict[str, Json], expected: dict[str, Any]) -> None:
    row = module(clusters(cluster(**given)))
    assert {key: getattr(row, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("state", "holds"),
    [
        ("UNINITIALIZED", False),
        ("INITIALIZED", False),
        ("DELETED", False),
        ("DEGRADED", True),
        ("DELETE_IN_PROGRESS", True),
    ],
)
def test_a_cluster_that_can_hold_no_key_needs_no_certificate(state: str, holds: bool) -> None:
    assert module(clusters(cluster(State=state))).certificate_required is holds


COPIES: list[tuple[str, list[Record], tuple[int | None, int | None]]] = [
    ("none", [backups()], (0, None)),
    ("one", [backups(backup(1, 3))], (1, 3)),
    ("the newest counts", [backups(backup(1, 3), backup(2, 8), backup(3, 5))], (3, 8)),
    ("told twice", [backups(backup(1, 3), backup(1, 3))], (1, 3)),
    ("not ready", [backups(backup(1, 3), backup(2, 8, BackupState="PENDING_DELETION"))], (1, 3)),
    ("of another cluster", [backups(backup(1, 3, ClusterId=OTHER))], (0, None)),
    ("without an instant", [backups(backup(1, 3), backup(2, None))], (2, None)),
    ("without a cluster", [backups(backup(1, 3), backup(2, 8, ClusterId=None))], (None, None)),
    ("without a state", [backups(backup(1, 3), backup(2, 8, BackupState=None))], (None, None)),
    ("cut off", [backups(backup(1, 3), last=False)], (None, None)),
    ("denied", [missed(BACKUPS)], (None, None)),
    ("not asked", [], (None, None)),
]


@pytest.mark.parametrize(("name", "records", "expected"), COPIES, ids=[name for name, _, _ in COPIES])
def test_backups(name: str, records: list[Record], expected: tuple[int | None, int | None]) -> None:
    row = module(clusters(cluster()), *records)
    assert (row.backups, row.last_backup_at.day if row.last_backup_at else None) == expected


def coverage(*records: Record) -> tuple[str, bool, int]:
    (row,) = rows(list(normalize(records)), CoverageFact)
    assert (row.listed_table, row.parent_id) == ("modules", SOURCE)
    return row.coverage_id, row.complete, row.row_count


def test_nothing_was_asked() -> None:
    assert list(normalize([])) == []


def test_whether_all_were_listed() -> None:
    name = f"modules {SOURCE} {CLUSTERS}"
    assert coverage(clusters()) == (name, True, 0)
    assert coverage(clusters(cluster(), cluster(ClusterId=OTHER))) == (name, True, 2)
    assert coverage(missed(CLUSTERS)) == (name, False, 0)
    assert coverage(clusters(cluster(), last=False)) == (name, False, 1)
    assert coverage(clusters(cluster(), {"State": "ACTIVE"})) == (name, False, 1)


def test_where_it_is_not_offered_there_is_none() -> None:
    assert coverage(observed(CLUSTERS, {"message": "no"}, error="ServiceNotInRegion"))[1:] == (True, 0)


def test_the_order_of_arrival_does_not_matter() -> None:
    records: list[Record] = [clusters(cluster(), cluster(ClusterId=OTHER)), backups(backup(1), backup(2, 4))]
    facts = list(normalize(records))
    random.Random(7).shuffle(records)  # noqa: S311 - an order, not a secret
    assert list(normalize(records[::-1])) == facts == list(normalize(records))
