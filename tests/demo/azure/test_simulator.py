"""Starting and stopping the simulated Azure."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from azure.identity import ClientSecretCredential

from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from scanner.demo.azure.wire import Refused
from scanner.demo.azure.world import AzureWorld
from tests.demo.azure.composing import NOW, VAULTS, ArmClient, credential, crypto


def test_nothing_is_left_when_it_ends(world: AzureWorld) -> None:
    before = set(threading.enumerate())
    with azure_simulator(world, NOW) as azure:
        bundle = Path(azure.ca_bundle_path)
        assert bundle.read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")
        with ArmClient(azure, credential(azure)) as client:
            assert client.send(VAULTS).status_code == 200
        assert azure.proxy_url.startswith("http://127.0.0.1:")
    assert not bundle.parent.exists()
    # Threads of tests before may end meanwhile; none may be new.
    assert set(threading.enumerate()) <= before


def test_two_can_run_at_once(world: AzureWorld) -> None:
    empty = AzureWorld.model_validate({})
    with azure_simulator(world, NOW) as one, azure_simulator(empty, NOW) as other:
        for azure, count in ((one, 2), (other, 0)):
            with ArmClient(azure, credential(azure)) as client:
                assert len(client.every("/subscriptions", "2022-12-01")) == count


def test_the_credentials_are_those_of_the_environment(azure: AzureSimulator) -> None:
    assert set(azure.environ) == {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}


def test_what_the_demo_wraps_the_service_unwraps(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    kid, wrapped = azure.wrap("kv-clinical", "envelope", b"data key")
    with crypto(azure, login, kid) as client:
        assert client.unwrap_key("RSA-OAEP-256", wrapped).key == b"data key"  # type: ignore[arg-type]  # text will do
    with pytest.raises(Refused):
        azure.wrap("kv-clinical", "none", b"x")
