"""One simulated Azure for the tests that only read, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.identity import ClientSecretCredential

from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from scanner.demo.azure.world import AzureWorld
from tests.demo.azure.composing import NOW, ArmClient, credential, reference


@pytest.fixture(scope="session")
def world() -> AzureWorld:
    return reference()


@pytest.fixture(scope="session")
def _running(world: AzureWorld) -> Iterator[AzureSimulator]:
    with azure_simulator(world, NOW, page_size=3) as azure:
        yield azure


@pytest.fixture
def azure(_running: AzureSimulator) -> Iterator[AzureSimulator]:
    """The simulator, with what a test broke mended after it. Keys that a test changes are the test's own."""
    yield _running
    _running.mend()


@pytest.fixture(scope="session")
def login(_running: AzureSimulator) -> ClientSecretCredential:
    """A credential that keeps its tokens, so that not every test asks for new ones."""
    return credential(_running)


@pytest.fixture(scope="session")
def _arm(_running: AzureSimulator, login: ClientSecretCredential) -> Iterator[ArmClient]:
    with ArmClient(_running, login) as client:
        yield client


@pytest.fixture
def arm(azure: AzureSimulator, _arm: ArmClient) -> ArmClient:
    """Resource Manager, asked by path."""
    return _arm
