"""A control on each day, as scans judged it: never filled in; and how long it was out at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.history.days import Days
from scanner.history.period_controls import judge_control
from scanner.model.control import Severity
from scanner.model.history import ControlHistory, ControlPoint
from scanner.model.ids import ControlId, Digest
from scanner.model.period import ControlLine
from scanner.model.verdict import Verdict
from tests.history.timelines import a_record, at, march, merged

LETTERS = {"p": Verdict.PASS, "f": Verdict.FAIL, "u": Verdict.UNKNOWN, "n": Verdict.NOT_APPLICABLE}


def judged(seen: dict[float, str], days: Days | None = None) -> ControlLine:
    """Judge a control by the day of each scan and the letter of its verdict there; `-` did not run it."""
    scans = [a_record(str(day), at(day)) for day in seen]
    points = tuple(
        ControlPoint(place, LETTERS[letter], 0, 0, 0, Digest(""))
        for place, letter in enumerate(seen.values())
        if letter != "-"
    )
    control = ControlHistory(
        id=ControlId("KM-ROT-01"), title="Rotated", severity=Severity.HIGH, phase="rotation", clauses=(), points=points
    )
    return judge_control(days or march(30), control, scans)


DAILY = {day + 0.25: "p" for day in range(1, 31)}

TIMELINES: list[tuple[str, dict[float, str], str, int]] = [
    ("no scan", {}, "unknown 1-30", 0),
    ("a scan a day", DAILY, "in 1-30", 0),
    (
        "three days of thirty, and days without a scan",
        {1: "p", 2: "p", 3: "f", 4: "f", 7: "f", 9: "p", 10: "p"},
        "in 1-2, out 3-4, unknown 5-6, out 7, unknown 8, in 9-10, unknown 11-30",
        6,
    ),
    ("not mended", {28: "p", 29.5: "f"}, "unknown 1-27, in 28, out 29, unknown 30", 2),
    (
        "it cannot be judged: not mended",
        {3: "f", 5: "u", 7: "p"},
        "unknown 1-2, out 3, unknown 4-6, in 7, unknown 8-30",
        4,
    ),
    ("it no longer applies: mended", {3: "f", 5: "n"}, "unknown 1-2, out 3, unknown 4, absent 5, unknown 6-30", 2),
    (
        "twice out",
        {1: "f", 3: "p", 5: "f", 9: "p"},
        "out 1, unknown 2, in 3, unknown 4, out 5, unknown 6-8, in 9, unknown 10-30",
        6,
    ),
    ("out before the period, mended inside", {-5: "f", 4: "p"}, "unknown 1-3, in 4, unknown 5-30", 3),
    ("out and mended before", {-5: "f", -2: "p"}, "unknown 1-30", 0),
    ("out before, and never looked at again", {-5: "f"}, "unknown 1-30", 30),
    (
        "the worst scan of a day counts",
        {3.1: "p", 3.5: "f", 3.6: "p", 5.1: "u", 5.2: "p", 7.1: "p", 7.2: "n"},
        "unknown 1-2, out 3, unknown 4-6, in 7, unknown 8-30",
        1,
    ),
    (
        "mended and out again on a day",
        {3: "f", 5.1: "p", 5.2: "f", 5.3: "p"},
        "unknown 1-2, out 3, unknown 4, out 5, unknown 6-30",
        3,
    ),
    ("a scan that did not run it", {3: "p", 4: "-", 5: "p"}, "unknown 1-2, in 3, unknown 4, in 5, unknown 6-30", 0),
    ("later than the period", {2: "f", 31: "p"}, "unknown 1, out 2, unknown 3-30", 29),
    ("later than this scan", {2: "p", 31.6: "f"}, "unknown 1, in 2, unknown 3-30", 0),
]


@pytest.mark.parametrize(("name", "seen", "expected", "out"), TIMELINES, ids=[one[0] for one in TIMELINES])
def test_days_of_a_control(name: str, seen: dict[float, str], expected: str, out: int) -> None:
    line = judged(seen)
    assert merged(line) == expected
    assert line.out_at_most_days == out == sum(one.days for one in line.outages)


def test_an_outage_says_from_when_to_when() -> None:
    line = judged({-5: "f", 4: "p", 6: "f", 9.1: "p", 9.2: "f"})
    assert [(one.first, one.mended, one.days) for one in line.outages] == [
        (at(-5).date(), at(4).date(), 3),
        (at(6).date(), None, 25),
    ]


def test_days_after_this_scan_are_not_out() -> None:
    line = judged({2: "f"}, march(30, as_of=4.5))
    assert (line.days_out, line.out_at_most_days, line.days_unknown) == (1, 3, 29)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (DAILY, Verdict.PASS),
        (DAILY | {4.25: "f"}, Verdict.FAIL),
        ({1: "p"}, Verdict.UNKNOWN),
        (dict.fromkeys(range(1, 31), "n"), Verdict.NOT_APPLICABLE),
    ],
)
def test_a_control_passes_only_when_every_day_did(seen: dict[float, str], verdict: Verdict) -> None:
    assert judged(seen).verdict is verdict


def test_scans_of_the_period_are_counted() -> None:
    line = judged({-3: "p", 1: "p", 5: "u", 5.5: "p", 31: "p"})
    assert (line.scans, line.control, line.label, line.severity) == (3, "KM-ROT-01", "Rotated", Severity.HIGH)
    assert {one.why for one in line.stretches} == {
        "no scan",
        "a scan judged it pass",
        "a scan could not judge it, or read some sources only",
    }


def test_a_scan_of_some_sources_tells_of_a_failure_alone() -> None:
    some = "controls KM-ROT-01; sources prod"
    scans = [a_record("1", at(3)), *(replace(a_record(str(day), at(day)), selection=some) for day in (4, 5, 6))]
    letters = ("p", "p", "f", "p")
    control = ControlHistory(
        id=ControlId("KM-ROT-01"),
        title="Rotated",
        severity=Severity.HIGH,
        phase="rotation",
        clauses=(),
        points=tuple(ControlPoint(i, LETTERS[letter], 0, 0, 0, Digest("")) for i, letter in enumerate(letters)),
    )
    line = judge_control(march(30), control, scans)
    assert merged(line) == "unknown 1-2, in 3, unknown 4, out 5, unknown 6-30"
    assert line.out_at_most_days == 26  # what was read on the sixth mends nothing
