"""Every dialect means the same instants: each is asked, by its own program where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from scanner.model.schedule import DAYS, Schedule, at_time, from_cron
from scanner.schedule.dialects import cron, event_bridge, on_calendar, trigger_fields, words
from scanner.schedule.loop import cron_trigger

START = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
COUNT = 5

SCHEDULES = {
    "daily": at_time("02:30", "day"),
    "weekly elsewhere": at_time("02:30", "week", "Europe/Berlin"),
    "monthly": at_time("23:59", "month"),
    "working hours": from_cron("*/15 8-18 * * mon-fri", "America/New_York"),
    "weekend": from_cron("0 6,7 * * 5-7"),
    "sundays": from_cron("5 5 * * 0", "Asia/Kolkata"),
    "quarters": from_cron("0 0 1,2,15 1-3,12 *"),
    "the 31st": from_cron("0 12 31 * *"),
    "odd minutes": from_cron("1-59/2 * * * *"),
    "each hour of a night": from_cron("10 22,23,0,1 * 11-12 *", "Pacific/Auckland"),
}


def instants(schedule: Schedule) -> Iterator[datetime]:
    """Yield the instants after START, by looking at each minute of each day: too simple to be wrong."""
    zone = ZoneInfo(schedule.timezone)
    day = START.astimezone(zone).date()
    while True:
        allowed = {"day": day.day, "month": day.month, "weekday": day.isoweekday() % 7}
        if all(not getattr(schedule, name) or value in getattr(schedule, name) for name, value in allowed.items()):
            for hour, minute in product(range(24), range(60)):
                moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
                in_time = hour in (schedule.hour or (hour,)) and minute in (schedule.minute or (minute,))
                if in_time and moment > START:
                    yield moment
        day += timedelta(days=1)


def first(schedule: Schedule) -> list[datetime]:
    found = instants(schedule)
    return [next(found) for _ in range(COUNT)]


EXPECTED = {name: first(schedule) for name, schedule in SCHEDULES.items()}
each = pytest.mark.parametrize("name", SCHEDULES)


@each
def test_our_own_scheduler(name: str) -> None:
    trigger, moment, found = cron_trigger(SCHEDULES[name]), START, []
    for _ in range(COUNT):
        moment = trigger.get_next_fire_time(None, moment + timedelta(seconds=1))
        found.append(moment.astimezone(UTC))
    assert found == EXPECTED[name]


@each
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd(name: str) -> None:
    command = ["systemd-analyze", "calendar", f"--iterations={COUNT}", f"--base-time={START:%Y-%m-%d %H:%M:%S} UTC"]
    done = subprocess.run(
        [*command, on_calendar(SCHEDULES[name])],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", done.stdout)
    assert [datetime.fromisoformat(one).replace(tzinfo=UTC) for one in found] == EXPECTED[name]


def read_field(text: str, names: Callable[[str], int]) -> tuple[int, ...]:
    """Read a field as the documents of crontab and of EventBridge describe it: lists of numbers and ranges."""
    values: list[int] = []
    for part in [] if text in {"*", "?"} else text.split(","):
        low, _, high = part.partition("-")
        values += range(names(low), names(high or low) + 1)
    return tuple(sorted(values))


@each
def test_cron(name: str) -> None:
    schedule = SCHEDULES[name]
    minute, hour, day, month, weekday = (read_field(part, int) for part in cron(schedule).split())
    read = Schedule(minute=minute, hour=hour, day=day, month=month, weekday=weekday, timezone=schedule.timezone)
    assert first(read) == EXPECTED[name]
    assert from_cron(cron(schedule), schedule.timezone) == schedule  # what we write, we read


@each
def test_event_bridge(name: str) -> None:
    schedule = SCHEDULES[name]
    match = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)", event_bridge(schedule))
    assert match
    minute, hour, day, month = (read_field(part, int) for part in match.groups()[:4])
    # Its numbers of weekdays begin with 1, so only names are used.
    weekday = read_field(match[5], lambda name: DAYS.index(name.lower()))
    read = Schedule(minute=minute, hour=hour, day=day, month=month, weekday=weekday, timezone=schedule.timezone)
    assert first(read) == EXPECTED[name]
    assert (match[3], match[5]).count("?") == 1


def test_each_dialect_in_its_own_words() -> None:
    schedule = from_cron("0,20,40 6-9 * nov-dec fri,sat,sun", "Europe/Berlin")
    assert cron(schedule) == "0,20,40 6-9 * 11,12 0,5,6"
    assert on_calendar(schedule) == "Fri..Sun *-11,12-* 06..09:00,20,40:00 Europe/Berlin"
    assert event_bridge(schedule) == "cron(0,20,40 6-9 ? 11,12 SUN,FRI,SAT *)"
    assert trigger_fields(schedule)["day_of_week"] == "sun,fri,sat"
    assert words(schedule) == "0,20,40 6-9 * 11,12 0,5,6 Europe/Berlin"


def test_the_longest_expression_is_one_that_event_bridge_takes() -> None:
    """Two of three values, in every field: neither a range nor a star makes it shorter."""
    limits = ((0, 60), (0, 24), (1, 32), (1, 13))
    fields = [",".join(str(value) for value in range(low, high) if (value - low) % 3 < 2) for low, high in limits]
    longest = event_bridge(from_cron(" ".join([*fields, "*"])))
    assert 230 < len(longest) <= 256
