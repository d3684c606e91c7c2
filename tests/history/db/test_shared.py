"""What scans share is kept once, however many there are in one statement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scanner.history.db import connect
from scanner.history.db.schema import control, key, text
from scanner.history.db.shared import chunks, share_controls, share_keys, share_texts, sweep
from scanner.history.store import open_store
from scanner.model.history import KeyState
from tests.history.scans import START, a_control, a_key_state, a_snapshot, digest

OTHERWISE: dict[str, Any] = {
    "key_id": "other",
    "source": "other",
    "provider": "other",
    "name": "other",
    "managed_by": None,
    "key_type": None,
    "state": None,
    "created_at": START,
    "material_since": START,
    "rotation_enabled": None,
    "rotation_period_days": 2**40,
    "expires": None,
    "expires_at": START,
}


def test_no_statement_takes_too_many_values() -> None:
    assert [len(chunk) for chunk in chunks(range(1001))] == [500, 500, 1]
    assert list(chunks([])) == []


def test_the_same_is_there_once_and_what_differs_in_anything_has_a_row_of_its_own(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    assert set(OTHERWISE) == set(KeyState.__dataclass_fields__)
    keys = [a_key_state("k"), *(replace(a_key_state("k"), **{name: value}) for name, value in OTHERWISE.items())]
    controls = [a_control(), a_control(title="x"), a_control(digest=digest("b")), a_control(thresholds=(("a", 1),))]
    with connect.writing(store.engine, store.shown) as connection:
        first = share_texts(connection, (str(n) for n in range(1200)))
        assert sorted(first.values()) == list(range(1, 1201))
        assert share_texts(connection, ["7", "new", "new"]) == {"7": first["7"], "new": 1201}
        assert sorted(share_keys(connection, keys)) == list(range(1, 15))
        assert sorted(share_keys(connection, [*keys, *keys])) == list(range(1, 15))
        described = [number for one in controls for number, _ in share_controls(connection, [one, one])]
        assert described == [1, 2, 3, 4]
        # No scan refers to any of it.
        sweep(connection)
        for table in (text, control, key):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_what_is_used_is_not_swept(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    one = a_snapshot(1, "a", keys=[a_key_state("k")])
    store.record(one)
    with connect.writing(store.engine, store.shown) as connection:
        sweep(connection)
    assert store.snapshot("scan-1") == one
