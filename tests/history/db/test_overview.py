"""Short questions: names and ids are compared as they are, whatever they hold."""

from __future__ import annotations

from pathlib import Path

from scanner.history.db import connect, overview
from scanner.history.store import open_store
from tests.history.scans import HOSTILE, a_snapshot


def test_an_id_begins_as_it_is_written(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    for name in (HOSTILE, "A", "a"):
        store.record(a_snapshot(1, id=name))
    with connect.reading(store.engine, store.shown) as connection:
        assert overview.begin_with(connection, HOSTILE[:9]) == [1]
        assert overview.begin_with(connection, "a") == [3]
        assert overview.begin_with(connection, "_") == []
        assert overview.checkpoints(connection, "nightly") == []
