"""``keyaudit forecast``: what comes due after a scan."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.text import fold, safe, say, shell, write
from scanner.errors import UsageError
from scanner.model.forecast import DueKind

if TYPE_CHECKING:
    from scanner.model.forecast import Due, Forecast

EXIT_OVERDUE = 10
KINDS = ", ".join(DueKind)
CALENDAR = b"BEGIN:VCALENDAR"
MOST_ASKED = 10_000
"""Deadlines that are listed; the rest is counted."""


class ForecastFormat(StrEnum):
    """What goes to standard output."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def forecast(
    scan: Annotated[Path, typer.Argument(help="Folder of a finished scan, or a package.", metavar="SCAN")],
    days: Annotated[
        int, typer.Option("--days", help="How far to look, in days after the scan's as-of.", min=0, max=36_500)
    ] = 90,
    kind: Annotated[
        list[DueKind] | None,
        typer.Option("--kind", help=f"Tell this kind only (repeat for more): {KINDS}.", metavar="KIND"),
    ] = None,
    ics: Annotated[
        Path | None, typer.Option("--ics", help="Write the deadlines as a calendar (iCalendar), too.", metavar="FILE")
    ] = None,
    trusted_key: Annotated[
        list[Path] | None,
        typer.Option("--trusted-key", help="Public key of who may sign a package (repeat for more).", metavar="PEM"),
    ] = None,
    output_format: Annotated[ForecastFormat, typer.Option("--format", help="What to print.")] = ForecastFormat.TEXT,
    fail_on_overdue: Annotated[
        bool, typer.Option("--fail-on-overdue", help="Leave with exit code 10 when something is overdue.")
    ] = False,
) -> int:
    """Tell what comes due: rotations, expiries, sunsets, reviews.

    The clock is the scan's as-of: what lies before it and still stands is
    overdue. Nothing is asked of any system. --ics writes a calendar in which
    the event of a later scan takes the place of the earlier one.

    Example: keyaudit forecast scan-2026-11 --days 90 --ics due.ics
    """
    from scanner import pipeline
    from scanner.scandir import write_atomically

    if ics:
        _check_calendar(ics)
    coming, organization = _read(scan, days, frozenset(kind or ()), trusted_key or ())
    if ics:
        write_atomically(ics, pipeline.forecast_as(coming, organization, "ics"))
        say(f"wrote {shell(ics)}", err=True)
    if output_format is ForecastFormat.TEXT:
        _tell(coming, pipeline.forecast_caveats(coming))
    else:
        write(pipeline.forecast_as(coming, organization, output_format.value))
    return EXIT_OVERDUE if fail_on_overdue and any(due.overdue for due in coming.due) else 0


def _check_calendar(path: Path) -> None:
    """Raise UsageError when something is there that is no calendar."""
    if not path.exists():
        return
    begin = b""
    if path.is_file():
        with path.open("rb") as file:
            begin = file.read(len(CALENDAR))
    if begin != CALENDAR:
        raise UsageError(f"{path} is there, and it is no calendar", hint="name another file for --ics")


def _read(scan: Path, days: int, kinds: frozenset[DueKind], keys: Sequence[Path]) -> tuple[Forecast, str]:
    from scanner.history.forecast import read_forecast
    from scanner.scandir import ScanDir

    if not scan.is_file():
        return read_forecast(ScanDir(scan), days, kinds=kinds, most=MOST_ASKED)
    from scanner.history.sources import Places, open_snapshot
    from scanner.verify.statement import load_key
    from scanner.verify.steps import Policy

    policy = Policy(trusted=tuple(load_key(path) for path in keys))
    with tempfile.TemporaryDirectory(prefix="keyaudit-forecast-") as place:
        opened = open_snapshot(str(scan), Places(unpacked=Path(place), policy=policy))
        if opened.note:
            say(f"note: {safe(opened.note)}", err=True)
        return read_forecast(opened.folder or ScanDir(scan), days, kinds=kinds, most=MOST_ASKED)


def _tell(coming: Forecast, caveats: Sequence[str]) -> None:
    late = [due for due in coming.due if due.overdue]
    ahead = [due for due in coming.due if not due.overdue]
    say(
        f"{coming.as_of:%Y-%m-%d %H:%M} UTC: {len(late)} overdue, {len(ahead) + coming.omitted} due within "
        f"{coming.days} {'day' if coming.days == 1 else 'days'}"
    )
    if late:
        _group("OVERDUE", late)
    for month, group in groupby(ahead, key=lambda due: f"{due.at:%B %Y}"):
        _group(month, list(group))
    if caveats:
        say()
    for said in caveats:
        say(fold(said, 2))


def _group(title: str, group: Sequence[Due]) -> None:
    say()
    say(f"{title} ({len(group)})")
    for due in group:
        name = safe(due.label or due.subject, 120)
        say(fold(f"  {due.at:%Y-%m-%d}  {due.kind.value.replace('_', ' ')}: {name}", 14))
        if due.label:
            say(f"{' ' * 14}{safe(due.subject)}")
        say(fold(f"{' ' * 14}{safe(due.what, 500)}; {safe(due.action)}", 14))
        if due.basis:
            own = "own " if due.own else ""
            say(fold(f"{' ' * 14}limit: {safe(due.parameter)}, rests on: {own}{due.basis.value}", 14))
