"""The commands ``schedule export``, ``schedule run`` and ``schedule health``, as a user gives them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scanner.cli import schedule
from scanner.cli.main import run
from scanner.cli.schedule import _tell
from scanner.model.schedule import at_time
from scanner.schedule.loop import Event, Loop, Options, Planned
from tests.schedule.test_loop import NOW, until

ROOT = Path(__file__).parent.parent.parent
ESTATE = """\
keyaudit: 1
organization: Example
sources: {postgres: [{name: rows, dsn: {env: NO_SUCH_DSN}}]}
profiles:
  nightly: {folder: /var/lib/keyaudit/nightly, schedule: {at: "02:30"}}
  idle: {folder: idle}
"""


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("KEYAUDIT_HEALTH_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "estate.yaml"
    file.write_text(ESTATE, encoding="utf-8")
    return file


def export(target: str, *options: str) -> int:
    command = ["schedule", "export", "--to", target, "--profile", "nightly", "--estate", "estate.yaml", *options]
    return run(command, traces=False)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("systemd", ["keyaudit-nightly.service", "keyaudit-nightly.timer"]),
        ("cron", ["keyaudit-nightly"]),
        ("kubernetes", ["keyaudit-nightly.yaml"]),
        ("github-actions", ["keyaudit-nightly.yml"]),
        ("eventbridge", ["keyaudit-nightly.template.yaml"]),
    ],
)
def test_units_are_written_and_told(
    estate: Path, target: str, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(target, "-o", "units") == 0
    assert sorted(path.name for path in Path("units").iterdir()) == names
    assert capsys.readouterr().out.splitlines() == [f"wrote units/{name}" for name in names]
    assert export(target, "-o", "units") == 2
    assert capsys.readouterr().err.startswith(f"error: units/{names[0]} is there\n")
    assert export(target, "-o", "units", "--overwrite") == 0


def test_units_are_printed(estate: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ("--at", "04:15", "--every", "month", "--program", "/opt/k/bin/keyaudit", "--user", "audit")
    assert export("systemd", *options) == 0
    printed = capfd.readouterr().out
    assert f"ExecStart=/opt/k/bin/keyaudit run nightly --estate {estate}\n" in printed
    assert "\nUser=audit\n" in printed
    assert "\n\n# keyaudit-nightly.timer, written by keyaudit" in printed
    assert "\nOnCalendar=*-*-01 04:15:00 Etc/UTC\n" in printed


def test_the_program_is_this_one_or_the_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], estate: Path
) -> None:
    (tmp_path / "keyaudit").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "keyaudit").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere" / "python"))
    export("cron")
    assert f"{tmp_path}/keyaudit run nightly" in capfd.readouterr().out
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    export("cron")
    assert f"{tmp_path}/keyaudit run nightly" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--profile", "weekly"],
            "error: estate.yaml:4: there is no profile 'weekly'\nhint: there are: nightly, idle\n",
        ),
        (["--profile", "idle"], "error: nothing says when to run idle\nhint: give it `schedule: {at: '02:30'}`\n"),
    ],
)
def test_profiles_that_cannot_be_run(
    estate: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schedule", "run", "--estate", "estate.yaml", *options], traces=False) == 2
    assert capsys.readouterr().err == said


def test_an_estate_without_a_schedule(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estate.write_text(ESTATE.replace(', schedule: {at: "02:30"}', ""), encoding="utf-8")
    assert run(["schedule", "run", "--estate", "estate.yaml"], traces=False) == 2
    assert capsys.readouterr().err.startswith("error: no profile of the estate has a schedule\n")


def test_it_runs_logs_and_ends_on_sigterm(estate: Path, tmp_path: Path) -> None:
    """As a user: the run itself fails here, for want of a password, and says so."""
    command = [sys.executable, "-m", "scanner", "schedule", "run", "--estate", str(estate), "--at-once"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KEYAUDIT_HEALTH_FILE": str(tmp_path / "health")}
    with subprocess.Popen(
        [*command, "--format", "json", "--profile", "nightly"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as process:
        assert process.stdout
        assert process.stderr
        lines = []
        for line in process.stdout:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "ended":
                process.send_signal(signal.SIGTERM)
        complaint = process.stderr.read()
        assert process.wait(30) == 0
    assert [line["event"] for line in lines] == ["scheduled", "started", "ended", "stopping", "stopped"]
    assert (lines[2]["profile"], lines[2]["exit_code"]) == ("nightly", 2)
    assert "the environment variable NO_SUCH_DSN is not set" in complaint
    assert (tmp_path / "health").is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_waits_for_a_signal(
    estate: Path, tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    health = tmp_path / "health"

    def stop() -> None:
        until(health.exists)  # by then the signal is awaited
        os.kill(os.getpid(), number)

    stopper = threading.Thread(target=stop)
    stopper.start()
    command = ["schedule", "run", "--estate", str(estate), "--health-file", str(health), "--format", "json"]
    assert run(command, traces=False) == 0
    stopper.join()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line.get("profile")) for line in lines] == [
        ("scheduled", "nightly"),
        ("stopping", None),
        ("stopped", None),
    ]


def test_what_is_logged_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    _tell(Event(NOW, "ended", "nightly", "", 10, 42.5))
    _tell(Event(NOW, "skipped", "nightly", "still\x1b under way"))
    _tell(Event(NOW, "stopped"))
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-25T12:00:00Z nightly ended: exit code 10 after 42.5 s",
        "2026-11-25T12:00:00Z nightly skipped: still\\u001b under way",
        "2026-11-25T12:00:00Z stopped",
    ]


def test_signals_are_as_before_when_it_has_ended() -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    loop = Loop([Planned("nightly", at_time("02:30", "day"), ("true",))], Options(tell=print))
    loop.stop.set()
    schedule._until_stopped(loop)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_health(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "health"
    monkeypatch.setenv("KEYAUDIT_HEALTH_FILE", str(file))
    assert run(["schedule", "health", "--absent-ok"], traces=False) == 0
    assert run(["schedule", "health"], traces=False) == 1
    file.touch()
    assert run(["schedule", "health", "--max-age", "3600"], traces=False) == 0
    os.utime(file, (1, 1))
    assert run(["schedule", "health", "--file", str(file)], traces=False) == 1
    printed, complaint = capsys.readouterr()
    first, second = printed.splitlines()
    assert first == "no scheduler runs here"
    assert second.startswith("alive ")
    assert complaint.count("error: ") == 2
