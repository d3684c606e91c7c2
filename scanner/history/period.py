"""The audit period: keys, logs and controls on each of its days, by what this scan and earlier ones tell."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from scanner.evaluate.assemble import CRYPTOPERIODS
from scanner.history.days import Days
from scanner.history.period_controls import judge_control
from scanner.history.period_facts import keys
from scanner.history.period_keys import Limit, judge_key
from scanner.history.period_logs import judge_log, scopes
from scanner.model.history import History
from scanner.model.period import ControlLine, KeyLine, Line, Period
from scanner.model.verdict import Counts, Verdict

MOST_KEYS = 10_000
"""Lines of keys; the rest, the least bad of them, is counted."""

_ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE)


def judge(
    first: date, last: date, *, history: History, facts: Path, limits: Mapping[str, int], as_of: datetime
) -> Period:
    """Judge the days from ``first`` to ``last``, both included, UTC.

    ``history`` holds the earlier scans and this one, ``facts`` is the folder of this scan's fact tables, ``limits``
    the days of each parameter that the scan used. What a scan later than ``as_of`` saw does not count.
    """
    days = Days(first, last, as_of.astimezone(UTC))
    scans = [one for one in history.scans if one.as_of <= as_of and first <= one.as_of.date() <= last]
    tally = _Tally()
    lines = heapq.nsmallest(MOST_KEYS, tally.lines(days, history, facts, limits), key=_rank)
    judged = sum(tally.verdicts.values())
    logs = sorted((judge_log(days, scope) for scope in scopes(facts, history, as_of)), key=_rank)
    controls = [judge_control(days, one, history.scans) for one in history.controls]
    return Period(
        first=first,
        last=last,
        as_of=days.as_of,
        scans=tuple((one.id, one.as_of) for one in scans),
        days_without_scan=(last - first).days + 1 - len({one.as_of.date() for one in scans}),
        keys=tuple(lines),
        keys_by_verdict=_counts(tally.verdicts),
        keys_omitted=judged - len(lines),
        keys_unjudged=tally.unjudged,
        logs=tuple(logs),
        controls=tuple(sorted(controls, key=_control_rank)),
    )


class _Tally:
    """Lines of keys as they are judged, counted."""

    def __init__(self) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self.unjudged = 0

    def lines(self, days: Days, history: History, facts: Path, limits: Mapping[str, int]) -> Iterator[KeyLine]:
        """Yield the line of each key that was there in the period and whose limit is known."""
        known = {kind: Limit(limits[name], name) for kind, name in CRYPTOPERIODS.items() if name in limits}
        for key in keys(facts, history, days.as_of):
            limit = known.get(key.key_type)
            if limit is None:
                self.unjudged += 1
            elif line := judge_key(days, key, limit):
                self.verdicts[line.verdict] += 1
                yield line


def _rank(line: Line) -> tuple[int, int, int, str, str]:
    """Sort the worst first."""
    source = line.source if isinstance(line, KeyLine) else ""
    return _ORDER.index(line.verdict), -line.days_out, -line.days_unknown, line.id, source


def _control_rank(line: ControlLine) -> tuple[int, int, int, str]:
    return _ORDER.index(line.verdict), -line.days_out, -line.out_at_most_days, line.id


def _counts(verdicts: Counter[Verdict]) -> Counts:
    return Counts(
        verdicts[Verdict.PASS], verdicts[Verdict.FAIL], verdicts[Verdict.UNKNOWN], verdicts[Verdict.NOT_APPLICABLE]
    )
