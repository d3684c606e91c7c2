"""The chart of what comes due: a count for each kind and week, and the sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from scanner.model.forecast import DueKind, Forecast
from scanner.render.due_svg import MOST_WEEKS, WIDTH, due_chart
from tests.history.forecasts import a_due, a_forecast

NS = "{http://www.w3.org/2000/svg}"
SOME = a_forecast(
    a_due(-2),
    a_due(0),
    a_due(6),
    a_due(7, kind=DueKind.DELETION),
    a_due(90),
)


def drawn(forecast: Forecast) -> ET.Element:
    return ET.fromstring(due_chart(forecast))  # noqa: S314 - what we drew ourselves


def words(chart: ET.Element) -> list[str]:
    return [text.text or "" for text in chart.findall(f"{NS}text")]


def test_nothing_due_no_chart() -> None:
    assert due_chart(a_forecast()) == ""


def test_counts_stand_by_kind_and_week_with_their_sums() -> None:
    said = words(drawn(SOME))
    assert said[:3] == ["overdue", "11-20", "11-27"]
    assert said[15:] == ["Rotation", "1", "2", "1", "Destruction", "1", "All", "1", "2", "1", "1"]
    assert said[13:15] == ["02-12", "week from"]


def test_what_is_overdue_is_black_and_stands_left() -> None:
    boxes = drawn(SOME).findall(f"{NS}rect")
    assert [box.get("fill") for box in boxes] == ["#16191d", "#d5dde5", "#d5dde5", "#d5dde5"]
    lefts = [float(box.get("x", "")) for box in boxes]
    assert lefts[0] < lefts[1] < lefts[2]
    (white,) = [t for t in drawn(SOME).findall(f"{NS}text") if t.get("fill") == "#ffffff"]
    assert white.text == "1"


@pytest.mark.parametrize("days", [0, 1, 30, 90, 181, 182, 3650, 36_500])
def test_it_stays_inside_its_width(days: int) -> None:
    coming = replace(SOME, days=days, weeks=((-1, DueKind.ROTATION, 12_345), (days // 7, DueKind.SUPPORT, 3)))
    chart = drawn(coming)
    for box in chart.findall(f"{NS}rect"):
        assert 0 <= float(box.get("x", "")) <= WIDTH - float(box.get("width", ""))
    dates = [word for word in words(chart) if word[2:3] == "-"]
    assert 1 <= len(dates) <= MOST_WEEKS
    assert words(chart)[-2:] == ["12345", "3"]


def test_the_calendar_may_end_within_it() -> None:
    last = drawn(replace(SOME, as_of=datetime(9999, 12, 31, tzinfo=UTC)))
    assert words(last)[1:4] == ["12-31", "12-31", "12-31"]
