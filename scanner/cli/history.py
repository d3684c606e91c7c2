"""``keyaudit history``: scans over time, as the store has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli import history_record
from scanner.cli.text import fold, safe, say, write
from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.history.store import SeriesSummary, Store
    from scanner.model.artifact import Artifact
    from scanner.model.history import ScanRecord

SHORT = 8
"""Least characters of a scan's id that are shown."""
NAMED = 5
"""Other series that are named."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class HistoryFormat(StrEnum):
    """What a trend is shown as."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="KEYAUDIT_STORE",
        help="Where scans were recorded: a file, or the URL of a database.",
        metavar="PATH|URL",
    ),
]
SeriesOption = Annotated[
    str | None, typer.Option("--series", help="Which series (default: that of the latest scan).", metavar="NAME")
]
SinceOption = Annotated[str | None, typer.Option("--since", help="From this day on (YYYY-MM-DD, UTC).", metavar="DATE")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Up to this day, which is included (YYYY-MM-DD, UTC).", metavar="DATE")
]

app = typer.Typer(
    help="Tell what scans over time show: trends, what came back.\n\n"
    "Without a command it shows the series of the latest scan.\n\n"
    "Example: keyaudit history --store scans.sqlite"
)
app.command("record")(history_record.record)


@app.callback(invoke_without_command=True)
def history(context: typer.Context, store: StoreOption = None, series: SeriesOption = None) -> int:
    """Show the series of the latest scan when no command is given."""
    command = context.invoked_subcommand
    if command is None:
        return show(store, series)
    for name in ("store", "series"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"--{name} stands before `{command}`", hint=f"write it after that: `… {command} --{name} …`"
            )
    return 0


@app.command("list")
def listed(
    store: StoreOption = None,
    series: SeriesOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> int:
    """List the scans of a store, by series and time.

    Totals are of controls: fail, unknown, pass. A scan whose package is known
    has the number of its checkpoint.

    Example: keyaudit history list --store scans.sqlite --since 2026-11-01
    """
    first, last = _days(since, until)
    found = _opened(store).scans(series, first, last)
    if not found:
        say("no scans")
        return 0
    short = _short([scan.id for scan in found])
    for name in dict.fromkeys(scan.series for scan in sorted(found, key=lambda scan: scan.series)):
        mine = [scan for scan in found if scan.series == name]
        say(f"{safe(name)} ({len(mine)})")
        say(f"  {'id':<{short}}  {'as of, UTC':<16}{'fail':>7}{'unknown':>9}{'pass':>7}  checkpoint")
        for scan in mine:
            say(_line(scan, short))
    return 0


def _line(scan: ScanRecord, short: int) -> str:
    totals = scan.totals
    number = "-" if scan.checkpoint is None else f"{scan.checkpoint_number} {scan.checkpoint[7:19]}"
    return (
        f"  {safe(scan.id[:short]):<{short}}  {scan.as_of:%Y-%m-%d %H:%M}{totals.failed:>7}{totals.unknown:>9}"
        f"{totals.passed:>7}  {number}"
    )


def _short(ids: Sequence[str]) -> int:
    """Return how many characters tell ids apart."""
    return next((n for n in range(SHORT, 37) if len({one[:n] for one in ids}) == len(ids)), 36)


@app.command("show")
def show(
    store: StoreOption = None,
    series: SeriesOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    clause: Annotated[
        list[str] | None,
        typer.Option("--clause", help="Controls that cite this clause alone (repeat for more).", metavar="REF"),
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option("--control", help="This control alone (repeat for more).", metavar="ID")
    ] = None,
    output_format: Annotated[HistoryFormat, typer.Option("--format", help="What to print.")] = HistoryFormat.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it into this file instead.", metavar="FILE")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there.")] = False,
) -> int:
    """Show the trend of a series.

    Per clause and per control a letter for each scan; how long findings stayed
    open; what was mended and came back.

    Example: keyaudit history show --store scans.sqlite --clause "164.312(b)"
    """
    from scanner.scandir import write_atomically

    if output is not None:
        _check_output(output, overwrite=overwrite)
    opened = _opened(store)
    shown = _shown(opened, series, _days(since, until), (control or (), clause or ()), output_format)
    if output is None:
        write(shown.data)
    else:
        write_atomically(output, shown.data)
        say(f"written: {safe(str(output), 4096)}")
    return 0


