"""A control on each day of an audit period, as scans judged it: a day without a scan is unknown, never filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from scanner.history.days import Days, Span, count
from scanner.model.history import ControlHistory, ScanRecord
from scanner.model.period import ControlLine, DayState, Outage
from scanner.model.verdict import Verdict

MISSING = "no scan"

_STATES: Mapping[Verdict, DayState] = {
    Verdict.FAIL: DayState.OUT,
    Verdict.UNKNOWN: DayState.UNKNOWN,
    Verdict.PASS: DayState.IN,
    Verdict.NOT_APPLICABLE: DayState.ABSENT,
}
"""Worst first."""
_WORST = tuple(_STATES)
_WORDS: Mapping[Verdict, str] = {
    Verdict.FAIL: "a scan judged it fail",
    Verdict.UNKNOWN: "a scan could not judge it, or read some sources only",
    Verdict.PASS: "a scan judged it pass",
    Verdict.NOT_APPLICABLE: "it did not apply",
}


def judge_control(days: Days, control: ControlHistory, scans: Sequence[ScanRecord]) -> ControlLine:
    """Judge one control. ``scans`` are those of the history; those after ``days.as_of`` do not count."""
    judged = [(scans[one.scan], one.verdict) for one in control.points]
    points = [(scan.as_of, _told(scan, verdict)) for scan, verdict in judged if scan.as_of <= days.as_of]
    worst: dict[date, Verdict] = {}
    inside = [(at, verdict) for at, verdict in points if days.first <= at.date() <= days.last]
    for at, verdict in inside:
        worst[at.date()] = min(worst.get(at.date(), verdict), verdict, key=_WORST.index)
    moments = {at.date(): at for at, _ in inside}
    spans = [
        Span(days.start_of_day(moments[day]), days.end_of_day(moments[day]), _STATES[verdict], _WORDS[verdict])
        for day, verdict in worst.items()
    ]
    stretches = days.stretches(spans, MISSING)
    total = count(stretches)
    outages = _outages(days, points)
    return ControlLine(
        id=control.id,
        label=control.title,
        stretches=stretches,
        verdict=total.verdict,
        days_in=total.within,
        days_out=total.out,
        days_unknown=total.unknown,
        control=control.id,
        severity=control.severity,
        scans=len(inside),
        outages=outages,
        out_at_most_days=sum(one.days for one in outages),
    )


def _told(scan: ScanRecord, verdict: Verdict) -> Verdict:
    """Return what a scan tells of the whole estate: of some of its sources, a failure alone."""
    return Verdict.UNKNOWN if scan.partial and verdict is not Verdict.FAIL else verdict


def _outages(days: Days, points: Sequence[tuple[datetime, Verdict]]) -> tuple[Outage, ...]:
    """Return the times from each scan that saw the control fail to the next that saw it mended.

    A scan that could not judge it mends nothing. A failure that was seen before the period reaches into it.
    """
    found: list[Outage] = []
    failing, seen = None, date.min
    for at, verdict in points:
        if verdict is Verdict.FAIL:
            seen = at.date()
            # One that began on the day on which the last was mended goes on with it.
            again = failing is None and bool(found) and found[-1].mended == seen
            failing = found.pop().first if again else failing or seen
        elif verdict is not Verdict.UNKNOWN and failing is not None:
            found.append(_outage(days, failing, seen, at.date()))
            failing = None
    if failing is not None:
        found.append(_outage(days, failing, seen, None))
    return tuple(one for one in found if one.days)


def _outage(days: Days, first: date, seen: date, mended: date | None) -> Outage:
    """Return an outage. ``seen`` is the last day on which a scan saw it, which counts though it was mended then."""
    end = min(days.last, days.as_of.date()) + timedelta(days=1)
    until = end if mended is None else min(end, max(mended, seen + timedelta(days=1)))
    return Outage(first, mended, max(0, (until - max(first, days.first)).days))
