"""The databases of a world run while they are needed, each with a way in for the scanner and one for the drills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psycopg
import pytest

from scanner.demo.postgres.embedded import databases
from tests.demo.postgres.test_seed import NOW, WORLD, wrap


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with databases([WORLD], tmp_path_factory.mktemp("world") / "postgres", NOW, wrap) as made:
        yield made


def test_the_scanner_may_read_and_not_write(values: Mapping[str, str]) -> None:
    with psycopg.connect(values["LITTLE_VOICE_DSN"], autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM vault.data_keys").fetchone() == (4,)
        for statement in ("DELETE FROM vault.data_keys", "UPDATE voice.call_notes SET note = ''", "CREATE SCHEMA x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_drills_may_make_a_schema(values: Mapping[str, str]) -> None:
    assert set(values) == {"LITTLE_VOICE_DSN", "LITTLE_VOICE_SCRATCH_DSN"}
    with psycopg.connect(values["LITTLE_VOICE_SCRATCH_DSN"], autocommit=True) as connection:
        connection.execute("CREATE SCHEMA scratch")
