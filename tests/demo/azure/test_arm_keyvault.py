"""Vaults, managed HSMs and keys by the real azure-mgmt-keyvault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.keyvault import KeyVaultManagementClient

from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from tests.demo.azure.composing import (
    CLINICAL,
    KEYS,
    NOW,
    RESEARCH,
    ArmClient,
    composed,
    credential,
    options,
    told,
)

VAULTS = f"/subscriptions/{RESEARCH}/providers/Microsoft.KeyVault/vaults"


@pytest.fixture
def clinical(azure: AzureSimulator, login: ClientSecretCredential) -> Iterator[KeyVaultManagementClient]:
    with KeyVaultManagementClient(login, CLINICAL, **options(azure)) as client:
        yield client


@pytest.fixture
def research(azure: AzureSimulator, login: ClientSecretCredential) -> Iterator[KeyVaultManagementClient]:
    with KeyVaultManagementClient(login, RESEARCH, **options(azure)) as client:
        yield client


def properties(vault: Any) -> Any:  # noqa: ANN401 - models of the SDK
    return vault.properties


def test_the_good_vault(clinical: KeyVaultManagementClient) -> None:
    (listed,) = clinical.vaults.list_by_subscription()
    vault = properties(clinical.vaults.get("rg-keys", "kv-clinical"))
    assert listed.id == f"{KEYS}/vaults/kv-clinical"
    assert (vault.sku.name, vault.enable_rbac_authorization, vault.enable_purge_protection) == ("premium", True, True)
    assert (vault.public_network_access, vault.network_acls.default_action) == ("Disabled", "Deny")
    assert (vault.soft_delete_retention_in_days, vault.vault_uri) == (90, "https://kv-clinical.vault.azure.net/")
    states = [one.private_link_service_connection_state.status for one in vault.private_endpoint_connections]
    assert states == ["Approved", "Pending"]


def test_the_bad_vault(research: KeyVaultManagementClient, azure: AzureSimulator, arm: ArmClient) -> None:
    names = [one.name for one in research.vaults.list_by_subscription()]
    assert names == ["kv-legacy", "kv-sealed", "kv-walled"]
    assert names == [one.name for one in research.vaults.list_by_resource_group("rg-research")]
    vault = properties(research.vaults.get("rg-research", "kv-legacy"))
    assert (vault.enable_rbac_authorization, vault.enable_purge_protection, vault.network_acls) == (None, None, None)
    (bad,) = [one for one in arm.every(VAULTS) if one["name"] == "kv-legacy"]
    first = bad["properties"]["accessPolicies"][0]
    assert first["objectId"] == azure.layer.world.principal("contractor").id
    assert first["permissions"]["keys"] == ["get", "list", "unwrapKey", "wrapKey", "purge", "delete"]


def test_deleted_vaults(research: KeyVaultManagementClient, clinical: KeyVaultManagementClient) -> None:
    (deleted,) = research.vaults.list_deleted()
    told = properties(deleted)
    assert (deleted.name, told.purge_protection_enabled) == ("kv-gone", True)
    assert (told.scheduled_purge_date - told.deletion_date).days == 90
    assert list(clinical.vaults.list_deleted()) == []


def test_managed_hsms(clinical: KeyVaultManagementClient, azure: AzureSimulator) -> None:
    (listed,) = clinical.managed_hsms.list_by_subscription()
    hsm: Any = clinical.managed_hsms.get("rg-keys", "hsm-clinical")
    assert (listed.id, hsm.sku.name, hsm.sku.family) == (f"{KEYS}/managedHSMs/hsm-clinical", "Standard_B1", "B")
    assert hsm.properties.hsm_uri == "https://hsm-clinical.managedhsm.azure.net/"
    assert hsm.properties.initial_admin_object_ids == [azure.layer.world.principal("key-admins").id]
    assert [one.name for one in clinical.managed_hsms.list_by_resource_group("rg-keys")] == ["hsm-clinical"]
    assert list(clinical.managed_hsms.list_deleted()) == []


def test_keys_as_resource_manager_sees_them(clinical: KeyVaultManagementClient) -> None:
    names = [one.name for one in clinical.keys.list("rg-keys", "kv-clinical")]
    assert names == ["envelope", "openai", "consent", "keyaudit-canary"]
    key = clinical.keys.get("rg-keys", "kv-clinical", "envelope")
    assert (key.kty, key.key_size, key.key_ops) == ("RSA-HSM", 2048, ["wrapKey", "unwrapKey"])
    assert key.attributes is not None
    assert key.rotation_policy is not None
    assert key.attributes.recovery_level == "Recoverable"
    assert [one.action.type for one in key.rotation_policy.lifetime_actions or [] if one.action] == ["rotate", "notify"]
    assert clinical.keys.get("rg-keys", "kv-clinical", "consent").curve_name == "P-256"
    versions = list(clinical.keys.list_versions("rg-keys", "kv-clinical", "envelope"))
    assert len(versions) == 4
    one = clinical.keys.get_version("rg-keys", "kv-clinical", "envelope", str(versions[0].name))
    assert str(one.key_uri_with_version).endswith(f"kv-clinical.vault.azure.net:443/keys/envelope/{versions[0].name}")


def test_keys_of_a_managed_hsm(clinical: KeyVaultManagementClient) -> None:
    names = [one.name for one in clinical.managed_hsm_keys.list("rg-keys", "hsm-clinical")]
    assert names == ["root", "keyaudit-canary", "small"]
    key = clinical.managed_hsm_keys.get("rg-keys", "hsm-clinical", "root")
    assert (key.kty, key.key_size) == ("oct-HSM", 256)


def test_secrets_have_attributes_and_no_value(research: KeyVaultManagementClient, arm: ArmClient) -> None:
    (secret,) = research.secrets.list("rg-research", "kv-legacy")
    assert secret.properties.attributes is not None
    assert (secret.properties.attributes.enabled, secret.properties.attributes.expires) == (True, None)
    told = arm.every(f"{KEYS}/vaults/kv-clinical/secrets")
    assert ["exp" in one["properties"]["attributes"] for one in told] == [True, False]
    assert not [one for one in told if "value" in one["properties"]]


def test_private_endpoint_connections(arm: ArmClient) -> None:
    assert len(arm.every(f"{KEYS}/vaults/kv-clinical/privateEndpointConnections")) == 2
    assert len(arm.every(f"{KEYS}/managedHSMs/hsm-clinical/privateEndpointConnections")) == 1


def test_a_vault_may_tell_a_uri_that_is_not_its_own_and_be_purged_at_once() -> None:
    elsewhere = "https://kv-odd.vault.azure.net.example.com/"
    odd = {"name": "kv-odd", "subscription": "research", "group": "rg", "uri": elsewhere}
    gone = {**odd, "name": "kv-fleeting", "uri": "", "deleted_days_ago": 1, "purge_protection": False}
    world = composed(vaults=[*told()["vaults"], odd, gone])
    with azure_simulator(world, NOW) as azure, ArmClient(azure, credential(azure)) as arm:
        uris = {one["name"]: one["properties"]["vaultUri"] for one in arm.every(VAULTS)}
        deleted = {one["name"]: one["properties"] for one in arm.every(VAULTS.replace("vaults", "deletedVaults"))}
    assert uris["kv-odd"] == elsewhere
    assert [one.get("purgeProtectionEnabled") for one in deleted.values()] == [True, None]
