"""One simulator of the reference section for the tests of the collector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.demo.gcp.simulator import GcpSimulator, gcp_simulator
from tests.demo.gcp.reference import NOW, reference


@pytest.fixture(scope="package")
def simulator() -> Iterator[GcpSimulator]:
    """Run it once."""
    with gcp_simulator(reference(), NOW) as gcp:
        yield gcp


@pytest.fixture
def gcp(simulator: GcpSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GcpSimulator]:
    """Give it without faults, logged in."""
    for name, value in simulator.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    simulator.faults.clear()
    simulator.requests.clear()
    yield simulator
    simulator.faults.clear()
