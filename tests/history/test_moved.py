"""What changed beside findings: controls, keys, the terms of the comparison."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.history.moved import control_changes, is_changed, key_changes, warnings
from scanner.history.standing import Side
from scanner.model.control import Severity
from scanner.model.diff import Change, KeyMove
from scanner.model.history import ControlState, ScanRecord, Snapshot
from scanner.model.verdict import Verdict
from tests.history.snapshots import JULY, JUNE, ONE, a_control, a_key, a_record, a_scope, a_snapshot, sha

PASSED = a_control(verdict=Verdict.PASS)


@pytest.mark.parametrize(
    ("old", "new", "before", "now", "changes"),
    [
        (None, a_control(), None, "fail", ()),
        (a_control(), None, "fail", None, ()),
        (PASSED, a_control(), "pass", "fail", ()),
        (a_control(), a_control(title="Other"), "fail", "fail", (Change("title", a_control().title, "Other"),)),
        (a_control(), a_control(severity=Severity.LOW), "fail", "fail", (Change("severity", "high", "low"),)),
        (a_control(), a_control(digest=sha("2")), "fail", "fail", (Change("file", sha("1"), sha("2")),)),
        (
            a_control(),
            a_control(thresholds=(("kek_max_days", 90), ("more", "x"))),
            "fail",
            "fail",
            (Change("threshold kek_max_days", 730, 90), Change("threshold more", None, "x")),
        ),
    ],
)
def test_a_control_that_is_not_what_it_was(
    old: ControlState | None,
    new: ControlState | None,
    before: str | None,
    now: str | None,
    changes: tuple[Change, ...],
) -> None:
    sides = [a_snapshot(controls=[one] if one else []) for one in (old, new)]
    (told,) = control_changes(*sides)
    assert (told.id, told.before, told.now, told.changes) == (ONE, before, now, changes)
    assert (told.title, told.severity) == ((new or a_control()).title, (new or a_control()).severity)


def test_a_control_that_stays_is_not_told() -> None:
    assert list(control_changes(a_snapshot(), a_snapshot())) == []


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (None, a_control(), False),
        (a_control(), None, False),
        (a_control(), a_control(title="Other", verdict=Verdict.PASS), False),
        (a_control(), a_control(digest=sha("2")), True),
        (a_control(), a_control(thresholds=()), True),
    ],
)
def test_a_control_changed_when_its_file_or_a_threshold_did(
    old: ControlState | None, new: ControlState | None, changed: bool
) -> None:
    assert is_changed(old, new) is changed


def moves(old: Snapshot, new: Snapshot) -> list[tuple[str, KeyMove]]:
    return [(one.key_id, one.move) for one in key_changes(Side(old, new), Side(new, old))]


PART = [a_scope(whole=False, keys=False)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (a_snapshot(), a_snapshot(keys=[a_key()]), KeyMove.APPEARED),
        (a_snapshot(scopes=PART), a_snapshot(keys=[a_key()]), KeyMove.FIRST_SEEN),
        (a_snapshot(keys=[a_key()]), a_snapshot(), KeyMove.VANISHED),
        (a_snapshot(keys=[a_key()]), a_snapshot(scopes=PART), KeyMove.NOT_SEEN),
        (a_snapshot(keys=[a_key()]), a_snapshot(scopes=()), KeyMove.NOT_SEEN),
    ],
)
def test_a_key_that_came_or_went(old: Snapshot, new: Snapshot, expected: KeyMove) -> None:
    assert moves(old, new) == [("key/a", expected)]


@pytest.mark.parametrize(
    ("field", "value", "old", "new"),
    [
        ("state", "suspended", "active", "suspended"),
        ("rotation_enabled", None, True, None),
        ("rotation_period_days", 90, 365, 90),
        ("material_since", JULY, "2026-06-15T12:00:00Z", "2026-07-15T12:00:00Z"),
        ("expires_at", JULY, None, "2026-07-15T12:00:00Z"),
        ("name", None, "alias/a", None),
    ],
)
def test_a_key_that_is_not_as_it_was(field: str, value: object, old: object, new: object) -> None:
    given: dict[str, Any] = {field: value}
    changed = a_key(**given)
    before, after = a_snapshot(keys=[a_key()]), a_snapshot(keys=[changed])
    (told,) = key_changes(Side(before, after), Side(after, before))
    assert (told.move, told.name) == (KeyMove.CHANGED, changed.name or "")
    assert [(c.name, c.old, c.new) for c in told.changes] == [(field, old, new)]


def test_keys_are_told_apart_by_their_source_and_told_in_order() -> None:
    keys = [a_key("key/b"), a_key("key/a"), a_key("key/a", source="aws:1:us-west-2")]
    scopes = [a_scope(), a_scope("aws:1:us-west-2")]
    old, new = a_snapshot(scopes=scopes), a_snapshot(keys=keys, scopes=scopes)
    told = [(one.key_id, one.source) for one in key_changes(Side(old, new), Side(new, old))]
    assert told == sorted((key.key_id, key.source) for key in keys)
    assert moves(new, new) == []


OLD = a_record()


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (a_record("scan-2"), []),
        (a_record("scan-2", as_of=JULY), []),
        (OLD, ["both are the same scan"]),
        (
            a_record("scan-2", as_of=JUNE.replace(day=1)),
            ["the second scan is older than the first: as of 2026-06-01T12:00:00Z, and 2026-06-15T12:00:00Z"],
        ),
        (
            a_record("scan-2", organization="B", series="B"),
            ["the organizations differ: Test Health, then B"],
        ),
        # A scan directory belongs to its organization's series; the store knows a better one.
        (a_record("scan-2", series="nightly"), []),
        (
            a_record("scan-2", selection="controls KM-ROT-04"),
            ["not the same controls and sources were run: all controls, all sources, then controls KM-ROT-04"],
        ),
        (a_record("scan-2", estate_sha256=sha("3")), ["the estate file is not the same"]),
        (
            a_record("scan-2", catalogue_sha256=sha("3")),
            ["the catalogue is not the same; what follows says which controls changed"],
        ),
        (a_record("scan-2", tool_version="2"), ["not the same keyaudit judged them: 0.1.0, then 2"]),
    ],
)
def test_why_two_scans_are_not_quite_comparable(new: ScanRecord, told: list[str]) -> None:
    assert list(warnings(OLD, new)) == told


def test_two_named_series_are_told_apart() -> None:
    pair = (a_record(series="nightly"), a_record("scan-2", series="weekly"))
    assert list(warnings(*pair)) == ["the series differ: nightly, then weekly"]
