"""Diagnostic settings, workspaces and storage accounts. No SDK of the day has the settings: they are asked by path."""

from __future__ import annotations

import pytest

from tests.demo.azure.composing import CLINICAL, KEYS, RESEARCH, ArmClient

SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"
GROUP = f"/subscriptions/{RESEARCH}/resourceGroups"
LOGS = f"/subscriptions/{CLINICAL}/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces"
STORAGE = f"{GROUP}/rg-logs/providers/Microsoft.Storage/storageAccounts"
SETTING = "2021-05-01-preview"


@pytest.mark.parametrize(
    ("resource", "groups", "categories", "workspace", "storage"),
    [
        (f"{KEYS}/vaults/kv-clinical", ["audit"], [], "logs-clinical", None),
        (f"{KEYS}/managedHSMs/hsm-clinical", [], ["AuditEvent"], "logs-clinical", None),
        (f"{GROUP}/rg-research/providers/Microsoft.KeyVault/vaults/kv-sealed", [], ["AuditEvent"], None, "stlogs"),
    ],
)
def test_what_is_logged_and_where_to(
    arm: ArmClient, resource: str, groups: list[str], categories: list[str], workspace: str | None, storage: str | None
) -> None:
    (setting,) = arm.get(f"{resource}/{SETTINGS}", SETTING)["value"]
    told = setting["properties"]
    assert [one["categoryGroup"] for one in told["logs"] if one["categoryGroup"]] == groups
    assert [one["category"] for one in told["logs"] if one["category"]] == categories
    assert [one and one.rpartition("/")[2] for one in (told["workspaceId"], told["storageAccountId"])] == [
        workspace,
        storage,
    ]
    assert told["eventHubName"] is None


def test_an_account_may_send_to_an_event_hub(arm: ArmClient) -> None:
    account = f"/subscriptions/{CLINICAL}/resourceGroups/rg-ai/providers/Microsoft.CognitiveServices/accounts"
    (setting,) = arm.get(f"{account}/openai-clinical/{SETTINGS}", SETTING)["value"]
    assert setting["properties"]["eventHubName"] == "logs"
    assert setting["properties"]["logs"][0]["categoryGroup"] == "allLogs"


def test_a_resource_may_have_no_settings_and_must_be_there(arm: ArmClient) -> None:
    vaults = f"{GROUP}/rg-research/providers/Microsoft.KeyVault/vaults"
    assert arm.get(f"{vaults}/kv-legacy/{SETTINGS}", SETTING)["value"] == []
    assert arm.send(f"{vaults}/kv-none/{SETTINGS}", SETTING).status_code == 404


def test_how_long_a_workspace_keeps(arm: ArmClient) -> None:
    (listed,) = arm.every(f"/subscriptions/{CLINICAL}/providers/Microsoft.OperationalInsights/workspaces", "2025-02-01")
    assert listed == arm.get(f"{LOGS}/logs-clinical", "2025-02-01")
    assert listed["properties"]["retentionInDays"] == 90
    tables = {one["name"]: one["properties"] for one in arm.every(f"{LOGS}/logs-clinical/tables", "2025-02-01")}
    assert {name: one["totalRetentionInDays"] for name, one in tables.items()} == {
        "AZKVAuditLogs": 2556,
        "AzureDiagnostics": 90,
    }
    assert arm.get(f"{LOGS}/logs-clinical/tables/azkvauditlogs", "2025-02-01")["properties"] == tables["AZKVAuditLogs"]
    assert arm.send(f"{LOGS}/logs-clinical/tables/Perf", "2025-02-01").status_code == 404


def test_storage_accounts_and_what_they_delete(arm: ArmClient) -> None:
    path = f"/subscriptions/{RESEARCH}/providers/Microsoft.Storage/storageAccounts"
    found = {one["name"]: one["properties"] for one in arm.every(path, "2024-01-01")}
    keyed, plain = found["stlogs"]["encryption"], found["stscratch"]["encryption"]
    assert (keyed["keySource"], plain["keySource"]) == ("Microsoft.Keyvault", "Microsoft.Storage")
    assert keyed["keyvaultproperties"]["keyname"] == "envelope"
    assert (found["stlogs"]["publicNetworkAccess"], found["stscratch"]["publicNetworkAccess"]) == (
        "Disabled",
        "Enabled",
    )
    assert arm.get(f"{STORAGE}/stlogs", "2024-01-01")["properties"] == found["stlogs"]
    policy = arm.get(f"{STORAGE}/stlogs/managementPolicies/default", "2024-01-01")["properties"]["policy"]
    deletes = policy["rules"][0]["definition"]["actions"]["baseBlob"]["delete"]
    assert deletes == {"daysAfterModificationGreaterThan": 365}
    assert arm.send(f"{STORAGE}/stscratch/managementPolicies/default", "2024-01-01").status_code == 404
