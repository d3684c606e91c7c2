"""Workspaces and storage accounts."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.azure.stores import ACCOUNTS, POLICY, TABLES, WORKSPACES, normalize
from tests.normalize.azure.builders import changed, listed, missed, observed, rows
from tests.normalize.azure.examples import NIL, WORKSPACE

PLACE = str(WORKSPACE["id"])
ID = f"/subscriptions/{NIL}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st"
ACCOUNT: dict[str, Json] = {
    "id": ID,
    "name": "st",
    "location": "eastus2",
    "properties": {
        "creationTime": "2025-01-02T03:04:05.0000000Z",
        "supportsHttpsTrafficOnly": True,
        "allowBlobPublicAccess": False,
        "encryption": {"keySource": "Microsoft.Storage"},
    },
}


def one(*records: Record) -> DataStoreFact:
    (row,) = rows(normalize, DataStoreFact, *records)
    assert isinstance(row, DataStoreFact)
    return row


def workspace(*tables: Json, **properties: Json) -> DataStoreFact:
    place = listed(WORKSPACES, changed(WORKSPACE, **properties))
    return one(place, listed(TABLES, *tables, subject=PLACE))


def table(name: str, **properties: Json) -> Json:
    return {"name": name, "properties": properties}


def test_the_published_workspace() -> None:
    row = workspace()
    assert (row.store_id, row.kind, row.name, row.region) == (PLACE, "log_group", "AzTest2170", "australiasoutheast")
    assert (row.encrypted, row.key_ref, row.tags, row.public) == (True, "none", ("tag1=val1",), False)
    assert (row.expires, row.retention_days, row.removes, row.shortest_retention_days) == (True, 30, True, 30)


@pytest.mark.parametrize(
    ("tables", "shortest", "longest"),
    [
        ([table("AZKVAuditLogs", totalRetentionInDays=2556, retentionInDays=90)], 2556, 2556),
        ([table("AzureDiagnostics", retentionInDays=90), table("AZKVAuditLogs", totalRetentionInDays=365)], 90, 365),
        ([table("AzureDiagnostics", retentionInDays=-1)], 30, 30),
        ([table("AzureDiagnostics")], 30, 30),
        ([table("Usage", totalRetentionInDays=7)], 30, 30),
    ],
)
def test_how_long_the_logs_of_vaults_are_kept(tables: list[Json], shortest: int, longest: int) -> None:
    row = workspace(*tables)
    assert (row.shortest_retention_days, row.retention_days) == (shortest, longest)


def test_retention_that_is_not_known() -> None:
    denied = one(listed(WORKSPACES, WORKSPACE), missed(TABLES, subject=PLACE))
    assert (denied.expires, denied.retention_days) == (None, None)
    assert workspace(retentionInDays=None).shortest_retention_days is None


def test_a_workspace_of_a_cluster_is_under_a_key_that_was_not_read() -> None:
    assert workspace(features={"clusterResourceId": "/c"}).key_ref is None
    assert one(listed(WORKSPACES, {"id": PLACE})).key_ref is None


def account(**properties: Json) -> DataStoreFact:
    return one(listed(ACCOUNTS, changed(ACCOUNT, **properties)))


def test_a_storage_account() -> None:
    row = account()
    assert (row.kind, row.tls_only, row.public, row.key_ref) == ("object_store", True, False, "none")
    assert (row.provider_encryption, row.write_once, row.removes) == ("Microsoft.Storage", None, None)
    assert str(row.created_at) == "2025-01-02 03:04:05"
    assert account(allowBlobPublicAccess=True).public is None
    assert account(allowBlobPublicAccess=None).public is None


@pytest.mark.parametrize(
    ("encryption", "reference"),
    [
        (
            {
                "keySource": "Microsoft.Keyvault",
                "keyvaultproperties": {"keyname": "k", "keyvaulturi": "https://kv.vault.azure.net/"},
            },
            "https://kv.vault.azure.net/keys/k",
        ),
        ({"keySource": "Microsoft.Keyvault"}, None),
        ({"keySource": "Elsewhere", "keyvaultproperties": {}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_key_of_a_storage_account(encryption: Json, reference: str | None) -> None:
    assert account(encryption=encryption).key_ref == reference


@pytest.mark.parametrize(
    ("lock", "mode", "days"),
    [
        (
            {"enabled": True, "immutabilityPolicy": {"state": "Locked", "immutabilityPeriodSinceCreationInDays": 7}},
            "compliance",
            7,
        ),
        ({"enabled": True, "immutabilityPolicy": {"state": "Unlocked"}}, "governance", None),
        ({"enabled": True, "immutabilityPolicy": {"state": "Disabled"}}, None, None),
        ({"enabled": True}, None, None),
        ({"enabled": False, "immutabilityPolicy": {"state": "Locked"}}, None, None),
    ],
)
def test_what_an_account_locks(lock: Json, mode: str | None, days: int | None) -> None:
    row = account(immutableStorageWithVersioning=lock)
    assert (row.write_once, row.write_once_mode, row.write_once_days) == (True if mode else None, mode, days)


def rule(enabled: Json = True, **actions: Json) -> Json:
    return {"name": "r", "enabled": enabled, "type": "Lifecycle", "definition": {"actions": dict(actions)}}


def deletes(**after: Json) -> Json:
    return {"delete": dict(after)}


KEPT: list[tuple[list[Json], bool | None, int | None]] = [
    ([], False, None),
    ([rule(baseBlob={"tierToCool": {"daysAfterModificationGreaterThan": 30}})], False, None),
    ([rule(baseBlob=deletes(daysAfterModificationGreaterThan=365))], True, 365),
    (
        [
            rule(
                baseBlob=deletes(daysAfterModificationGreaterThan=365.0),
                snapshot=deletes(daysAfterCreationGreaterThan=90),
            )
        ],
        True,
        90,
    ),
    ([rule(enabled=False, baseBlob=deletes(daysAfterModificationGreaterThan=1))], False, None),
    ([rule(baseBlob=deletes(daysAfterLastAccessTimeGreaterThan=30))], True, None),
    ([rule(baseBlob=deletes(daysAfterModificationGreaterThan="soon"))], True, None),
    (["a rule"], None, None),
    ([{"name": "r", "enabled": True}], None, None),
]


@pytest.mark.parametrize(("rules", "removes", "shortest"), KEPT)
def test_what_an_account_removes(rules: list[Json], removes: bool | None, shortest: int | None) -> None:
    policy = observed(POLICY, {"properties": {"policy": {"rules": rules}}}, subject=ID)
    row = one(listed(ACCOUNTS, ACCOUNT), policy)
    assert (row.removes, row.shortest_retention_days) == (removes, shortest)
    assert row.expires is (False if removes is False else None)


def test_an_account_without_rules_keeps_everything() -> None:
    absent = observed(POLICY, {"message": "none"}, subject=ID, error="ManagementPolicyNotFound")
    row = one(listed(ACCOUNTS, ACCOUNT), absent)
    assert (row.expires, row.removes) == (False, False)


def test_rules_that_may_not_be_read_are_not_known() -> None:
    row = one(listed(ACCOUNTS, ACCOUNT), missed(POLICY, subject=ID))
    assert (row.expires, row.removes, row.shortest_retention_days) == (None, None, None)


@pytest.mark.parametrize(
    ("tags", "kept"), [(None, ()), ({"b": "2", "a": "1"}, ("a=1", "b=2")), ({"a": 1}, None), ("a", None)]
)
def test_tags(tags: Json, kept: tuple[str, ...] | None) -> None:
    assert one(listed(ACCOUNTS, {**ACCOUNT, "tags": tags})).tags == kept


def test_each_listing_has_its_coverage() -> None:
    records = (listed(ACCOUNTS, ACCOUNT), missed(WORKSPACES))
    covered = {
        c.coverage_id.rpartition(" ")[2]: (c.complete, c.row_count) for c in rows(normalize, CoverageFact, *records)
    }
    assert covered == {ACCOUNTS: (True, 1), WORKSPACES: (False, 0)}
    assert list(normalize(())) == []
