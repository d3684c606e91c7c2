"""AI accounts and hardware security modules by the real SDKs."""

from __future__ import annotations

from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.hardwaresecuritymodules import HardwareSecurityModulesMgmtClient

from scanner.demo.azure.arm_services import key_of
from scanner.demo.azure.simulator import AzureSimulator
from tests.demo.azure.composing import CLINICAL, RESEARCH, options


def accounts(azure: AzureSimulator, login: ClientSecretCredential, subscription: str) -> Any:  # noqa: ANN401
    return CognitiveServicesManagementClient(login, subscription, **options(azure))


def test_an_account_under_the_customers_key(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    with accounts(azure, login, CLINICAL) as client:
        (account,) = client.accounts.list()
        told = account.properties
        used = told.encryption.key_vault_properties
        newest = azure.layer.safes["kv-clinical"].find("openai").newest.id
        assert (account.kind, told.encryption.key_source) == ("OpenAI", "Microsoft.KeyVault")
        assert (used.key_name, used.key_vault_uri) == ("openai", "https://kv-clinical.vault.azure.net/")
        assert used.key_version == newest
        assert {one.name: one.value for one in told.capabilities}["ContentLogging"] == "false"
        assert (told.disable_local_auth, told.public_network_access) == (True, "Disabled")
        assert told.stored_completions_disabled is True
        assert told.user_owned_storage[0].resource_id.endswith("/storageAccounts/stlogs")
        assert client.accounts.get("rg-ai", "openai-clinical").id == account.id
        assert [one.name for one in client.accounts.list_by_resource_group("rg-ai")] == ["openai-clinical"]
        (deployed,) = client.deployments.list("rg-ai", "openai-clinical")
        assert deployed.properties.model.name == "gpt-4o"


def test_an_account_under_the_providers_key(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    with accounts(azure, login, RESEARCH) as client:
        (account,) = client.accounts.list()
    told = account.properties
    assert (told.encryption, told.disable_local_auth, told.stored_completions_disabled) == (None, None, None)
    assert "ContentLogging" not in {one.name for one in told.capabilities}
    assert (told.public_network_access, told.network_acls) == ("Enabled", None)


@pytest.mark.parametrize(("used", "version"), [("kv-clinical/openai", ""), ("kv-clinical/openai/abc", "abc")])
def test_which_version_is_named(azure: AzureSimulator, used: str, version: str) -> None:
    assert key_of(azure.layer.arm, used) == ("https://kv-clinical.vault.azure.net/", "openai", version)


def test_modules_of_ones_own(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    with HardwareSecurityModulesMgmtClient(login, CLINICAL, **options(azure)) as client:
        made: Any = client
        (dedicated,) = made.dedicated_hsm.list_by_subscription()
        assert (dedicated.sku.name, dedicated.properties.stamp_id) == ("SafeNet Luna Network HSM A790", "stamp1")
        assert [one.name for one in made.dedicated_hsm.list_by_resource_group("rg-hsm")] == ["luna-1"]
        (cluster,) = made.cloud_hsm_clusters.list_by_subscription()
        assert (cluster.sku.name, len(cluster.properties.hsms)) == ("Standard_B1", 3)
        assert (cluster.properties.public_network_access, cluster.properties.activation_state) == ("Disabled", "Active")
        assert [one.name for one in made.cloud_hsm_clusters.list_by_resource_group("rg-hsm")] == ["chsm-1"]


def test_a_subscription_may_have_none(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    with HardwareSecurityModulesMgmtClient(login, RESEARCH, **options(azure)) as client:
        assert list(client.dedicated_hsm.list_by_subscription()) == []
