"""First and last sightings, checked against counting them anew, whatever is recorded, judged again and forgotten."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from scanner.history.store import open_store
from scanner.model.history import Snapshot
from tests.history.scans import START, a_snapshot


def expected(scans: dict[str, Snapshot]) -> dict[str, tuple[str, str]]:
    edges: dict[str, tuple[str, str]] = {}
    for one in sorted(scans.values(), key=lambda one: (one.scan.as_of, one.scan.id)):
        for finding in one.findings:
            edges[finding.subject] = (edges.get(finding.subject, (one.scan.id, ""))[0], one.scan.id)
    return edges


def test_edges_are_right_after_every_step(tmp_path: Path) -> None:
    dice = random.Random(20260101)  # noqa: S311 - chooses among findings
    store = open_store(str(tmp_path / "s.sqlite"))
    scans: dict[str, Snapshot] = {}
    for _ in range(40):
        name = f"scan-{dice.randrange(12)}"
        subjects = [subject for subject in "abcd" if dice.random() < 0.4]
        # The same scan may come with another time: then its neighbours are others.
        one = a_snapshot(0, *subjects, id=name, as_of=START + timedelta(days=dice.randrange(8)))
        store.record(one)
        scans[name] = one
        found = {seen.subject: (seen.first_scan, seen.last_scan) for seen in store.seen("nightly")}
        assert found == expected(scans)
        for seen in store.seen("nightly"):
            assert (seen.first_seen, seen.last_seen) == (
                scans[seen.first_scan].scan.as_of,
                scans[seen.last_scan].scan.as_of,
            )


def test_a_finding_is_one_of_its_series_and_its_source(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    store.record(a_snapshot(1, "a"))
    store.record(a_snapshot(2, "a", series="weekly"))
    assert [one.first_scan for one in store.seen("nightly")] == ["scan-1"]
    assert [one.first_scan for one in store.seen("weekly")] == ["scan-2"]
    assert store.seen("monthly") == ()
