"""Begin or resume a scan, show its progress, print its summary, choose the exit code: what scan and demo share."""

from __future__ import annotations

import os
import threading
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from scanner import pipeline, resources
from scanner.cli.options import SEVERITIES, FailOn, Output
from scanner.cli.progress import watch
from scanner.cli.summary import print_json, print_summary
from scanner.errors import KeyauditError, UsageError
from scanner.estate.load import check_policy, load_estate
from scanner.estate.secrets import resolve
from scanner.model.estate import Estate
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.scandir import ScanDir
from scanner.scanheader import Header

EXIT_INCOMPLETE = 3
EXIT_CONTROL_FAILED = 10


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the catalogue and of the estate to run."""

    controls: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A scan to begin."""

    estate: Path
    output: Path | None
    selection: Selection
    as_of: datetime | None
    formats: tuple[str, ...]
    overwrite: bool
    controls: Path | None


@dataclass(frozen=True, slots=True)
class Show:
    """What the user wants to see."""

    output: Output
    quiet: bool
    verbose: int
    fail_on: FailOn

    @property
    def talks(self) -> bool:
        """A summary for people is wanted on standard output."""
        return not self.quiet and self.output is Output.TEXT


def start(what: Start, show: Show) -> tuple[Report, int]:
    """Begin a scan and run it. Returns the report and the exit code. Raises KeyauditError."""
    now = datetime.now(UTC)
    estate = load_estate(what.estate)
    catalogue_folder = what.controls or resources.controls_dir()
    check_estate(what.estate, catalogue_folder)
    _check_only(estate, what.selection.only)
    folder = ScanDir(what.output or Path(f"keyaudit-{now:%Y%m%dT%H%M%SZ}"))
    header = Header(
        id=str(uuid.uuid4()),
        organization=estate.organization,
        started=now,
        as_of=what.as_of or now.replace(microsecond=0),
        estate_sha256=estate.digest,
        controls=what.selection.controls,
        frameworks=what.selection.frameworks,
        phases=what.selection.phases,
        only=what.selection.only,
        formats=what.formats,
    )
    with folder.lock():
        begun = pipeline.begin(
            folder,
            header,
            estate_text=what.estate.read_bytes(),
            controls=catalogue_folder,
            overwrite=what.overwrite,
        )
        return _run(folder, begun, estate, show)


def resume(root: Path, show: Show) -> tuple[Report, int]:
    """Go on with the scan in ``root``. Returns the report and the exit code. Raises KeyauditError."""
    folder = ScanDir(root)
    header = Header.from_json(folder.read_header())
    estate = load_estate(folder.estate)
    with folder.lock():
        return _run(folder, header, estate, show)


def check_estate(path: Path, catalogue_folder: Path) -> None:
    """Check an estate file against a catalogue. Raises ConfigError with file and line."""
    catalogue = pipeline.load_catalogue(catalogue_folder)
    check_policy(path, {parameter.name for control in catalogue.controls for parameter in control.parameters})


def _check_only(estate: Estate, only: tuple[str, ...]) -> None:
    for name in only:
        if name not in estate.source_names:
            raise UsageError(f"no source is called {name!r}", hint=f"the estate has: {', '.join(estate.source_names)}")


def world(stop: threading.Event | None = None) -> pipeline.World:
    """Return the real world: this machine's clock and environment."""
    return pipeline.World(
        now=lambda: datetime.now(UTC),
        resolve=partial(resolve, environ=os.environ),
        stop=stop or threading.Event(),
    )


def _run(folder: ScanDir, header: Header, estate: Estate, show: Show) -> tuple[Report, int]:
    tally = pipeline.Tally()
    try:
        with watch(tally, visible=show.talks):
            report = pipeline.scan(folder, header, estate, world(), tally)
    except KeyboardInterrupt:
        raise InterruptedScanError(
            "stopped; what was collected is kept", hint=f"go on with `keyaudit scan --resume {folder.root}`"
        ) from None
    except OSError as error:
        raise KeyauditError(
            f"cannot write {folder.root}: {error.strerror or error}",
            hint=f"make room, then go on with `keyaudit scan --resume {folder.root}`",
        ) from error
    return report, _tell(report, folder, header.formats, show)


def rejudge(root: Path, show: Show) -> tuple[Report, int]:
    """Judge and render the scan in ``root`` again, all formats. Returns the report and the exit code.

    Raises KeyauditError.
    """
    folder = ScanDir(root)
    header = replace(Header.from_json(folder.read_header()), formats=("json", "html", "pdf"))
    if header.state == "collecting":
        raise UsageError(f"the scan in {root} was not finished", hint=f"finish it with `keyaudit scan --resume {root}`")
    estate = load_estate(folder.estate)
    with folder.lock():
        report = pipeline.judge(folder, header, pipeline.selected(folder.controls, header), estate)
    return report, _tell(report, folder, header.formats, show)


def _tell(report: Report, folder: ScanDir, formats: tuple[str, ...], show: Show) -> int:
    if show.output is Output.JSON:
        print_json(folder.root / "results.json")
    elif show.talks:
        print_summary(report, folder.root, formats, verbose=show.verbose)
    return exit_code(report, show.fail_on)


class InterruptedScanError(KeyauditError):
    """The user stopped the scan."""

    exit_code = 130


def exit_code(report: Report, fail_on: FailOn) -> int:
    """Return the exit code of a finished scan."""
    failed = [r for r in report.results if r.verdict is Verdict.FAIL]
    if fail_on is not FailOn.NEVER:
        counted = SEVERITIES[SEVERITIES.index(fail_on) :]
        if any(r.control.severity.value in counted for r in failed):
            return EXIT_CONTROL_FAILED
    if report.totals.unknown or report.gaps:
        return EXIT_INCOMPLETE
    return 0
