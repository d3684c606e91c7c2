"""``keyaudit diff``: what changed between two scans."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import SEVERITIES, FailOn
from scanner.cli.text import safe, say, write
from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.history.store import Store
    from scanner.model.diff import Diff

EXIT_UNKNOWN = 3
EXIT_NEW = 10
MOST_PATH = 4096


class DiffFormat(StrEnum):
    """What a comparison is shown as."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


OldArgument = Annotated[
    str, typer.Argument(help="Earlier scan: a folder, a package, or a scan of the store.", metavar="OLD")
]
NewArgument = Annotated[
    str, typer.Argument(help="Later scan: a folder, a package, or a scan of the store.", metavar="NEW")
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="KEYAUDIT_STORE",
        help="Where scans were recorded: a file, or the URL of a database. There a scan goes by its id, the beginning "
        "of it, latest, or previous.",
        metavar="URL",
    ),
]
SeriesOption = Annotated[str, typer.Option("--series", help="Of the store, look in this series alone.", metavar="NAME")]
TrustedOption = Annotated[
    list[Path] | None,
    typer.Option("--trusted-key", help="Public key of who may sign packages (repeat for more).", metavar="PEM"),
]
FormatOption = Annotated[DiffFormat, typer.Option("--format", help="What to show it as.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write it into this file instead.", metavar="FILE")
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there.")]
NewFailureOption = Annotated[
    FailOn, typer.Option("--fail-on", help="Least severity of a new failure that makes the exit code 10.")
]


def diff(
    old: OldArgument,
    new: NewArgument,
    store: StoreOption = None,
    series: SeriesOption = "",
    trusted_key: TrustedOption = None,
    output_format: FormatOption = DiffFormat.TEXT,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    fail_on: NewFailureOption = FailOn.LOW,
) -> int:
    """Tell what changed from one scan to another.

    New, fixed, persisting, changed, unknown now; and which controls and keys
    changed. What is unknown now is never fixed.

    Exit code 0: nothing new. 10: something new fails. 3: nothing new fails,
    and something is unknown now.

    Example: keyaudit diff scan-2026-10 scan-2026-11.zip --format markdown
    """
    from scanner import pipeline, sources
    from scanner.history.comparison import comparison
    from scanner.history.sources import Places, open_snapshot
    from scanner.scandir import write_atomically
    from scanner.verify.statement import load_key
    from scanner.verify.steps import Policy

    if output is not None:
        _check_output(output, overwrite=overwrite)
    policy = Policy(trusted=tuple(load_key(path) for path in trusted_key or ()))
    with tempfile.TemporaryDirectory(prefix="keyaudit-diff-") as place:
        unpacked = Path(place, "unpacked")
        unpacked.mkdir()
        places = Places(unpacked=unpacked, store=partial(_open, store) if store else None, series=series, policy=policy)
        # `previous` is the one before NEW, so NEW is opened first.
        later = open_snapshot(new, places)
        earlier = open_snapshot(old, places, later.snapshot.scan)
        found = comparison(earlier, later, sources.operations(), Path(place))
    shown = pipeline.show_diff(found, output_format.value)
    if output is None:
        write(shown.data)
    else:
        write_atomically(output, shown.data)
        say(pipeline.show_diff(found, DiffFormat.TEXT.value).data.decode().splitlines()[0])
        say(f"written: {safe(str(output), MOST_PATH)}")
    return exit_code(found, fail_on)


def _open(url: str) -> Store:
    from scanner.history.store import open_store

    return open_store(url, create=False)


def _check_output(output: Path, *, overwrite: bool) -> None:
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output} cannot be a file", hint="name a file in a folder that exists")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists already", hint="name another file, or replace it with --overwrite")


def exit_code(found: Diff, fail_on: FailOn) -> int:
    """Return the exit code of a comparison."""
    if fail_on is not FailOn.NEVER:
        counted = SEVERITIES[SEVERITIES.index(fail_on) :]
        if any(entry.severity.value in counted for entry in found.appeared):
            return EXIT_NEW
    return EXIT_UNKNOWN if found.unknown else 0
