"""One schedule in the language of each scheduler. All mean the same instants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from scanner.model.schedule import DAYS, Schedule


def cron(schedule: Schedule) -> str:
    """Return the five fields of a crontab (Sunday is 0). The time zone is not part of them."""
    fields = (schedule.minute, schedule.hour, schedule.day, schedule.month, schedule.weekday)
    return " ".join(_listed(field, "-", str) or "*" for field in fields)


def on_calendar(schedule: Schedule) -> str:
    """Return systemd's OnCalendar, with the time zone (systemd.time(7))."""
    weekday = _listed(schedule.weekday, "..", lambda day: DAYS[day].title(), from_monday=True)
    month, day, hour, minute = (
        _listed(field, "..", "{:02}".format) or "*"
        for field in (schedule.month, schedule.day, schedule.hour, schedule.minute)
    )
    return f"{weekday} *-{month}-{day} {hour}:{minute}:00 {schedule.timezone}".lstrip()


def event_bridge(schedule: Schedule) -> str:
    """Return the expression of EventBridge Scheduler. Of the day's two fields one must be a question mark."""
    fields = [
        _listed(field, "-", str) or "*" for field in (schedule.minute, schedule.hour, schedule.day, schedule.month)
    ]
    weekday = _listed(schedule.weekday, "-", lambda day: DAYS[day].upper())
    if weekday:
        fields[2] = "?"
    return f"cron({' '.join(fields)} {weekday or '?'} *)"


def trigger_fields(schedule: Schedule) -> dict[str, str]:
    """Return the fields of APScheduler's CronTrigger, whose week begins on Monday: days go by name."""
    return {
        "minute": _listed(schedule.minute, "-", str) or "*",
        "hour": _listed(schedule.hour, "-", str) or "*",
        "day": _listed(schedule.day, "-", str) or "*",
        "month": _listed(schedule.month, "-", str) or "*",
        "day_of_week": ",".join(DAYS[day] for day in schedule.weekday) or "*",
        "second": "0",
    }


def words(schedule: Schedule) -> str:
    """Return the schedule as a person reads it: the fields of a crontab and the time zone."""
    return f"{cron(schedule)} {schedule.timezone}"


def _listed(values: Sequence[int], to: str, name: Callable[[int], str], *, from_monday: bool = False) -> str:
    """Return values as a list in which what follows on one another is a range. ``from_monday``: Sunday comes last."""
    ordered = sorted(values, key=lambda value: (value - 1) % 7) if from_monday else list(values)
    runs = [[ordered[0]]] if ordered else []
    for before, value in pairwise(ordered):
        if value == (before + 1) % 7 if from_monday else value == before + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(part for run in runs for part in _run(run, to, name))


def _run(run: Sequence[int], to: str, name: Callable[[int], str]) -> Iterator[str]:
    if len(run) > 2:
        yield f"{name(run[0])}{to}{name(run[-1])}"
    else:
        yield from (name(value) for value in run)
