"""One run of a profile, step by step; what is done is in ``run.json``, so that a run goes on where another stopped."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner.cli import running
from scanner.cli.run_steps import Steps
from scanner.cli.text import safe_lines, say
from scanner.errors import ConfigError, EvidenceError, KeyauditError, UsageError
from scanner.jobs.lock import alone
from scanner.jobs.notify.deliver import Files, Outside, deliver
from scanner.jobs.notify.outbox import OUTBOX, Entry, Outbox
from scanner.jobs.retention import SCANS, Kept, prune
from scanner.jobs.state import STEPS, RunRecord, State, read_state, stamp_of, write_state
from scanner.model.profile import Profile

if TYPE_CHECKING:
    from scanner.cli.running import Show

EXIT_FAILED = 1
EXIT_WAITING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run, and how."""

    profile: Profile
    estate: Path
    show: Show
    catalogue: Path | None = None
    """Folder with another control catalogue."""
    sends: bool = True
    """Notifications are sent; otherwise they stay in the outbox."""
    clock: Callable[[], datetime] | None = None
    """Tells the time of what is scanned, UTC; None: this machine's."""
    sleep: Callable[[float], object] = time.sleep

    @property
    def now(self) -> datetime:
        """Return the time, UTC."""
        return self.clock() if self.clock else datetime.now(UTC)

    def outside(self) -> Outside:
        """Return what sending takes from outside."""
        resolve = running.world().resolve
        return Outside(now=lambda: self.now, sleep=self.sleep, random=random.random, resolve=resolve)


def once(job: Job, as_of: datetime | None) -> int:
    """Run a profile as of an instant (None: now). Returns the exit code. Raises OverlapError and KeyauditError.

    Earlier runs that were stopped come first: the chain of packages is in the order of the scans.
    """
    moment = (as_of or job.now).replace(microsecond=0)
    stamp = stamp_of(moment)
    with alone(job.profile.folder):
        current = _Current(job, read_state(job.profile.folder, job.profile.name))
        there = current.state.run(stamp)
        if there is not None and there.complete:
            return _already(there, job)
        current.prepare()
        for earlier in current.state.unfinished:
            if earlier.stamp != stamp:
                current.go_on(earlier)
        code = current.run(there or RunRecord(stamp=stamp), moment)
        current.send()
        current.prune()
        return current.exit_code(code)


def again(job: Job) -> int:
    """Send what is left in the outbox. Returns 0, or 4 when something is left. Raises OverlapError."""
    with alone(job.profile.folder):
        current = _Current(job, read_state(job.profile.folder, job.profile.name))
        current.send()
        return EXIT_WAITING if current.state.waiting else 0


def _already(run: RunRecord, job: Job) -> int:
    if run.given_up or run.code is None:
        raise UsageError(f"the run {run.stamp} was given up: {run.given_up}", hint="run with another --as-of")
    if not job.show.quiet:
        say(f"run       {run.stamp} is complete already; nothing to do")
    return run.code


