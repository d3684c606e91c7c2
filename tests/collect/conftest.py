"""Fixtures for the tests of collecting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collect.fakes import Bench
from tests.collect.fakes import bench as make_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    yield from make_bench(tmp_path)
