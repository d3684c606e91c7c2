"""The built-in scheduler: real processes, and triggers that need no waiting."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from scanner.errors import MissingExtraError
from scanner.model.schedule import at_time
from scanner.schedule.loop import Event, Loop, Options, Planned, cron_trigger, run_command

DAILY = at_time("02:30", "day", "Europe/Berlin")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
Act = Callable[[Event, Loop], None]


def until(condition: Callable[[], bool]) -> None:
    """Wait for what is bound to come; half a minute means that it will not."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come")


@dataclass
class Watched:
    """A loop that is run to its end, with what it told. ``act`` sees each event, and may stop it."""

    act: Act
    options: Options = field(default_factory=lambda: Options(tell=lambda _: None))
    events: list[Event] = field(default_factory=list)

    def run(self, *commands: tuple[str, ...]) -> list[Event]:
        planned = [Planned(f"p{number}", DAILY, command) for number, command in enumerate(commands)]
        loop = Loop(planned, replace(self.options, tell=self._tell, now=lambda: NOW))
        self._loop = loop
        late = threading.Timer(30, loop.stop.set)
        late.start()
        try:
            loop.run()
        finally:
            late.cancel()
        return self.events

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self.act(event, self._loop)


def stop_when(what: str, count: int = 1) -> Act:
    seen: list[str] = []

    def act(event: Event, loop: Loop) -> None:
        seen.append(event.what)
        if seen.count(what) == count:
            loop.stop.set()

    return act


def told(events: list[Event], profile: str) -> list[str]:
    return [event.what for event in events if event.profile == profile]


def nothing(_event: Event) -> None:
    """Tell nobody."""


ONCE = Options(tell=nothing, at_once=True)