class _Current:
    """A run under way: its state is written whenever a step is done."""

    def __init__(self, job: Job, state: State) -> None:
        self.job = job
        self.state = state
        self.failed = False
        self._outbox = Outbox(job.profile.folder / OUTBOX)
        self._steps = Steps(job, self._outbox)

    def prepare(self) -> None:
        """Check what the profile names, and make its folders, before anything is asked of any system."""
        self._steps.prepare()

    def go_on(self, run: RunRecord) -> None:
        """Finish a run that was stopped. What can never be finished is given up, told, and kept.

        Whatever else goes wrong is told, too, and tried again by the next run: it is no reason not to scan now.
        """
        self._say(f"run       {run.stamp} was not finished; going on with it")
        if "scan" not in run.done and not self._steps.began(run):
            self.state = self.state.without(run.stamp)
            write_state(self.job.profile.folder, self.state)
            self._say(f"run       {run.stamp} had not begun to scan; forgotten")
            return
        try:
            self.run(run, None)
        except running.InterruptedScanError:
            raise
        except (ConfigError, EvidenceError) as error:
            self._kept(self.state.run(run.stamp) or run, given_up=str(error))
            self._tell(f"the run {run.stamp} cannot be gone on with, and is kept: {error}")
        except KeyauditError as error:
            self._tell(f"the run {run.stamp} is not finished yet: {error}", error.hint)

    def run(self, run: RunRecord, as_of: datetime | None) -> int:
        """Take the steps that are not done yet, and return the exit code by the verdicts.

        Raises KeyauditError of the scan, without which there is nothing to go on with. What else fails is kept as a
        problem of the run, and tried again by the next one.
        """
        run = self._kept(run, problems=())
        if "scan" not in run.done:
            run = self._scanned(run, as_of)
        for step in STEPS[1:]:
            if step not in run.done and not run.given_up:
                with self._problem(run, step):
                    changes = self._steps.take(step, run, self.state)
                    run = self._kept(run, done=(*run.done, step), **changes)
                    if "package" in changes:
                        package = changes["package"]
                        self._say(f"package   {run.stamp}.zip, number {package.number}, {package.checkpoint}")
                run = self.state.run(run.stamp) or run
        return running.EXIT_INCOMPLETE if run.code is None else run.code

    def _scanned(self, run: RunRecord, as_of: datetime | None) -> RunRecord:
        try:
            scanned = self._steps.scan(run, as_of)
        except KeyauditError as error:
            if self._steps.began(run):
                self._kept(run, problems=(f"scan: {error}",))
            else:
                self.state = self.state.without(run.stamp)
                write_state(self.job.profile.folder, self.state)
            raise
        return self._kept(run, scan=scanned.id, code=scanned.code, done=("scan",))

    @contextmanager
    def _problem(self, run: RunRecord, step: str) -> Iterator[None]:
        try:
            yield
        except (KeyauditError, OSError) as error:
            problem = f"{step}: {error}"
            # Evidence that is damaged makes no package ever, and later packages would wait for it for ever.
            lost = problem if step == "package" and isinstance(error, EvidenceError) else ""
            self._kept(run, problems=(*run.problems, problem), given_up=lost)
            self._tell(problem, error.hint if isinstance(error, KeyauditError) else "")

    def _tell(self, problem: str, hint: str = "") -> None:
        self.failed = True
        say(f"error: {safe_lines(problem)}", err=True)
        if hint:
            say(f"hint: {safe_lines(hint)}", err=True)

    def send(self) -> None:
        """Send what waits in the outbox, and keep what could not be sent."""
        waiting = []
        if self.job.sends:
            targets = {one.name: one for one in self.job.profile.notify}
            files = Files(self.job.profile.folder / SCANS, self._outbox)
            for outcome in deliver(self._outbox, targets, files, self.job.outside()):
                if outcome.waits:
                    waiting.append(outcome.text)
                if outcome.bad:
                    say(f"warning: notification: {safe_lines(outcome.text)}", err=True)
                else:
                    self._say(f"notified  {safe_lines(outcome.text)}")
        else:
            waiting = [f"{one.target}, run {one.run}: not sent: --offline-notify" for one in self._entries()]
        self.state = self.state.with_waiting(tuple(waiting))
        write_state(self.job.profile.folder, self.state)

    def prune(self) -> None:
        """Remove what is no longer kept, and tell."""
        from scanner.package.manifest import manifest_of

        needed = {one.run for one in self._entries()}
        kept = Kept(self.job.profile.folder, self.state.runs, needed)
        try:
            for line in prune(kept, self.job.profile.keep, manifest_of):
                self._say(f"retention {line}")
        except (KeyauditError, OSError) as error:
            self._tell(f"retention: {error}")

    def exit_code(self, code: int) -> int:
        """Return the exit code of the run: a step that failed, else the verdicts, else what waits."""
        if self.failed:
            return EXIT_FAILED
        return code or (EXIT_WAITING if self.state.waiting else 0)

    def _entries(self) -> list[Entry]:
        return [one for one in self._outbox.entries() if isinstance(one, Entry)]

    def _kept(self, run: RunRecord, **changes: Any) -> RunRecord:  # noqa: ANN401 - fields of the record
        """Write the state with a run changed."""
        changed = run.model_copy(update=changes)
        self.state = self.state.with_run(changed)
        write_state(self.job.profile.folder, self.state)
        return changed

    def _say(self, line: str) -> None:
        if not self.job.show.quiet:
            say(line)
