"""Reading: equal states of many findings are one object, and time bounds are exact."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from scanner.history.store import open_store
from tests.history.scans import START, a_snapshot


def test_findings_share_what_is_equal_in_a_scan(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    store.record(a_snapshot(1, "a", "b"))
    one, other = store.history("nightly").findings
    assert one.points[0] is other.points[0]


def test_since_is_included_and_until_is_not(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    for day in (1, 2, 3):
        store.record(a_snapshot(day))
    first, last = START + timedelta(days=1), START + timedelta(days=3)
    assert [scan.id for scan in store.scans(since=first, until=last)] == ["scan-1", "scan-2"]
    tick = timedelta(microseconds=1)
    assert [scan.id for scan in store.scans(since=first + tick, until=last + tick)] == ["scan-2", "scan-3"]
