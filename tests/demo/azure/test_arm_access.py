"""Role assignments and definitions by the real azure-mgmt-authorization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient

from scanner.demo.azure.simulator import AzureSimulator
from tests.demo.azure.composing import CLINICAL, KEYS, RESEARCH, ArmClient, options

VAULT = f"{KEYS}/vaults/kv-clinical"
SUBSCRIPTION = f"/subscriptions/{CLINICAL}"


@pytest.fixture
def access(azure: AzureSimulator, login: ClientSecretCredential) -> Iterator[Any]:
    with AuthorizationManagementClient(login, CLINICAL, **options(azure)) as client:
        yield client


def names(client: Any, found: Any) -> list[str]:  # noqa: ANN401 - of the SDK
    """Return the names of the roles that are assigned."""
    return [client.role_definitions.get_by_id(one.role_definition_id).role_name for one in found]


@pytest.mark.parametrize(
    ("scope", "told", "roles"),
    [
        (
            VAULT,
            "atScope()",
            ["Reader", "Owner", "Key Vault Crypto Officer", "Key rotation operator"],
        ),
        (
            VAULT,
            None,
            [
                "Reader",
                "Owner",
                "Key Vault Crypto Officer",
                "Key Vault Crypto User",
                "Key Vault Crypto Service Encryption User",
                "Key rotation operator",
            ],
        ),
        (
            f"{VAULT}/keys/envelope",
            "atScope()",
            ["Reader", "Owner", "Key Vault Crypto Officer", "Key Vault Crypto User", "Key rotation operator"],
        ),
        (SUBSCRIPTION, "atScope()", ["Reader", "Owner"]),
    ],
)
def test_inherited_assignments_are_listed(access: Any, scope: str, told: str | None, roles: list[str]) -> None:  # noqa: ANN401
    assert names(access, access.role_assignments.list_for_scope(scope, filter=told)) == roles


def test_a_scope_is_told_of_each(access: Any, azure: AzureSimulator) -> None:  # noqa: ANN401
    found = {one.scope: one for one in access.role_assignments.list_for_scope(VAULT)}
    assert f"/providers/Microsoft.Management/managementGroups/{azure.layer.world.tenant}" in found
    assert found[f"{SUBSCRIPTION}/resourceGroups/rg-keys"].principal_type == "Group"
    assert found[f"{VAULT}/keys/envelope"].principal_id == azure.layer.world.principal("voice-app").id


@pytest.mark.parametrize("told", ["principalId eq '{}'", "atScope() and assignedTo('{}')"])
def test_assignments_of_one_principal(access: Any, azure: AzureSimulator, told: str) -> None:  # noqa: ANN401
    who = azure.layer.world.principal("key-admins").id
    found = names(access, access.role_assignments.list_for_scope(VAULT, filter=told.format(who)))
    assert found == ["Key Vault Crypto Officer", "Key rotation operator"]


def test_a_filter_that_is_not_known_is_refused(access: Any) -> None:  # noqa: ANN401
    with pytest.raises(HttpResponseError, match="UnsupportedQuery"):
        list(access.role_assignments.list_for_scope(VAULT, filter="everything"))


def test_roles_tell_what_they_allow(access: Any) -> None:  # noqa: ANN401
    (custom,) = access.role_definitions.list(SUBSCRIPTION, filter="type eq 'CustomRole'")
    assert (custom.role_type, custom.permissions[0].data_actions) == (
        "CustomRole",
        ["Microsoft.KeyVault/vaults/keys/*"],
    )
    assert custom.permissions[0].not_data_actions == ["Microsoft.KeyVault/vaults/keys/purge/action"]
    (owner,) = access.role_definitions.list(SUBSCRIPTION, filter="roleName eq 'Owner'")
    assert (owner.role_type, owner.permissions[0].actions) == ("BuiltInRole", ["*"])
    every = list(access.role_definitions.list(SUBSCRIPTION))
    assert len({one.name for one in every}) == len(every) == 12


def test_a_role_that_is_not_there(arm: ArmClient) -> None:
    path = "/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-000000000000"
    response = arm.send(path, "2022-04-01")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "RoleDefinitionDoesNotExist")


def test_a_role_that_may_not_be_read(arm: ArmClient) -> None:
    reader = "providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert arm.send(f"/subscriptions/{RESEARCH}/{reader}", "2022-04-01").status_code == 403
    assert arm.send(f"/subscriptions/{CLINICAL}/{reader}", "2022-04-01").status_code == 200
