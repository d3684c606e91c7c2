"""The database of the tests, on both servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanner.collect.postgres.operations import OPERATIONS
from scanner.collect.postgres.permissions import grants
from scanner.collect.postgres.transport import PostgresTransport
from tests.collect.postgres.voice import PASSWORD, a_source, fill, layout
from tests.postgres import Server, bad_server, good_server


@pytest.fixture(scope="session")
def good() -> Server:
    """Return the server that is as it should be, with exactly the rights that keyaudit prints."""
    server = good_server()
    fill(server, "voice")
    rights = (
        grants(OPERATIONS, layout())
        .replace("CREATE ROLE keyaudit LOGIN;", "")
        .replace("DATABASE DATABASE", "DATABASE voice")
    )
    server.run(rights, "voice")
    return server


@pytest.fixture(scope="session")
def bad() -> Server:
    """Return the server that is not."""
    server = bad_server()
    fill(server, "voice")
    return server


@pytest.fixture
def reader(good: Server) -> Iterator[PostgresTransport]:
    """Yield a transport as the role with these rights."""
    made = PostgresTransport(a_source(), good.dsn("keyaudit", PASSWORD, "voice", "sslmode=require"))
    yield made
    made.close()
