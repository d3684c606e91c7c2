"""Two scans of a small account, compared with what moved each verdict."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scanner import sources
from scanner.history.comparison import comparison
from scanner.history.sources import Opened, Places, open_snapshot
from scanner.model.diff import Because, Diff, FindingChange, KeyMove, Standing
from tests.diffs import Scans, scans
from tests.support import a_key

__all__ = ["scans"]

NAMES = {a_key(name).arn: name for name in ("stays", "mends", "breaks", "gone", "fresh")}


def opened(path: Path, place: Path) -> Opened:
    return open_snapshot(str(path), Places(unpacked=place))


def between(old: Opened, new: Opened, place: Path) -> Diff:
    return comparison(old, new, sources.operations(), place)


def told(entries: Iterable[FindingChange]) -> set[tuple[str, str, str, str]]:
    return {(e.control, NAMES.get(e.subject, e.subject), e.before.value, e.now.value) for e in entries}


def test_what_was_mended_what_broke_and_what_a_threshold_did(scans: Scans, tmp_path: Path) -> None:
    diff = between(opened(scans.old, tmp_path), opened(scans.new, tmp_path), tmp_path)
    assert told(diff.appeared) == {
        ("KM-ROT-04", "breaks", "pass", "fail"),
        ("KM-ROT-03", "stays", "pass", "fail"),
        ("KM-ROT-03", "mends", "pass", "fail"),
        ("KM-ROT-03", "breaks", "pass", "fail"),
    }
    assert told(diff.fixed) == {("KM-ROT-04", "mends", "fail", "pass"), ("KM-ROT-04", "gone", "fail", "absent")}
    assert told(diff.persisting) == {("KM-ROT-04", "stays", "fail", "fail")}
    assert (diff.changed, diff.unknown, diff.still_unknown) == ((), (), 0)
    assert {(e.control, e.control_changed, e.because) for e in diff.appeared} == {
        ("KM-ROT-03", True, Because.CONTROL),
        ("KM-ROT-04", False, Because.UNTOLD),
    }
    moves = {(NAMES[one.key_id], one.move) for one in diff.keys}
    assert moves >= {("gone", KeyMove.VANISHED), ("fresh", KeyMove.APPEARED), ("mends", KeyMove.CHANGED)}
    assert [(one.id, [c.name for c in one.changes]) for one in diff.controls] == [
        ("KM-ROT-03", ["threshold kek_max_days"])
    ]
    assert diff.warnings == ("the estate file is not the same",)


def test_what_cannot_be_listed_any_more_is_unknown_and_not_fixed(scans: Scans, tmp_path: Path) -> None:
    diff = between(opened(scans.old, tmp_path), opened(scans.blind, tmp_path), tmp_path)
    assert diff.fixed == ()
    assert {(e.before, e.now) for e in diff.unknown if e.subject in NAMES} == {(Standing.FAIL, Standing.NOT_SEEN)}
    assert {NAMES[e.subject] for e in diff.unknown if e.subject in NAMES} == {"stays", "mends", "gone"}
    assert {one.move for one in diff.keys} == {KeyMove.NOT_SEEN}


def test_keys_that_can_be_listed_again_were_not_fixed_meanwhile(scans: Scans, tmp_path: Path) -> None:
    diff = between(opened(scans.blind, tmp_path), opened(scans.new, tmp_path), tmp_path)
    assert ("KM-ROT-04", "stays", "not_seen", "fail") in told(diff.appeared)
    assert {e.before for e in diff.changed} == {Standing.UNKNOWN}
    assert {one.move for one in diff.keys} == {KeyMove.FIRST_SEEN}
    moved = {e.because for e in diff.appeared if e.control == "KM-ROT-03"}
    assert moved == {Because.ESTATE}


def test_a_package_says_who_vouches_for_it(scans: Scans, tmp_path: Path) -> None:
    diff = between(opened(scans.package, tmp_path), opened(scans.old, tmp_path), tmp_path)
    assert (diff.appeared, diff.fixed, diff.changed, diff.unknown) == ((), (), (), ())
    assert diff.warnings == ("both are the same scan", "old.zip is whole, but it is not signed by a key you trust")


def test_without_the_facts_nothing_says_what_moved_a_verdict(scans: Scans, tmp_path: Path) -> None:
    old = replace(opened(scans.old, tmp_path), folder=None)
    diff = between(old, opened(scans.new, tmp_path), tmp_path)
    assert {e.because for e in diff.appeared if e.control_changed} == {Because.UNTOLD}


def test_old_facts_that_cannot_be_judged_are_told(scans: Scans, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(scans.old, copy)
    old = opened(copy, tmp_path)
    (copy / "facts" / "keys.parquet").unlink()
    diff = between(old, opened(scans.new, tmp_path), tmp_path)
    assert any(
        one.startswith("whether the estate or a control moved a verdict cannot be told") for one in diff.warnings
    )
    assert {e.because for e in diff.appeared if e.control_changed} == {Because.UNTOLD}
