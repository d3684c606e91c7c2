"""The command ``forecast``: by month for people, in other formats for programs, as a calendar."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import icalendar
import jsonschema
import pytest

from scanner.cli.keygen import PASSPHRASE
from scanner.cli.main import run
from scanner.package.keyfile import public_path, write_key
from tests.diffs import Scans, scans
from tests.history.forecasts import AS_OF, a_key, a_scan_folder, listed

__all__ = ["scans"]

LONG = "alias/" + "long-" * 40


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keys = [
        a_key("arn:late", 400),
        a_key("arn:soon", 350, name="alias/\x1b[31msoon"),
        a_key("arn:long", 330, name=LONG),
        a_key("arn:ends", 1, expires=True, expires_at=AS_OF + timedelta(days=3)),
    ]
    return a_scan_folder(
        tmp_path_factory.mktemp("scan"), [*keys, listed("keys", complete=False)], kek_max_days=365
    ).root


def test_people_read_it_by_month_the_overdue_first(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", str(scanned), "--kind", "rotation", "--days", "40"], traces=True) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "2026-11-20 06:00 UTC: 1 overdue, 2 due within 40 days",
        "",
        "OVERDUE (1)",
        "  2026-10-16  rotation: arn:late",
        "              the cryptoperiod of its material ends: 365 days after 2025-10-16;",
        "              rotate it, or make a new key for new protection",
        "              limit: kek_max_days, rests on: own policy",
        "",
        "December 2026 (2)",
        "  2026-12-05  rotation: alias/\\u001b[31msoon",
        "              arn:soon",
        "              the cryptoperiod of its material ends: 365 days after 2025-12-05;",
        "              rotate it, or make a new key for new protection",
        "              limit: kek_max_days, rests on: own policy",
        "  2026-12-25  rotation:",
        f"              {LONG[:120]}…",
        "              arn:long",
        "              the cryptoperiod of its material ends: 365 days after 2025-12-25;",
        "              rotate it, or make a new key for new protection",
        "              limit: kek_max_days, rests on: own policy",
        "",
        "A listing was not read to its end, so there can be more of: rotation.",
    ]


def test_what_no_limit_sets_has_none(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", str(scanned), "--kind", "key_expiry", "--days", "3"], traces=True) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-20 06:00 UTC: 0 overdue, 1 due within 3 days",
        "",
        "November 2026 (1)",
        "  2026-11-23  key expiry: arn:ends",
        "              it ends by itself; import the material again, or move to a new key",
        "              or version",
        "",
        "A listing was not read to its end, so there can be more of: end of a key.",
    ]
    assert run(["forecast", str(scanned), "--kind", "key_expiry", "--days", "2"], traces=True) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    # Nobody waived anything, and nothing of that is unknown.
    assert run(["forecast", str(scanned), "--kind", "waiver", "--days", "2"], traces=True) == 0
    assert capsys.readouterr().out == "2026-11-20 06:00 UTC: 0 overdue, 0 due within 2 days\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--kind", "rotation"], 0),
        (["--kind", "rotation", "--fail-on-overdue"], 10),
        (["--kind", "document", "--fail-on-overdue"], 0),
    ],
)
def test_the_exit_code_tells_of_what_is_overdue_when_asked(scanned: Path, arguments: list[str], code: int) -> None:
    assert run(["forecast", str(scanned), *arguments], traces=True) == code


@pytest.mark.parametrize(
    ("name", "begin"),
    [("json", b"{"), ("csv", b'"due","overdue"'), ("markdown", b"## keyaudit: due within 1 day")],
)
def test_other_programs_get_theirs(
    scanned: Path, name: str, begin: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["forecast", str(scanned), "--days", "1", "--format", name], traces=True) == 0
    printed, complaint = capfdbinary.readouterr()
    assert printed.startswith(begin)
    assert complaint == b""


def test_the_calendar_is_a_file_beside_what_is_printed(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calendar = tmp_path / "due.ics"
    assert run(["forecast", str(scanned), "--ics", str(calendar), "--format", "json"], traces=True) == 0
    due = json.loads(capsys.readouterr().out)["due"]
    assert len(icalendar.Calendar.from_ical(calendar.read_bytes()).walk("VEVENT")) == len(due) == 4
    assert run(["forecast", str(scanned), "--ics", str(calendar)], traces=True) == 0
    assert capsys.readouterr().err == f"wrote {calendar}\n"


def test_a_folder_that_is_no_scan_says_what_to_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", str(tmp_path)], traces=False) == 2
    assert "is not a scan: it has no scan.json\nhint: name the folder" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["-1", "36501", "soon"])
def test_days_are_a_number_within_reason(scanned: Path, days: str) -> None:
    assert run(["forecast", str(scanned), "--days", days], traces=False) == 2


def test_a_package_says_the_same_as_its_scan(
    scans: Scans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--days", "3650", "--format", "json"]
    assert run(["forecast", str(scans.old), *arguments], traces=True) == 0
    told = capsys.readouterr().out
    assert {due["kind"] for due in json.loads(told)["due"]} == {"rotation", "automatic_rotation", "fips_sunset"}
    assert run(["forecast", str(scans.package), *arguments], traces=True) == 0
    note = "note: old.zip is whole, but it is not signed by a key you trust\n"
    assert capsys.readouterr() == (told, note)
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    write_key(tmp_path / "key", "correct horse")
    signed = tmp_path / "signed.zip"
    given = ["package", str(scans.old), "-o", str(signed), "--sign", f"file:{tmp_path / 'key'}", "--quiet"]
    assert run(given, traces=True) == 0
    trusted = ["--trusted-key", str(public_path(tmp_path / "key"))]
    assert run(["forecast", str(signed), *trusted, *arguments], traces=True) == 0
    assert capsys.readouterr() == (told, "")


@pytest.mark.parametrize("there", ["scan.json", "."])
def test_a_file_that_is_no_calendar_is_not_replaced(
    scanned: Path, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (scanned / "scan.json").read_bytes()
    assert run(["forecast", str(scanned), "--ics", str(scanned / there)], traces=False) == 2
    assert "is there, and it is no calendar\nhint: name another file for --ics" in capsys.readouterr().err
    assert (scanned / "scan.json").read_bytes() == before


def test_json_keeps_the_schema_that_is_printed(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "forecast"], traces=True) == 0
    schema = json.loads(capsys.readouterr().out)
    assert run(["forecast", str(scanned), "--format", "json"], traces=True) == 0
    jsonschema.validate(json.loads(capsys.readouterr().out), schema)
