"""What answers a request: who may ask, what goes wrong on purpose, and what is kept of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
)
from azure.identity import ClientSecretCredential
from azure.mgmt.keyvault import KeyVaultManagementClient

from scanner.demo.aws.faults import Fault
from scanner.demo.azure.entra import STRANGER
from scanner.demo.azure.layer import Layer, operations
from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from scanner.demo.azure.wire import Request
from scanner.demo.azure.world import AzureWorld
from tests.demo.azure.composing import (
    CLINICAL,
    HSM,
    KEYS,
    LEGACY,
    NOW,
    RESEARCH,
    SEALED,
    VAULTS,
    WALLED,
    ArmClient,
    composed,
    credential,
    keys,
    options,
    refusal,
)

ROLE = "providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"


def ask(azure: AzureSimulator, login: ClientSecretCredential, url: str) -> list[str]:
    """Return the names of the keys of a data plane."""
    with keys(azure, login, url) as client:
        return [one.name or "" for one in client.list_properties_of_keys()]


def inner(error: HttpResponseError) -> str:
    return str(refusal(error)["innererror"]["code"])


@pytest.mark.parametrize(("url", "code"), [(SEALED, "ForbiddenByRbac"), (WALLED, "ForbiddenByFirewall")])
def test_what_the_world_lets_nobody_read(
    azure: AzureSimulator, login: ClientSecretCredential, url: str, code: str
) -> None:
    with pytest.raises(HttpResponseError) as error:
        ask(azure, login, url)
    assert (error.value.status_code, inner(error.value)) == (403, code)


def test_what_is_denied_of_one_vault_is_not_of_another(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    assert "batch" in ask(azure, login, LEGACY)


@pytest.mark.parametrize(
    ("url", "code"), [(LEGACY, "AccessDenied"), (SEALED, "ForbiddenByRbac"), (HSM, "ForbiddenByRbac")]
)
def test_a_stranger_may_not_do_anything(azure: AzureSimulator, url: str, code: str) -> None:
    stranger = credential(azure, STRANGER)
    with pytest.raises(HttpResponseError) as error:
        ask(azure, stranger, url)
    assert inner(error.value) == code
    with ArmClient(azure, stranger) as client:
        response = client.send(VAULTS)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert "'Microsoft.KeyVault/vaults/read' over scope" in response.json()["error"]["message"]


def test_a_vault_that_is_not_there_has_no_address(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    for host in ("kv-none.vault.azure.net", "kv-gone.vault.azure.net"):
        with pytest.raises(ServiceRequestError, match="403"):
            ask(azure, login, f"https://{host}")
        assert f"{host}:443" in azure.refused


def test_what_was_asked_is_kept(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    before = len(azure.requests)
    ask(azure, login, LEGACY)
    told = [(one.operation, one.method, one.status) for one in azure.requests[before:]]
    assert told[-2:] == [("keyvault:GetKeys", "GET", 200)] * 2  # both pages


def test_who_has_no_token_is_challenged(world: AzureWorld) -> None:
    layer = Layer(world, NOW)
    for host in ("management.azure.com", "kv-legacy.vault.azure.net"):
        answer = layer.answer(Request.parse("GET", host, layer.plane(host) or "login", "/keys", {}, b""))
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization")
    assert [one.status for one in layer.requests] == [401, 401]


def test_every_operation_has_the_name_of_its_description() -> None:
    assert len(operations()) > 50
    assert all(re.fullmatch(r"[a-z]+:[A-Za-z_]+", one) for one in operations())


def test_every_listing_of_the_reference_world_answers(azure: AzureSimulator, arm: ArmClient) -> None:
    providers = [
        "Microsoft.KeyVault/vaults",
        "Microsoft.KeyVault/managedHSMs",
        "Microsoft.KeyVault/deletedVaults",
        "Microsoft.KeyVault/deletedManagedHSMs",
        "Microsoft.CognitiveServices/accounts",
        "Microsoft.HardwareSecurityModules/dedicatedHSMs",
        "Microsoft.HardwareSecurityModules/cloudHsmClusters",
        "Microsoft.OperationalInsights/workspaces",
        "Microsoft.Storage/storageAccounts",
    ]
    counts = [len(arm.every(f"/subscriptions/{CLINICAL}/providers/{one}")) for one in providers]
    assert counts == [1, 1, 0, 0, 1, 1, 1, 1, 0]


def members(told: object, before: str = "") -> set[str]:
    """Return the members of an answer, those of members after a dot."""
    if isinstance(told, list):
        return {name for one in told for name in members(one, before)}
    if not isinstance(told, dict):
        return set()
    inner = {name for key, value in told.items() for name in members(value, f"{before}{key}.")}
    return {f"{before}{key}" for key in told} | inner


PUBLISHED = {
    "Microsoft.KeyVault/managedHSMs": "id name type location tags sku.name sku.family properties.enablePurgeProtection "
    "properties.enableSoftDelete properties.hsmUri properties.initialAdminObjectIds properties.provisioningState "
    "properties.softDeleteRetentionInDays properties.statusMessage properties.tenantId",
    "Microsoft.HardwareSecurityModules/dedicatedHSMs": "id name type location tags sku.name properties.stampId "
    "properties.networkProfile.networkInterfaces.privateIpAddress "
    "properties.networkProfile.networkInterfaces.resourceId properties.networkProfile.subnet.resourceId "
    "properties.provisioningState properties.statusMessage",
    "Microsoft.HardwareSecurityModules/cloudHsmClusters": "id name type location tags sku.name sku.family "
    "systemData.createdAt systemData.lastModifiedByType properties.activationState properties.hsms "
    "properties.autoGeneratedDomainNameLabelScope properties.privateEndpointConnections properties.provisioningState "
    "properties.publicNetworkAccess properties.statusMessage",
}
"""Members of the examples in azure-rest-api-specs: ManagedHsm_ListBySubscription 2026-03-01-preview,
DedicatedHsm_ListBySubscription and CloudHsmCluster_ListBySubscription 2025-03-31."""


@pytest.mark.parametrize("provider", PUBLISHED)
def test_answers_have_the_members_of_the_published_examples(arm: ArmClient, provider: str) -> None:
    told = members(arm.every(f"/subscriptions/{CLINICAL}/providers/{provider}"))
    assert set(PUBLISHED[provider].split()) <= told


def test_keys_have_the_members_of_the_published_example(arm: ArmClient) -> None:
    """Of listKeys 2026-03-01-preview."""
    published = "id name type location properties.keyUri properties.attributes.created properties.attributes.enabled "
    published += "properties.attributes.recoveryLevel properties.attributes.updated"
    assert set(published.split()) <= members(arm.every(f"{KEYS}/vaults/kv-clinical/keys"))


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("deny", "keyvault:Vaults_ListBySubscription"), 403, "AuthorizationFailed"),
        (Fault("deny", "keyvault:*", account=CLINICAL), 403, "AuthorizationFailed"),
        (Fault("throttle"), 429, "TooManyRequests"),
        (Fault("error"), 500, "InternalServerError"),
        (Fault("unsupported"), 400, "NoRegisteredProviderFound"),
        (Fault("expired"), 401, "ExpiredAuthenticationToken"),
    ],
)
def test_resource_manager_refuses_on_purpose(
    azure: AzureSimulator, arm: ArmClient, fault: Fault, status: int, code: str
) -> None:
    azure.faults.add(fault)
    response = arm.send(VAULTS)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("deny", "keyvault:Keys_List"),
        Fault("deny", account=RESEARCH),
        Fault("deny", subject="kv-legacy"),
        Fault("deny", region="westus3"),
        Fault("stale_page"),
        Fault("hang"),
    ],
)
def test_what_a_fault_is_not_about_is_answered(azure: AzureSimulator, arm: ArmClient, fault: Fault) -> None:
    azure.faults.add(fault)
    assert arm.send(VAULTS).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("deny", region="westus3"), 403, "Forbidden"),
        (Fault("throttle", "keyvault:GetKeys"), 429, "Throttled"),
        (Fault("unsupported"), 400, "BadParameter"),
        (Fault("stale_page"), 400, "BadParameter"),
        (Fault("expired"), 401, "Unauthorized"),
    ],
)
def test_a_data_plane_refuses_on_purpose(
    azure: AzureSimulator, login: ClientSecretCredential, fault: Fault, status: int, code: str
) -> None:
    azure.faults.add(fault)
    with pytest.raises(HttpResponseError) as error:
        ask(azure, login, LEGACY)
    assert (error.value.status_code, refusal(error.value)["code"]) == (status, code)


def test_who_is_throttled_may_ask_again(azure: AzureSimulator, arm: ArmClient) -> None:
    azure.faults.add(Fault("throttle", times=2, seconds=7))
    told = [arm.send(VAULTS) for _ in range(3)]
    assert [one.status_code for one in told] == [429, 429, 200]
    assert told[0].headers["Retry-After"] == "7"


def test_garbage_and_half_an_answer(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    with KeyVaultManagementClient(login, CLINICAL, **options(azure)) as client:
        azure.faults.add(Fault("malformed", times=1))
        with pytest.raises(DecodeError):
            list(client.vaults.list_by_subscription())
        azure.faults.add(Fault("disconnect", times=1))
        with pytest.raises((IncompleteReadError, HttpResponseError)):
            list(client.vaults.list_by_subscription())
        assert [one.name for one in client.vaults.list_by_subscription()] == ["kv-clinical"]


def test_answers_of_the_wrong_shape(azure: AzureSimulator, arm: ArmClient) -> None:
    azure.faults.add(Fault("wrong_types", times=1))
    assert arm.get(VAULTS) == {"value": "surprise"}
    azure.faults.add(Fault("endless"))
    assert arm.get(VAULTS)["nextLink"].startswith("https://management.azure.com/subscriptions/")


@pytest.mark.parametrize("fault", [Fault("deny", "login:token"), Fault("throttle", "login:token")])
def test_the_login_refuses_on_purpose(azure: AzureSimulator, fault: Fault) -> None:
    azure.faults.add(fault)
    with pytest.raises(ClientAuthenticationError):
        credential(azure).get_token("https://management.azure.com/.default")


def test_what_the_world_denies_stays_denied(azure: AzureSimulator, arm: ArmClient) -> None:
    azure.faults.add(Fault("deny"))
    azure.mend()
    assert arm.send(VAULTS).status_code == 200
    assert arm.send(f"/subscriptions/{RESEARCH}/{ROLE}", "2022-04-01").status_code == 403
    everywhere = composed(denied=[{"operation": "subscriptions:Subscriptions_List", "defect": "d"}])
    layer = Layer(everywhere, NOW)
    fault = layer.faults.hit("subscriptions:Subscriptions_List", "", "", "")
    assert fault is not None
    assert fault.kind == "deny"


@pytest.mark.parametrize(
    ("cloud", "host", "plane"),
    [
        ("public", "management.azure.com", "arm"),
        ("public", "management.usgovcloudapi.net", None),
        ("usgovernment", "management.usgovcloudapi.net", "arm"),
        ("usgovernment", "kv-clinical.vault.usgovcloudapi.net", "vault"),
        ("usgovernment", "kv-clinical.vault.azure.net", None),
        ("china", "hsm-clinical.managedhsm.azure.cn", "hsm"),
        ("china", "login.microsoftonline.com", "login"),
        ("public", "example.com", None),
    ],
)
def test_which_hosts_are_there(cloud: str, host: str, plane: str | None) -> None:
    assert Layer(composed(cloud=cloud), NOW).plane(host) == plane


def test_a_sovereign_cloud_answers_under_its_own_names(login: ClientSecretCredential) -> None:
    with azure_simulator(composed(cloud="usgovernment"), NOW) as azure:
        own = credential(azure, authority="login.microsoftonline.us")
        with ArmClient(azure, own, "https://management.usgovcloudapi.net") as client:
            (vault,) = client.every(VAULTS)
        assert vault["properties"]["vaultUri"] == "https://kv-clinical.vault.usgovcloudapi.net/"
        assert "envelope" in ask(azure, own, "https://kv-clinical.vault.usgovcloudapi.net")


def test_a_request_that_is_no_operation_keeps_no_name(world: AzureWorld, tmp_path: Path) -> None:
    layer = Layer(world, NOW)
    request = Request.parse("GET", "login.microsoftonline.com", "login", "/nowhere", {}, b"")
    assert layer.answer(request).status == 404
    assert [one.operation for one in layer.requests] == [""]
