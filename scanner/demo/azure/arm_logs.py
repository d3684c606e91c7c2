"""Where logs go in the simulated Resource Manager: diagnostic settings, Log Analytics workspaces, storage accounts."""

from __future__ import annotations

import uuid
from datetime import timedelta

from scanner.demo.azure.arm import EVERYWHERE, GROUP, Arm, Names, enabled, getting, listing
from scanner.demo.azure.arm_keyvault import HSMS, VAULTS
from scanner.demo.azure.arm_services import ACCOUNTS, key_of
from scanner.demo.azure.safe import stamp
from scanner.demo.azure.wire import Json, Refused, Route, route
from scanner.demo.azure.world import AiAccount, Storage, Workspace
from scanner.demo.azure.world_parts import NAMESPACE, Container, Diagnostics, Vault

WORKSPACES, STORAGE = "Microsoft.OperationalInsights/workspaces", "Microsoft.Storage/storageAccounts"


def _settings(arm: Arm, names: Names) -> list[Json]:
    """Return the settings of a resource. One that is not there is refused, as the service does."""
    asked = names["resource"].rstrip("/").lower()
    told: list[tuple[Container | AiAccount, str]] = [
        *((one, VAULTS if isinstance(one, Vault) else HSMS) for one in arm.world.containers),
        *((one, ACCOUNTS) for one in arm.world.accounts),
    ]
    for resource, kind in told:
        if arm.id(resource, kind).lower() == asked:
            return [_setting(arm, arm.id(resource, kind), one) for one in resource.diagnostics]
    raise Refused(404, "ResourceNotFound", f"The Resource '{names['resource']}' was not found.")


def _setting(arm: Arm, resource: str, setting: Diagnostics) -> Json:
    retention = {"enabled": setting.retention_days > 0, "days": setting.retention_days}
    switched: Json = {"enabled": setting.enabled, "retentionPolicy": retention}
    logs = [{"category": name, "categoryGroup": None, **switched} for name in setting.categories]
    logs += [{"category": None, "categoryGroup": name, **switched} for name in setting.groups]
    workspaces = {one.name: arm.id(one, WORKSPACES) for one in arm.world.workspaces}
    accounts = {one.name: arm.id(one, STORAGE) for one in arm.world.storage}
    hub = f"{resource.partition('/resourceGroups')[0]}/resourceGroups/logs/providers/Microsoft.EventHub/namespaces/logs"
    rule = f"{hub}/authorizationrules/RootManageSharedAccessKey"
    return {
        "id": f"{resource}/providers/microsoft.insights/diagnosticSettings/{setting.name}",
        "type": "Microsoft.Insights/diagnosticSettings",
        "name": setting.name,
        "location": None,
        "kind": None,
        "tags": None,
        "properties": {
            "storageAccountId": accounts.get(setting.storage),
            "serviceBusRuleId": None,
            "workspaceId": workspaces.get(setting.workspace),
            "eventHubAuthorizationRuleId": rule if setting.event_hub else None,
            "eventHubName": "logs" if setting.event_hub else None,
            "metrics": [{"category": "AllMetrics", "enabled": False, "retentionPolicy": {"enabled": False, "days": 0}}],
            "logs": logs,
            "logAnalyticsDestinationType": None,
        },
        "identity": None,
    }


def _workspace(arm: Arm, workspace: Workspace) -> Json:
    made = stamp(arm.now - timedelta(days=workspace.age_days))
    properties: Json = {
        "source": "Azure",
        "customerId": str(uuid.uuid5(NAMESPACE, f"workspace/{workspace.name}")),
        "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018", "lastSkuUpdate": made},
        "retentionInDays": workspace.retention_days,
        "features": {"legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": True},
        "workspaceCapping": {"dailyQuotaGb": -1.0, "quotaNextResetTime": made, "dataIngestionStatus": "RespectQuota"},
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "createdDate": made,
        "modifiedDate": made,
    }
    return {**arm.envelope(workspace, WORKSPACES, properties), "etag": '"00000000-0000-0000-0000-000000000000"'}


def _workspaces(arm: Arm, names: Names) -> list[Json]:
    return [_workspace(arm, one) for one in arm.inside(arm.world.workspaces, names)]


def _get_workspace(arm: Arm, names: Names) -> Json:
    return _workspace(arm, arm.one(arm.world.workspaces, names, WORKSPACES))


