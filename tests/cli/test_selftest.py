"""The command ``selftest``: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer

from scanner.cli.running import InterruptedScanError
from scanner.cli.selftest import exit_code, selftest, table
from scanner.cli.text import WIDTH
from scanner.errors import ConfigError, KeyauditError, UsageError
from scanner.selftesting import Result
from tests.support import a_key, a_world, estate_text, simulated

LONG = "what was tried, and what was seen of it: " * 9


def run(*arguments: str) -> int:
    """Run the command as the command line does, errors aside."""
    app = typer.Typer(add_completion=False)
    app.command("selftest")(selftest)
    command = typer.main.get_command(app)
    with command.make_context("selftest", list(arguments)) as context:
        return int(command.invoke(context))


def an_estate(folder: Path, url: str = "http://127.0.0.1:9", named: str = "{}") -> str:
    path = folder / "estate.yaml"
    path.write_text(estate_text(url).replace("selftest: {}", f"selftest: {named}"), encoding="utf-8")
    return str(path)


def a_result(outcome: str, number: str = "ST-KMS-01", target: str = "a key") -> Result:
    return Result(id=number, target=target, outcome=outcome, detail=LONG, evidence=("sha256:0",))


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [(["pass"], 0), (["pass", "unknown"], 3), (["unknown", "fail", "pass"], 10), (["fail"], 10), ([], 3), (["odd"], 3)],
)
def test_the_exit_code_is_that_of_the_worst_outcome(outcomes: Sequence[str], code: int) -> None:
    assert exit_code([a_result(outcome) for outcome in outcomes]) == code


def test_the_table_is_by_target_fits_the_terminal_and_is_harmless() -> None:
    shown = table([a_result("pass"), a_result("fail", target="evil\x1b[31m"), a_result("unknown", "ST-KMS-02")])
    text = "\n".join(shown)
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    assert [line for line in shown if line and not line.startswith(" ")] == [
        "a key",
        "evil\\u001b[31m",
        "self-tests: 1 failed, 1 unknown, 1 passed",
    ]
    assert text.index("unknown  ST-KMS-02") < text.index("evil") < text.index("fail     ST-KMS-01")


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        run("--help")
    assert "Example: keyaudit selftest estate.yaml -o selftest-2026-11" in capsys.readouterr().out


def test_a_key_is_tested_and_the_results_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = a_world(a_key("canary"), a_key("canary-2"))
    named = "{aws: [{source: main, key: alias/canary, second_key: alias/canary-2, canary: true}]}"
    tests = ["--test", "ST-KMS-04", "--test", "ST-KMS-08", "--test", "ST-KMS-10", "--test", "ST-MOD-02"]
    with simulated(world) as aws:
        estate = an_estate(tmp_path, aws.url, named)
        code = run(estate, "-o", str(tmp_path / "out"), *tests)
    shown = capsys.readouterr().out
    wrapped = {str(one.params["CiphertextBlob"]) for one in aws.requests if "CiphertextBlob" in one.params}
    kept = "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert wrapped
    assert not [one for one in wrapped if one in kept]
    assert code == 3
    assert f"{world.key('canary').arn}\n  pass     ST-KMS-04  refused: AccessDeniedException\n" in shown
    assert "unknown  ST-KMS-10  the estate names no principal without rights" in shown
    assert "self-tests: 0 failed, 1 unknown, 3 passed" in shown
    assert f"results  {tmp_path / 'out' / 'selftests.json'}" in shown
    written = json.loads((tmp_path / "out" / "selftests.json").read_text(encoding="utf-8"))
    assert [(one["id"], one["outcome"]) for one in written] == [
        ("ST-MOD-02", "pass"),
        ("ST-KMS-04", "pass"),
        ("ST-KMS-10", "unknown"),
        ("ST-KMS-08", "pass"),
    ]
    assert {one["target"] for one in written[1:]} == {world.key("canary").arn}
    assert any((tmp_path / "out" / "evidence").iterdir())


def test_quiet_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(an_estate(tmp_path), "-o", str(tmp_path / "out"), "--test", "ST-MOD-01", "-q") == 0
    assert capsys.readouterr() == ("", "")


def test_what_is_wrong_is_told_before_anything_is_run(tmp_path: Path) -> None:
    estate, out = an_estate(tmp_path), tmp_path / "out"
    with pytest.raises(UsageError, match="no self-test 'ST-1'"):
        run(estate, "-o", str(out), "--test", "ST-1")
    with pytest.raises(UsageError, match="no source is called 'nobody'") as caught:
        run(estate, "-o", str(out), "--only", "nobody")
    assert caught.value.hint == "the estate has: main"
    with pytest.raises(ConfigError, match=r"is called 'nobody'"):
        run(an_estate(tmp_path, named="{aws: [{source: nobody, key: alias/canary}]}"), "-o", str(out))
    assert not out.exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_results_of_before_are_never_overwritten(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "folder":
        out.mkdir()
    (out / "mine" if kind == "folder" else out).write_text("mine")
    with pytest.raises(UsageError, match="is not an empty folder"):
        run(an_estate(tmp_path), "-o", str(out))


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyauditError) as caught:
        run(an_estate(tmp_path), "-o", str(tmp_path / "file" / "out"), "--test", "ST-MOD-01")
    assert "cannot write" in str(caught.value)
    assert caught.value.hint


def test_a_disk_that_is_full_at_the_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scanner.selftesting.run_selftests", full)
    with pytest.raises(KeyauditError, match="out: No space left on device"):
        run(an_estate(tmp_path), "-o", str(tmp_path / "out"), "-q")


def test_a_source_that_is_named_is_tested_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(an_estate(tmp_path))
    path.write_text(path.read_text().replace("selftest: {}\n", "") + "    - {name: other, regions: [us-east-1]}\n")
    assert run(str(path), "-o", str(tmp_path / "out"), "--test", "ST-KMS-01", "--only", "other") == 3
    shown = capsys.readouterr().out
    assert "other (nothing named)" in shown
    assert "main" not in shown


def test_a_stop_is_told_with_what_was_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_args: object, **_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scanner.selftesting.run_selftests", stopped)
    with pytest.raises(InterruptedScanError, match="stopped") as caught:
        run(an_estate(tmp_path), "-o", str(tmp_path / "out"), "-q")
    assert caught.value.exit_code == 130
    assert caught.value.hint == f"what was run is in {tmp_path / 'out' / 'evidence'}"
