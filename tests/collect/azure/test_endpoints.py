"""Every request that may leave, and none other: by path, by address of the next page, and as the real SDKs build it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.keyvault.keys._generated._operations import _operations as data_plane
from azure.mgmt.authorization.v2022_04_01.operations import _role_assignments_operations as assignments
from azure.mgmt.cognitiveservices.operations import _accounts_operations as cognitive
from azure.mgmt.hardwaresecuritymodules.operations import _operations as hsms
from azure.mgmt.keyvault.operations import _operations as keyvault

from scanner.collect.azure import services
from scanner.collect.azure.accounts import TOKEN
from scanner.collect.azure.clouds import CLOUDS
from scanner.collect.azure.endpoints import ENDPOINTS, BadRequestError, declared
from scanner.model.ids import Json

PUBLIC = CLOUDS["public"]
SUBSCRIPTION = "0a2e0000-c111-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-keys/providers"
VAULT_ID, HSM_ID = f"{GROUP}/Microsoft.KeyVault/vaults/kv", f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm"
PARAMS: dict[str, Json] = {
    "subscription": SUBSCRIPTION,
    "vault_id": VAULT_ID,
    "hsm_id": HSM_ID,
    "holder_id": VAULT_ID,
    "workspace_id": f"{GROUP}/microsoft.operationalinsights/workspaces/logs",
    "storage_id": f"{GROUP}/Microsoft.Storage/storageAccounts/st",
    "role_id": "/providers/Microsoft.Authorization/roleDefinitions/00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "vault": "https://kv.vault.azure.net/",
    "key": "envelope",
    "version": "78deebed173b48e48f55abf87ed4cf71",
}
ALL = frozenset(ENDPOINTS)


def test_every_declared_operation_has_one_request() -> None:
    assert {op.name for op in services.operations()} - {TOKEN} == set(ENDPOINTS)


@pytest.mark.parametrize("operation", sorted(ENDPOINTS))
def test_a_request_is_recognized_as_itself_and_only_as_a_get(operation: str) -> None:
    url = ENDPOINTS[operation].url(PUBLIC, PARAMS)
    assert declared("GET", url, PUBLIC, frozenset({operation}))
    assert not any(declared(method, url, PUBLIC, ALL) for method in ("PUT", "POST", "DELETE", "PATCH", "HEAD", "get"))
    assert not declared("GET", url, PUBLIC, frozenset())
    assert not declared("GET", url, CLOUDS["china"], ALL)


SDK: list[tuple[str, ModuleType, str, tuple[str, ...]]] = [
    ("keyvault:Vaults_ListBySubscription", keyvault, "vaults_list_by_subscription", (SUBSCRIPTION,)),
    ("keyvault:ManagedHsms_ListBySubscription", keyvault, "managed_hsms_list_by_subscription", (SUBSCRIPTION,)),
    ("keyvault:Vaults_Get", keyvault, "vaults_get", ("rg-keys", "kv", SUBSCRIPTION)),
    ("keyvault:ManagedHsms_Get", keyvault, "managed_hsms_get", ("rg-keys", "hsm", SUBSCRIPTION)),
    ("keyvault:Secrets_List", keyvault, "secrets_list", ("rg-keys", "kv", SUBSCRIPTION)),
    ("keyvault:Keys_List", keyvault, "keys_list", ("rg-keys", "kv", SUBSCRIPTION)),
    ("keyvault:ManagedHsmKeys_List", keyvault, "managed_hsm_keys_list", ("rg-keys", "hsm", SUBSCRIPTION)),
    ("keyvault:ManagedHsmKeys_Get", keyvault, "managed_hsm_keys_get", ("rg-keys", "hsm", "envelope", SUBSCRIPTION)),
    ("cognitiveservices:Accounts_List", cognitive, "list", (SUBSCRIPTION,)),
    ("hsm:DedicatedHsm_ListBySubscription", hsms, "dedicated_hsm_list_by_subscription", (SUBSCRIPTION,)),
    ("hsm:CloudHsmClusters_ListBySubscription", hsms, "cloud_hsm_clusters_list_by_subscription", (SUBSCRIPTION,)),
    ("authorization:RoleAssignments_ListForScope", assignments, "list_for_scope", (VAULT_ID.removeprefix("/"),)),
    ("keyvault:GetKeys", data_plane, "key_vault_get_keys", ()),
    ("keyvault:GetKey", data_plane, "key_vault_get_key", ("envelope", "")),
    ("keyvault:GetKeyVersions", data_plane, "key_vault_get_key_versions", ("envelope",)),
    ("keyvault:GetKeyRotationPolicy", data_plane, "key_vault_get_key_rotation_policy", ("envelope",)),
    ("keyvault:GetKeyAttestation", data_plane, "key_vault_get_key_attestation", ("envelope", str(PARAMS["version"]))),
    ("keyvault:GetDeletedKeys", data_plane, "key_vault_get_deleted_keys", ()),
]


def _built(module: ModuleType, name: str, values: tuple[str, ...]) -> Any:  # noqa: ANN401 - an HttpRequest of the SDK
    build = getattr(module, f"build_{name}_request")
    names = [
        one for one, spec in inspect.signature(build).parameters.items() if spec.kind is spec.POSITIONAL_OR_KEYWORD
    ]
    return build(**dict(zip(names, values, strict=True)))


@pytest.mark.parametrize(("operation", "module", "name", "values"), SDK, ids=[case[0] for case in SDK])
def test_the_real_sdk_builds_the_same_request(
    operation: str, module: ModuleType, name: str, values: tuple[str, ...]
) -> None:
    theirs = _built(module, name, values)
    ours = urlsplit(ENDPOINTS[operation].url(PUBLIC, PARAMS))
    asked = urlsplit(theirs.url)
    assert theirs.method == "GET"
    assert asked.path.rstrip("/").lower() == ours.path.lower()
    assert parse_qs(asked.query)["api-version"] == parse_qs(ours.query)["api-version"]


def _changing() -> Iterator[tuple[str, str, str]]:
    """Yield name, method and address of every request of the SDKs that is no GET."""
    for module, host in ((keyvault, PUBLIC.arm), (data_plane, "kv.vault.azure.net")):
        for name, build in vars(module).items():
            if re.fullmatch(r"build_\w+_request", name) and inspect.isfunction(build):
                spec = inspect.signature(build).parameters.values()
                request = build(**{one.name: "kv" for one in spec if one.default is one.empty and one.name != "kwargs"})
                if request.method != "GET":
                    yield name, request.method, f"https://{host}{request.url}"


def test_what_the_sdks_change_things_by_is_never_declared() -> None:
    requests = list(_changing())
    assert [name for name, method, url in requests if declared(method, url, PUBLIC, ALL)] == []
    assert {"build_vaults_delete_request", "build_key_vault_unwrap_key_request"} <= {name for name, _, _ in requests}


@pytest.mark.parametrize(
    "address",
    [
        f"https://{PUBLIC.arm}{VAULT_ID}/secrets/database",
        f"https://{PUBLIC.arm}{VAULT_ID}/../x",
        f"https://{PUBLIC.arm}/subscriptions/../providers/Microsoft.KeyVault/vaults",
        f"https://{PUBLIC.arm}/keys",
        "https://kv.vault.azure.net/secrets/database",
        "https://kv.vault.azure.net/secrets",
        "https://kv.vault.azure.net/keys/a/b",
        f"https://kv.vault.azure.net{VAULT_ID}",
        "https://evil.example/keys",
        "http://kv.vault.azure.net/keys",
        "https://kv.vault.azure.net:8443/keys",
        "https://me@kv.vault.azure.net/keys",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    assert not declared("GET", address, PUBLIC, ALL)


FIRST = f"https://{PUBLIC.arm}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults"


@pytest.mark.parametrize(
    "following",
    [
        f"{FIRST}?api-version=2018-10-31-preview&$skiptoken=dmF1bHQ=",
        f"{FIRST.replace('azure.com', 'azure.com:443')}?%24skiptoken=a",
        f"{FIRST.lower()}/?$skiptoken=a",
    ],
)
def test_a_next_page_is_asked_where_the_listing_is(following: str) -> None:
    url = ENDPOINTS["keyvault:Vaults_ListBySubscription"].url(PUBLIC, {**PARAMS, "nextLink": following})
    assert url == following
    assert declared("GET", url, PUBLIC, ALL)


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/subscriptions?$skiptoken=a",
        f"{FIRST}/kv?$skiptoken=a",
        FIRST.replace("https", "http") + "?$skiptoken=a",
        FIRST.replace("azure.com", "azure.com:8443") + "?$skiptoken=a",
        FIRST.replace("azure.com", "azure.com:x") + "?$skiptoken=a",
        FIRST.replace("management", "me@management") + "?$skiptoken=a",
        f"{FIRST}?$skiptoken=a#b",
        FIRST,
        "https://[::1/",
        "/relative?$skiptoken=a",
        7,
    ],
)
def test_a_next_page_elsewhere_is_never_asked(following: Json) -> None:
    with pytest.raises(BadRequestError, match="elsewhere"):
        ENDPOINTS["keyvault:Vaults_ListBySubscription"].url(PUBLIC, {**PARAMS, "nextLink": following})


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        ("keyvault:Vaults_Get", {"vault_id": f"{VAULT_ID}/keys/a"}),
        ("keyvault:Vaults_Get", {"vault_id": HSM_ID}),
        (
            "keyvault:Vaults_Get",
            {"vault_id": "/subscriptions/a/resourceGroups/../providers/Microsoft.KeyVault/vaults/kv"},
        ),
        ("keyvault:Vaults_Get", {"vault_id": None}),
        ("keyvault:GetKey", {"key": "../secrets/database"}),
        ("keyvault:GetKeyAttestation", {"version": ""}),
        ("keyvault:GetKeys", {"vault": "https://evil.example/"}),
        ("authorization:RoleDefinitions_GetById", {"role_id": f"{VAULT_ID}/secrets"}),
        ("keyvault:Vaults_ListBySubscription", {"subscription": "a/b"}),
    ],
)
def test_what_is_no_part_of_a_path_is_not_put_into_one(operation: str, wrong: dict[str, Json]) -> None:
    with pytest.raises(BadRequestError, match=r"is not (a|the) "):
        ENDPOINTS[operation].url(PUBLIC, {**PARAMS, **wrong})


def test_names_are_quoted() -> None:
    named: dict[str, Json] = {"vault_id": VAULT_ID.replace("rg-keys", "rg-(ü)")}
    assert "/rg-(%C3%BC)/" in ENDPOINTS["keyvault:Vaults_Get"].url(PUBLIC, named)
