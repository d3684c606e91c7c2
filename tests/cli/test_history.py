"""The commands ``history``, ``history list``, ``show`` and ``forget``, on a real store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.history.store import open_store
from tests.history.grids import snapshots
from tests.history.scans import digest

ROWS = {"KM-ROT-04 key/a": "FFPF", "KM-ROT-04 key/b": "PPFF", "KM-AUD-01 trail": "FU-P"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "scans.sqlite"
    store = open_store(str(path))
    for snapshot in snapshots(ROWS, keys={"key/a": "xxxx"}, scans={3: {"catalogue_sha256": digest("d")}}):
        store.record(snapshot)
    store.set_checkpoint("scan-1", digest("9"), 7, "scan-1.zip")
    (other,) = snapshots({"KM-ROT-04 x": "F"}, days=[-30], scans={0: {"id": "old-0001", "series": "older\x1b[31m"}})
    store.record(other)
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> str:
    """Return a copy, which a test may change."""
    return str(shutil.copy(made, tmp_path / "scans.sqlite"))


def ask(*arguments: str, code: int = 0) -> None:
    assert run(["history", *arguments], traces=True) == code


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the error and its hint, without the traceback."""
    assert run(["history", *arguments], traces=False) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return str(err).splitlines()[-2:]


def test_without_a_command_the_series_of_the_latest_scan_is_shown(
    made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYAUDIT_STORE", str(made))
    ask()
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "nightly: 4 scans, 2026-01-01 to 2026-01-04 UTC"
    assert "  high     KM-ROT-04     FFFF FAIL 2 Title of KM-ROT-04" in out
    assert "  high     KM-AUD-01     F?-P PASS Title of KM-AUD-01" in out
    assert "  164.312(a)(2)(iv)      FFFF FAIL 1 Encryption and decryption" in out
    assert "45 CFR 164.312 TECHNICAL SAFEGUARDS" in out
    assert "  high          2    2.5 days      3 days     2       1 day         0" in out
    assert "  KM-ROT-04  2 times, open: alias/key/a key/a" in out
    assert err == ("note: the series of the latest scan; --series names another: older\\u001b[31m\n")
    ask("--series", "older\x1b[31m")
    assert capsys.readouterr().out.startswith("older\\u001b[31m: 1 scan, 2025-12-02 06:00 UTC\n")


def test_scans_are_listed_by_series_and_time(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask("list", "--store", str(made))
    assert capsys.readouterr().out.splitlines() == [
        "nightly (4)",
        "  id        as of, UTC         fail  unknown   pass  checkpoint",
        "  scan-0    2026-01-01 06:00      2        0      0  -",
        "  scan-1    2026-01-02 06:00      1        1      0  7 999999999999",
        "  scan-2    2026-01-03 06:00      1        0      0  -",
        "  scan-3    2026-01-04 06:00      1        0      1  -",
        "older\\u001b[31m (1)",
        "  id        as of, UTC         fail  unknown   pass  checkpoint",
        "  old-0001  2025-12-02 06:00      1        0      0  -",
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--since", "2026-01-03"], ["scan-2", "scan-3"]),
        (["--until", "2026-01-02", "--series", "nightly"], ["scan-0", "scan-1"]),
        (["--since", "2026-01-02", "--until", "2026-01-02"], ["scan-1"]),
        (["--until", "9999-12-31", "--series", "nightly"], ["scan-0", "scan-1", "scan-2", "scan-3"]),
    ],
)
def test_a_list_is_of_the_days_that_are_asked_for(
    given: list[str], shown: list[str], made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("list", "--store", str(made), *given)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  scan-")] == shown


def test_no_scans_are_no_error_of_a_list(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask("list", "--store", str(made), "--since", "2027-01-01")
    assert capsys.readouterr().out == "no scans\n"


def test_ids_are_as_long_as_it_takes_to_tell_them_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "s.sqlite")
    ids = {place: {"id": f"0123456789-{place}"} for place in range(2)}
    for snapshot in snapshots({"KM-A x": "FP"}, scans=ids):
        open_store(path).record(snapshot)
    ask("list", "--store", path)
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown[2:]] == ["0123456789-0", "0123456789-1"]
    ask("show", "--store", path)
    assert capsys.readouterr().err == ""
    same = {place: {"id": f"{'x' * 40}{place}"} for place in range(2)}
    for snapshot in snapshots({"KM-A x": "FP"}, scans=same):
        open_store(path).record(snapshot)
    ask("list", "--store", path)
    assert f"  {'x' * 36}  2026" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "controls"),
    [
        (["--control", "KM-AUD-01"], ["KM-AUD-01"]),
        (["--clause", "164.312(a)(2)(iv)"], ["KM-ROT-04", "KM-AUD-01"]),
        (["--until", "2026-01-03"], ["KM-ROT-04", "KM-AUD-01"]),
    ],
)
def test_a_trend_is_narrowed(
    given: list[str], controls: list[str], made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("show", "--store", str(made), "--series", "nightly", "--format", "json", *given)
    body = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in body["controls"]] == controls
    assert len(body["scans"]) == (3 if "--until" in given else 4)