def _tables(arm: Arm, names: Names) -> list[Json]:
    workspace = arm.one(arm.world.workspaces, names, WORKSPACES)
    kept = {"AzureDiagnostics": workspace.retention_days, "AZKVAuditLogs": workspace.retention_days, **workspace.tables}
    return [
        {
            "id": f"{arm.id(workspace, WORKSPACES)}/tables/{name}",
            "name": name,
            "type": f"{WORKSPACES}/tables",
            "properties": {
                "totalRetentionInDays": days,
                "archiveRetentionInDays": max(0, days - workspace.retention_days),
                "plan": "Analytics",
                "retentionInDaysAsDefault": name not in workspace.tables,
                "totalRetentionInDaysAsDefault": name not in workspace.tables,
                "retentionInDays": min(days, workspace.retention_days),
                "schema": {
                    "name": name,
                    "tableType": "Microsoft",
                    "tableSubType": "Any",
                    "solutions": ["LogManagement"],
                },
                "provisioningState": "Succeeded",
            },
        }
        for name, days in sorted(kept.items())
    ]


def _get_table(arm: Arm, names: Names) -> Json:
    for one in _tables(arm, names):
        if one["name"].lower() == names["table"].lower():
            return one
    raise Refused(404, "TableNotFound", f"Table {names['table']} does not exist in the workspace.")


def _account(arm: Arm, account: Storage) -> Json:
    properties: Json = {
        "provisioningState": "Succeeded",
        "creationTime": stamp(arm.now - timedelta(days=account.age_days)),
        "accessTier": "Hot",
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": account.public,
        "publicNetworkAccess": enabled(account.public),
        "primaryLocation": account.location,
        "statusOfPrimary": "available",
        "primaryEndpoints": {"blob": f"https://{account.name}.blob.core.windows.net/"},
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Allow" if account.public else "Deny",
            "ipRules": [],
            "virtualNetworkRules": [],
        },
        "encryption": {
            "services": {
                "blob": {"enabled": True, "keyType": "Account"},
                "file": {"enabled": True, "keyType": "Account"},
            },
            "keySource": "Microsoft.Storage",
        },
    }
    if account.key:
        uri, name, version = key_of(arm, account.key)
        properties["encryption"]["keySource"] = "Microsoft.Keyvault"
        used = {"keyname": name, "keyvaulturi": uri, "keyversion": version}
        properties["encryption"]["keyvaultproperties"] = used
    told = arm.envelope(account, STORAGE, properties)
    return {**told, "sku": {"name": "Standard_ZRS", "tier": "Standard"}, "kind": "StorageV2"}


def _accounts(arm: Arm, names: Names) -> list[Json]:
    return [_account(arm, one) for one in arm.inside(arm.world.storage, names)]


def _get_account(arm: Arm, names: Names) -> Json:
    return _account(arm, arm.one(arm.world.storage, names, STORAGE))


def _management(arm: Arm, names: Names) -> Json:
    account = arm.one(arm.world.storage, names, STORAGE)
    if account.delete_after_days is None:
        text = f"No ManagementPolicy found for account {account.name}"
        raise Refused(404, "ManagementPolicyNotFound", text)
    delete = {"delete": {"daysAfterModificationGreaterThan": account.delete_after_days}}
    definition = {"actions": {"baseBlob": delete}, "filters": {"blobTypes": ["blockBlob", "appendBlob"]}}
    return {
        "id": f"{arm.id(account, STORAGE)}/managementPolicies/default",
        "name": "DefaultManagementPolicy",
        "type": f"{STORAGE}/managementPolicies",
        "properties": {
            "lastModifiedTime": stamp(arm.now - timedelta(days=account.age_days)),
            "policy": {"rules": [{"enabled": True, "name": "expire", "type": "Lifecycle", "definition": definition}]},
        },
    }


ROUTES: tuple[Route[Arm], ...] = (
    route(
        "monitor:DiagnosticSettings_List",
        "GET {resource*}/providers/Microsoft.Insights/diagnosticSettings",
        listing(_settings),
    ),
    route("operationalinsights:Workspaces_List", f"GET {EVERYWHERE}/{WORKSPACES}", listing(_workspaces)),
    route("operationalinsights:Workspaces_Get", f"GET {GROUP}/{WORKSPACES}/{{name}}", getting(_get_workspace)),
    route("operationalinsights:Tables_ListByWorkspace", f"GET {GROUP}/{WORKSPACES}/{{name}}/tables", listing(_tables)),
    route("operationalinsights:Tables_Get", f"GET {GROUP}/{WORKSPACES}/{{name}}/tables/{{table}}", getting(_get_table)),
    route("storage:StorageAccounts_List", f"GET {EVERYWHERE}/{STORAGE}", listing(_accounts)),
    route("storage:StorageAccounts_GetProperties", f"GET {GROUP}/{STORAGE}/{{name}}", getting(_get_account)),
    route(
        "storage:ManagementPolicies_Get",
        f"GET {GROUP}/{STORAGE}/{{name}}/managementPolicies/default",
        getting(_management),
    ),
)
"""Operations of the three providers, by their names in the published descriptions."""
