"""The entry point: every error in its words, every exit code, help that helps."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from scanner import __version__
from scanner.cli import main as entry
from scanner.cli.main import app, main, run, wants_traces
from scanner.errors import KeyauditError
from tests import golden


def commands(group: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - typer's class
    yield names, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*names, name))


COMMANDS = dict(commands(typer.main.get_command(app)))
IDS = [" ".join(names) or "keyaudit" for names in COMMANDS]


def test_all_commands_are_there() -> None:
    assert set(IDS) == {
        "keyaudit",
        "controls",
        "controls lint",
        "controls list",
        "controls show",
        "controls test",
        "demo",
        "diff",
        "doctor",
        "forecast",
        "history",
        "history forget",
        "history list",
        "history record",
        "history show",
        "init",
        "keygen",
        "package",
        "permissions",
        "report",
        "run",
        "scan",
        "schedule",
        "schedule export",
        "schedule health",
        "schedule run",
        "schema",
        "schema alternatives",
        "schema diff",
        "schema estate",
        "schema facts",
        "schema forecast",
        "schema results",
        "schema trend",
        "schema waivers",
        "selftest",
        "verify",
    }


@pytest.mark.parametrize("names", COMMANDS, ids=IDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_has_an_example_and_fits_80_columns(
    names: tuple[str, ...], flag: str, columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")  # where typer would color its help
    assert run([*names, flag], traces=False) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert f"Example: keyaudit {' '.join(names)}".rstrip() in captured.out
    assert max(len(line) for line in captured.out.splitlines()) <= 80
    assert captured.out.replace("\n", "").isprintable()


def test_the_list_of_commands_says_what_each_does_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for group in ([], ["controls"], ["schema"]):
        run([*group, "--help"], traces=False)
        assert "..." not in capsys.readouterr().out.replace("[ARGS]...", "")


def test_every_help_text_is_as_it_was_agreed(capsys: pytest.CaptureFixture[str]) -> None:
    """The words of commands and options; how they are laid out is typer's."""
    lines = []
    for names, command in COMMANDS.items():
        lines += [f"== keyaudit {' '.join(names)}".rstrip(), str(command.help).strip()]
        for parameter in command.params:
            lines.append(f"{', '.join(parameter.opts)} [{parameter.metavar or ''}]: {parameter.help}")
        lines.append("")
    golden.check("help.txt", "\n".join(lines))


@pytest.mark.parametrize("names", COMMANDS, ids=IDS)
def test_every_option_is_explained(names: tuple[str, ...]) -> None:
    for parameter in COMMANDS[names].params:
        assert parameter.help, parameter.name
        assert parameter.help.endswith("."), parameter.help


