"""Answers in the shape of the examples that Microsoft publishes with the descriptions of its APIs.

Read in github.com/Azure/azure-rest-api-specs; each is named by its file. Values that play no part are left out.
"""

from __future__ import annotations

from scanner.model.ids import Json

NIL = "00000000-0000-0000-0000-000000000000"
VAULT_ID = f"/subscriptions/{NIL}/resourceGroups/sample-resource-group/providers/Microsoft.KeyVault/vaults/sample-vault"
HSM_ID = f"/subscriptions/{NIL}/resourceGroups/hsm-group/providers/Microsoft.KeyVault/managedHSMs/hsm1"

# keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/examples/getVault.json
VAULT: dict[str, Json] = {
    "id": VAULT_ID,
    "name": "sample-vault",
    "type": "Microsoft.KeyVault/vaults",
    "location": "westus",
    "tags": {},
    "systemData": {"createdBy": "keyVaultUser1", "createdByType": "User", "createdAt": "2020-01-01T12:00:00.0000000Z"},
    "properties": {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": NIL,
        "accessPolicies": [
            {
                "tenantId": NIL,
                "objectId": NIL,
                "permissions": {
                    "keys": [
                        *("encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify", "get", "list", "create"),
                        *("update", "import", "delete", "backup", "restore", "recover", "purge"),
                    ],
                    "secrets": ["get", "list", "set", "delete", "backup", "restore", "recover", "purge"],
                    "certificates": ["get", "list", "delete"],
                },
            }
        ],
        "enabledForDeployment": True,
        "enabledForDiskEncryption": True,
        "enabledForTemplateDeployment": True,
        "hsmPoolResourceId": NIL,
        "vaultUri": "https://sample-vault.vault.azure.net",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    },
}

# keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/examples/ManagedHsm_Get.json
MANAGED_HSM: dict[str, Json] = {
    "properties": {
        "tenantId": NIL,
        "initialAdminObjectIds": [NIL],
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enablePurgeProtection": False,
        "hsmUri": "https://westus.hsm1.managedhsm.azure.net",
        "provisioningState": "Succeeded",
        "statusMessage": "ManagedHsm is functional.",
    },
    "id": HSM_ID,
    "name": "hsm1",
    "type": "Microsoft.KeyVault/managedHSMs",
    "location": "westus",
    "sku": {"family": "B", "name": "Standard_B1"},
    "tags": {"Dept": "hsm", "Environment": "dogfood"},
}

# keyvault/data-plane/Microsoft.KeyVault/stable/7.4/examples/GetKey-example.json
KEY_ID = f"{VAULT_ID}/keys/CreateSoftKeyTest"
KID = "https://myvault.vault.azure.net/keys/CreateSoftKeyTest"
VERSION = "78deebed173b48e48f55abf87ed4cf71"
KEY: dict[str, Json] = {
    "key": {
        "kid": f"{KID}/{VERSION}",
        "kty": "RSA",
        "key_ops": ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
        "n": "2HJAE5fU3Cw2Rt9hEuq-F6XjINKGa-zskfISVqopqUy60GOs2eyhxbWbJBeUXNor_gf-tXtNeuqeBgitLeVa640UDvnEjYTKWjCniTxZ"
        "RaU7ewY8BfTSk-7KxoDdLsPSpX_MX4rwlAx-_1UGk5t4sQgTbm9T6Fm2oqFd37dsz5-Gj27UP2GTAShfJPFD7MqU_zIgOI0pfqsbNL5xTQVM29"
        "K6rX4jSPtylZV3uWJtkoQIQnrIHhk1d0SC0KwlBV3V7R_LVYjiXLyIXsFzSNYgQ68ZjAwt8iL7I8Osa-ehQLM13DVvLASaf7Jnu3sC3CWl3Gyirgded6cf"
        "MmswJzY87w",
        "e": "AQAB",
    },
    "attributes": {
        "enabled": True,
        "created": 1493942451,
        "updated": 1493942451,
        "recoveryLevel": "Recoverable+Purgeable",
    },
    "tags": {"purpose": "unit test", "test name ": "CreateGetDeleteKeyTest"},
}

# keyvault/data-plane/Microsoft.KeyVault/stable/7.4/examples/GetKeyVersions-example.json
VERSIONS: list[Json] = [
    {
        "kid": "https://myvault.vault.azure.net/keys/CreateSoftKeyTest/7c9dc6775d0e4177827c4f98f482fc12",
        "attributes": {
            "enabled": True,
            "created": 1493937851,
            "updated": 1493937851,
            "recoveryLevel": "Recoverable+Purgeable",
        },
    }
]

