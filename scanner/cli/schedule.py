"""``keyaudit schedule``: units for other schedulers, and a small scheduler of our own."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import ESTATE, EstateOption, Output, need_command
from scanner.cli.text import safe, say, shell, write
from scanner.errors import UsageError
from scanner.model.schedule import Target

if TYPE_CHECKING:
    from types import FrameType

    from scanner.schedule.loop import Event, Loop

app = typer.Typer(
    help="Run profiles at their times, by any scheduler.\n\n"
    "Example: keyaudit schedule export --to systemd --profile nightly --estate estate.yaml"
)
app.callback(invoke_without_command=True)(need_command)


class EveryOption(StrEnum):
    """How often, at a time of day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


ThatProgram = Annotated[
    Path | None,
    typer.Option(
        "--program", help="keyaudit on that machine, for systemd and cron (default: this one).", metavar="PATH"
    ),
]
HowOften = Annotated[
    EveryOption | None, typer.Option("--every", help="Each day, Monday, or first of the month, with --at.")
]


@app.command("export")
def export(
    to: Annotated[Target, typer.Option("--to", help="Scheduler to write for.")],
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="Profile of the estate (default: its only one).", metavar="NAME"),
    ] = None,
    estate: EstateOption = ESTATE,
    at: Annotated[str | None, typer.Option("--at", help="Time of day.", metavar="HH:MM")] = None,
    every: HowOften = None,
    cron: Annotated[
        str | None, typer.Option("--cron", help="The five fields of a crontab, instead of --at.", metavar="FIELDS")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="Time zone, e.g. Europe/Berlin (default: Etc/UTC).", metavar="NAME")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write to (default: print).", metavar="DIR")
    ] = None,
    program: ThatProgram = None,
    user: Annotated[str, typer.Option("--user", help="User who runs it, for systemd and cron.", metavar="NAME")] = (
        "keyaudit"
    ),
    image: Annotated[
        str, typer.Option("--image", help="Container image, for kubernetes and eventbridge.", metavar="IMAGE")
    ] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Write ready units that call `keyaudit run`.

    Without --at and --cron, the profile's own `schedule` counts. No secret is
    read or written: what the profile refers to is listed by name, in comments.

    Example: keyaudit schedule export --to systemd --profile nightly --estate estate.yaml --at 02:30 -o units
    """
    from scanner.cli.schedule_job import choose_schedule, find_profile, make_job
    from scanner.estate.load import read_estate
    from scanner.scandir import write_atomically
    from scanner.schedule.export import export as make

    text = read_estate(estate)
    read, chosen = text.estate, find_profile(text, profile)
    when = choose_schedule(chosen, at, every.value if every else None, cron, timezone)
    policy = to is Target.EVENTBRIDGE
    job = make_job(read, chosen, when, program=program or _program(), image=image, user=user, with_policy=policy)
    files = make(job, to)
    if output is None:
        for number, file in enumerate(files):
            write((b"\n" if number else b"") + file.data)
        return
    output.mkdir(parents=True, exist_ok=True)
    for file in files:
        if (output / file.name).exists() and not overwrite:
            raise UsageError(f"{output / file.name} is there", hint="name another folder, or give --overwrite")
    for file in files:
        write_atomically(output / file.name, file.data)
        say(f"wrote {shell(output / file.name)}")


def _program() -> Path:
    """Return the `keyaudit` that belongs to this interpreter, or the one on the path."""
    beside = Path(sys.executable).parent / "keyaudit"
    found = shutil.which("keyaudit")
    return beside if beside.exists() or not found else Path(found)


@app.command("run")
def run(
    estate: EstateOption = ESTATE,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", help="Run this profile only (repeat for more; default: all with a schedule).", metavar="NAME"
        ),
    ] = None,
    health_file: Annotated[
        Path | None,
        typer.Option(
            "--health-file", help="Touch this file as a sign of life.", metavar="FILE", envvar="KEYAUDIT_HEALTH_FILE"
        ),
    ] = None,
    jitter: Annotated[
        int, typer.Option("--jitter", help="Start up to so many seconds late, at random.", min=0, max=3600)
    ] = 0,
    grace: Annotated[
        int, typer.Option("--grace", help="Seconds that a run has to end when this is stopped.", min=0, max=86_400)
    ] = 600,
    at_once: Annotated[bool, typer.Option("--at-once", help="Run each profile at the start, too.")] = False,
    output_format: Annotated[Output, typer.Option("--format", help="How to log: text, or a JSON object a line.")] = (
        Output.TEXT
    ),
) -> None:
    """Run profiles at their times, until stopped.

    Each run is a process of its own. A time that was missed is made up for
    once; a run still under way is not started again. SIGTERM and Ctrl-C wait
    for what is under way. What passes while this is not running is not made
    up for: a scheduler of the system does better.

    Example: keyaudit schedule run --estate estate.yaml --health-file /tmp/health
    """
    from scanner.cli.schedule_job import find_profile
    from scanner.estate.load import read_estate
    from scanner.schedule.loop import Loop, Options, Planned, run_command

    text = read_estate(estate)
    chosen = [find_profile(text, name) for name in dict.fromkeys(profile)] if profile else list(text.estate.profiles)
    planned = []
    for one in chosen:
        if one.schedule is not None:
            planned.append(Planned(one.name, one.schedule, run_command(one.name, estate.absolute())))
        elif profile:
            hint = "give it `schedule: {at: '02:30'}`"
            raise UsageError(f"nothing says when to run {one.name}", hint=hint)
    if not planned:
        raise UsageError("no profile of the estate has a schedule", hint="give one `schedule: {at: '02:30'}`")
    tell = _tell_json if output_format is Output.JSON else _tell
    options = Options(tell=tell, health=health_file, jitter=jitter, grace=grace, at_once=at_once)
    _until_stopped(Loop(planned, options))


def _until_stopped(loop: Loop) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        loop.stop.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        loop.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(event: Event) -> None:
    ended = f"exit code {event.exit_code} after {event.seconds} s" if event.exit_code is not None else ""
    line = " ".join(part for part in (event.profile, event.what) if part)
    detail = safe(ended or event.detail)
    say(f"{event.at:%Y-%m-%dT%H:%M:%SZ} {line}{f': {detail}' if detail else ''}")


def _tell_json(event: Event) -> None:
    body = {
        "at": f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
        "event": event.what,
        "profile": event.profile or None,
        "detail": event.detail or None,
        "exit_code": event.exit_code,
        "seconds": event.seconds,
    }
    say(json.dumps({name: value for name, value in body.items() if value is not None}))


@app.command("health")
def health(
    file: Annotated[
        Path,
        typer.Option("--file", help="Health file of the scheduler.", metavar="FILE", envvar="KEYAUDIT_HEALTH_FILE"),
    ],
    max_age: Annotated[int, typer.Option("--max-age", help="Seconds that it may be old.", min=1)] = 60,
    absent_ok: Annotated[
        bool, typer.Option("--absent-ok", help="No file is no complaint: no scheduler runs here.")
    ] = False,
) -> None:
    """Tell whether `keyaudit schedule run` is alive. Exit code 1: it is not.

    Example: keyaudit schedule health --file /tmp/health --max-age 60
    """
    from scanner.schedule.health import check_health

    age = check_health(file, time.time(), max_age, absent_ok=absent_ok)
    say("no scheduler runs here" if age is None else f"alive {max(0, round(age))} s ago")
