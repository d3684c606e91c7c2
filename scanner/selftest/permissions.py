"""The least rights of self-tests at each provider: for the keys that the estate names, and for no other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from scanner.model.ids import Json
from scanner.model.operation import Operation

KEYS = "arn:aws:kms:REGION:ACCOUNT:key/KEY-THAT-THE-ESTATE-NAMES-UNDER-SELFTEST"
"""To be replaced by the reader: this program does not know the keys before it asks for them."""
CANARIES = "arn:aws:kms:REGION:ACCOUNT:key/CANARY"
OBJECTS = ["arn:aws:s3:::BUCKET-OF-MADE-UP-OBJECTS", "arn:aws:s3:::BUCKET-OF-MADE-UP-OBJECTS/PREFIX*"]
CHANGES = frozenset(
    {"kms:RotateKeyOnDemand", "kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"}
)
"""Only canaries suffer these; the transport holds to it."""

_VAULT, _HSM = "Microsoft.KeyVault/vaults/keys", "Microsoft.KeyVault/managedHsm/keys"
_GCP = "cloudkms.cryptoKeyVersions"
Rights = Mapping[str, tuple[str, ...]]
VAULT: Rights = {
    "kms:DescribeKey": (f"{_VAULT}/read",),
    "kms:GenerateDataKey": (f"{_VAULT}/wrap/action",),
    "kms:Encrypt": (f"{_VAULT}/wrap/action",),
    "kms:Decrypt": (f"{_VAULT}/unwrap/action",),
    "kms:RotateKeyOnDemand": (f"{_VAULT}/rotate/action",),
    "kms:DisableKey": (f"{_VAULT}/update/action",),
    "kms:EnableKey": (f"{_VAULT}/update/action",),
    "kms:ScheduleKeyDeletion": (f"{_VAULT}/delete",),
    "kms:CancelKeyDeletion": (f"{_VAULT}/recover/action",),
}
"""Action of AWS to the data actions of Azure RBAC that do the same on a key of a vault."""
HSM: Rights = {
    "kms:DescribeKey": (f"{_HSM}/read/action",),
    "kms:GenerateDataKey": (f"{_HSM}/wrap/action",),
    "kms:Encrypt": (f"{_HSM}/wrap/action",),
    "kms:Decrypt": (f"{_HSM}/unwrap/action",),
    "kms:RotateKeyOnDemand": (f"{_HSM}/rotate/action",),
    "kms:DisableKey": (f"{_HSM}/write/action",),
    "kms:EnableKey": (f"{_HSM}/write/action",),
    "kms:ScheduleKeyDeletion": (f"{_HSM}/delete", f"{_HSM}/deletedKeys/read/action"),
    "kms:CancelKeyDeletion": (f"{_HSM}/deletedKeys/recover/action",),
}
"""The same for the local access control of a managed HSM."""
GCP: Rights = {
    "kms:DescribeKey": ("cloudkms.cryptoKeys.get",),
    "kms:GenerateDataKey": (f"{_GCP}.useToEncrypt",),
    "kms:Encrypt": (f"{_GCP}.useToEncrypt",),
    "kms:Decrypt": (f"{_GCP}.useToDecrypt",),
    "kms:RotateKeyOnDemand": (f"{_GCP}.create", f"{_GCP}.get", "cloudkms.cryptoKeys.update"),
    "kms:DisableKey": (f"{_GCP}.update",),
    "kms:EnableKey": (f"{_GCP}.update",),
    "kms:ScheduleKeyDeletion": (f"{_GCP}.destroy",),
    "kms:CancelKeyDeletion": (f"{_GCP}.restore",),
}
"""The same for IAM of Google Cloud."""
PLACE = (
    "Microsoft.KeyVault/managedHSMs/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.Resources/subscriptions/read",
)
"""Actions by which Azure tells where a vault is. Without them its keys go by their address, not by their ARM id."""
_ABOUT = {
    "Use": "Self-tests of keyaudit. Assign it on every key that the estate names under `selftest:`, and on no other.",
    "Change": "Self-tests of keyaudit. Assign it on canaries alone, which exist for nothing else.",
    "Find": "Self-tests of keyaudit: where a vault is. Assign it on the vault.",
}


def policies(operations: Iterable[Operation]) -> str:
    """Return what allows the self-tests and nothing else, as JSON: an object with the documents of each provider.

    ``aws`` is an IAM policy, ``azure`` has custom roles (as ``az role definition create`` takes them) and local ones of
    a managed HSM (``az keyvault role definition create``), ``gcp`` custom roles (``gcloud iam roles create --file``).
    """
    chosen = tuple(operations)
    actions = {action for operation in chosen for action in operation.permissions}
    aws: dict[str, Json] = json.loads(iam_policy(chosen))
    told: dict[str, Json] = {"aws": aws} if aws["Statement"] else {}
    vault, hsm, gcp = _parts(actions, VAULT), _parts(actions, HSM), _parts(actions, GCP)
    if vault:
        find = [_role("Find", actions=PLACE)]
        told["azure"] = {
            "roles": [*(_role(name, data=rights) for name, rights in vault.items()), *find],
            "managed_hsm_roles": [_local(name, rights) for name, rights in hsm.items()],
        }
        told["gcp"] = {"roles": [_google(name, rights) for name, rights in gcp.items()]}
    return json.dumps(told, indent=2) + "\n"


def _parts(actions: Iterable[str], rights: Rights) -> dict[str, list[str]]:
    """Return what some actions of AWS are called elsewhere, that which changes a key apart."""
    chosen = set(actions) & set(rights)
    parts = (("Use", chosen - CHANGES), ("Change", chosen & CHANGES))
    return {name: sorted({right for one in part for right in rights[one]}) for name, part in parts if part}


def _role(name: str, *, actions: Iterable[str] = (), data: Iterable[str] = ()) -> dict[str, Json]:
    return {
        "Name": f"keyaudit self-tests: {name.lower()}",
        "IsCustom": True,
        "Description": _ABOUT[name],
        "Actions": list(actions),
        "NotActions": [],
        "DataActions": list(data),
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION-ID"],
    }


def _local(name: str, rights: Iterable[str]) -> dict[str, Json]:
    return {
        "roleName": f"keyaudit self-tests: {name.lower()}",
        "description": _ABOUT[name],
        "actions": [],
        "notActions": [],
        "dataActions": list(rights),
        "notDataActions": [],
    }


def _google(name: str, rights: Iterable[str]) -> dict[str, Json]:
    return {
        "title": f"keyaudit self-tests: {name.lower()}",
        "description": _ABOUT[name],
        "stage": "GA",
        "includedPermissions": list(rights),
    }


def iam_policy(operations: Iterable[Operation]) -> str:
    """Return an IAM policy document (JSON) that allows the self-tests on AWS and nothing else.

    Never with ``*`` for a key: who may disable or use any key is what the audit looks for.
    """
    actions = {action for operation in operations for action in operation.permissions}
    keys = {action for action in actions if action.startswith("kms:")}
    objects = {action for action in actions if action.startswith("s3:")}
    parts = (
        ("KeyauditSelftestUse", keys - CHANGES, KEYS),
        ("KeyauditSelftestChange", keys & CHANGES, CANARIES),
        ("KeyauditSelftestObjects", objects, OBJECTS),
        ("KeyauditSelftestAudit", actions - keys - objects, "*"),
    )
    statements = [
        {"Sid": name, "Effect": "Allow", "Action": sorted(allowed), "Resource": resource}
        for name, allowed, resource in parts
        if allowed
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"
