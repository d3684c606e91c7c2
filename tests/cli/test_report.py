"""The command ``report``: a scan again from its evidence, asking nobody."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.scandir import ScanDir
from tests.support import Scan, a_key, a_world, estate_text, scan, simulated


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    with simulated(a_world(a_key("one"))) as aws:
        return scan(tmp_path_factory.mktemp("finished"), estate_text(aws.url), "--control", "KM-ROT-04")


def test_every_format_is_written_whatever_the_scan_wrote(finished: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    # The simulator is gone: an answer could only come from the evidence.
    assert not (finished.folder / "report.html").exists()
    assert run(["report", str(finished.folder)], traces=True) == 0
    assert (finished.folder / "report.html").is_file()
    assert (finished.folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    files = [line.split()[-1] for line in capsys.readouterr().out.splitlines()[-4:]]
    assert files == [
        str(finished.folder / n) for n in ("results.json", "report.html", "report.pdf", "verdicts.parquet")
    ]


def test_quiet_prints_nothing(finished: Scan, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(finished.folder), "-q"], traces=True) == 0
    assert capfd.readouterr() == ("", "")


def test_the_scan_of_another_version_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "scan.json"
    file.write_text("{}")
    assert run(["report", str(tmp_path)], traces=False) == 1
    assert capsys.readouterr().err.startswith(f"error: {file}: not of schema keyaudit/scan/1\nhint: use the keyaudit")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("oscal", '"assessment-results"'),
        ("cbom", '"CycloneDX"'),
        ("ocsf", '"class_uid"'),
        ("sarif", '"2.1.0"'),
        ("junit", "<testsuite"),
        ("csv", '"control","title"'),
        ("markdown", "KM-ROT-04"),
        ("json", '"keyaudit/results/1"'),
    ],
)
def test_other_programs_get_theirs_on_standard_output(
    finished: Scan, name: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(finished.folder), "--format", name, "-q"], traces=True) == 0
    printed, complaint = capfd.readouterr()
    assert said in printed
    assert complaint == ""


def test_a_period_is_judged_and_kept(finished: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    header = ScanDir(finished.folder).read_header()
    day = str(header["as_of"])[:10]
    before = date.fromisoformat(day) - timedelta(days=1)
    assert run(["report", str(finished.folder), "--period", "last-2-days"], traces=True) == 0
    printed = capsys.readouterr().out
    assert f"AUDIT PERIOD {before} to {day}: 2 days, 1 without a scan" in printed
    assert printed.splitlines()[-1].split() == ["period", str(finished.folder / "period.json")]
    body = json.loads((finished.folder / "period.json").read_bytes())
    assert (body["schema"], body["first"], body["last"]) == ("keyaudit/period/1", str(before), day)
    assert [one["id"] for one in body["scans"]] == [header["id"]]
    # The control that was run has no limit of a cryptoperiod.
    assert (body["keys"], body["keys_unjudged"]) == ([], 1)
    (control,) = body["controls"]
    assert [(one["last"], one["state"]) for one in control["stretches"]] == [(str(before), "unknown"), (day, "in")]
    assert 'id="period"' in (finished.folder / "report.html").read_text(encoding="utf-8")
    # The period is the scan's from now on.
    assert ScanDir(finished.folder).read_header()["period"] == {"from": str(before), "to": day}
    (finished.folder / "period.json").unlink()
    assert run(["report", str(finished.folder), "-q"], traces=True) == 0
    assert json.loads((finished.folder / "period.json").read_bytes()) == body


def test_what_is_no_period_is_told_before_anything_is_judged(
    finished: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (finished.folder / "scan.json").read_bytes()
    assert run(["report", str(finished.folder), "--period", "soon"], traces=False) == 2
    assert capsys.readouterr().err.startswith("error: --period 'soon' is not a period\nhint: write 2026-01-01..")
    assert (finished.folder / "scan.json").read_bytes() == before
