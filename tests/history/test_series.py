"""A series put together from snapshots, one by one or all at once, in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from scanner.history.series import history_of, newest, with_snapshot
from scanner.model.history import ControlPoint, FindingPoint, History
from scanner.model.verdict import Verdict
from tests.history.scans import a_control, a_finding, a_key_state, a_snapshot, digest

DICE = random.Random(3)  # noqa: S311 - chooses among findings
SCANS = [
    a_snapshot(
        day,
        *(a_finding(subject, waiver=DICE.choice("xy")) for subject in "abc" if DICE.random() < 0.6),
        keys=[a_key_state(key, state=DICE.choice("pq")) for key in "kl" if DICE.random() < 0.7],
        controls=[a_control(title=f"day {day}", digest=digest(DICE.choice("ab")))] if day != 3 else [],
    )
    for day in range(8)
]


def test_a_series_is_told_by_control_finding_and_key() -> None:
    first = a_snapshot(1, "a", a_finding("b", verdict=Verdict.UNKNOWN), keys=[a_key_state("k")])
    second = a_snapshot(2, a_finding("b", label="new", waiver="W"), controls=[a_control(title="New", waived=1)])
    history = history_of([second, first])
    assert history.scans == (first.scan, second.scan)
    (control,) = history.controls
    assert control.title == "New"
    assert control.points == tuple(
        ControlPoint(scan, Verdict.FAIL, 1, 0, waived, digest("a")) for scan, waived in ((0, 0), (1, 1))
    )
    assert [(one.subject, one.label, one.points) for one in history.findings] == [
        ("a", "alias/a", (FindingPoint(0, Verdict.FAIL, ""),)),
        ("b", "new", (FindingPoint(0, Verdict.UNKNOWN, ""), FindingPoint(1, Verdict.FAIL, "W"))),
    ]
    assert [(one.key_id, one.points) for one in history.keys] == [("k", ((0, first.keys[0]),))]
    assert history.logging == ((0, first.logging), (1, second.logging))


@pytest.mark.parametrize("place", range(len(SCANS)))
def test_a_scan_is_added_in_its_place(place: int) -> None:
    others = [*SCANS[:place], *SCANS[place + 1 :]]
    assert with_snapshot(history_of(others), SCANS[place]) == history_of(SCANS)


@pytest.mark.parametrize("place", range(len(SCANS)))
def test_a_scan_replaces_the_one_of_its_id(place: int) -> None:
    before = replace(a_snapshot(place + 0.5, "z", keys=[a_key_state("z")], id=f"scan-{place}"), logging=())
    given = [before, *SCANS[:place], *SCANS[place + 1 :]]
    assert with_snapshot(history_of(given), SCANS[place]) == history_of(SCANS)


@pytest.mark.parametrize("count", [0, 1, 5, 8, 9])
def test_the_newest_scans_are_a_series_of_their_own(count: int) -> None:
    assert newest(history_of(SCANS), count) == history_of(SCANS[max(0, 8 - count) :])


def test_nothing_makes_an_empty_series() -> None:
    assert history_of([]) == newest(History(), 0) == History()


def test_of_two_with_one_id_the_later_counts() -> None:
    assert history_of([a_snapshot(1, "a"), a_snapshot(1, "b")]) == history_of([a_snapshot(1, "b")])


def test_of_several_verdicts_on_a_subject_the_failure_counts() -> None:
    unknown, failed = (a_finding("a", verdict=verdict) for verdict in (Verdict.UNKNOWN, Verdict.FAIL))
    for given in ([unknown, failed], [failed, unknown]):
        (finding,) = history_of([a_snapshot(1, *given)]).findings
        assert finding.points == (FindingPoint(0, Verdict.FAIL, ""),)
