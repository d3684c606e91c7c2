"""Days of a period from spans of time. Inside, an instant is a number of microseconds since the period began, UTC."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from scanner.model.period import DayState, Stretch
from scanner.model.verdict import Verdict

DAY = 86_400_000_000
"""Microseconds."""
NOT_YET = "after the scan"

_MICROSECOND = timedelta(microseconds=1)
_FIRST = (DayState.ABSENT, DayState.OUT, DayState.IN, DayState.UNKNOWN)
"""Of several that tell of one instant, the first counts."""
_WORST = (DayState.OUT, DayState.UNKNOWN, DayState.IN, DayState.ABSENT)
"""Of the instants of one day, the first of these decides it."""


class Span(NamedTuple):
    """What is known of the instants from ``begin`` to before ``end``."""

    begin: int
    end: int
    state: DayState
    why: str


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a period, of which a scan can tell up to its own day."""

    first: date
    last: date
    """Included."""
    as_of: datetime
    """UTC; what the latest scan was judged at."""

    @property
    def size(self) -> int:
        """End of the period."""
        return ((self.last - self.first).days + 1) * DAY

    @property
    def known_until(self) -> int:
        """End of the day of the latest scan: no evidence reaches further."""
        return self.end_of_day(self.as_of)

    def at(self, moment: datetime) -> int:
        """Return the place of an instant; it may lie outside of the period."""
        return (moment.astimezone(UTC) - datetime.combine(self.first, time(), UTC)) // _MICROSECOND

    def start_of_day(self, moment: datetime) -> int:
        """Return where the UTC day of an instant begins."""
        return self.at(moment) // DAY * DAY

    def end_of_day(self, moment: datetime) -> int:
        """Return where the UTC day of an instant ends."""
        return self.start_of_day(moment) + DAY

    def stretches(self, spans: Sequence[Span], missing: str) -> tuple[Stretch, ...]:
        """Return the days of the period by state. ``missing`` says why a day of which no span tells is unknown.

        At one instant ABSENT counts before OUT and OUT before IN, and of two spans of one state the earlier in the
        list. A day is OUT when an instant of it is, else UNKNOWN when an instant is, else IN when an instant is.
        """
        runs = _by_day(_segments([*self._known(spans), *self._ahead()], self.size, missing))
        return tuple(Stretch(self._date(one.begin), self._date(one.end), one.state, one.why) for one in runs)

    def _known(self, spans: Iterable[Span]) -> Iterator[Span]:
        for one in spans:
            begin, end = max(one.begin, 0), min(one.end, self.known_until, self.size)
            if begin < end:
                yield Span(begin, end, one.state, one.why)

    def _ahead(self) -> Iterator[Span]:
        begin = max(self.known_until, 0)
        if begin < self.size:
            yield Span(begin, self.size, DayState.UNKNOWN, NOT_YET)

    def _date(self, day: int) -> date:
        return self.first + timedelta(days=day)


def _segments(spans: Sequence[Span], size: int, missing: str) -> Iterator[Span]:
    """Yield what is so, instant by instant, from the beginning of the period to its end."""
    order = sorted(range(len(spans)), key=lambda i: spans[i].begin)
    cuts = sorted({0, size, *(one.begin for one in spans), *(one.end for one in spans)})
    open_now: list[tuple[int, int]] = []
    coming = 0
    for begin, end in itertools.pairwise(cuts):
        while coming < len(order) and spans[order[coming]].begin <= begin:
            heapq.heappush(open_now, (_FIRST.index(spans[order[coming]].state), order[coming]))
            coming += 1
        while open_now and spans[open_now[0][1]].end <= begin:
            heapq.heappop(open_now)
        if open_now:
            told = spans[open_now[0][1]]
            yield Span(begin, end, told.state, told.why)
        else:
            yield Span(begin, end, DayState.UNKNOWN, missing)


def _by_day(segments: Iterable[Span]) -> list[Span]:
    """Return runs of days, numbered from 0, with their last day included."""
    runs: list[Span] = []
    for one in segments:
        begin, end = one.begin // DAY, (one.end - 1) // DAY
        if runs and runs[-1].end == begin:
            if _WORST.index(one.state) < _WORST.index(runs[-1].state):
                shared = runs.pop()
                if shared.begin < begin:
                    runs.append(shared._replace(end=begin - 1))
            else:
                begin += 1
        if begin > end:
            continue
        if runs and (runs[-1].state, runs[-1].why) == (one.state, one.why):
            runs[-1] = runs[-1]._replace(end=end)
        else:
            runs.append(Span(begin, end, one.state, one.why))
    return runs


@dataclass(frozen=True, slots=True)
class Count:
    """Days by state, and the verdict that they give."""

    within: int
    out: int
    unknown: int

    @property
    def verdict(self) -> Verdict:
        """FAIL when a day was out, else UNKNOWN when one is unknown, PASS when all that applied were in."""
        if self.out:
            return Verdict.FAIL
        if self.unknown:
            return Verdict.UNKNOWN
        return Verdict.PASS if self.within else Verdict.NOT_APPLICABLE


def count(stretches: Sequence[Stretch]) -> Count:
    """Count days by state."""
    within, out, unknown = (
        sum(one.days for one in stretches if one.state is state)
        for state in (DayState.IN, DayState.OUT, DayState.UNKNOWN)
    )
    return Count(within, out, unknown)
