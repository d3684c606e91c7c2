"""A small scheduler for those who have none: APScheduler says when, a process of its own does the work."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from scanner.errors import MissingExtraError
from scanner.model.schedule import Schedule
from scanner.schedule.dialects import trigger_fields, words

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.base import BaseTrigger

STDERR = 2
"""Where what a run prints goes: standard output is for our own lines."""
TICK = 5.0
"""Seconds between two signs of life."""
ALIVE = "alive"
"""Executor of what touches the health file."""
KILL_AFTER = 30.0
"""Seconds that a run has after SIGTERM, before it is killed."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell: one line of the log."""

    at: datetime
    """UTC."""
    what: str
    """scheduled, started, ended, failed (it could not be started), skipped, stopping or stopped."""
    profile: str = ""
    detail: str = ""
    exit_code: int | None = None
    """Of a run that ended; below 0: minus the signal that killed it."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A profile, when it is run, and the command that runs it."""

    profile: str
    schedule: Schedule
    command: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the scheduler behaves. The clock and the triggers come in, so that a test need not wait."""

    tell: Callable[[Event], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    health: Path | None = None
    """File that is touched as long as the scheduler works."""
    jitter: int = 0
    """Seconds by which a run may start late, at random."""
    grace: float = 600.0
    """Seconds that a run under way has to end when the scheduler is stopped."""
    at_once: bool = False
    """Whether each profile is run at the start as well."""
    tick: float = TICK
    kill_after: float = KILL_AFTER
    trigger: Callable[[Schedule, int], BaseTrigger] | None = None


@dataclass(slots=True)
class Loop:
    """Runs profiles at their times until it is told to stop."""

    planned: Sequence[Planned]
    options: Options
    stop: threading.Event = field(default_factory=threading.Event)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Run until :attr:`stop` is set, then let what is under way end. Raises MissingExtraError."""
        scheduler = _scheduler(len(self.planned))
        make = self.options.trigger or cron_trigger
        first: dict[str, Any] = {"next_run_time": datetime.now(UTC)} if self.options.at_once else {}
        for one in self.planned:
            scheduler.add_job(
                self._start,
                make(one.schedule, self.options.jitter),
                args=(one,),
                id=one.profile,
                max_instances=1,
                coalesce=True,  # several missed times are made up for once
                misfire_grace_time=None,  # however late it is
                **first,
            )
            following = make(one.schedule, 0).get_next_fire_time(None, datetime.now(UTC))
            self._tell("scheduled", one.profile, f"{words(one.schedule)}, next at {_instant(following)}")
        scheduler.add_listener(self._skipped, _max_instances())
        scheduler.start()
        # What touches the file is a job like any other: when jobs are no longer started, the file grows old.
        self._touch()
        scheduler.add_job(self._touch, "interval", seconds=self.options.tick, executor=ALIVE, misfire_grace_time=None)
        self.stop.wait()
        self._tell("stopping", detail=f"{len(self._running)} under way")
        scheduler.pause()
        self._let_end()
        scheduler.shutdown(wait=True)
        self._tell("stopped")

    def _start(self, one: Planned) -> None:
        began = time.monotonic()
        with self._lock:
            if self.stop.is_set():
                return
            try:
                # A session of its own: a signal to our group is for us to handle, and the run ends in peace.
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and command line
                    one.command, stdin=subprocess.DEVNULL, stdout=STDERR, start_new_session=True
                )
            except OSError as error:
                self._tell("failed", one.profile, f"cannot start it: {error.strerror}")
                return
            self._running[one.profile] = process
        self._tell("started", one.profile)
        code = process.wait()
        with self._lock:
            del self._running[one.profile]
        self.options.tell(Event(self.options.now(), "ended", one.profile, "", code, round(time.monotonic() - began, 1)))

    def _skipped(self, event: Any) -> None:  # noqa: ANN401 - an event of APScheduler
        self._tell("skipped", event.job_id, "the run before is still under way")

    def _let_end(self) -> None:
        """Wait for the runs under way; those that take too long are ended, and go on at their next start."""
        deadline = time.monotonic() + self.options.grace
        with self._lock:
            running: Mapping[str, subprocess.Popen[bytes]] = dict(self._running)
        for profile, process in running.items():
            try:
                self._wait(process, deadline)
            except subprocess.TimeoutExpired:
                self._tell("stopping", profile, f"still under way after {self.options.grace:g} s: it is told to end")
                process.terminate()
                try:
                    self._wait(process, time.monotonic() + self.options.kill_after)
                except subprocess.TimeoutExpired:
                    process.kill()

    def _wait(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while True:
            self._touch()
            left = deadline - time.monotonic()
            try:
                process.wait(max(0.0, min(left, self.options.tick)))
            except subprocess.TimeoutExpired:
                if left <= 0:
                    raise
            else:
                return

    def _touch(self) -> None:
        if self.options.health is not None:
            self.options.health.touch(mode=0o644)

    def _tell(self, what: str, profile: str = "", detail: str = "") -> None:
        self.options.tell(Event(self.options.now(), what, profile, detail))


def run_command(profile: str, estate: Path) -> tuple[str, ...]:
    """Return the command that runs a profile: this very program, in another process."""
    return (sys.executable, "-m", "scanner", "run", profile, "--estate", os.fspath(estate))


def cron_trigger(schedule: Schedule, jitter: int = 0) -> BaseTrigger:
    """Return APScheduler's trigger of a schedule. Raises MissingExtraError."""
    _scheduler(1)
    from apscheduler.triggers.cron import CronTrigger

    return CronTrigger(**trigger_fields(schedule), timezone=ZoneInfo(schedule.timezone), jitter=jitter or None)


def _scheduler(jobs: int) -> BackgroundScheduler:
    try:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler
    except ImportError:
        raise MissingExtraError("APScheduler is not installed", hint='pip install "keyaudit[schedule]"') from None
    # Its warnings are told by our own lines.
    logging.getLogger("apscheduler").addHandler(logging.NullHandler())
    pools = {"default": ThreadPoolExecutor(jobs), ALIVE: ThreadPoolExecutor(1)}
    return BackgroundScheduler(timezone=UTC, executors=pools)


def _max_instances() -> int:
    from apscheduler.events import EVENT_JOB_MAX_INSTANCES

    return int(EVENT_JOB_MAX_INSTANCES)


def _instant(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else "never"
