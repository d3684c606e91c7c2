"""Diagnostic settings: whether a vault's events are logged."""

from __future__ import annotations

import pytest

from scanner.model.audit import AuditScopeFact, AuditTrailFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.azure import trails
from scanner.normalize.azure.trails import LOGS
from tests.normalize.azure.builders import SOURCE, changed, listed, missed, observed, unit
from tests.normalize.azure.examples import SETTING


def one(**properties: Json) -> AuditTrailFact:
    found = trails.rows(unit(listed(LOGS, changed(SETTING, **properties))))
    (row,) = [fact for fact in found if isinstance(fact, AuditTrailFact)]
    return row


def test_the_published_setting() -> None:
    row = one()
    assert (row.name, row.logging, row.records_key_use, row.records_key_management) == ("mysetting", True, True, True)
    assert (row.excludes_key_events, row.validated) == (False, False)
    assert str(row.bucket_id).endswith("/storageAccounts/st1")
    assert row.log_group_id == "none"  # an empty text names nothing
    assert (row.provider, row.superseded) == ("azure", False)


def test_a_workspace_keeps_the_log_where_no_account_does() -> None:
    row = one(storageAccountId=None, workspaceId="/w")
    assert (row.bucket, row.bucket_id, row.log_group_id) == ("none", "/w", "/w")


@pytest.mark.parametrize(
    ("logs", "recorded"),
    [
        ([{"category": "AuditEvent", "enabled": True}], True),
        ([{"category": "auditevent", "enabled": False}], False),
        ([{"categoryGroup": "audit", "enabled": True}], True),
        ([{"categoryGroup": "allLogs", "enabled": False}, {"category": "AuditEvent", "enabled": True}], True),
        ([{"category": "AzurePolicyEvaluationDetails", "enabled": True}], False),
        ([], False),
        (None, False),
        ([{"category": "AuditEvent"}], None),
        ([{"category": 7, "enabled": True}], None),
        (["AuditEvent"], None),
        ("AuditEvent", None),
    ],
)
def test_what_is_recorded(logs: Json, recorded: bool | None) -> None:
    row = one(logs=logs)
    assert (row.logging, row.records_key_use, row.records_key_management) == (recorded,) * 3
    assert row.excludes_key_events is (None if recorded is None else not recorded)


def test_a_setting_that_says_nothing_of_logs_where_they_stand_is_not_known() -> None:
    found = trails.rows(unit(listed(LOGS, {"id": "/a", "properties": {"logs": None}})))
    (row,) = [fact for fact in found if isinstance(fact, AuditTrailFact)]
    assert (row.logging, row.records_key_use) == (None, None)


def test_a_setting_without_properties_tells_nothing() -> None:
    found = trails.rows(unit(listed(LOGS, {"id": "/a"})))
    (row,) = [fact for fact in found if isinstance(fact, AuditTrailFact)]
    assert (row.logging, row.bucket_id, row.log_group_id) == (None, None, None)


@pytest.mark.parametrize(
    ("records", "count", "complete"),
    [
        ((listed(LOGS),), 0, True),
        ((listed(LOGS, SETTING, {**SETTING, "id": str(SETTING["id"]).upper()}),), 1, True),
        ((missed(LOGS),), None, False),
    ],
)
def test_each_vault_is_a_scope(records: tuple[Record, ...], count: int | None, complete: bool) -> None:
    found = list(trails.rows(unit(*records)))
    (scope,) = [fact for fact in found if isinstance(fact, AuditScopeFact)]
    assert (scope.scope_id, scope.trails) == (SOURCE, count)
    covered = {fact.listed_table: fact.complete for fact in found if isinstance(fact, CoverageFact)}
    assert covered == {"audit_trails": complete, "audit_scopes": True, "data_stores": True}


def test_a_scope_that_nobody_asked_about_is_none() -> None:
    assert list(trails.rows(unit(observed("x", {})))) == []
    assert list(trails.rows(unit())) == []
