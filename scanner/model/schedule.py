"""When a profile is run: the five fields of a crontab, each as the values that it allows, in a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Every = Literal["day", "week", "month"]

UTC_ZONE = "Etc/UTC"
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""Days of the week as crontabs number them, from 0."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MOST_CRON = 400
"""Characters of the fields of a crontab; every schedule can be written in 250."""
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in the years in which it is longest."""
_BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
_NAMES: Mapping[str, Mapping[str, int]] = {
    "weekday": {name: number for number, name in enumerate(DAYS)},
    "month": {name: number for number, name in enumerate(MONTHS, start=1)},
}
_AT = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_PART = re.compile(r"(\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([1-9][0-9]?))?")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


class Target(StrEnum):
    """A scheduler that keyaudit writes units for."""

    SYSTEMD = "systemd"
    CRON = "cron"
    KUBERNETES = "kubernetes"
    GITHUB_ACTIONS = "github-actions"
    EVENTBRIDGE = "eventbridge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Instants at which something is to happen. An empty field allows every value.

    Days of the month and of the week are never limited together: programs disagree on what both mean.
    """

    minute: tuple[int, ...] = ()
    """0 to 59."""
    hour: tuple[int, ...] = ()
    """0 to 23."""
    day: tuple[int, ...] = ()
    """Of the month, 1 to 31. Months that have no such day are left out."""
    month: tuple[int, ...] = ()
    """1 to 12."""
    weekday: tuple[int, ...] = ()
    """0 (Sunday) to 6."""
    timezone: str = UTC_ZONE
    """Name of the IANA time zone database, such as Etc/UTC or Europe/Berlin."""


def at_time(at: str, every: Every, timezone: str = UTC_ZONE) -> Schedule:
    """Return the schedule of a time of day, each day, Monday, or first of the month. Raises ValueError in words."""
    match = _AT.fullmatch(at)
    if match is None:
        raise ValueError("must be a time of day from 00:00 to 23:59, such as '02:30'")
    return Schedule(
        minute=(int(match[2]),),
        hour=(int(match[1]),),
        day=(1,) if every == "month" else (),
        weekday=(1,) if every == "week" else (),
        timezone=known_zone(timezone),
    )


def from_cron(text: str, timezone: str = UTC_ZONE) -> Schedule:
    """Return the schedule that the five fields of a crontab describe. Raises ValueError in words."""
    parts = text.lower().split()
    if len(parts) != 5 or len(text) > MOST_CRON:
        raise ValueError("must have five fields: minute, hour, day, month, day of the week, such as '30 2 * * *'")
    fields = {name: _field(name, part) for name, part in zip(_BOUNDS, parts, strict=True)}
    if fields["day"] and fields["weekday"]:
        raise ValueError("limits the day of the month and of the week; programs disagree on what both mean")
    months = fields["month"] or range(1, 13)
    if fields["day"] and all(min(fields["day"]) > _LONGEST[month - 1] for month in months):
        raise ValueError("never comes: no such month has that day")
    return Schedule(**fields, timezone=known_zone(timezone))


def known_zone(name: str) -> str:
    """Return the name when this machine knows the time zone. Raises ValueError in words."""
    if _ZONE.fullmatch(name) and len(name) <= 50:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError):
            pass
        else:
            return name
    raise ValueError("must be the name of a time zone, such as Etc/UTC or Europe/Berlin")


def _field(name: str, text: str) -> tuple[int, ...]:
    """Return the values that a field allows, in order; empty when it allows all."""
    first, last = _BOUNDS[name]
    values: set[int] = set()
    for part in text.split(","):
        values |= set(_values(name, part))
    if name == "weekday":
        values, last = {value % 7 for value in values}, 6
    return () if len(values) == last - first + 1 else tuple(sorted(values))


def _values(name: str, part: str) -> Iterator[int]:
    match = _PART.fullmatch(part)
    least, most = _BOUNDS[name]
    if match is None or (match[4] and match[1] != "*" and not match[3]):
        raise ValueError(f"has a {name} that is neither *, a number, a range (1-5), a step (*/15) nor a list of them")
    if match[1] == "*":
        first, last = least, min(most, 6) if name == "weekday" else most
    else:
        first = _number(name, match[2])
        last = _number(name, match[3]) if match[3] else first
    if not least <= first <= last <= most:
        raise ValueError(f"has a {name} that is not within {least} and {most}, from the lower to the higher")
    return iter(range(first, last + 1, int(match[4] or 1)))


def _number(name: str, text: str) -> int:
    if text.isdecimal():
        return int(text)
    if text not in _NAMES.get(name, {}):
        raise ValueError(f"has a {name} that nobody knows; write a number")
    return _NAMES[name][text]
