"""Days from spans of time: the worst instant decides a day, and nothing is known of days after the scan."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.history.days import DAY, NOT_YET, Days, Span, count
from scanner.model.period import DayState
from scanner.model.verdict import Verdict
from tests.history.timelines import at, march, told

IN, OUT, ABSENT, UNKNOWN = DayState.IN, DayState.OUT, DayState.ABSENT, DayState.UNKNOWN
WORST = (OUT, UNKNOWN, IN, ABSENT)


def span(begin: float, end: float, state: DayState = IN, why: str = "") -> Span:
    days = march()
    return Span(days.at(at(begin)), days.at(at(end)), state, why)


TIMELINES: list[tuple[str, list[Span], str]] = [
    ("nothing", [], "unknown 1-31"),
    ("all of it", [span(1, 32)], "in 1-31"),
    ("from before to after", [span(-50, 90)], "in 1-31"),
    ("a part of a day is not the day", [span(2.5, 5.5)], "unknown 1-2, in 3-4, unknown 5-31"),
    ("an instant out makes the day out", [span(1, 32), span(4.4, 4.5, OUT)], "in 1-3, out 4, in 5-31"),
    ("out beats unknown", [span(4.4, 4.5, OUT)], "unknown 1-3, out 4, unknown 5-31"),
    ("absent beats out", [span(1, 32, OUT), span(2, 4, ABSENT)], "out 1, absent 2-3, out 4-31"),
    ("a part absent leaves the rest", [span(1, 32), span(1, 2.5, ABSENT)], "absent 1, in 2-31"),
    ("three states in a day", [span(3.2, 3.4, OUT), span(3.4, 3.6), span(4, 32)], "unknown 1-2, out 3, in 4-31"),
    ("what ends at midnight ends the day before", [span(1, 3)], "in 1-2, unknown 3-31"),
    ("an empty span", [span(5, 5), span(7, 6)], "unknown 1-31"),
    ("outside", [span(-9, 1), span(32, 40)], "unknown 1-31"),
]


@pytest.mark.parametrize(("name", "spans", "expected"), TIMELINES, ids=[one[0] for one in TIMELINES])
def test_the_worst_instant_decides_a_day(name: str, spans: list[Span], expected: str) -> None:
    assert told(march().stretches(spans, "missing")) == expected


def test_of_spans_of_one_state_the_first_says_why() -> None:
    found = march().stretches([span(3, 6, why="first"), span(1, 32, why="second")], "missing")
    assert [(one.days, one.why) for one in found] == [(2, "second"), (3, "first"), (26, "second")]


def test_what_is_missing_is_said() -> None:
    (only,) = march().stretches([], "no evidence")
    assert only.why == "no evidence"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [(31.99, "in 1-31"), (30.5, "in 1-30, unknown 31"), (1, "in 1, unknown 2-31"), (0.5, "unknown 1-31")],
)
def test_days_after_the_scan_are_unknown(as_of: float, expected: str) -> None:
    days = march(as_of=as_of)
    found = days.stretches([Span(-DAY, 90 * DAY, IN, ""), Span(40 * DAY, 90 * DAY, ABSENT, "")], "missing")
    assert told(found) == expected
    assert (found[-1].why == NOT_YET) is (found[-1].state is UNKNOWN)


@pytest.mark.parametrize(
    ("spans", "verdict", "numbers"),
    [
        ([span(1, 32)], Verdict.PASS, (31, 0, 0)),
        ([span(2, 32)], Verdict.UNKNOWN, (30, 0, 1)),
        ([span(2, 32), span(9, 10, OUT)], Verdict.FAIL, (29, 1, 1)),
        ([span(1, 32, ABSENT)], Verdict.NOT_APPLICABLE, (0, 0, 0)),
        ([span(1, 32, ABSENT), span(1, 9)], Verdict.NOT_APPLICABLE, (0, 0, 0)),
        ([span(9, 32, ABSENT), span(1, 9)], Verdict.PASS, (8, 0, 0)),
    ],
)
def test_a_verdict_follows_from_the_days(spans: list[Span], verdict: Verdict, numbers: tuple[int, int, int]) -> None:
    found = count(march().stretches(spans, ""))
    assert found.verdict is verdict
    assert (found.within, found.out, found.unknown) == numbers


quarters = st.integers(-8, 48)
spans_of_any_kind = st.lists(
    st.builds(
        lambda begin, length, state: Span(begin * DAY // 4, (begin + length) * DAY // 4, state, ""),
        quarters,
        st.integers(0, 20),
        st.sampled_from([IN, OUT, ABSENT]),
    ),
    max_size=6,
)


@given(spans_of_any_kind, st.integers(0, 11))
def test_stretches_are_what_a_look_at_each_quarter_of_a_day_finds(spans: list[Span], as_of: int) -> None:
    days = Days(date(2026, 3, 1), date(2026, 3, 10), at(as_of + 0.5))
    found = days.stretches(spans, "")
    # They cover the period exactly once.
    assert found[0].first == days.first
    assert found[-1].last == days.last
    assert all(b.first - a.last == timedelta(days=1) for a, b in pairwise(found))
    by_day = [one.state for one in found for _ in range(one.days)]
    assert by_day == [_slowly(spans, day, as_of) for day in range(10)]


def _slowly(spans: list[Span], day: int, as_of: int) -> DayState:
    if day >= as_of:
        return UNKNOWN
    quarter = DAY // 4
    seen: set[DayState] = set()
    for moment in range(day * DAY, (day + 1) * DAY, quarter):
        told_here = {one.state for one in spans if one.begin <= moment < one.end}
        seen.add(next((state for state in (ABSENT, OUT, IN) if state in told_here), UNKNOWN))
    return next(state for state in WORST if state in seen)
