"""Beginning, resuming and judging again: what is checked before, what stays after, and the exit codes."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from scanner import pipeline
from scanner.cli.main import run
from scanner.cli.options import FailOn
from scanner.cli.running import exit_code, formats, world
from scanner.demo.aws.faults import Fault
from scanner.model.control import Severity
from scanner.model.estate import SecretRef
from scanner.model.report import Report
from scanner.model.verdict import ControlResult
from scanner.scandir import ScanDir
from tests.cli.reports import a_gap, a_report, a_result
from tests.support import Scan, a_key, a_world, estate_text, scan, simulated

UNKNOWN_BESIDE_LOW = a_result(severity=Severity.LOW, failed=1, unknown=1)

CODES = [
    ([], [], FailOn.LOW, 0),
    ([a_result(passed=1)], [], FailOn.LOW, 0),
    ([a_result(not_applicable=1)], [], FailOn.LOW, 0),
    ([a_result(unknown=1)], [], FailOn.LOW, 3),
    ([a_result(unread="denied")], [], FailOn.LOW, 3),
    ([a_result(passed=1)], [a_gap()], FailOn.LOW, 3),
    ([a_result(passed=1)], [a_gap()], FailOn.NEVER, 3),
    ([a_result(failed=1)], [], FailOn.LOW, 10),
    ([a_result(failed=1), a_result(unknown=1)], [a_gap()], FailOn.LOW, 10),
    ([a_result(failed=1)], [], FailOn.NEVER, 0),
    ([a_result(failed=1), a_result(unknown=1)], [], FailOn.NEVER, 3),
    ([UNKNOWN_BESIDE_LOW], [], FailOn.HIGH, 3),
    ([UNKNOWN_BESIDE_LOW], [], FailOn.LOW, 10),
    *(
        ([a_result(severity=severity, failed=1)], [], fail_on, 10 if counts else 0)
        for severity, least in (
            (Severity.CRITICAL, {FailOn.CRITICAL, FailOn.HIGH, FailOn.MEDIUM, FailOn.LOW}),
            (Severity.HIGH, {FailOn.HIGH, FailOn.MEDIUM, FailOn.LOW}),
            (Severity.MEDIUM, {FailOn.MEDIUM, FailOn.LOW}),
            (Severity.LOW, {FailOn.LOW}),
        )
        for fail_on in FailOn
        for counts in [fail_on in least]
    ),
]


@pytest.mark.parametrize(("results", "gaps", "fail_on", "code"), CODES)
def test_the_exit_code_follows_the_worst(results: list, gaps: list, fail_on: FailOn, code: int) -> None:  # type: ignore[type-arg]
    assert exit_code(a_report(results, gaps), fail_on) == code


WAIVED = replace(a_result(failed=2, passed=1), waived=2)
HALF_WAIVED = replace(WAIVED, waived=1)


@pytest.mark.parametrize(
    ("results", "accept", "code"),
    [
        ([WAIVED], False, 10),
        ([WAIVED], True, 0),
        ([HALF_WAIVED], True, 10),
        ([WAIVED, HALF_WAIVED], True, 10),
        ([WAIVED, a_result(unknown=1)], True, 3),
    ],
)
def test_a_waived_failure_counts_unless_that_is_accepted(results: list[ControlResult], accept: bool, code: int) -> None:
    assert exit_code(a_report(results), FailOn.LOW, accept_waived=accept) == code


def test_results_are_always_written_and_the_report_when_wanted() -> None:
    assert formats(report=False) == ("json",)
    assert formats(report=True) == ("json", "html", "pdf")


def test_a_secret_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = world()
    monkeypatch.setenv("PIN", "first")
    assert outside.resolve(SecretRef("env", "PIN")) == "first"
    monkeypatch.setenv("PIN", "second")
    assert outside.resolve(SecretRef("env", "PIN")) == "first"
    assert outside.now().utcoffset() is not None


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    with simulated(a_world(a_key("one"))) as aws:
        return scan(tmp_path_factory.mktemp("finished"), estate_text(aws.url))


def copied(finished: Scan, folder: Path) -> Path:
    return Path(shutil.copytree(finished.folder, folder / "copy"))


CHANGES = [
    ("estate.yaml", "organization: Test Health", "organization: Best Health"),
    ("controls/rotation/KM-ROT-04.yaml", "severity: high", "severity: low"),
]


@pytest.mark.parametrize(("name", "old", "new"), CHANGES)
@pytest.mark.parametrize("command", [["report"], ["scan", "--resume"]])
def test_a_scan_goes_on_only_by_the_rules_it_began_with(
    finished: Scan,
    tmp_path: Path,
    command: list[str],
    name: str,
    old: str,
    new: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = copied(finished, tmp_path)
    path = folder / name
    path.write_text(path.read_text().replace(old, new))
    assert run([*command, str(folder)], traces=False) == 1
    changed = folder / Path(name).parts[0]
    assert capsys.readouterr().err == (
        f"error: {changed} was changed after the scan began\nhint: put back what the scan began with, or scan again\n"
    )


@pytest.mark.parametrize("command", [["report"], ["scan", "--resume"]])
def test_a_damaged_header_is_told_with_its_file(
    finished: Scan, tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(finished, tmp_path)
    header = json.loads((folder / "scan.json").read_text())
    (folder / "scan.json").write_text(json.dumps({**header, "state": "done"}))
    assert run([*command, str(folder)], traces=False) == 1
    assert capsys.readouterr().err.startswith(f"error: {folder}/scan.json: `state` is not collecting")


@pytest.mark.parametrize("command", [["report"], ["scan", "--resume"]])
def test_a_folder_in_use_is_left_to_its_user(
    finished: Scan, tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(finished, tmp_path)
    with ScanDir(folder).lock():
        assert run([*command, str(folder)], traces=False) == 2
    assert capsys.readouterr().err == f"error: {folder} is in use by another keyaudit\nhint: wait for it to end\n"


def test_a_scan_into_a_folder_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulated(a_world(a_key("one"))) as aws, ScanDir(tmp_path / "out").lock():
        assert scan(tmp_path, estate_text(aws.url)).code == 2
        assert aws.requests == []
    assert "is in use by another keyaudit" in capsys.readouterr().err


def test_an_unfinished_scan_has_no_report_yet(
    finished: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(finished, tmp_path)
    header = json.loads((folder / "scan.json").read_text())
    (folder / "scan.json").write_text(json.dumps({**header, "state": "collecting"}))
    assert run(["report", str(folder)], traces=False) == 2
    assert capsys.readouterr().err == (
        f"error: the scan in {folder} was not finished\nhint: finish it with `keyaudit scan --resume {folder}`\n"
    )


def test_a_disk_that_does_not_take_it_ends_the_scan_and_keeps_the_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        first = scan(tmp_path, estate_text(aws.url))
        (first.folder / "results.json").unlink()
        (first.folder / "results.json").mkdir()
        assert run(["scan", "--resume", str(first.folder), "--quiet"], traces=False) == 1
        captured = capsys.readouterr()
        (first.folder / "results.json").rmdir()
        assert run(["scan", "--resume", str(first.folder), "--quiet"], traces=False) == 0
    assert captured.err == (
        f"error: cannot write {first.folder}: Is a directory\n"
        f"hint: make room, then go on with `keyaudit scan --resume {first.folder}`\n"
    )


@pytest.mark.usefixtures("_ctrl_c")
def test_ctrl_c_is_heard_at_once_and_the_way_back_can_be_typed_as_it_is_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(pipeline, "scan", interrupted)
    with simulated(a_world(a_key("one"))) as aws:
        assert scan(tmp_path / "my scan", estate_text(aws.url)).code == 130
    folder = tmp_path / "my scan" / "out"
    err = capfd.readouterr().err
    assert err.startswith("stopping when the calls under way have ended\n")
    assert err.endswith(
        f"error: stopped; what was collected is kept\nhint: go on with `keyaudit scan --resume '{folder}'`\n"
    )


@pytest.mark.usefixtures("_ctrl_c")
def test_after_a_scan_ctrl_c_means_what_it_meant_before(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with simulated(a_world(a_key("one"))) as aws:
        scan(tmp_path, estate_text(aws.url))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_scan_runs_in_any_thread(tmp_path: Path) -> None:
    codes: list[int] = []
    with simulated(a_world(a_key("one"))) as aws:
        thread = threading.Thread(target=lambda: codes.append(scan(tmp_path, estate_text(aws.url)).code))
        thread.start()
        thread.join()
    assert codes == [0]


def test_who_ignores_ctrl_c_goes_on_ignoring_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def interrupted(*_: object) -> Report:
        signal.raise_signal(signal.SIGINT)
        return a_report()

    monkeypatch.setattr(pipeline, "scan", interrupted)
    try:
        with simulated(a_world(a_key("one"))) as aws:
            assert scan(tmp_path, estate_text(aws.url)).code == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_only_the_named_sources_are_read(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        text = estate_text(
            aws.url, more=f"    - name: other\n      regions: [us-west-2]\n      endpoint_url: {aws.url}\n"
        )
        result = scan(tmp_path, text, "--only", "other")
    assert {str(r.region) for r in aws.requests} == {"us-west-2"}
    assert result.results["scan"]["selection"].endswith("; sources other")


def test_a_folder_is_named_by_the_time_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with simulated(a_world(a_key("one"))) as aws:
        Path("estate.yaml").write_text(estate_text(aws.url))
        assert run(["scan", "estate.yaml", "--no-report", "--control", "KM-ROT-04"], traces=True) == 0
    (folder,) = tmp_path.glob("keyaudit-*T*Z")
    assert f"{folder.name}/results.json" in capsys.readouterr().out


def test_a_secret_that_is_missing_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = "      role_arn: arn:aws:iam::111122223333:role/a\n      external_id: {file: nowhere}\n"
    with simulated(a_world(a_key("one"))) as aws:
        result = scan(tmp_path, estate_text(aws.url, more=more))
        assert (result.code, aws.requests) == (2, [])
    assert not result.folder.exists()
    assert "estate.yaml:12: cannot read the secret in nowhere: No such file or directory" in capsys.readouterr().err


def test_denied_reads_of_a_control_that_may_fail_are_still_incomplete(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"), a_key("two", rotation=None))) as aws:
        aws.faults.add(Fault("deny", "kms:GetKeyRotationStatus", subject=a_key("one").arn))
        one = ("--control", "KM-ROT-04")
        assert scan(tmp_path / "all", estate_text(aws.url), *one).code == 10
        assert scan(tmp_path / "critical", estate_text(aws.url), *one, "--fail-on", "critical").code == 3
        assert scan(tmp_path / "never", estate_text(aws.url), *one, "--fail-on", "never").code == 3
