"""What a notification says, and what it never says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.evidence.canonical import canonical
from scanner.history.diff import compare
from scanner.jobs.notify.message import MOST, MOST_TEXT, Run, notification, parse
from scanner.model.verdict import Verdict
from tests.history.snapshots import JULY, a_finding, a_record, a_snapshot
from tests.jobs.notify.samples import told


def test_the_changes_of_a_scan_are_counted_and_the_first_are_named() -> None:
    old = a_snapshot(a_finding("key/mended"))
    found = [a_finding(f"key/{n:02}") for n in range(12)]
    new = a_snapshot(*found, a_finding("key/dark", Verdict.UNKNOWN), scan=a_record("scan-2", as_of=JULY, gaps=3))
    said = notification(new, compare(old, new), Run(profile="nightly", code=10, report="/r"))
    assert said.changes is not None
    assert {kind: part.count for kind, part in said.changes.items()} == {
        "new": 12,
        "fixed": 1,
        "changed": 0,
        "unknown": 1,
    }
    assert [one.subject for one in said.changes["new"].first] == [f"key/{n:02}" for n in range(MOST)]
    assert (said.compared_with, said.as_of, said.gaps) == ("2026-06-15T12:00:00Z", "2026-07-15T12:00:00Z", 3)
    assert (said.failed, said.changed, said.package) == (True, True, None)


def test_no_observed_value_and_no_reason_is_told() -> None:
    secret = a_finding("key/a", observed={"note": "hunter2"}, reason="hunter2 denied")
    assert b"hunter2" not in told(secret).body()
    assert b"key/a" in told(secret).body()


@pytest.mark.parametrize(
    ("run", "first", "failed", "changed"),
    [
        ({"code": 0}, False, False, False),
        ({"code": 0}, True, False, True),
        ({"code": 3}, False, True, False),
        ({"code": 0, "problems": ("package: no",)}, False, True, False),
    ],
)
def test_who_is_told_when(run: dict[str, Any], first: bool, failed: bool, changed: bool) -> None:
    said = told(first=first, **run)
    assert (said.failed, said.changed) == (failed, changed)


def test_the_body_is_canonical_and_is_read_again() -> None:
    said = told(a_finding("\ud800 half a character"), problems=("x" * 10_000,))
    assert parse(said.body()) == parse(json.loads(said.body())) == said
    assert canonical(json.loads(said.body())) == said.body()
    assert len(said.problems[0]) == MOST_TEXT


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"schema": "keyaudit/notification/2"}'])
def test_what_is_no_notification_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|schema|object"):
        parse(raw)
