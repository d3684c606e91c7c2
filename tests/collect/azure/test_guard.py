"""The policy under real clients of the SDKs: what is not declared never reaches the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest
from azure.keyvault.keys import KeyClient
from azure.mgmt.keyvault import KeyVaultManagementClient

from scanner.collect.azure.clouds import CLOUDS
from scanner.collect.azure.endpoints import ENDPOINTS
from scanner.collect.azure.guard import ReadOnlyPolicy
from scanner.collect.interface import ForbiddenOperationError

SUBSCRIPTION = "0a2e0000-c111-4000-8000-000000000001"


class SentError(Exception):
    """Something reached the network."""


class Network(HttpTransport[Any, Any]):
    """Notes what would have left, and lets nothing out."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def send(self, request: Any, **_: Any) -> Any:  # noqa: ANN401 - as azure-core declares it
        self.requests.append((request.method, request.url.partition("?")[0]))
        raise SentError

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


class Anybody:
    """A credential that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def get_token(self, *_: str, **__: Any) -> AccessToken:  # noqa: ANN401 - as azure-core declares it
        self.asked += 1
        return AccessToken("token", 4_000_000_000)


def policy(*operations: str) -> ReadOnlyPolicy:
    return ReadOnlyPolicy(CLOUDS["public"], operations or tuple(ENDPOINTS))


@contextmanager
def clients() -> Iterator[tuple[KeyVaultManagementClient, KeyClient, Network, Anybody]]:
    network, anybody = Network(), Anybody()
    options: dict[str, Any] = {"transport": network, "per_call_policies": [policy()], "retry_total": 0}
    with (
        KeyVaultManagementClient(anybody, SUBSCRIPTION, **options) as arm,
        KeyClient("https://kv.vault.azure.net", anybody, **options) as keys,
    ):
        yield arm, keys, network, anybody


def test_reading_passes() -> None:
    with clients() as (arm, keys, network, _):
        with pytest.raises(SentError):
            list(arm.vaults.list_by_subscription())
        with pytest.raises(SentError):
            list(keys.list_properties_of_keys())
    assert [method for method, _ in network.requests] == ["GET", "GET"]


def test_changing_never_leaves_however_the_sdk_is_used() -> None:
    with clients() as (arm, keys, network, anybody):
        changes: list[Callable[[], Any]] = [
            lambda: arm.vaults.delete("rg", "kv"),
            lambda: arm.vaults.update("rg", "kv", {"properties": {}}),
            lambda: arm.vaults.begin_purge_deleted("kv", "eastus"),
            lambda: arm.secrets.get("rg", "kv", "database"),
            lambda: keys.begin_delete_key("envelope"),
            lambda: keys.create_rsa_key("new"),
            lambda: keys.rotate_key("envelope"),
            lambda: keys.backup_key("envelope"),
            lambda: keys.send_request(HttpRequest("POST", "/keys/envelope/1/unwrapkey", json={"alg": "RSA-OAEP"})),
            lambda: keys.send_request(HttpRequest("GET", "/secrets/database")),
        ]
        for change in changes:
            with pytest.raises(ForbiddenOperationError, match="is not a declared read-only request"):
                change()
    assert network.requests == []
    assert anybody.asked == 0  # not even a token was fetched


def test_a_read_with_a_body_is_none() -> None:
    with clients() as (_, keys, network, __), pytest.raises(ForbiddenOperationError):
        keys.send_request(HttpRequest("GET", "/keys", json={"value": "secret"}))
    assert network.requests == []


def test_the_message_holds_no_query() -> None:
    with clients() as (_, keys, __, ___), pytest.raises(ForbiddenOperationError) as raised:
        keys.send_request(HttpRequest("GET", "/secrets/database?token=hunter2"))
    assert "hunter2" not in str(raised.value)
