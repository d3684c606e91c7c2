"""``keyaudit run``: what it is given. `test_run_job.py` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.demo.embedded import environment
from tests.support import estate_text


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    path = tmp_path / "estate.yaml"
    path.write_text(estate_text("http://127.0.0.1:1") + "profiles: {nightly: {folder: n}, weekly: {folder: w}}\n")
    return path


def test_an_unknown_profile_is_told_with_those_there_are(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "hourly", "--estate", str(estate)], traces=False) == 2
    said = capsys.readouterr().err
    assert f"error: {estate}:" in said
    assert "there is no profile 'hourly'\nhint: there are: nightly, weekly" in said
    estate.write_text(estate_text("http://127.0.0.1:1"))
    assert run(["run", "hourly", "--estate", str(estate)], traces=False) == 2
    assert "hint: add it under `profiles:`" in capsys.readouterr().err


def test_the_estate_file_of_the_folder_is_taken_when_none_is_named(
    estate: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(estate.parent)
    assert run(["run", "hourly"], traces=False) == 2
    assert "error: estate.yaml:" in capsys.readouterr().err
    monkeypatch.setenv("KEYAUDIT_ESTATE", str(estate.with_name("other.yaml")))
    assert run(["run", "hourly"], traces=False) == 2
    assert "other.yaml" in capsys.readouterr().err


def test_retrying_stands_alone(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["run", "nightly", "--estate", str(estate), "--retry-notifications"]
    for more in (["--as-of", "2026-01-01"], ["--offline-notify"], ["--controls", "x"]):
        assert run([*given, *more], traces=False) == 2
        assert "--retry-notifications stands alone" in capsys.readouterr().err
    assert run(given, traces=False) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("store: nowhere/history.db", "there is no folder"),
        ("package: {sign: 'file:k', passphrase: {env: NOT_SET}}", "the environment variable NOT_SET is not set"),
        ("controls: [KM-NO-01]", "KM-NO-01"),
        ("only: [other]", "no source is called 'other'"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_before_anything_is_asked(
    more: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text(estate_text("http://127.0.0.1:1") + f"profiles:\n  nightly:\n    folder: n\n    {more}\n")
    with environment({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}):
        assert run(["run", "nightly", "--estate", str(path)], traces=False) == 2
    assert why in capsys.readouterr().err
    assert list((tmp_path / "n" / "scans").iterdir()) == []
    state = tmp_path / "n" / "run.json"
    assert not state.exists() or '"runs": []' in state.read_text()
