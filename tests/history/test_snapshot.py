"""A scan directory as history sees it, checked against what the scan itself says, and every way it can be damaged."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from scanner.errors import EvidenceError, UsageError
from scanner.history.snapshot import read_scan, snapshot_of
from scanner.model.verdict import Verdict
from scanner.scandir import ScanDir
from scanner.scanheader import Header
from tests.support import NOW, SCOPE, Scan, a_key, a_world, estate_text, scan, simulated


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    keys = [a_key("good"), a_key("bad", rotation=None), a_key("shut", denied=["kms:GetKeyRotationStatus"])]
    chosen = ("--control", "KM-ROT-04", "--control", "KM-ROT-03")
    with simulated(a_world(*keys)) as aws:
        estate = estate_text(aws.url, policy="{kek_max_days: 200}")
        return scan(tmp_path_factory.mktemp("finished"), estate, *chosen)


def test_it_says_what_the_scan_says(finished: Scan) -> None:
    snapshot = read_scan(ScanDir(finished.folder))
    results = finished.results
    assert (snapshot.scan.id, snapshot.scan.as_of) == (results["scan"]["id"], NOW)
    assert snapshot.scan.series == snapshot.scan.organization == "Test Health"
    assert snapshot.scan.gaps == len(results["gaps"]) > 0
    assert snapshot.scan.totals.failed == results["totals"]["fail"]
    assert snapshot.scan.started < snapshot.scan.ended
    assert [control.id for control in snapshot.controls] == ["KM-ROT-03", "KM-ROT-04"]
    for control in snapshot.controls:
        (own,) = (one for one in results["controls"] if one["id"] == control.id)
        assert (control.verdict, control.title, control.severity) == (own["verdict"], own["title"], own["severity"])
        assert control.counts.failed == own["counts"]["fail"]
        assert control.unread == bool(own["unread"])
        assert set(control.clauses) == {(one["framework"], one["ref"]) for one in own["citations"]}
    assert ("kek_max_days", 200) in {use for control in snapshot.controls for use in control.thresholds}
    given = {
        (one["control"], one["subject"], one["label"], one["verdict"], one["reason"]) for one in results["findings"]
    }
    own = {(one.control, one.subject, one.label, one.verdict.value, one.reason) for one in snapshot.findings}
    assert own == given
    assert {one.verdict for one in snapshot.findings} == {Verdict.FAIL, Verdict.UNKNOWN}
    assert snapshot.settled is not None
    assert set(snapshot.settled.values()) <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
    rows = finished.query("SELECT count(*) FROM read_parquet($path)", path=str(finished.folder / "verdicts.parquet"))
    assert len(snapshot.settled) + len(snapshot.findings) == rows[0][0]


def test_it_knows_the_keys_and_the_logs(finished: Scan) -> None:
    snapshot = read_scan(ScanDir(finished.folder), "by hand")
    assert snapshot.scan.series == "by hand"
    keys = {key.key_id: key for key in snapshot.keys}
    good, bad, shut = (keys.pop(a_key(name).arn) for name in ("good", "bad", "shut"))
    assert not keys
    assert (good.source, good.provider, good.rotation_enabled, good.rotation_period_days) == (SCOPE, "aws", True, 365)
    assert good.created_at == NOW - timedelta(days=100)
    assert good.created_at.tzinfo is UTC
    assert (bad.rotation_enabled, shut.rotation_enabled) == (False, None)
    assert snapshot.keys_complete is True
    assert {state.scope for state in snapshot.logging} <= {SCOPE}


def test_it_can_be_taken_before_the_results_are_written(finished: Scan, tmp_path: Path) -> None:
    copy = ScanDir(shutil.copytree(finished.folder, tmp_path / "copy"))
    results = json.loads((copy.root / "results.json").read_text())
    (copy.root / "results.json").unlink()
    header = Header.from_json(copy.read_header())
    assert snapshot_of(copy, header, results) == read_scan(ScanDir(finished.folder))
    header = Header.from_json({**copy.read_header(), "series": "nightly", "ended": None})
    scan = snapshot_of(copy, header, results).scan
    assert (scan.series, scan.ended) == ("nightly", scan.started)


DAMAGES = [
    ("results.json", None, r"results\.json: No such file"),
    ("results.json", "{", r"results\.json: not as keyaudit writes it: "),
    ("results.json", "[" * 100_000, r"results\.json: not as keyaudit writes it: "),
    ("results.json", "[]", r"results\.json: not as keyaudit writes it: it is not an object"),
    ("results.json", "{}", r"results\.json: not as keyaudit writes it: "),
    ("verdicts.parquet", None, r"copy: IO Error"),
    ("facts/keys.parquet", "no table", r"copy: "),
    ("controls/rotation/KM-ROT-04.yaml", None, "not as keyaudit writes it"),
]


@pytest.mark.parametrize(("name", "text", "message"), DAMAGES)
def test_damage_is_told_with_its_place(
    finished: Scan, tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    copy = Path(shutil.copytree(finished.folder, tmp_path / "copy"))
    (copy / name).unlink()
    if text is not None:
        (copy / name).write_text(text)
    with pytest.raises(EvidenceError, match=message):
        read_scan(ScanDir(copy))


def test_what_was_not_finished_is_no_scan_yet(finished: Scan, tmp_path: Path) -> None:
    copy = ScanDir(shutil.copytree(finished.folder, tmp_path / "copy"))
    copy.write_header({**copy.read_header(), "state": "collecting"})
    with pytest.raises(UsageError, match="was not finished") as caught:
        read_scan(copy)
    assert caught.value.hint == f"finish it with `keyaudit scan --resume {copy.root}`"


def test_instants_have_a_zone(finished: Scan) -> None:
    scan = read_scan(ScanDir(finished.folder)).scan
    assert all(one.tzinfo is UTC for one in (scan.as_of, scan.started, scan.ended))
