"""The command ``demo``: its answer key, what it leaves, and how it ends."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import yaml

from scanner import pipeline
from scanner.cli.demo import DemoError, check, leave_world
from scanner.cli.main import run
from scanner.demo.embedded import Comparison
from scanner.demo.world import FOLDER
from scanner.history.store import open_store
from tests.support import a_key, a_world

FOUND = ("KM-ROT-04", "arn:aws:kms:::key/a", "fail")
OTHER = ("KM-ROT-03", "arn:aws:kms:::key/b", "unknown")


def small(folder: Path) -> Path:
    """Write a world of one key that does not rotate."""
    path = folder / "small.yaml"
    world = a_world(a_key("one", rotation=None))
    path.write_text(yaml.safe_dump(world.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")
    return path


def test_a_demo_can_fail_and_be_recorded_when_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYAUDIT_STORE", str(tmp_path / "of-real-scans.sqlite"))
    arguments = ["demo", "-o", str(tmp_path / "out"), "--no-report", "--fail-on", "high", "--quiet"]
    series = ["--store", str(tmp_path / "s.sqlite"), "--series", "shown", "--period", "last-7-days"]
    arguments += ["--as-of", "2026-06-15", *series]
    assert run([*arguments, "--world", str(small(tmp_path))], traces=True) == 10
    assert capfd.readouterr() == ("", "")
    (scan,) = open_store(str(tmp_path / "s.sqlite"), create=False).scans()
    assert scan.series == "shown"
    assert json.loads((tmp_path / "out" / "scan.json").read_text())["period"] == {
        "from": "2026-06-09",
        "to": "2026-06-15",
    }
    assert not (tmp_path / "of-real-scans.sqlite").exists()


def test_its_own_world_can_be_edited_and_run_again_in_place(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    world = small(tmp_path)
    arguments = ["demo", "-o", str(tmp_path / "again"), "--no-report", "--world", str(world), "--format", "json"]
    assert run(arguments, traces=True) == 0
    results = json.loads(capsysbinary.readouterr().out)
    assert {c["id"]: c["verdict"] for c in results["controls"]}["KM-ROT-04"] == "fail"
    assert (tmp_path / "again" / "demo" / "world.yaml").read_bytes() == world.read_bytes()
    assert not (tmp_path / "again" / "demo" / "answers.yaml").exists()


def test_a_world_that_is_there_already_is_not_copied_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "world.yaml").write_text("mine")
    leave_world(tmp_path / "world.yaml", tmp_path)
    assert (tmp_path / "world.yaml").read_text() == "mine"
    leave_world(None, tmp_path)
    assert (tmp_path / "world.yaml").read_bytes() == (FOLDER / "world.yaml").read_bytes()


def test_what_differs_from_the_answer_key_is_an_error_that_names_it() -> None:
    with pytest.raises(DemoError) as caught:
        check(Comparison(2, frozenset({FOUND}), frozenset({OTHER})), talks=True)
    assert str(caught.value) == (
        "not found: KM-ROT-04 arn:aws:kms:::key/a fail; not planted: KM-ROT-03 arn:aws:kms:::key/b unknown"
    )
    assert caught.value.exit_code == 1
    assert "a defect of keyaudit" in caught.value.hint


@pytest.mark.parametrize(
    ("talks", "said"), [(True, "answers   all 2 planted verdicts were found, and no other\n"), (False, "")]
)
def test_that_all_was_found_is_said_to_people(talks: bool, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    check(Comparison(2, frozenset(), frozenset()), talks=talks)
    assert capsys.readouterr().out == said


@pytest.mark.usefixtures("_ctrl_c")
def test_a_demo_that_was_stopped_is_begun_anew(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "scan", lambda *_: signal.raise_signal(signal.SIGINT))
    assert run(["demo", "-o", str(tmp_path / "out")], traces=False) == 130
    # What it scanned is gone with it: there is nothing to resume.
    assert capfd.readouterr().err.splitlines()[-1] == "hint: run it again with --overwrite"