def _shown(
    store: Store,
    series: str | None,
    days: tuple[datetime | None, datetime | None],
    only: tuple[Sequence[str], Sequence[str]],
    output_format: HistoryFormat,
) -> Artifact:
    from scanner import pipeline, resources
    from scanner.history.trend import narrow, trend

    chosen = _series(store, series)
    found = store.history(chosen, since=days[0], until=days[1])
    if not found.scans:
        raise UsageError(f"the series {chosen!r} has no scan of these days", hint="`keyaudit history list` lists them")
    controls, clauses = only
    told = trend(
        narrow(found, controls=controls, clauses=clauses),
        pipeline.frameworks(resources.controls_dir()),
    )
    return pipeline.show_trend(told, output_format.value)


def _series(store: Store, name: str | None) -> str:
    """Return the series that is meant. Raises UsageError for one that is not there."""
    there = store.series()
    if not there:
        raise UsageError(f"the store {store.shown} has no scans", hint="record with `keyaudit scan --store`")
    if name is not None:
        if name not in {one.name for one in there}:
            raise UsageError(f"the store {store.shown} has no series {name!r}", hint=f"there are: {_names(there)}")
        return name
    chosen = max(there, key=lambda one: (one.last, one.name)).name
    others = [one for one in there if one.name != chosen]
    if others:
        say(fold(f"note: the series of the latest scan; --series names another: {_names(others)}", 2), err=True)
    return chosen


def _names(there: Sequence[SeriesSummary]) -> str:
    named = ", ".join(safe(one.name, 60) for one in there[:NAMED])
    return named + (f" and {len(there) - NAMED} more" if len(there) > NAMED else "")


@app.command("forget")
def forget(
    before: Annotated[
        str, typer.Option("--before", help="Scans as of an earlier day than this (YYYY-MM-DD, UTC).", metavar="DATE")
    ],
    store: StoreOption = None,
    series: Annotated[
        str | None, typer.Option("--series", help="Of this series alone (default: of all).", metavar="NAME")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it only says what it would forget.")] = False,
) -> int:
    """Forget old scans.

    Checkpoints of packages stay, so that their chain can be checked, and so
    does when each finding was first and last seen.

    Example: keyaudit history forget --before 2025-01-01 --store scans.sqlite --yes
    """
    limit = _day("--before", before)
    opened = _opened(store)
    if series is not None:
        _series(opened, series)
    going = opened.scans(series, None, limit)
    kept = len(opened.scans(series)) - len(going)
    if not yes and going:
        for scan in going:
            say(f"would forget  {safe(scan.id)} as of {scan.as_of:%Y-%m-%d %H:%M} UTC, series {safe(scan.series)}")
        raise UsageError(f"nothing was forgotten: {_scans(len(going))} would be", hint="repeat it with --yes")
    gone = opened.forget(series=series, before=limit) if going else ()
    stay = sum(scan.checkpoint is not None for scan in going)
    left = f"{stay} of the forgotten left {'its' if stay == 1 else 'their'} checkpoint in the chain"
    say(f"forgot {_scans(len(gone))}, kept {_scans(kept)}; {left if stay else 'no checkpoint was of them'}")
    return 0


def _scans(number: int) -> str:
    return f"{number} scan{'' if number == 1 else 's'}"


def _opened(url: str | None) -> Store:
    from scanner.history.store import open_store

    if not url:
        raise UsageError("which store?", hint="name it with --store, or in KEYAUDIT_STORE")
    return open_store(url, create=False)


def _days(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Return the instants from which on and before which scans count."""
    first = None if since is None else _day("--since", since)
    if until is None:
        return first, None
    last = _day("--until", until)
    if first is not None and last < first:
        raise UsageError(f"--until {until} is before --since {since}", hint="swap them")
    # The last day of the calendar has no day after it.
    return first, last + timedelta(days=1) if last.date() < date.max else None


def _day(option: str, text: str) -> datetime:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a day", hint="write it as 2026-11-24") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _check_output(output: Path, *, overwrite: bool) -> None:
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output} cannot be a file", hint="name a file in a folder that exists")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists already", hint="name another file, or replace it with --overwrite")
