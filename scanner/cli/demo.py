"""``keyaudit demo``: the whole pipeline on an embedded estate, with no account, no key and no network."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import (
    AcceptWaivedOption,
    AsOfOption,
    FailOn,
    FailOnOption,
    FormatOption,
    NoReportOption,
    Output,
    OverwriteOption,
    PeriodOption,
    QuietOption,
    SeriesOption,
    VerboseOption,
    parse_as_of,
    parse_period,
)
from scanner.cli.text import say
from scanner.errors import KeyauditError

if TYPE_CHECKING:
    from scanner.demo.embedded import Comparison
    from scanner.model.report import Report


class DemoError(KeyauditError):
    """The scan of the reference estate did not find what was planted, or found more."""

    hint = "this is a defect of keyaudit; the folder has everything that it saw"


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for evidence, verdicts and report.", metavar="DIR")
    ] = Path("keyaudit-demo"),
    world: Annotated[
        Path | None,
        typer.Option("--world", help="Another world to simulate; see world.yaml in DIR/demo.", metavar="FILE"),
    ] = None,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.NEVER,
    accept_waived: AcceptWaivedOption = False,
    no_report: NoReportOption = False,
    overwrite: OverwriteOption = False,
    store: Annotated[
        str | None,
        # Not from KEYAUDIT_STORE: a store of real scans is no place for a demonstration.
        typer.Option("--store", help="Record the scan in this store of scans over time.", metavar="PATH|URL"),
    ] = None,
    series: SeriesOption = None,
    period: PeriodOption = None,
    output_format: FormatOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Scan the embedded reference estate and write a full report.

    Real HTTP to a local AWS emulator, a real PostgreSQL and a real PKCS #11 token, with planted defects. Nothing leaves
    this machine. Failed controls are expected, so the exit code is 0 unless --fail-on says otherwise.

    Example: keyaudit demo -o demo-out
    """
    from scanner.cli import running
    from scanner.demo.embedded import compare, embedded
    from scanner.scandir import ScanDir

    now = parse_as_of(as_of) or datetime.now(UTC).replace(microsecond=0)
    days = parse_period(period, now)
    show = running.Show(output_format, quiet=quiet, verbose=verbose, fail_on=fail_on, accept_waived=accept_waived)
    ScanDir(output).check_free(overwrite=overwrite)
    with embedded(world, now) as place, tempfile.TemporaryDirectory(prefix="keyaudit-demo-") as folder:
        begin = running.Start(
            estate=place.write(Path(folder)),
            output=output,
            selection=running.Selection(),
            as_of=now,
            formats=running.formats(report=not no_report),
            overwrite=overwrite,
            resumable=False,
            clock=running_from(now),
            store=store,
            series=series or "",
            period=days,
        )
        report, code = running.start(begin, show)
    leave_world(world, output / "demo")
    if world is None:
        check(compare(place.world, None, _found(report), hsm_there=not place.hsm_lacks), talks=show.talks)
        if place.hsm_lacks and show.talks:
            say(f"without   {place.hsm_lacks}")
    return 0 if fail_on is FailOn.NEVER else code


def running_from(now: datetime) -> Callable[[], datetime]:
    """Return a clock that shows ``now`` and runs on: the simulated world stands at that time."""
    begun = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - begun)


def _found(report: Report) -> list[tuple[str, str, str]]:
    return [(str(f.control), f.subject, f.verdict.value) for result in report.results for f in result.findings]


def leave_world(world: Path | None, folder: Path) -> None:
    """Leave what was simulated beside the results, so that it can be read, edited and run again."""
    from scanner.demo.world import FOLDER

    given = world or FOLDER / "world.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "world.yaml").exists() or not given.samefile(folder / "world.yaml"):
        shutil.copyfile(given, folder / "world.yaml")
    if world is None:
        shutil.copyfile(FOLDER / "answers.yaml", folder / "answers.yaml")


def check(comparison: Comparison, *, talks: bool) -> None:
    """Tell whether the answer key holds. Raises DemoError with every difference when it does not."""
    if not comparison.holds:
        missed = [f"not found: {' '.join(one)}" for one in sorted(comparison.missed)]
        surplus = [f"not planted: {' '.join(one)}" for one in sorted(comparison.surplus)]
        raise DemoError("; ".join([*missed, *surplus]))
    if talks:
        say(f"answers   all {comparison.planted} planted verdicts were found, and no other")
