"""``keyaudit diff`` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest

from scanner.cli.diff import exit_code
from scanner.cli.main import run
from scanner.cli.options import FailOn
from scanner.history.diff import compare
from scanner.history.snapshot import read_scan
from scanner.history.store import open_store
from scanner.model.control import Severity
from scanner.model.history import Snapshot
from scanner.model.verdict import Verdict
from scanner.pipeline import diff_schema
from scanner.scandir import ScanDir
from tests.diffs import Scans, scans
from tests.history.snapshots import a_control, a_finding, a_snapshot

__all__ = ["scans"]

SUM = "4 new, 2 fixed, 1 persisting, 0 changed, 0 unknown now"


@pytest.fixture(autouse=True)
def _no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYAUDIT_STORE", raising=False)


@pytest.mark.parametrize(
    ("old", "new", "more", "code", "first"),
    [
        ("old", "new", (), 10, SUM),
        ("package", "new", (), 10, SUM),
        ("old", "new", ("--fail-on", "critical"), 0, SUM),
        ("old", "new", ("--fail-on", "never"), 0, SUM),
        ("old", "old", (), 0, "0 new, 0 fixed, 3 persisting, 0 changed, 0 unknown now"),
        ("old", "blind", (), 3, "0 new, 0 fixed, 0 persisting, 0 changed, 6 unknown now"),
    ],
)
def test_the_sum_comes_first_and_the_exit_code_says_what_it_means(
    scans: Scans,
    old: str,
    new: str,
    more: Sequence[str],
    code: int,
    first: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [str(getattr(scans, one)) for one in (old, new)]
    assert run(["diff", *given, *more], traces=True) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == first
    assert [line for line in lines if len(line) > 80 and "arn:" not in line and "warning" not in line] == []
    assert "\x1b" not in "".join(lines)


def test_json_keeps_the_schema_that_is_printed(scans: Scans, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", str(scans.old), str(scans.new), "--format", "json"], traces=True) == 10
    body = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json.loads(diff_schema())).validate(body)
    assert (len(body["new"]), len(body["fixed"]), body["totals"]["persisting"]) == (4, 2, 1)
    assert run(["schema", "diff"], traces=True) == 0
    assert capsys.readouterr().out == diff_schema()


@pytest.mark.parametrize(
    ("name", "start"), [("html", "<!DOCTYPE html>"), ("markdown", "## keyaudit: "), ("text", "0 new, ")]
)
def test_a_file_is_written_and_not_replaced_unasked(
    scans: Scans, tmp_path: Path, name: str, start: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    command = ["diff", str(scans.old), str(scans.old), "--format", name, "-o", str(target)]
    assert run(command, traces=True) == 0
    sum_line, written = capsys.readouterr().out.splitlines()
    assert (sum_line, written) == ("0 new, 0 fixed, 3 persisting, 0 changed, 0 unknown now", f"written: {target}")
    assert target.read_text(encoding="utf-8").startswith(start)
    assert run(command, traces=False) == 2
    assert "exists already" in capsys.readouterr().err
    assert run([*command, "--overwrite"], traces=True) == 0


def test_a_file_that_cannot_be_one(scans: Scans, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target in (tmp_path, tmp_path / "no" / "such"):
        assert run(["diff", str(scans.old), str(scans.new), "-o", str(target)], traces=False) == 2
        assert "cannot be a file" in capsys.readouterr().err


def test_scans_of_the_store_by_what_people_call_them(
    scans: Scans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keyaudit.db"
    store = open_store(str(path))
    # The two scans have one as-of: the store orders them by it, then by id.
    ids = sorted(read_scan(ScanDir(one)).scan.id for one in (scans.old, scans.new))
    for folder in (scans.old, scans.new):
        store.record(read_scan(ScanDir(folder)))
    monkeypatch.setenv("KEYAUDIT_STORE", str(path))
    assert run(["diff", "previous", "latest", "--format", "json", "--fail-on", "never"], traces=True) == 0
    body = json.loads(capsys.readouterr().out)
    assert [body["scans"][side]["id"] for side in ("old", "new")] == ids
    assert run(["diff", str(scans.old), read_scan(ScanDir(scans.new)).scan.id[:8]], traces=True) == 10
    assert capsys.readouterr().out.startswith(SUM)
    assert run(["diff", "latest", "latest", "--series", "x"], traces=False) == 2
    assert "no scan of the series 'x'" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_not_made(
    scans: Scans, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.db"
    assert run(["diff", "latest", str(scans.new), "--store", str(path)], traces=False) == 2
    assert "there is no store" in capsys.readouterr().err
    assert not path.exists()


def test_a_package_that_does_not_verify(scans: Scans, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(scans.package.read_bytes()[:-10])
    assert run(["diff", str(bad), str(scans.new)], traces=False) == 20
    assert capsys.readouterr().err.startswith("error: archive")


def test_a_trusted_key_has_to_have_signed(scans: Scans, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, signed = tmp_path / "audit.key", tmp_path / "signed.zip"
    assert run(["keygen", str(key), "--no-passphrase", "--quiet"], traces=True) == 0
    made = ["package", str(scans.old), "-o", str(signed), "--sign", f"file:{key}", "--quiet"]
    assert run(made, traces=True) == 0
    capsys.readouterr()
    trusted = ["--trusted-key", f"{key}.pub"]
    assert run(["diff", str(signed), str(scans.new), *trusted], traces=True) == 10
    assert "not signed" not in capsys.readouterr().out
    assert run(["diff", str(scans.package), str(scans.new), *trusted], traces=False) == 20
    assert capsys.readouterr().err.startswith("error: statement")


def failing(severity: Severity) -> Snapshot:
    return a_snapshot(a_finding(), controls=[a_control(severity=severity)])


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        (Severity.LOW, FailOn.LOW, 10),
        (Severity.LOW, FailOn.MEDIUM, 0),
        (Severity.CRITICAL, FailOn.CRITICAL, 10),
        (Severity.HIGH, FailOn.CRITICAL, 0),
        (Severity.CRITICAL, FailOn.NEVER, 0),
    ],
)
def test_only_severities_that_count_fail(severity: Severity, fail_on: FailOn, code: int) -> None:
    new = failing(severity)
    assert exit_code(compare(a_snapshot(controls=new.controls), new), fail_on) == code


def test_what_is_unknown_counts_where_a_new_failure_does_not() -> None:
    findings = a_finding(), a_finding("key/b", Verdict.UNKNOWN)
    diff = compare(a_snapshot(), a_snapshot(*findings))
    assert [exit_code(diff, one) for one in (FailOn.LOW, FailOn.NEVER)] == [10, 3]
