"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
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
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Least severity that makes the exit code 10.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
VerboseOption = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.", show_default=False)
]
FormatOption = Annotated[Output, typer.Option("--format", help="What to print: a summary or results.json.")]
NoReportOption = Annotated[bool, typer.Option("--no-report", help="Write verdicts and results, no PDF and HTML.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace the scan that is in the folder.")]


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
