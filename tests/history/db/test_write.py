"""Writing: all of a scan in one transaction, and nothing of it when that fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.history.db.connect import StoreError
from scanner.history.store import open_store
from scanner.model.history import LoggingState
from tests.history.scans import a_snapshot


def test_a_scan_that_the_database_does_not_take_leaves_the_one_before_it_as_it_was(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    good = a_snapshot(1, "a")
    store.record(good)
    wrong: Any = None  # no scan has such a scope; it is written after much else
    bad = replace(a_snapshot(1, "b"), logging=(LoggingState(scope=wrong, management_recorded=True, use_recorded=True),))
    with pytest.raises(StoreError, match="NOT NULL constraint failed"):
        store.record(bad)
    assert store.snapshot("scan-1") == good
