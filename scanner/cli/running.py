"""Begin or resume a scan, show its progress, print its summary, choose the exit code: what scan and demo share."""

from __future__ import annotations

import gc
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from scanner import pipeline, resources
from scanner.cli import recording
from scanner.cli.options import SEVERITIES, FailOn, Output, parse_period
from scanner.cli.progress import watch
from scanner.cli.summary import print_summary
from scanner.cli.text import shell, write
from scanner.errors import EvidenceError, KeyauditError, UsageError
from scanner.estate.check_exceptions import check_exceptions
from scanner.estate.load import EstateText, check_needs, check_policy, load_estate, read_estate
from scanner.estate.secrets import resolve
from scanner.model.control import Catalogue
from scanner.model.estate import Estate
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.scandir import ScanDir
from scanner.scanheader import FORMATS, Header

if TYPE_CHECKING:
    from scanner.history.store import Store

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
    controls: Path | None = None
    resumable: bool = True
    """What is scanned is still there when the scan was stopped."""
    clock: Callable[[], datetime] | None = None
    """Tells the time of what is scanned, UTC; None: this machine's."""
    store: str | None = None
    """Path or URL of the store that the scan is recorded in; None: it is not."""
    series: str = ""
    """Scans over time that it belongs to; empty: the organization's."""
    period: tuple[date, date] | None = None
    """First and last day of the audit period to judge as well."""


@dataclass(frozen=True, slots=True)
class Show:
    """What the user wants to see."""

    output: Output
    quiet: bool
    verbose: int
    fail_on: FailOn
    accept_waived: bool = False
    """What is under a waiver or documented alternative in force does not count for the exit code."""

    @property
    def talks(self) -> bool:
        """A summary for people is wanted on standard output."""
        return not self.quiet and self.output is Output.TEXT


def formats(*, report: bool) -> tuple[str, ...]:
    """Return what to write: results.json always, the report when it is wanted."""
    return FORMATS if report else ("json",)


def start(what: Start, show: Show) -> tuple[Report, int]:
    """Begin a scan and run it. Returns the report and the exit code. Raises KeyauditError."""
    outside = world(clock=what.clock)
    now = outside.now()
    text = read_estate(what.estate)
    catalogue_folder = what.controls or resources.controls_dir()
    chosen = what.selection
    # Everything that can be wrong with what the user gave is told before anything is written.
    whole = pipeline.load_catalogue(catalogue_folder)
    check_estate(text, whole)
    catalogue = pipeline.select(whole, chosen.controls, chosen.frameworks, chosen.phases)
    _check_only(text.estate, chosen.only)
    check_needs(text, outside.resolve, chosen.only)
    folder = ScanDir(what.output or Path(f"keyaudit-{now:%Y%m%dT%H%M%SZ}"))
    folder.check_free(overwrite=what.overwrite)
    header = Header(
        id=str(uuid.uuid4()),
        organization=text.estate.organization,
        started=now,
        as_of=what.as_of or now.replace(microsecond=0),
        estate_sha256=text.estate.digest,
        controls=chosen.controls,
        frameworks=chosen.frameworks,
        phases=chosen.phases,
        only=chosen.only,
        formats=what.formats,
        series=what.series,
        period=what.period,
    )
    store = recording.opened(what.store)
    with folder.lock():
        begun = pipeline.begin(
            folder,
            header,
            catalogue,
            estate_text=text.raw,
            controls=catalogue_folder,
            overwrite=what.overwrite,
            certificates=text.estate.certificates,
            layouts=text.layouts,
        )
        scanned = _Begun(begun, text.estate, catalogue)
        return _run(folder, scanned, show, outside, resumable=what.resumable, store=store)


def resume(root: Path, show: Show, store: str | None = None) -> tuple[Report, int]:
    """Go on with the scan in ``root``, and record it in a store. Returns the report and the exit code.

    Raises KeyauditError.
    """
    folder = ScanDir(root)
    folder.check_scan()
    opened = recording.opened(store)
    with folder.lock():
        return _run(folder, _begun(folder), show, world(), store=opened)


