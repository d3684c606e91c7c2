"""Worlds and clients for the tests of the simulated Azure."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient
from azure.mgmt.keyvault import KeyVaultManagementClient

from scanner.demo.azure.entra import CLIENT, SECRET
from scanner.demo.azure.simulator import AzureSimulator
from scanner.demo.azure.world import AzureWorld

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CLINICAL, RESEARCH = "0a2e0000-c111-4000-8000-000000000001", "0a2e0000-4e5e-4000-8000-000000000002"
VAULT, LEGACY, SEALED, WALLED = (
    f"https://kv-{name}.vault.azure.net" for name in ("clinical", "legacy", "sealed", "walled")
)
HSM = "https://hsm-clinical.managedhsm.azure.net"
KEYS = f"/subscriptions/{CLINICAL}/resourceGroups/rg-keys/providers/Microsoft.KeyVault"
VAULTS = f"/subscriptions/{CLINICAL}/providers/Microsoft.KeyVault/vaults"
LATEST = "2026-05-15"


def told() -> dict[str, Any]:
    """Return the reference section as it is written."""
    read: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("world.yaml").read_text(encoding="utf-8"))
    return read


def composed(**changes: object) -> AzureWorld:
    """Return the reference world, with sections of it changed."""
    return AzureWorld.model_validate({**told(), **changes})


@cache
def reference() -> AzureWorld:
    """Return the reference world."""
    return composed()


def options(azure: AzureSimulator) -> dict[str, Any]:
    """Return what a client of the SDKs needs to reach the simulator, and to ask once."""
    proxies = {"https": azure.proxy_url, "http": azure.proxy_url}
    return {"proxies": proxies, "connection_verify": azure.ca_bundle_path, "retry_total": 0}


def credential(
    azure: AzureSimulator, application: str = CLIENT, secret: str = SECRET, tenant: str = "", authority: str = ""
) -> ClientSecretCredential:
    """Return a credential of the SDK."""
    extra = {"authority": authority} if authority else {}
    tenant = tenant or azure.layer.world.tenant
    return ClientSecretCredential(tenant, application, secret, **options(azure), **extra)


def keys(azure: AzureSimulator, login: ClientSecretCredential, url: str = VAULT) -> KeyClient:
    """Return a client of a data plane."""
    return KeyClient(url, login, **options(azure))


def crypto(azure: AzureSimulator, login: ClientSecretCredential, kid: str) -> CryptographyClient:
    """Return a client that uses a key."""
    return CryptographyClient(kid, login, **options(azure))


def refusal(error: HttpResponseError) -> dict[str, Any]:
    """Return what a refusal says."""
    response: Any = error.response
    said: dict[str, Any] = response.json()["error"]
    return said


class ArmClient:
    """Resource Manager through the SDK's own pipeline, asked by path."""

    def __init__(
        self, azure: AzureSimulator, login: ClientSecretCredential, host: str = "https://management.azure.com"
    ) -> None:
        self._host = host
        given: dict[str, Any] = {"base_url": host, "credential_scopes": [f"{host}/.default"]}
        self._client = KeyVaultManagementClient(login, CLINICAL, **given, **options(azure))

    def __enter__(self) -> ArmClient:
        self._client.__enter__()
        return self

    def __exit__(self, *told: object) -> None:
        self._client.__exit__(*told)

    def send(self, path: str, version: str = LATEST, **query: str) -> HttpResponse:
        """Send a GET, without raising for what is refused."""
        params = {"api-version": version, **query} if version else query
        request = HttpRequest("GET", path if path.startswith("https:") else self._host + path, params=params)
        return self._client.send_request(request)

    def get(self, path: str, version: str = LATEST, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Return a body. Raises HttpResponseError."""
        response = self.send(path, version, **query)
        response.raise_for_status()
        return response.json()

    def every(self, path: str, version: str = LATEST, **query: str) -> list[Any]:
        """Return the items of all pages."""
        page = self.get(path, version, **query)
        items = list(page["value"])
        while page.get("nextLink"):
            page = self.get(page["nextLink"], "")
            items += page["value"]
        return items
