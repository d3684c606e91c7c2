"""The command ``report``: a scan again from its evidence, asking nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli.main import run
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