@pytest.mark.parametrize(
    ("name", "start"), [("text", "nightly: 4 scans"), ("markdown", "## keyaudit: 2"), ("html", "<!DOCTYPE html>")]
)
def test_a_trend_is_shown_in_each_format(name: str, start: str, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask("show", "--store", str(made), "--series", "nightly", "--format", name)
    out, err = capsys.readouterr()
    assert (out[: len(start)], err) == (start, "")


def test_a_trend_is_written_into_a_file(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "history.html"
    given = ("show", "--store", str(made), "--series", "nightly", "--format", "html", "-o", str(path))
    ask(*given)
    assert capsys.readouterr().out == f"written: {path}\n"
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert "exists already" in refused(capsys, *given)[0]
    ask(*given, "--overwrite")
    capsys.readouterr()
    assert "cannot be a file" in refused(capsys, *given[:-1], str(tmp_path))[0]


def test_old_scans_are_forgotten_and_their_checkpoints_stay(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("forget", "--before", "2026-01-03", "--store", store, "--series", "nightly")
    assert run(["history", *given], traces=False) == 2
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "would forget  scan-0 as of 2026-01-01 06:00 UTC, series nightly",
        "would forget  scan-1 as of 2026-01-02 06:00 UTC, series nightly",
    ]
    assert err == "error: nothing was forgotten: 2 scans would be\nhint: repeat it with --yes\n"
    assert len(open_store(store).scans()) == 5
    ask(*given, "--yes")
    said = "forgot 2 scans, kept 2 scans; 1 of the forgotten left its checkpoint in the chain\n"
    assert capsys.readouterr().out == said
    assert [scan.id for scan in open_store(store).scans("nightly")] == ["scan-2", "scan-3"]
    assert [one.number for one in open_store(store).checkpoints("nightly")] == [7]
    ask("forget", "--before", "2020-01-01", "--store", store)
    assert capsys.readouterr().out == "forgot 0 scans, kept 3 scans; no checkpoint was of them\n"
    ask("forget", "--before", "2026-01-01", "--store", store, "--yes")
    assert capsys.readouterr().out == "forgot 1 scan, kept 2 scans; no checkpoint was of them\n"


@pytest.mark.parametrize(
    ("given", "error", "hint"),
    [
        (["show", "--series", "x"], "has no series 'x'", "there are: nightly, older\\u001b[31m"),
        (["forget", "--before", "2026-01-01", "--series", "x"], "has no series 'x'", "there are: nightly"),
        (["show", "--series", "nightly", "--since", "2027-01-01"], "has no scan of these days", "history list"),
        (["list", "--since", "2026-1-1"], "--since '2026-1-1' is not a day", "write it as 2026-11-24"),
        (["list", "--until", "2026-13-01"], "--until '2026-13-01' is not a day", "write it as"),
        (["list", "--since", "2026-01-02", "--until", "2026-01-01"], "is before --since", "swap them"),
        (["show", "--series", "nightly", "--control", "KM-X"], "ran a control called 'KM-X'", "lists the controls"),
        (["show", "--series", "nightly", "--clause", "1"], "ran a control that cites '1'", "164.312(a)(2)(iv)"),
    ],
)
def test_what_cannot_be_shown_is_told(
    given: list[str], error: str, hint: str, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = refused(capsys, *given, "--store", str(made))
    assert error in first
    assert hint in second


@pytest.mark.parametrize("given", [[], ["list"], ["show"], ["forget", "--before", "2026-01-01"]])
def test_a_store_must_be_named_and_there(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYAUDIT_STORE", raising=False)
    assert refused(capsys, *given) == [
        "error: which store?",
        "hint: name it with --store, or in KEYAUDIT_STORE",
    ]
    monkeypatch.setenv("KEYAUDIT_STORE", str(tmp_path / "none.sqlite"))
    assert "there is no store" in refused(capsys, *given)[0]
    assert not (tmp_path / "none.sqlite").exists()


def test_a_store_without_scans_has_no_trend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "empty.sqlite")
    open_store(path)
    assert refused(capsys, "--store", path) == [
        f"error: the store {path} has no scans",
        "hint: record with `keyaudit scan --store`",
    ]


def test_an_option_before_the_command_is_not_lost_in_silence(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--store", str(made), "list") == [
        "error: --store stands before `list`",
        "hint: write it after that: `… list --store …`",
    ]


def test_many_series_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "many.sqlite")
    names = {place: {"series": f"s{place}"} for place in range(8)}
    for snapshot in snapshots({"KM-A x": "F" * 8}, scans=names):
        open_store(path).record(snapshot)
    ask("show", "--store", path)
    assert "s0, s1, s2, s3, s4 and 2 more" in " ".join(capsys.readouterr().err.split())
