"""Stores for tests: a file, and a database of a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.postgres import Server, good_server

PASSWORD = "swordfish-of-the-store"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def _keeper() -> Server:
    server = good_server()
    server.run(f"CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}'")
    return server


def new_database(server: Server) -> str:
    """Return the URL of an empty database."""
    name = f"store_{next(_NUMBERS)}"
    server.run(f"CREATE DATABASE {name} OWNER keeper TEMPLATE template0")
    return f"postgresql://keeper:{PASSWORD}@127.0.0.1:{server.port}/{name}?sslmode=require"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return what names a store that is not there yet, or a database that is empty."""
    if request.param == "sqlite":
        return str(tmp_path / "store.sqlite")
    return new_database(request.getfixturevalue("_keeper"))


@pytest.fixture
def postgres_url(_keeper: Server) -> Callable[[], str]:
    """Return what makes empty databases."""
    return lambda: new_database(_keeper)
