"""One simulated Azure for the tests that only read, and one scan of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from tests.collect.aws.running import Collected
from tests.collect.azure.running import a_source, collect
from tests.demo.azure.composing import NOW, reference


@pytest.fixture(scope="session")
def _running() -> Iterator[AzureSimulator]:
    with azure_simulator(reference(), NOW, page_size=3) as azure:
        yield azure


@pytest.fixture
def azure(_running: AzureSimulator) -> Iterator[AzureSimulator]:
    """The simulator, with what a test broke mended after it."""
    yield _running
    _running.mend()


@pytest.fixture(scope="session")
def scanned(_running: AzureSimulator, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    """A whole scan of the reference world."""
    return collect(tmp_path_factory.mktemp("azure"), a_source(_running), _running.environ)
