"""A real PostgreSQL for the self-tests of the data path: one for all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from scanner.demo.postgres.server import postgres_server


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Return the connection string of its superuser."""
    # Not in pytest's own folder, which another run of pytest closes to the user that the server runs as.
    with (
        tempfile.TemporaryDirectory(prefix="keyaudit-selftest-") as folder,
        postgres_server(Path(folder) / "pg") as uri,
    ):
        yield uri


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """Return a connection that commits each statement."""
    with psycopg.connect(dsn, autocommit=True) as opened:
        yield opened