USAGE = [
    ["nope"],
    ["--nope"],
    ["scan", "--nope"],
    ["scan", "--overwritten", "estate.yaml"],
    ["scan", "a.yaml", "b.yaml"],
    ["scan"],
    ["scan", "nope.yaml"],
    ["scan", "."],
    ["scan", "--fail-on", "banana", "estate.yaml"],
    ["scan", "--fail-on"],
    ["scan", "--format", "xml", "estate.yaml"],
    ["scan", "--as-of", "yesterday", "estate.yaml"],
    ["scan", "--as-of", "2026-11-24T12:00", "estate.yaml"],
    ["scan", "--control", "KM-ROT-004", "estate.yaml"],
    ["scan", "--framework", "hipaa", "estate.yaml"],
    ["scan", "--phase", "rotations", "estate.yaml"],
    ["scan", "--control", "KM-ROT-04", "--phase", "governance", "estate.yaml"],
    ["scan", "--only", "other", "estate.yaml"],
    ["scan", "--controls", "nowhere", "estate.yaml"],
    ["scan", "--resume", "scan", "estate.yaml"],
    ["scan", "--resume", "scan", "--only", "main"],
    ["scan", "--resume", "scan", "-o", "other"],
    ["scan", "--resume", "nowhere"],
    ["scan", "--resume", "full"],
    ["scan", "estate.yaml", "-o", "full"],
    ["scan", "estate.yaml", "-o", "full", "--overwrite"],
    ["scan", "estate.yaml", "-o", "estate.yaml"],
    ["scan", "estate.yaml", "-o", "estate.yaml/out"],
    ["report"],
    ["report", "nowhere"],
    ["report", "full"],
    ["report", "estate.yaml"],
    ["demo", "-o", "full"],
    ["demo", "-o", "full", "--overwrite"],
    ["demo", "--world", "nope.yaml"],
    ["init"],
    ["init", "estate.yaml"],
    ["init", "nowhere/estate.yaml"],
    ["init", "new.yaml", "--organization", ""],
    ["init", "new.yaml", "--organization", "a\x1b[31mb"],
    ["init", "new.yaml", "--organization", "AKIAIOSFODNN7EXAMPLE"],
    ["doctor", "a", "b"],
    ["controls", "show"],
    ["controls", "show", "KM-ROT-004"],
    ["controls", "list", "--phase", "nope"],
    ["controls", "lint", "--controls", "full"],
    ["permissions"],
    ["permissions", "oracle"],
    ["schema", "facts", "kyes"],
    ["schema", "facts", "nope"],
    ["schema", "nope"],
    ["scan", "a\nhint: rm -rf /\x1b[2J.yaml"],
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    run(["init", "--organization", "Test Health"], traces=False)
    return tmp_path


def test_every_wrong_use_has_its_exact_message(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    before = sorted(place.rglob("*"))
    said = []
    for arguments in USAGE:
        assert run(arguments, traces=False) == 2, arguments
        captured = capsys.readouterr()
        assert captured.out == ""
        said.append(f"$ keyaudit {' '.join(arguments)!r}\n{captured.err}")
    golden.check("usage_errors.txt", "\n".join(said))
    assert sorted(place.rglob("*")) == before


def fails(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def dispatch(_: object) -> int:
        raise error

    monkeypatch.setattr(entry, "_dispatch", dispatch)


ERRORS = [
    (KeyauditError("it failed", hint="do this"), 1, "error: it failed\nhint: do this\n"),
    (KeyauditError("it failed"), 1, "error: it failed\n"),
    (KeyboardInterrupt(), 130, "error: stopped\n"),
    (typer.Abort(), 130, "error: stopped\n"),
    (
        OSError(28, "No space left on device", "out/a"),
        1,
        "error: No space left on device: out/a\nhint: make room, or name another place; -vv shows where it happened\n",
    ),
    (
        OSError("odd"),
        1,
        "error: odd\nhint: make room, or name another place; -vv shows where it happened\n",
    ),
    (
        ZeroDivisionError("by zero"),
        1,
        "error: internal error: ZeroDivisionError: by zero\nhint: run again with -vv and report the traceback\n",
    ),
    (
        RuntimeError("a\x1b[31m\nhint: b"),
        1,
        "error: internal error: RuntimeError: a\\u001b[31m\n  hint: b\nhint: run again",
    ),
]


@pytest.mark.parametrize(("error", "code", "text"), ERRORS)
def test_whatever_fails_is_one_message(
    error: BaseException, code: int, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(error, monkeypatch)
    assert run([], traces=False) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(text)
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    "error", [KeyauditError("it failed"), OSError(28, "it failed"), ZeroDivisionError("it failed")]
)
def test_a_traceback_is_shown_before_the_message_when_asked_for(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(error, monkeypatch)
    run([], traces=True)
    trace, _, message = capsys.readouterr().err.partition("\nerror: ")
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "it failed" in message.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["-vv"], True),
        (["-v", "-v"], True),
        (["--verbose", "-v"], True),
        (["--verbose", "--verbose"], True),
        (["-vvv"], True),
        (["-qvv"], True),
        (["-v", "-qv"], True),
        ([], False),
        (["-v"], False),
        (["--verbose"], False),
        (["-qv"], False),
        (["-q", "-q"], False),
        (["vv", "--vv", "-", "-o", "-ovv"], False),
    ],
)
def test_two_v_ask_for_tracebacks(arguments: list[str], wanted: bool) -> None:
    assert wants_traces(arguments) is wanted


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], traces=False) == 0
    assert capsys.readouterr().out == f"keyaudit {__version__}\n"


def test_main_leaves_with_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    with pytest.raises(SystemExit) as left:
        main(["scan", "nope.yaml", "-vv"])
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("Traceback")


def test_main_takes_the_arguments_of_the_process(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["keyaudit", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.startswith("keyaudit ")


def test_a_terminal_without_a_letter_gets_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="latin-1"))
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as left:
        main(["scan", "日.yaml"])
    assert left.value.code == 2
    assert raw.getvalue() == b"error: no such file: \\u65e5.yaml\nhint: check the path\n"


def test_the_reader_of_a_help_page_may_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w") as file:

        class Gone(io.StringIO):
            def write(self, _: str) -> int:
                raise BrokenPipeError

            def fileno(self) -> int:
                return file.fileno()

        monkeypatch.setattr(sys, "stdout", Gone())
        assert run(["--help"], traces=False) == 0
        file.write("what is still to come goes nowhere")
    assert (tmp_path / "out").read_text() == ""
