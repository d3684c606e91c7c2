"""``keyaudit demo``: the whole pipeline on an embedded estate, with no account, no key and no network."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import (
    AsOfOption,
    FailOn,
    FailOnOption,
    FormatOption,
    NoReportOption,
    Output,
    OverwriteOption,
    QuietOption,
    VerboseOption,
    parse_as_of,
)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for evidence, verdicts and report.", metavar="DIR")
    ] = Path("keyaudit-demo"),
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.NEVER,
    no_report: NoReportOption = False,
    overwrite: OverwriteOption = False,
    output_format: FormatOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Scan the embedded reference estate: real HTTP to a local AWS emulator, planted defects, a full report.

    Nothing leaves this machine. Failed controls are expected, so the exit code is 0 unless --fail-on says otherwise.

    Example: keyaudit demo -o demo-out
    """
    from scanner.cli import running

    now = parse_as_of(as_of) or datetime.now(UTC).replace(microsecond=0)
    show = running.Show(output_format, quiet=quiet, verbose=verbose, fail_on=fail_on)
    formats = ("json",) if no_report else ("json", "html", "pdf")
    return running.run_demo(output, now, formats, overwrite=overwrite, show=show)
