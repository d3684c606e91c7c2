"""Old facts under new controls and thresholds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scanner import sources
from scanner.errors import EvidenceError, KeyauditError
from scanner.history.rejudge import rejudged
from scanner.history.snapshot import read_scan
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict
from scanner.scandir import ScanDir
from tests.diffs import Scans, scans
from tests.history.snapshots import a_control

__all__ = ["scans"]


def verdicts(old: Path, new: Path, control: str, place: Path) -> list[Verdict]:
    folders = ScanDir(old), ScanDir(new)
    chosen = [one for one in read_scan(folders[1]).controls if one.id == control]
    found = rejudged(*folders, chosen, sources.operations(), place)
    assert list(found) == [control]
    assert {id_ for id_, _, _ in found[chosen[0].id]} == {control}
    assert list(place.iterdir()) == []
    return sorted(found[chosen[0].id].values())


def test_the_same_controls_give_the_same_verdicts(scans: Scans, tmp_path: Path) -> None:
    assert verdicts(scans.old, scans.old, "KM-ROT-04", tmp_path) == [Verdict.FAIL] * 3 + [Verdict.PASS]


def test_the_new_threshold_counts_and_the_old_facts(scans: Scans, tmp_path: Path) -> None:
    # Every key of the old scan is 100 days old; the new scan allows 90.
    assert verdicts(scans.old, scans.old, "KM-ROT-03", tmp_path) == [Verdict.PASS] * 4
    assert verdicts(scans.old, scans.new, "KM-ROT-03", tmp_path) == [Verdict.FAIL] * 4


def test_a_gap_of_the_old_scan_stays_one(scans: Scans, tmp_path: Path) -> None:
    assert verdicts(scans.blind, scans.new, "KM-ROT-03", tmp_path) == [Verdict.UNKNOWN]


def test_a_control_of_exceptions_is_left_out(scans: Scans, tmp_path: Path) -> None:
    # What covers a failure hangs on all the other controls, which are not judged again.
    state = a_control(ControlId("KM-EXC-01"), thresholds=())
    assert rejudged(ScanDir(scans.old), ScanDir(scans.new), [state], sources.operations(), tmp_path) == {}


def test_old_facts_that_a_new_control_cannot_read(scans: Scans, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(scans.old, copy)
    (copy / "facts" / "keys.parquet").unlink()
    (tmp_path / "place").mkdir()
    with pytest.raises(KeyauditError, match="the facts cannot be judged"):
        verdicts(copy, scans.new, "KM-ROT-03", tmp_path / "place")


@pytest.mark.parametrize("gaps", ['[{"id": "x"}]', "7", '[{"reason": "bored"}]'])
def test_results_that_are_not_ours(scans: Scans, tmp_path: Path, gaps: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(scans.old, copy)
    (copy / "results.json").write_text(json.dumps({"gaps": json.loads(gaps)}), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"results\.json: not as keyaudit writes it"):
        verdicts(copy, scans.new, "KM-ROT-03", tmp_path)
