"""``keyaudit report``: judge and render a scan again from its evidence."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import (
    AcceptWaivedOption,
    FailOn,
    FailOnOption,
    Output,
    PeriodOption,
    QuietOption,
    VerboseOption,
)


class ReportFormat(StrEnum):
    """What goes to standard output: a summary, or the report as other programs read it."""

    TEXT = "text"
    JSON = "json"
    OSCAL = "oscal"
    CBOM = "cbom"
    OCSF = "ocsf"
    SARIF = "sarif"
    JUNIT = "junit"
    CSV = "csv"
    MARKDOWN = "markdown"


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a scan.", metavar="SCAN_DIR")],
    fail_on: FailOnOption = FailOn.LOW,
    accept_waived: AcceptWaivedOption = False,
    output_format: Annotated[
        ReportFormat,
        typer.Option(
            "--format",
            help="What to print: a summary, results.json, OSCAL assessment results, a CycloneDX CBOM of the keys, "
            "OCSF findings, SARIF, JUnit, CSV, or Markdown.",
        ),
    ] = ReportFormat.TEXT,
    period: PeriodOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Judge and render a finished scan again from its evidence.

    Nothing is asked of any system. A format for other programs goes to standard output.

    An audit period rests on the earlier scans that the folder has in history.json, and on what the providers
    themselves tell of the past.

    Example: keyaudit report scan-2026-11 --period 2026-Q3
    """
    from scanner import pipeline
    from scanner.cli import running
    from scanner.cli.text import write
    from scanner.scandir import ScanDir

    export = output_format not in {ReportFormat.TEXT, ReportFormat.JSON}
    output = Output.JSON if output_format is ReportFormat.JSON else Output.TEXT
    show = running.Show(output, quiet=quiet or export, verbose=verbose, fail_on=fail_on, accept_waived=accept_waived)
    judged, code = running.rejudge(folder, show, period)
    if export:
        write(pipeline.export(judged, ScanDir(folder), output_format.value).data)
    return code