# keyvault/data-plane/Microsoft.KeyVault/stable/7.4/examples/GetKeyRotationPolicy-example.json
ROTATION: dict[str, Json] = {
    "id": "https://myvault.vault.azure.net/keys/key01/rotationpolicy",
    "lifetimeActions": [
        {"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}},
        {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}},
    ],
    "attributes": {"expiryTime": "P2Y", "created": 1482188947, "updated": 1482188948},
}

# keyvault/data-plane/Microsoft.KeyVault/stable/7.4/examples/GetDeletedKeys-example.json
DELETED: list[Json] = [
    {
        "recoveryId": "https://myvault.vault.azure.net/deletedkeys/listdeletedkeytest0",
        "deletedDate": 1493938031,
        "scheduledPurgeDate": 1501714031,
        "kid": "https://myvault.vault.azure.net/keys/listdeletedkeytest0",
        "attributes": {
            "enabled": True,
            "created": 1493938031,
            "updated": 1493938031,
            "recoveryLevel": "Recoverable+Purgeable",
        },
    }
]

# authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/examples/RoleAssignments_ListForScope.json
ROLE_ID = "/providers/Microsoft.Authorization/roleDefinitions/0b5fe924-9a61-425c-96af-cfe6e287ca2d"
ASSIGNMENT: dict[str, Json] = {
    "properties": {
        "roleDefinitionId": ROLE_ID,
        "principalId": "ce2ce14e-85d7-4629-bdbc-454d0519d987",
        "principalType": "User",
        "scope": f"/subscriptions/{NIL}",
    },
    "id": f"/subscriptions/{NIL}/providers/Microsoft.Authorization/roleAssignments/b0f43c54",
    "type": "Microsoft.Authorization/roleAssignments",
    "name": "b0f43c54-e787-4862-89b1-a653fa9cf747",
}

# monitor/resource-manager/Microsoft.Insights/preview/2021-05-01-preview/examples/listDiagnosticSettings.json
SETTING: dict[str, Json] = {
    "id": f"{VAULT_ID.lower()}/providers/microsoft.insights/diagnosticSettings/mysetting",
    "type": "Microsoft.Insights/diagnosticSettings",
    "name": "mysetting",
    "properties": {
        "storageAccountId": f"/subscriptions/{NIL}/resourceGroups/apps/providers/Microsoft.Storage/storageAccounts/st1",
        "eventHubAuthorizationRuleId": "",
        "workspaceId": "",
        "metrics": [{"category": "WorkflowMetrics", "enabled": True}],
        "logs": [{"categoryGroup": "allLogs", "enabled": True, "retentionPolicy": {"enabled": False, "days": 0}}],
    },
}

# hardwaresecuritymodules/resource-manager/Microsoft.HardwareSecurityModules/stable/2021-11-30/examples/
# DedicatedHsm_ListBySubscription.json
DEDICATED: dict[str, Json] = {
    "properties": {
        "stampId": "stamp01",
        "provisioningState": "Succeeded",
        "statusMessage": "DedicatedHsm device is functional.",
    },
    "id": f"/subscriptions/{NIL}/resourceGroups/hsms/providers/Microsoft.HardwareSecurityModules/dedicatedHSMs/hsm1",
    "name": "hsm1",
    "type": "Microsoft.HardwareSecurityModules/dedicatedHSMs",
    "location": "westus",
    "sku": {"name": "SafeNet Luna Network HSM A790"},
    "tags": {"Dept": "hsm", "Environment": "dogfood", "Slice": "A"},
}

# operationalinsights/resource-manager/Microsoft.OperationalInsights/stable/2022-10-01/examples/
# WorkspacesSubscriptionList.json
WORKSPACE: dict[str, Json] = {
    "properties": {
        "customerId": "bc089d7b-485c-4aff-a71e-c00f362d8d2f",
        "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "publicNetworkAccessForQuery": "Enabled",
        "publicNetworkAccessForIngestion": "Enabled",
    },
    "id": f"/subscriptions/{NIL}/resourcegroups/oi6685/providers/microsoft.operationalinsights/workspaces/a2170",
    "name": "AzTest2170",
    "type": "Microsoft.OperationalInsights/workspaces",
    "location": "australiasoutheast",
    "tags": {"tag1": "val1"},
}