def rejudge(root: Path, show: Show, period: str | None = None) -> tuple[Report, int]:
    """Judge and render the scan in ``root`` again, all formats. Returns the report and the exit code.

    ``period`` is an audit period to judge as well, in place of one that the scan was asked for. Raises KeyauditError.
    """
    folder = ScanDir(root)
    folder.check_scan()
    with folder.lock():
        begun = _begun(folder)
        if begun.header.state == "collecting":
            raise UsageError(
                f"the scan in {root} was not finished", hint=f"finish it with `keyaudit scan --resume {shell(root)}`"
            )
        days = parse_period(period, begun.header.as_of) or begun.header.period
        again = replace(begun.header, formats=FORMATS, period=days)
        report = pipeline.judge(folder, again, begun.catalogue, begun.estate)
    return report, _tell(report, folder, again.formats, show)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a scan runs by."""

    header: Header
    estate: Estate
    catalogue: Catalogue
    """The part of the catalogue that it runs."""


def _begun(folder: ScanDir) -> _Begun:
    """Return what a scan was begun with. Raises EvidenceError when that is not what is in the folder now."""
    header = Header.from_json(folder.read_header(), place=str(folder.scan_json))
    estate = load_estate(folder.estate, folder.layouts)
    if estate.digest != header.estate_sha256:
        raise _changed(folder.estate)
    catalogue = pipeline.selected(folder.controls, header)
    if catalogue.digest != header.catalogue_sha256:
        raise _changed(folder.controls)
    return _Begun(header, estate, catalogue)


def _changed(path: Path) -> EvidenceError:
    return EvidenceError(
        f"{path} was changed after the scan began", hint="put back what the scan began with, or scan again"
    )


def check_estate(text: EstateText, catalogue: Catalogue) -> None:
    """Check an estate file against a catalogue. Raises ConfigError with file and line."""
    check_policy(text, {parameter.name: parameter.default for c in catalogue.controls for parameter in c.parameters})
    check_exceptions(text, catalogue)


def _check_only(estate: Estate, only: tuple[str, ...]) -> None:
    for name in only:
        if name not in estate.source_names:
            raise UsageError(f"no source is called {name!r}", hint=f"the estate has: {', '.join(estate.source_names)}")


def world(stop: threading.Event | None = None, clock: Callable[[], datetime] | None = None) -> pipeline.World:
    """Return the real world: this machine's environment, and its clock unless another is given.

    Each secret is looked up once.
    """
    return pipeline.World(
        now=clock or (lambda: datetime.now(UTC)),
        resolve=cache(partial(resolve, environ=os.environ)),
        stop=stop or threading.Event(),
    )


def _run(
    folder: ScanDir,
    begun: _Begun,
    show: Show,
    outside: pipeline.World,
    *,
    resumable: bool = True,
    store: Store | None = None,
) -> tuple[Report, int]:
    # A scan makes many small objects that live long and in no cycles: the collector of cycles finds nothing in them.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    tally = pipeline.Tally()
    again = f"keyaudit scan --resume {shell(folder.root)}"
    if store is not None:
        recording.bring_earlier(store, folder, begun.header)
    try:
        with told_of_stopping(), watch(tally, visible=not show.quiet):
            report = pipeline.scan(folder, begun.header, begun.catalogue, begun.estate, outside, tally)
    except KeyboardInterrupt:
        hint = f"go on with `{again}`" if resumable else "run it again with --overwrite"
        raise InterruptedScanError("stopped; what was collected is kept", hint=hint) from None
    except OSError as error:
        raise KeyauditError(
            f"cannot write {folder.root}: {error.strerror or error}", hint=f"make room, then go on with `{again}`"
        ) from error
    code = _tell(report, folder, begun.header.formats, show)
    if store is not None:
        recording.record(store, folder)
    return report, code


@contextmanager
def told_of_stopping() -> Iterator[None]:
    """Tell at once that Ctrl-C was heard: the calls under way may take a while to end."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # in the background of a shell script
    if ignored or threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, _: object) -> None:
        signal.signal(number, signal.default_int_handler)
        # Not print(): the signal may come while another line is half written.
        os.write(2, b"stopping when the calls under way have ended\n")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(report: Report, folder: ScanDir, formats: tuple[str, ...], show: Show) -> int:
    if show.output is Output.JSON:
        write((folder.root / "results.json").read_bytes())
    elif show.talks:
        print_summary(report, folder.root, formats, verbose=show.verbose)
    return exit_code(report, show.fail_on, accept_waived=show.accept_waived)


class InterruptedScanError(KeyauditError):
    """The user stopped the scan."""

    exit_code = 130


def exit_code(report: Report, fail_on: FailOn, *, accept_waived: bool = False) -> int:
    """Return the exit code of a finished scan.

    ``accept_waived``: a control of which each failed subject is covered does not count as failed.
    """
    failed = [
        r for r in report.results if r.verdict is Verdict.FAIL and not (accept_waived and r.waived == r.counts.failed)
    ]
    if fail_on is not FailOn.NEVER:
        counted = SEVERITIES[SEVERITIES.index(fail_on) :]
        if any(r.control.severity.value in counted for r in failed):
            return EXIT_CONTROL_FAILED
    # A control that fails can have subjects that are unknown, and the failure may not count.
    if report.gaps or any(r.counts.unknown or r.verdict is Verdict.UNKNOWN for r in report.results):
        return EXIT_INCOMPLETE
    return 0