def test_each_run_is_a_process_and_its_end_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    fails = (sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(10)")
    events = Watched(stop_when("ended", 2), ONCE).run(fails, ("true",))
    assert told(events, "p0") == told(events, "p1") == ["scheduled", "started", "ended"]
    ended = {event.profile: event for event in events if event.what == "ended"}
    assert (ended["p0"].exit_code, ended["p1"].exit_code) == (10, 0)
    assert all(event.at == NOW and (event.seconds or 0) >= 0 for event in events)
    assert [event.what for event in events][-2:] == ["stopping", "stopped"]
    printed, complaint = capfd.readouterr()
    assert printed == ""  # standard output is for our own lines
    assert sorted(complaint.split()) == ["err", "out"]


def test_when_it_runs_next_is_told() -> None:
    (scheduled, *_) = Watched(stop_when("scheduled")).run(("true",))
    first = datetime.fromisoformat(scheduled.detail.rpartition(" ")[2])
    assert scheduled.detail.startswith("30 2 * * * Europe/Berlin, next at ")
    assert timedelta(0) < first - datetime.now(UTC) < timedelta(hours=26)
    assert first.minute == 30


def test_a_schedule_that_is_over_says_never() -> None:
    options = Options(tell=nothing, trigger=lambda _schedule, _jitter: Late(()))
    (scheduled, *_) = Watched(stop_when("scheduled"), options).run(("true",))
    assert scheduled.detail == "30 2 * * * Europe/Berlin, next at never"


class Late(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at given instants, however long they are past."""

    def __init__(self, instants: tuple[datetime, ...]) -> None:
        self.instants = instants

    def get_next_fire_time(self, previous: datetime | None, _now: datetime) -> datetime | None:
        return next((one for one in self.instants if previous is None or one > previous), None)


def test_missed_times_are_made_up_for_once() -> None:
    now = datetime.now(UTC)
    hours = tuple(now - timedelta(hours=ago) for ago in (72, 48, 24))
    options = Options(tell=nothing, trigger=lambda _schedule, _jitter: Late(hours))
    events = Watched(stop_when("ended"), options).run(("true",))
    assert told(events, "p0") == ["scheduled", "started", "ended"]


def test_a_run_under_way_is_not_started_again(tmp_path: Path) -> None:
    go = tmp_path / "go"

    def act(event: Event, loop: Loop) -> None:
        if event.what == "skipped":
            go.touch()
        if event.what == "ended":
            loop.stop.set()

    options = Options(tell=nothing, trigger=lambda _schedule, _jitter: IntervalTrigger(seconds=0.05, timezone=UTC))
    waits = ("sh", "-c", f"until [ -e {go} ]; do sleep 0.02; done")
    events = Watched(act, options).run(waits)
    assert told(events, "p0")[:3] == ["scheduled", "started", "skipped"]
    assert "started" not in told(events, "p0")[2 : told(events, "p0").index("ended")]


def test_what_cannot_be_started_is_told() -> None:
    events = Watched(stop_when("failed"), ONCE).run(("/nowhere/python",))
    (failed,) = (event for event in events if event.what == "failed")
    assert failed.detail == "cannot start it: No such file or directory"


def test_stopping_waits_for_what_is_under_way(tmp_path: Path) -> None:
    go = tmp_path / "go"

    def act(event: Event, loop: Loop) -> None:
        if event.what == "started":
            loop.stop.set()
        if event.what == "stopping":
            go.touch()

    waits = ("sh", "-c", f"until [ -e {go} ]; do sleep 0.02; done; exit 3")
    events = Watched(act, replace(ONCE, tick=0.01)).run(waits)
    assert [event.what for event in events] == ["scheduled", "started", "stopping", "ended", "stopped"]
    assert (events[2].detail, events[3].exit_code) == ("1 under way", 3)


@pytest.mark.parametrize(("trap", "signal"), [("true", -15), ("trap '' TERM", -9)])
def test_what_takes_too_long_is_ended(tmp_path: Path, trap: str, signal: int) -> None:
    ready = tmp_path / "ready"

    def act(event: Event, loop: Loop) -> None:
        if event.what == "started":
            until(ready.exists)
            loop.stop.set()

    stubborn = ("sh", "-c", f"{trap}; touch {ready}; while :; do sleep 0.02; done")
    events = Watched(act, replace(ONCE, tick=0.01, grace=0.02, kill_after=0.05)).run(stubborn)
    (ended,) = (event for event in events if event.what == "ended")
    assert ended.exit_code == signal
    assert "still under way after 0.02 s: it is told to end" in [event.detail for event in events]
    assert events[-1].what == "stopped"


def test_nothing_is_started_once_it_is_stopping() -> None:
    events: list[Event] = []
    loop = Loop([], Options(tell=events.append))
    loop.stop.set()
    loop._start(Planned("late", DAILY, ("true",)))
    assert events == []


def test_the_health_file_is_touched_by_a_job_like_any_other(tmp_path: Path) -> None:
    health = tmp_path / "health"

    def act(event: Event, loop: Loop) -> None:
        if event.what == "ended":
            health.unlink()
            until(health.exists)
            loop.stop.set()

    options = replace(ONCE, health=health, tick=0.05)
    events = Watched(act, options).run(("true",))
    assert events[-1].what == "stopped"
    assert health.read_bytes() == b""


def test_a_start_late_at_random_stays_in_its_bounds() -> None:
    start = datetime(2026, 11, 25, tzinfo=UTC)
    exact = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert cron_trigger(DAILY).get_next_fire_time(None, start) == exact
    for _ in range(20):
        moment = cron_trigger(DAILY, 60).get_next_fire_time(None, start)
        assert exact <= moment <= exact + timedelta(seconds=60)


def test_without_apscheduler_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apscheduler.schedulers.background", None)
    with pytest.raises(MissingExtraError) as raised:
        cron_trigger(DAILY)
    assert raised.value.hint == 'pip install "keyaudit[schedule]"'


def test_the_command_is_this_very_program(tmp_path: Path) -> None:
    assert run_command("nightly", tmp_path / "e.yaml") == (
        sys.executable,
        "-m",
        "scanner",
        "run",
        "nightly",
        "--estate",
        str(tmp_path / "e.yaml"),
    )
