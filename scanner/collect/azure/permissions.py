"""The least-privilege custom role, from the same declarations that the transport enforces."""

from __future__ import annotations

import json
from collections.abc import Iterable

from scanner.collect.azure.vault import DATA, LOCAL
from scanner.model.operation import Operation

DESCRIPTION = (
    "Read-only audit of cryptographic keys. Vaults that still use access policies give the data actions by a policy of "
    "their own (keys: list, get, getrotationpolicy), and a managed HSM by a local role"
)


def custom_role(operations: Iterable[Operation]) -> str:
    """Return a custom role (JSON, as `az role definition create` takes it) for the operations and nothing else.

    The reader narrows the scope. What a managed HSM must give by a role of its own (`az keyvault role assignment
    create`), no custom role of Azure can; the description lists it.
    """
    permissions = sorted({p for operation in operations for p in operation.permissions})
    local = [one.removeprefix(LOCAL) for one in permissions if one.startswith(LOCAL)]
    role = {
        "Name": "keyaudit",
        "IsCustom": True,
        "Description": f"{DESCRIPTION}: {', '.join(local)}." if local else f"{DESCRIPTION}.",
        "Actions": [one for one in permissions if not one.startswith((DATA, LOCAL))],
        "NotActions": [],
        "DataActions": [one.removeprefix(DATA) for one in permissions if one.startswith(DATA)],
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION-ID"],
    }
    return json.dumps(role, indent=2) + "\n"
