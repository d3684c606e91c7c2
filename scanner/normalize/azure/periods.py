"""Periods of rotation policies: ISO 8601 durations of years, months, weeks and days, ``P1Y6M``."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_PERIOD = re.compile(r"P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?", re.IGNORECASE)
_LONGEST = (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)
"""Days of that many months in a row, at most: a period is never told shorter than it can be."""


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time in months and days, which may both be negative."""

    months: int
    days: int

    def __sub__(self, other: Period) -> Period:
        """Return what is left of a period before another one."""
        return Period(self.months - other.months, self.days - other.days)

    def in_days(self) -> int | None:
        """Return the number of days, a year being 365, or None where that is none or less."""
        years, months = divmod(self.months, 12)
        total = 365 * years + _LONGEST[months] + self.days
        return total if total > 0 else None

    def after(self, start: datetime, sign: int = 1) -> datetime | None:
        """Return the instant a period after another one (before it, with ``sign`` -1), or None beyond the calendar."""
        months = start.year * 12 + start.month - 1 + sign * self.months
        year, month = divmod(months, 12)
        try:
            day = min(start.day, calendar.monthrange(year, month + 1)[1])
            return start.replace(year=year, month=month + 1, day=day) + timedelta(days=sign * self.days)
        except (ValueError, OverflowError):
            return None


def parse(value: str | None) -> Period | None:
    """Return a duration as a period, or None for what is none. Parts of a day are not known to rotation policies."""
    found = _PERIOD.fullmatch(value or "")
    if found is None:
        return None
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return Period(12 * years + months, 7 * weeks + days)
