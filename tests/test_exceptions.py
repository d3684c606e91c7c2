"""Waivers and alternatives through a whole scan: beside the failure, whatever is selected, and by the kept copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.history.snapshot import read_scan
from scanner.scandir import ScanDir
from tests.support import Scan, a_key, a_world, estate_text, scan, simulated

WAIVERS = """\
waivers: 1
entries:
  - id: one
    controls: [KM-ROT-04]
    subjects: ["{arn}"]
    owner: Platform Team
    approver: CISO
    reason: It is replaced.
    approved: 2026-01-01
    expires: 2026-12-31
"""


@pytest.fixture(scope="module")
def waived(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """A scan by one control, with a waiver of its only failure."""
    folder = tmp_path_factory.mktemp("waived")
    world = a_world(a_key("one", rotation=None))
    with simulated(world) as aws:
        (folder / "waivers.yaml").write_text(WAIVERS.format(arn=world.key("one").arn))
        estate = f"{estate_text(aws.url)}waivers: waivers.yaml\n"
        return scan(folder, estate, "--control", "KM-ROT-04", "--only", "main", "--accept-waived")


def test_the_failure_stays_and_is_waived_whatever_was_selected(waived: Scan) -> None:
    assert waived.code == 0
    (control,), (finding,) = waived.results["controls"], waived.results["findings"]
    assert (control["verdict"], control["waived"], waived.results["totals"]["waived"]) == ("fail", 1, 1)
    assert (finding["verdict"], finding["waiver"]["id"], finding["waiver"]["approver"]) == ("fail", "one", "CISO")
    assert waived.gaps == []


def test_it_is_judged_again_by_the_register_that_it_began_with(waived: Scan, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(waived.folder, tmp_path / "copy"))
    names = ("verdicts.parquet", "facts/exceptions.parquet")
    before = [(folder / name).read_bytes() for name in names]
    assert run(["report", str(folder), "--quiet", "--format", "json"], traces=True) == 10
    assert [(folder / name).read_bytes() for name in names] == before


def test_history_keeps_what_covered_it(waived: Scan) -> None:
    snapshot = read_scan(ScanDir(waived.folder))
    assert [one.waiver for one in snapshot.findings] == ["one"]
    assert [one.waived for one in snapshot.controls] == [1]


def test_a_waiver_of_a_control_that_is_not_there_is_told_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "waivers.yaml").write_text(WAIVERS.replace("KM-ROT-04", "KM_ROT-04"))
    done = scan(tmp_path, f"{estate_text('http://127.0.0.1:1')}waivers: waivers.yaml\n")
    assert (done.code, done.folder.exists()) == (2, False)
    told = capsys.readouterr().err
    assert "waivers.yaml:4: there is no control 'KM_ROT-04'" in told
    assert "did you mean KM-ROT-04?" in told
