"""The steps of a run: scan, record, package, checkpoint, notify. Taken again, none does anything twice."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner import pipeline, sources
from scanner.cli import packaging, recording, running
from scanner.cli.options import SEVERITIES, FailOn
from scanner.errors import ConfigError, KeyauditError, MissingExtraError, UsageError
from scanner.jobs.notify import message
from scanner.jobs.notify.outbox import Entry, Outbox, id_of
from scanner.jobs.retention import PACKAGES, SCANS, file_digest
from scanner.jobs.state import PackageRecord, RunRecord, State, stamp_of
from scanner.model.estate import SecretRef
from scanner.model.ids import Digest
from scanner.model.profile import EmailTarget, When
from scanner.model.verdict import Verdict
from scanner.scandir import ScanDir

if TYPE_CHECKING:
    from scanner.cli.run_job import Job
    from scanner.history.sources import Opened
    from scanner.history.store import Store
    from scanner.model.diff import Diff
    from scanner.model.history import Snapshot
    from scanner.package.manifest import Previous


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan that came to its end."""

    id: str
    code: int
    """By the verdicts."""


class Steps:
    """The steps over the folder of one profile."""

    def __init__(self, job: Job, outbox: Outbox) -> None:
        self.job = job
        self.profile = job.profile
        self._outbox = outbox
        self._resolve = running.world().resolve
        self._recorded = ""
        """Stamp of the run whose scan was recorded as it ended."""
        self._store = cache(self._open)
        self._seals: packaging.Seals | None = None

    def prepare(self) -> None:
        """Check what the profile names, and make its folders. Raises KeyauditError.

        A store that does not answer is no reason not to scan: it is recorded later.
        """
        for name in (SCANS, PACKAGES):
            (self.profile.folder / name).mkdir(exist_ok=True)
        self._seals = self._wanted()
        try:
            self._store()
        except (ConfigError, MissingExtraError):
            raise
        except KeyauditError:
            return  # told by the step that needs it

    def began(self, run: RunRecord) -> bool:
        """Tell whether a run began to scan."""
        return self._folder(run).scan_json.exists()

    def scan(self, run: RunRecord, as_of: datetime | None) -> Scanned:
        """Scan, or go on with the scan that was stopped. Raises KeyauditError."""
        from scanner.history.snapshot import read_scan

        folder = self._folder(run)
        if self.began(run):
            if folder.read_header()["state"] != "complete":
                self._recorded = self._scanning(run, lambda url: running.resume(folder.root, self.job.show, url))
        elif as_of is None:
            raise UsageError(f"the run {run.stamp} did not begin to scan")
        else:
            self._clear(folder)
            begin = self._start(folder, as_of)
            self._recorded = self._scanning(run, lambda url: running.start(begin(url), self.job.show))
        snapshot = read_scan(folder, self.profile.name)
        return Scanned(snapshot.scan.id, verdict_code(snapshot, self.job.show))

    def _scanning(self, run: RunRecord, scan: Callable[[str | None], object]) -> str:
        """Scan with the store if it answers. Returns the stamp of the run when it was recorded."""
        try:
            url = self._url() if self._store() else None
        except KeyauditError:
            url = None
        try:
            scan(url)
        except recording.RecordingError:
            return ""  # the scan is complete; the step after this one tries again, and tells
        return run.stamp if url else ""

    def _start(self, folder: ScanDir, as_of: datetime) -> Callable[[str | None], running.Start]:
        chosen, days = self.profile, self.profile.period_days
        last = as_of.date()
        return lambda url: running.Start(
            estate=self.job.estate,
            output=folder.root,
            selection=running.Selection(chosen.controls, chosen.frameworks, chosen.phases, chosen.only),
            as_of=as_of,
            formats=running.formats(report=chosen.report),
            overwrite=False,
            controls=self.job.catalogue,
            clock=self.job.clock,
            store=url,
            series=chosen.name,
            period=(last - timedelta(days=days - 1), last) if days else None,
        )

    def _clear(self, folder: ScanDir) -> None:
        """Remove what a run left that was stopped before it asked anybody anything."""
        if folder.root.is_dir() and not folder.evidence.exists():
            shutil.rmtree(folder.root)

    def take(self, step: str, run: RunRecord, state: State) -> dict[str, Any]:
        """Take a step after the scan. Returns what it changes in the record of the run. Raises KeyauditError."""
        take: Mapping[str, Callable[[RunRecord, State], dict[str, Any]]] = {
            "record": self._record,
            "package": self._package,
            "checkpoint": self._checkpoint,
            "notify": self._notify,
        }
        return take[step](run, state)

    def _record(self, run: RunRecord, _: State) -> dict[str, Any]:
        store = self._store()
        if store is not None and self._recorded != run.stamp:
            recording.record(store, self._folder(run), self.profile.name)
        return {}

    def _package(self, run: RunRecord, state: State) -> dict[str, Any]:
        from scanner.package.manifest import read_previous

        before = state.runs[: [one.stamp for one in state.runs].index(run.stamp)]
        if waits := [one.stamp for one in before if not one.complete and one.package is None]:
            raise KeyauditError(f"it waits for the package of the run {waits[0]}", hint="see what is wrong there")
        path = self._path(run)
        if path.exists():
            # A run that was stopped had written it: packages are whole, or they are not there.
            if (found := read_previous(path)).scan != run.scan:
                raise KeyauditError(f"{path} is the package of another scan", hint="move it away")
        else:
            scan, seals = self._folder(run), self._seals or self._wanted()
            previous = self._newest(state)
            with scan.lock():
                packaging.write(scan, path, previous, seals)
            found = read_previous(path)
        record = PackageRecord(sha256=file_digest(path), checkpoint=found.digest, number=found.number)
        return {"package": record}

    def _newest(self, state: State) -> Previous | None:
        """Return the last package of the chain, verified. Raises KeyauditError when it is not there or not whole."""
        from scanner.package.manifest import Previous, read_previous
        from scanner.scanheader import instant
        from scanner.verify.steps import Policy, verify

        folder = self.profile.folder / PACKAGES
        known = {f"{run.stamp}.zip": run.package.number for run in state.runs if run.package}
        numbers = {
            path: known[path.name] if path.name in known else read_previous(path).number
            for path in folder.glob("*.zip")
        }
        last = max(numbers, key=lambda path: numbers[path], default=None)
        if known and (last is None or numbers[last] < max(known.values())):
            hint = f"put it back into {folder}; the next one must name it"
            raise KeyauditError(f"the newest package, number {max(known.values())}, is missing", hint=hint)
        if last is None:
            return None
        found = verify(last, Policy())
        # What was verified, not what the file holds by now.
        scan = {name: str(value) for name, value in found.scan.items()}
        times = instant(scan["started"]), instant(scan["ended"])
        return Previous(found.number, found.checkpoint, scan["id"], scan["organization"], *times)

    def _checkpoint(self, run: RunRecord, _: State) -> dict[str, Any]:
        store = self._store()
        if store is not None:
            if run.package is None or "record" not in run.done:
                raise KeyauditError("it waits for the scan to be recorded and packaged")
            package = run.package
            store.set_checkpoint(run.scan, Digest(package.checkpoint), package.number, self._path(run).name)
        return {}

    def _notify(self, run: RunRecord, state: State) -> dict[str, Any]:
        from scanner.history.snapshot import read_scan

        wanted = self.profile.notify
        if not wanted:
            return {}
        folder = self._folder(run)
        snapshot = read_scan(folder, self.profile.name)
        with tempfile.TemporaryDirectory(prefix="keyaudit-run-") as place:
            diff = self._compared(snapshot, folder, state, Path(place))
        told = message.notification(snapshot, diff, self._told(run, folder))
        for one in wanted:
            if not _applies(one.when, told):
                continue
            attached = isinstance(one.target, EmailTarget) and "diff" in one.target.attach
            entry = Entry(
                id=id_of(self.profile.name, run.scan, one.name),
                target=one.name,
                run=run.stamp,
                queued=self.job.now,
                told=told,
            )
            self._outbox.put(entry, pipeline.show_diff(diff, "html").data if attached and diff else b"")
        return {}

    def _told(self, run: RunRecord, folder: ScanDir) -> message.Run:
        package = None
        if run.package:
            name = self._path(run).name
            package = message.Package(file=name, checkpoint=run.package.checkpoint, number=run.package.number)
        return message.Run(
            profile=self.profile.name,
            code=running.EXIT_INCOMPLETE if run.code is None else run.code,
            report=str(folder.root),
            package=package,
            problems=run.problems,
        )

    def _compared(self, snapshot: Snapshot, folder: ScanDir, state: State, place: Path) -> Diff | None:
        """Return what changed since the scan before in the series; None when there is none."""
        from scanner.history.comparison import comparison
        from scanner.history.sources import Opened

        before = self._before(snapshot, state)
        if before is None:
            return None
        return comparison(before, Opened(snapshot, folder), sources.operations(), place)

    def _before(self, snapshot: Snapshot, state: State) -> Opened | None:
        """Return the scan before: its directory, which tells most, or what the store has of a newer one."""
        from scanner.history.snapshot import read_scan
        from scanner.history.sources import Opened

        as_of = snapshot.scan.as_of
        found = None
        earlier = [run for run in state.runs if "scan" in run.done and run.stamp < stamp_of(as_of) and self.began(run)]
        if earlier:
            folder = self._folder(max(earlier, key=lambda run: run.stamp))
            found = Opened(read_scan(folder, self.profile.name), folder)
        try:
            store = self._store()
            stored = store.latest(self.profile.name, before=as_of) if store else None
        except KeyauditError:
            stored = None  # told by the step that records
        if stored is not None and (found is None or stored.scan.as_of > found.snapshot.scan.as_of):
            return Opened(stored, None)
        return found

    def _folder(self, run: RunRecord) -> ScanDir:
        return ScanDir(self.profile.folder / SCANS / run.stamp)

    def _path(self, run: RunRecord) -> Path:
        return self.profile.folder / PACKAGES / f"{run.stamp}.zip"

    def _url(self) -> str:
        store = self.profile.store
        return self._resolve(store) if isinstance(store, SecretRef) else store

    def _open(self) -> Store | None:
        return recording.opened(self._url()) if self.profile.store else None

    def _wanted(self) -> packaging.Seals:
        given = self.profile.package
        secrets = {"passphrase": given.passphrase, "pin": given.pin}
        for ref in filter(None, secrets.values()):
            self._resolve(ref)  # one that is missing is told before the scan
        return packaging.seals(
            packaging.Wanted(
                sign=given.sign,
                sign_pdf=Path(given.sign_pdf) if given.sign_pdf else None,
                timestamp=given.timestamp,
                **{name: partial(self._given, name, ref) for name, ref in secrets.items()},
            )
        )

    def _given(self, name: str, ref: SecretRef | None) -> str:
        if ref is None:
            hint = f"add `{name}: {{env: NAME}}` to the profile's `package:`"
            raise ConfigError(f"the key of the profile {self.profile.name!r} needs a {name}", hint=hint)
        return self._resolve(ref)


def _applies(when: When, told: message.Notification) -> bool:
    return when is When.ALWAYS or (told.failed if when is When.FAILED else told.changed)


def verdict_code(snapshot: Snapshot, show: running.Show) -> int:
    """Return the exit code of a finished scan, as :func:`running.exit_code` does, which has the report."""
    failed = [
        one
        for one in snapshot.controls
        if one.verdict is Verdict.FAIL and not (show.accept_waived and one.waived == one.counts.failed)
    ]
    if show.fail_on is not FailOn.NEVER:
        counted = SEVERITIES[SEVERITIES.index(show.fail_on) :]
        if any(one.severity.value in counted for one in failed):
            return running.EXIT_CONTROL_FAILED
    if snapshot.scan.gaps or any(one.counts.unknown or one.verdict is Verdict.UNKNOWN for one in snapshot.controls):
        return running.EXIT_INCOMPLETE
    return 0
