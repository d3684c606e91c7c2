"""``keyaudit scan``: read the live systems, judge them, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import (
    AcceptWaivedOption,
    AsOfOption,
    CatalogueOption,
    ControlsOption,
    FailOn,
    FailOnOption,
    FormatOption,
    FrameworkOption,
    NoReportOption,
    Output,
    OverwriteOption,
    PeriodOption,
    PhaseOption,
    QuietOption,
    SeriesOption,
    StoreOption,
    VerboseOption,
    parse_as_of,
    parse_period,
)
from scanner.errors import UsageError


def scan(
    estate: Annotated[Path | None, typer.Argument(help="Estate file (see `keyaudit init`).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for evidence, verdicts and report.", metavar="DIR")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on with an interrupted scan.", metavar="DIR")
    ] = None,
    control: ControlsOption = None,
    framework: FrameworkOption = None,
    phase: PhaseOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Read this source only (repeat for more).", metavar="SOURCE")
    ] = None,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    accept_waived: AcceptWaivedOption = False,
    no_report: NoReportOption = False,
    overwrite: OverwriteOption = False,
    controls: CatalogueOption = None,
    store: StoreOption = None,
    series: SeriesOption = None,
    period: PeriodOption = None,
    output_format: FormatOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Read the live systems of an estate, judge their keys, report.

    Only declared read operations leave this machine; `keyaudit permissions aws` prints them.

    Example: keyaudit scan estate.yaml -o scan-2026-11
    """
    from scanner.cli import running

    show = running.Show(output_format, quiet=quiet, verbose=verbose, fail_on=fail_on, accept_waived=accept_waived)
    if resume is not None:
        if estate is not None or any((control, framework, phase, only, as_of, output, controls, series, period)):
            raise UsageError(
                "--resume takes no estate file and no selection", hint="a resumed scan goes on as it began"
            )
        return running.resume(resume, show, store)[1]
    if estate is None:
        raise UsageError("which estate?", hint="`keyaudit scan estate.yaml`; `keyaudit init` writes one")
    selection = running.Selection(tuple(control or ()), tuple(framework or ()), tuple(phase or ()), tuple(only or ()))
    clock = parse_as_of(as_of)
    what = running.Start(
        estate=estate,
        output=output,
        selection=selection,
        as_of=clock,
        formats=running.formats(report=not no_report),
        overwrite=overwrite,
        controls=controls,
        store=store,
        series=series or "",
        period=parse_period(period, clock),
    )
    return running.start(what, show)[1]
