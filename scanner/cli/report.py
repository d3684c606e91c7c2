"""``keyaudit report``: judge and render a scan again from its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import FailOn, FailOnOption, FormatOption, Output, QuietOption, VerboseOption


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a scan.", metavar="SCAN_DIR")],
    fail_on: FailOnOption = FailOn.LOW,
    output_format: FormatOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Judge and render a finished scan again from its evidence.

    Nothing is asked of any system.

    Example: keyaudit report scan-2026-11
    """
    from scanner.cli import running

    return running.rejudge(folder, running.Show(output_format, quiet=quiet, verbose=verbose, fail_on=fail_on))[1]
