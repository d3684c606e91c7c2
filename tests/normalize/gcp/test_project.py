"""Answers about a project to rows: log buckets, sinks, and the audit configurations of all levels together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from scanner.demo.gcp.shapes import DEFAULT, REQUIRED
from scanner.model.audit import AuditScopeFact, AuditTrailFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.gcp.project import (
    BUCKETS,
    FOLDER,
    FOLDER_POLICY,
    ORGANIZATION_POLICY,
    POLICY,
    PROJECT,
    SINKS,
    normalize,
)
from tests.normalize.builders import rows
from tests.normalize.gcp.answers import KEY, changed, missed, observed, of_gcp

HERE = "projects/example-voice"
BUCKET = f"{HERE}/locations/global/buckets/_Default"
# projects.locations.buckets and projects.sinks of cloud.google.com/logging/docs/reference/v2/rest
LOG_BUCKET: dict[str, Any] = {
    "name": BUCKET,
    "description": "Default bucket",
    "createTime": "2025-01-01T00:00:00Z",
    "updateTime": "2025-01-01T00:00:00Z",
    "retentionDays": 30,
    "locked": False,
    "lifecycleState": "ACTIVE",
    "analyticsEnabled": True,
    "cmekSettings": {
        "name": f"{BUCKET}/cmekSettings",
        "kmsKeyName": KEY,
        "kmsKeyVersionName": f"{KEY}/cryptoKeyVersions/2",
        "serviceAccountId": "cmek-p1@gcp-sa-logging.iam.gserviceaccount.com",
    },
}
SINK: dict[str, Any] = {
    "name": "_Default",
    "destination": f"logging.googleapis.com/{BUCKET}",
    "filter": DEFAULT,
    "writerIdentity": "serviceAccount:cloud-logs@system.gserviceaccount.com",
    "createTime": "2025-01-01T00:00:00Z",
}
FOLDER_NAME, TOP = "folders/5", "organizations/9"


def logs(*types: str, service: str = "cloudkms.googleapis.com", exempted: list[str] | None = None) -> Json:
    """Return a policy with an audit configuration."""
    each: list[Json] = [changed({"logType": kind}, exemptedMembers=exempted) for kind in types]  # type: ignore[arg-type]
    return {"etag": "A", "auditConfigs": [{"service": service, "auditLogConfigs": each}]}


def records(
    own: Json = None,
    folder: Json = None,
    top: Json = None,
    sinks: Json = None,
    buckets: Json = None,
    parent: str | None = FOLDER_NAME,
    lost: str = "",
) -> list[Record]:
    """Return the records of a project in a folder of an organization; ``lost`` was denied."""
    asked: list[tuple[str, str | None, Json]] = [
        (SINKS, None, {"sinks": [SINK]} if sinks is None else sinks),
        (BUCKETS, None, {"buckets": [LOG_BUCKET]} if buckets is None else buckets),
        (POLICY, None, own or {"etag": "A"}),
        (PROJECT, None, changed({"name": "projects/1", "state": "ACTIVE"}, parent=parent)),
        (FOLDER, FOLDER_NAME, {"name": FOLDER_NAME, "parent": TOP}),
        (FOLDER_POLICY, FOLDER_NAME, folder or {"etag": "A"}),
        (ORGANIZATION_POLICY, TOP, top or {"etag": "A"}),
    ]
    made = [
        missed(operation, subject=subject) if operation == lost else observed(operation, body, subject=subject)
        for operation, subject, body in asked
    ]
    return of_gcp(*made, region="")


def trail(given: list[Record]) -> AuditTrailFact:
    (row,) = rows(list(normalize(given)), AuditTrailFact)
    assert isinstance(row, AuditTrailFact)
    return row


def test_the_published_example_of_a_log_bucket() -> None:
    (row,) = rows(list(normalize(records())), DataStoreFact)
    assert (row.store_id, row.kind, row.region, row.name) == (BUCKET, "log_group", "global", "_Default")
    assert (row.encrypted, row.key_ref, row.key_id, row.key_managed_by) == (True, KEY, KEY, "customer")
    assert (row.expires, row.retention_days, row.removes, row.shortest_retention_days) == (True, 30, True, 30)
    assert (row.write_once, row.write_once_mode, row.write_once_days) == (False, "none", 0)
    assert row.created_at == datetime(2025, 1, 1)  # noqa: DTZ001 - as DuckDB keeps it
    assert (row.account, row.copy_of, row.customer_key_possible) == ("example-voice", "none", True)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"locked": True}, (KEY, True, "compliance", 30)),
        ({"locked": None}, (KEY, False, "none", 0)),
        ({"locked": "surprise"}, (KEY, None, None, None)),
        ({"cmekSettings": None}, ("none", False, "none", 0)),
        ({"cmekSettings": {"name": "x"}}, ("none", False, "none", 0)),
        ({"cmekSettings": {"kmsKeyName": 7}}, (None, False, "none", 0)),
        ({"cmekSettings": "surprise"}, (None, False, "none", 0)),
        ({"cmekSettings": {"kmsKeyName": f"{KEY}/cryptoKeyVersions/3"}}, (KEY, False, "none", 0)),
    ],
)
def test_log_buckets(fields: dict[str, Json], told: tuple[object, ...]) -> None:
    given = records(buckets={"buckets": [changed(LOG_BUCKET, **fields)]})
    (row,) = rows(list(normalize(given)), DataStoreFact)
    assert (row.key_ref, row.write_once, row.write_once_mode, row.write_once_days) == told
    assert row.key_managed_by == ("customer" if told[0] == KEY else None)


@pytest.mark.parametrize(
    ("own", "lost", "logged"),
    [
        (logs("DATA_READ", service="logging.googleapis.com"), "", True),
        (logs("DATA_READ", service="allServices"), "", True),
        (logs("DATA_READ"), "", False),
        (logs("DATA_READ", service="allServices", exempted=["user:a@b.c"]), "", False),
        (logs("DATA_READ", service="allServices"), ORGANIZATION_POLICY, None),
    ],
)
def test_whether_reads_of_a_log_bucket_are_logged(own: Json, lost: str, logged: bool | None) -> None:
    (row,) = rows(list(normalize(records(own, lost=lost))), DataStoreFact)
    assert row.access_logged is logged


def test_a_retention_that_is_not_told_is_not_known() -> None:
    given = records(buckets={"buckets": [changed(LOG_BUCKET, retentionDays=None)]})
    (row,) = rows(list(normalize(given)), DataStoreFact)
    assert (row.expires, row.retention_days, row.removes) == (None, None, None)


def test_the_published_example_of_a_sink() -> None:
    row = trail(records(own=logs("DATA_READ")))
    assert (row.trail_id, row.name, row.account, row.region) == (
        f"{HERE}/sinks/_Default",
        "_Default",
        "example-voice",
        "",
    )
    assert (row.owner_account, row.home_region, row.multi_region, row.organization) == (
        "example-voice",
        "global",
        True,
        False,
    )
    assert (row.logging, row.records_key_management, row.records_key_use) == (True, False, True)
    assert (row.excludes_key_events, row.validated, row.key_ref) == (False, False, KEY)
    assert (row.bucket, row.bucket_id, row.log_group_id) == ("none", BUCKET, BUCKET)


@pytest.mark.parametrize(
    ("own", "folder", "top", "use", "excluded"),
    [
        (logs("DATA_READ"), None, None, True, False),
        (logs("ADMIN_READ", "DATA_WRITE"), None, None, False, False),
        (logs("DATA_READ", service="storage.googleapis.com"), None, None, False, False),
        (logs("DATA_READ", service="allServices"), None, None, True, False),
        (None, None, None, False, False),
        (None, logs("DATA_READ"), None, True, False),
        (None, None, logs("DATA_READ"), True, False),
        (logs("DATA_READ", exempted=["user:a@b.c"]), None, None, False, True),
        (logs("DATA_READ"), None, logs("DATA_READ", exempted=["user:a@b.c"]), False, True),
        (logs("ADMIN_READ", exempted=["user:a@b.c"]), logs("DATA_READ"), None, True, False),
        ({"auditConfigs": "surprise"}, None, None, None, None),
        ({"auditConfigs": [{"service": "allServices", "auditLogConfigs": "surprise"}]}, None, None, None, None),
        ({"auditConfigs": [{"service": "allServices", "auditLogConfigs": ["x"]}]}, None, None, None, None),
        (logs("DATA_READ", exempted=[7]), None, None, None, None),  # type: ignore[list-item]  # a table of anything
    ],
)
def test_the_configurations_of_all_levels_add_up(
    own: Json, folder: Json, top: Json, use: bool | None, excluded: bool | None
) -> None:
    row = trail(records(own, folder, top))
    assert (row.records_key_use, row.excludes_key_events) == (use, excluded)


@pytest.mark.parametrize("lost", [POLICY, PROJECT, FOLDER, FOLDER_POLICY, ORGANIZATION_POLICY])
def test_a_level_that_was_denied_leaves_it_open(lost: str) -> None:
    assert trail(records(logs("DATA_READ"), lost=lost)).records_key_use is None
    # One that is known to exempt somebody settles it.
    exempt = logs("DATA_READ", exempted=["user:a@b.c"])
    own, folder = (None, exempt) if lost == POLICY else (exempt, None)
    row = trail(records(own, folder, lost=lost))
    assert (row.records_key_use, row.excludes_key_events) == (False, True)


def test_a_project_without_a_parent_is_the_top() -> None:
    assert trail(records(logs("DATA_READ"), parent=None)).records_key_use is True
    assert trail(records(parent=None)).records_key_use is False


@pytest.mark.parametrize(
    ("fields", "management", "use"),
    [
        ({"filter": None}, True, True),
        ({"filter": REQUIRED}, True, False),
        ({"filter": "severity>=ERROR"}, None, None),
        ({"exclusions": [{"name": "a", "filter": "cloudkms.googleapis.com"}]}, False, False),
        ({"exclusions": [{"name": "a", "filter": "x"}], "filter": None}, None, None),
    ],
)
def test_what_a_sink_records(fields: dict[str, Json], management: bool | None, use: bool | None) -> None:
    row = trail(records(logs("DATA_READ"), sinks={"sinks": [changed(SINK, **fields)]}))
    assert (row.records_key_management, row.records_key_use) == (management, use)


@pytest.mark.parametrize(
    ("own", "parent", "off", "complete"),
    [
        (logs("DATA_READ"), FOLDER_NAME, False, True),
        (logs("DATA_READ"), FOLDER_NAME, True, False),
        (logs("DATA_READ"), None, True, True),
        (None, FOLDER_NAME, True, True),
    ],
)
def test_what_no_sink_here_takes_one_above_may_take(own: Json, parent: str | None, off: bool, complete: bool) -> None:
    given = records(own, parent=parent, sinks={"sinks": [changed(SINK, disabled=off or None)]})
    covered = {row.listed_table: row.complete for row in rows(list(normalize(given)), CoverageFact)}
    assert covered["audit_trails"] is complete


@pytest.mark.parametrize(("disabled", "logging"), [(True, False), (None, True), ("surprise", None)])
def test_a_sink_that_is_off(disabled: Json, logging: bool | None) -> None:
    assert trail(records(sinks={"sinks": [changed(SINK, disabled=disabled)]})).logging is logging


@pytest.mark.parametrize(
    ("destination", "bucket", "identity", "region"),
    [
        ("storage.googleapis.com/audit", "audit", "//storage.googleapis.com/projects/_/buckets/audit", "global"),
        ("bigquery.googleapis.com/projects/p/datasets/d", "none", "none", "global"),
        (
            "logging.googleapis.com/projects/central/locations/us-east1/buckets/audit",
            "none",
            "projects/central/locations/us-east1/buckets/audit",
            "us-east1",
        ),
        ("logging.googleapis.com/projects/central", "none", "projects/central", "global"),
    ],
)
def test_where_a_sink_leads(destination: str, bucket: str, identity: str, region: str) -> None:
    row = trail(records(sinks={"sinks": [changed(SINK, destination=destination)]}))
    assert (row.bucket, row.bucket_id, row.home_region, row.key_ref) == (bucket, identity, region, None)


@pytest.mark.parametrize("destination", [None, "", 7])
def test_a_sink_that_does_not_say_where_it_leads_is_not_known(destination: Json) -> None:
    row = trail(records(sinks={"sinks": [{**SINK, "destination": destination}]}))
    assert (row.bucket, row.bucket_id, row.log_group_id, row.key_ref) == (None, None, None, None)
    assert row.home_region == "global"


def test_a_sink_of_other_logs_is_no_audit_log() -> None:
    other = changed(SINK, name="requests", filter='LOG_ID("requests")')
    facts = list(normalize(records(sinks={"sinks": [SINK, other]})))
    assert [row.name for row in rows(facts, AuditTrailFact)] == ["_Default"]
    (scope,) = rows(facts, AuditScopeFact)
    assert (scope.scope_id, scope.trails, scope.region) == ("gcp:example-voice", 1, "")


def test_whether_everything_was_listed() -> None:
    covered = {row.coverage_id: row.complete for row in rows(list(normalize(records())), CoverageFact)}
    assert covered == {
        f"data_stores gcp:example-voice {BUCKETS}": True,
        "audit_trails gcp:example-voice": True,
        "audit_scopes gcp:example-voice": True,
    }
    facts = list(normalize(records(lost=SINKS)))
    covered = {row.listed_table: row.complete for row in rows(facts, CoverageFact)}
    assert covered == {"data_stores": True, "audit_trails": False, "audit_scopes": True}
    (scope,) = rows(facts, AuditScopeFact)
    assert scope.trails is None


def test_what_was_not_asked_is_not_told() -> None:
    assert list(normalize([])) == []
    assert list(normalize(of_gcp(observed(PROJECT, {"name": "projects/1"}), region=""))) == []


def test_a_listing_without_any_sink_is_no_answer() -> None:
    facts = list(normalize(records(logs("DATA_READ"), sinks={})))
    (scope,) = [fact for fact in facts if isinstance(fact, AuditScopeFact)]
    (covered,) = [f for f in facts if isinstance(f, CoverageFact) and f.listed_table == "audit_trails"]
    assert (scope.trails, covered.complete) == (None, False)
