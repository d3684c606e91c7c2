"""Options that several commands share."""

from __future__ import annotations

import re
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.text import say
from scanner.errors import UsageError


class FailOn(StrEnum):
    """Least severity of a failed control that makes the exit code 10."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


class Output(StrEnum):
    """What goes to standard output."""

    TEXT = "text"
    JSON = "json"


EXIT_USAGE = 2

SEVERITIES = (FailOn.LOW, FailOn.MEDIUM, FailOn.HIGH, FailOn.CRITICAL)

ControlsOption = Annotated[
    list[str] | None, typer.Option("--control", help="Run this control only (repeat for more).", metavar="ID")
]
FrameworkOption = Annotated[
    list[str] | None,
    typer.Option("--framework", help="Run the controls that cite this framework, e.g. hipaa-164.312.", metavar="NAME"),
]
PhaseOption = Annotated[
    list[str] | None, typer.Option("--phase", help="Run the controls of this phase, e.g. rotation.", metavar="NAME")
]
CatalogueOption = Annotated[
    Path | None, typer.Option("--controls", help="Folder with another control catalogue.", metavar="DIR")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="Judge every age at this instant (RFC 3339; a bare date is UTC).", metavar="TIME"),
]
ESTATE = Path("estate.yaml")
"""Estate file of commands that run profiles, when none is named."""
EstateOption = Annotated[
    Path, typer.Option("--estate", help="Estate file with the profiles.", metavar="FILE", envvar="KEYAUDIT_ESTATE")
]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Least severity that makes the exit code 10.")]
AcceptWaivedOption = Annotated[
    bool,
    typer.Option(
        "--accept-waived",
        help="A failed control does not make the exit code 10 when each of its failed subjects is under a waiver or "
        "a documented alternative in force. Its verdict stays FAIL.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
VerboseOption = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.", show_default=False)
]
FormatOption = Annotated[Output, typer.Option("--format", help="What to print: a summary or results.json.")]
NoReportOption = Annotated[bool, typer.Option("--no-report", help="Write verdicts and results, no PDF and HTML.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace the scan that is in the folder.")]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period",
        help="Judge every day of this audit period as well: FROM..TO, a year, a quarter (2026-Q1), a month (2026-11), "
        "or last-N-days. Days are of UTC; days without evidence are unknown.",
        metavar="FROM..TO",
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="Record the scan in this store of scans over time: a file (SQLite) or postgresql://USER@HOST/DATABASE. "
        "A URL with a password belongs in the environment.",
        metavar="PATH|URL",
        envvar="KEYAUDIT_STORE",
    ),
]
SeriesOption = Annotated[
    str | None,
    typer.Option("--series", help="Scans over time that it belongs to (default: the organization's).", metavar="NAME"),
]

MOST_DAYS = 3660
"""Of an audit period: ten years."""

_PERIODS = "write 2026-01-01..2026-03-31, 2026, 2026-Q1, 2026-11 or last-30-days"
_LAST = re.compile(r"last-([0-9]{1,4})-days?")
_PART = re.compile(r"([0-9]{4})(?:-Q([1-4])|-([0-9]{2}))?")


def need_command(context: typer.Context) -> None:
    """Show the help of a group when no command is given. That is no success: nothing was checked."""
    if context.invoked_subcommand is None:
        say(context.get_help(), err=True)
        raise typer.Exit(EXIT_USAGE)


def parse_as_of(text: str | None) -> datetime | None:
    """Parse ``--as-of``. Raises UsageError for what is not an instant."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of {text!r} is not an instant", hint="write 2026-11-24T00:00:00Z or 2026-11-24"
        ) from None
    if moment.tzinfo is None:
        if "T" in text or " " in text or ":" in text:
            raise UsageError(f"--as-of {text!r} has no time zone", hint=f"write {text}Z for UTC")
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"--as-of {text!r} is out of range", hint="write a year from 2 to 9998") from None


def parse_period(text: str | None, as_of: datetime | None = None) -> tuple[date, date] | None:
    """Parse ``--period``: the first and the last day, both included, UTC.

    ``as_of`` is the instant that the scan is judged at, whose day is the last of ``last-N-days``; None: now. Raises
    UsageError for what is not a period, or one of more than ten years.
    """
    if text is None:
        return None
    try:
        first, last = _parsed(text.strip(), (as_of or datetime.now(UTC)).astimezone(UTC).date())
    except (ValueError, OverflowError):
        raise UsageError(f"--period {text!r} is not a period", hint=_PERIODS) from None
    if last < first:
        raise UsageError(f"--period {text!r} ends before it begins", hint=f"write {last}..{first}")
    if (last - first).days >= MOST_DAYS:
        raise UsageError(f"--period {text!r} has more than {MOST_DAYS} days", hint="judge its years one by one")
    return first, last


def _parsed(text: str, today: date) -> tuple[date, date]:
    if found := _LAST.fullmatch(text):
        return today - timedelta(days=_positive(found[1]) - 1), today
    if found := _PART.fullmatch(text):
        year, quarter, month = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        if quarter:
            return _months(year, 3 * quarter - 2, 3)
        return _months(year, month, 1) if found[3] else _months(year, 1, 12)
    first, _, last = text.partition("..")
    days = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
    if days[1].year == MAXYEAR:  # there is no day after the last one
        raise ValueError(text)
    return days


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    """Return the first and last day of so many months."""
    following = date(year + 1, 1, 1) if month + count > 12 else date(year, month + count, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _positive(digits: str) -> int:
    number = int(digits)
    if not number:
        raise ValueError(digits)
    return number
