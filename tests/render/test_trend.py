"""What the page shows of a trend: what moved, how much is shown, in print and on the screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.render import trend as trends
from scanner.render.trend import view
from tests.render.trends import LAW, NIST, a_clause, a_long_trend, a_recurring, a_track, a_trend


def test_what_moved_is_told_and_the_rest_counted() -> None:
    shown = view(a_trend(), printed=False)
    assert [row.track.name for row in shown.moved] == ["KM-ROT-04", "KM-GEN-01", "KM-VEN-01"]
    assert (shown.moved_more, shown.still, shown.recurring_more) == (0, 1, 0)
    assert [(one.title, [row.track.name for row in one.rows]) for one in shown.frameworks] == [
        (LAW, ["164.312(b)"]),
        (NIST, ["5.3.6", "8.2.3"]),
    ]
    assert shown.frameworks[0].summary == "2 clauses that controls cite; in the last scan: 1 FAIL, 1 PASS."
    assert (shown.changed, shown.thinned, shown.crowded) == ("2026-06-14", "", False)


def test_print_has_the_law_and_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "PRINTED", 1)
    shown = view(a_trend(recurring=(a_recurring(),) * 4, recurring_omitted=5), printed=True)
    assert [one.title for one in shown.frameworks] == [LAW]
    assert (len(shown.moved), shown.moved_more) == (1, 2)
    assert (len(shown.recurring), shown.recurring_more) == (1, 8)


def test_long_lists_are_cut_and_counted() -> None:
    clauses = tuple(a_clause("FP", f"{n}") for n in range(trends.BARS + 3))
    trend = a_trend(controls=(a_track("FP"),), clauses=((LAW, clauses),), scans=a_long_trend(2).scans)
    (one,) = view(trend, printed=True).frameworks
    assert (one.undrawn, len(one.rows), one.rows_more) == (3, trends.PRINTED, trends.BARS + 3 - trends.PRINTED)
    changed = tuple(replace(scan, catalogue_changed=True) for scan in a_long_trend(9).scans)
    assert view(replace(a_long_trend(9), scans=changed), printed=True).changed.endswith("2026-06-11 and 4 more")


def test_a_year_is_thinned_and_says_so() -> None:
    shown = view(a_long_trend(365), printed=False)
    assert shown.crowded
    assert shown.thinned == "each stands for up to 6 scans in a row and shows the worst of them"
