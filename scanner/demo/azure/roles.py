"""Built-in roles of Azure and of Managed HSM, with the ids and the actions that the service gives them.

Source: learn.microsoft.com, Azure built-in roles (Security, General, Privileged), and those of Managed HSM local RBAC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A role that the service brings."""

    id: str
    about: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


_READ = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)
_VAULTS = (
    *_READ,
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
)


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(f"Microsoft.KeyVault/vaults/keys/{name}" for name in names)


def _hsm(*names: str) -> tuple[str, ...]:
    return tuple(f"Microsoft.KeyVault/managedHsm/{name}" for name in names)


BUILT_IN: Mapping[str, BuiltIn] = {
    "Owner": BuiltIn("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Full access to manage all resources.", ("*",)),
    "Contributor": BuiltIn(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Full access to manage all resources, without assigning roles.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
        ),
    ),
    "Reader": BuiltIn("acdd72a7-3385-48ef-bd42-f606fba81ae7", "View all resources.", ("*/read",)),
    "User Access Administrator": BuiltIn(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "Manage user access to Azure resources.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    "Key Vault Administrator": BuiltIn(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Perform all data plane operations on a key vault and all objects in it.",
        _VAULTS,
        data_actions=("Microsoft.KeyVault/vaults/*",),
    ),
    "Key Vault Contributor": BuiltIn(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Manage key vaults, without access to what is in them.",
        (*_READ, "Microsoft.KeyVault/*"),
        (
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    "Key Vault Crypto Officer": BuiltIn(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Perform any action on the keys of a key vault, except manage permissions.",
        _VAULTS,
        data_actions=(*_keys("*"), "Microsoft.KeyVault/vaults/keyrotationpolicies/*"),
    ),
    "Key Vault Crypto User": BuiltIn(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Perform cryptographic operations using keys.",
        data_actions=_keys(
            "read",
            "update/action",
            "backup/action",
            "encrypt/action",
            "decrypt/action",
            "wrap/action",
            "unwrap/action",
            "sign/action",
            "verify/action",
        ),
    ),
    "Key Vault Crypto Service Encryption User": BuiltIn(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Read metadata of keys and perform wrap and unwrap operations.",
        (
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ),
        data_actions=_keys("read", "wrap/action", "unwrap/action"),
    ),
    "Key Vault Reader": BuiltIn(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Read metadata of key vaults and their certificates, keys and secrets.",
        _VAULTS,
        data_actions=("Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
    ),
    "Key Vault Secrets User": BuiltIn(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Read secret contents.",
        data_actions=(
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
}
"""Roles of Azure by name."""

_WHO = _hsm(
    "roleAssignments/delete/action",
    "roleAssignments/read/action",
    "roleAssignments/write/action",
    "roleDefinitions/read/action",
    "roleDefinitions/write/action",
    "roleDefinitions/delete/action",
)

LOCAL: Mapping[str, BuiltIn] = {
    "Managed HSM Administrator": BuiltIn(
        "a290e904-7015-4bba-90c8-60543313cdb4",
        "",
        data_actions=(
            *_WHO,
            *_hsm(
                "securitydomain/download/action",
                "securitydomain/download/read",
                "securitydomain/upload/action",
                "securitydomain/upload/read",
                "securitydomain/transferkey/read",
                "backup/start/action",
                "restore/start/action",
                "backup/status/action",
                "restore/status/action",
            ),
        ),
    ),
    "Managed HSM Crypto Officer": BuiltIn(
        "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
        "",
        data_actions=(
            *_WHO,
            *_hsm(
                "keys/deletedKeys/read/action",
                "keys/deletedKeys/delete",
                "keys/deletedKeys/recover/action",
                "keys/export/action",
            ),
        ),
    ),
    "Managed HSM Crypto User": BuiltIn(
        "21dbd100-6940-42c2-9190-5d6cb909625b",
        "",
        data_actions=_hsm(
            "roleDefinitions/read/action",
            "roleAssignments/read/action",
            "keys/read/action",
            "keys/write/action",
            "keys/delete",
            "keys/create",
            "keys/rotate/action",
            "keys/import/action",
            "keys/release/action",
            "keys/backup/action",
            "keys/restore/action",
            "keys/encrypt/action",
            "keys/decrypt/action",
            "keys/wrap/action",
            "keys/unwrap/action",
            "keys/sign/action",
            "keys/verify/action",
            "keys/derive/action",
            "rng/action",
        ),
    ),
    "Managed HSM Policy Administrator": BuiltIn("4bd23610-cdcf-4971-bdee-bdc562cc28e4", "", data_actions=_WHO),
    "Managed HSM Crypto Auditor": BuiltIn(
        "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
        "",
        data_actions=_hsm(
            "roleAssignments/read/action",
            "roleDefinitions/read/action",
            "keys/read/action",
            "keys/deletedKeys/read/action",
        ),
    ),
    "Managed HSM Crypto Service Encryption User": BuiltIn(
        "33413926-3206-4cdd-b39a-83574fe37a17",
        "",
        data_actions=_hsm("keys/read/action", "keys/wrap/action", "keys/unwrap/action"),
    ),
    "Managed HSM Crypto Service Release User": BuiltIn(
        "21dbd100-6940-42c2-9190-5d6cb909625c", "", data_actions=_hsm("keys/release/action")
    ),
    "Managed HSM Backup User": BuiltIn(
        "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8",
        "",
        data_actions=_hsm("backup/start/action", "backup/status/action", "keys/backup/action"),
    ),
}
"""Roles of a managed HSM's own access control by name. The service describes none of them."""
