"""The section on the trend: on screen and in print, only where there is a series."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.report import Report
from scanner.model.trend import Trend
from scanner.render import html, view
from tests.render.hostile import PAYLOADS
from tests.render.reading import Element, Page, on_screen
from tests.render.reports import a_failure
from tests.render.trends import NIST, a_long_trend, a_track, a_trend, hostile_trend, some_scans


def with_trend(trend: Trend) -> Report:
    return replace(a_failure(), trend=trend)


def printed(trend: Trend) -> Page:
    return Page(html.page(with_trend(trend), view.PRINT, printed=True).replace("\u200b", ""))


def test_a_report_without_a_series_has_no_such_section() -> None:
    page = on_screen(a_failure())
    assert not [e for e in page.elements if e.attributes.get("id") == "trend"]


def test_the_series_is_told() -> None:
    page = on_screen(with_trend(a_trend()))
    text = page.section("trend")
    assert "Trend" in [e.text for e in page.all("a")]
    assert "The scans of the series nightly, this one included: 5 scans, 2026-06-11 to 2026-06-15 UTC." in text
    assert "are not those of the scan before on: 2026-06-14." in text
    assert "Controls that fail 1 1" in text
    assert "high 2 6.5 days 9 days 1 1 day 3" in text
    assert "KM-ROT-04 Keys rotate FAIL 3 of 5 FAIL, PASS from 2026-06-13, FAIL from 2026-06-15" in text
    assert "1 control had one verdict in every scan that judged it." in text
    assert "alias/one arn:aws:kms:us-east-1:111122223333:key/one 3 2026-06-11 2026-06-15 open" in text
    charts = [
        e.attributes["aria-label"] for e in page.all("svg") if "scan by scan" in e.attributes.get("aria-label", "")
    ]
    assert len(charts) == 4


def test_a_control_that_the_page_describes_is_a_link() -> None:
    page = on_screen(with_trend(a_trend()))
    links = [e.text for e in page.all("a") if e.attributes.get("href") == "#KM-ROT-04" and _inside(e, "trend")]
    assert links == ["KM-ROT-04"] * 3
    moved = [e for e in page.all("th") if _inside(e, "trend") and e.text.startswith("KM-VEN-01")]
    assert [e.text for e in moved] == ["KM-VEN-01 Vendors sign"]
    assert not [e for e in page.all("a") if e.attributes.get("href") == "#KM-VEN-01"]


def _inside(element: Element, name: str) -> bool:
    above = element.parent
    return above is not None and (above.attributes.get("id") == name or _inside(above, name))


def test_the_first_scan_of_a_series_has_no_trend_yet() -> None:
    track = a_track("F")
    trend = a_trend(scans=some_scans([track]), controls=(track,), clauses=())
    text = on_screen(with_trend(trend)).section("trend")
    assert "It is the first of its series" in text
    assert "Time to remediate" not in text


def test_nothing_that_moved_and_nothing_that_came_back_is_said() -> None:
    tracks = (a_track("FF"), a_track("PP", "KM-GEN-01"))
    trend = a_trend(scans=some_scans(tracks), controls=tracks, clauses=(), recurring=())
    text = on_screen(with_trend(trend)).section("trend")
    assert "Controls that moved None." in text
    assert "2 controls had one verdict in every scan that judged them." in text
    assert "None was mended and failed again." in text
    assert "are not those of the scan before on" not in text


def test_print_has_the_law_and_says_where_the_rest_is() -> None:
    text = printed(a_trend()).section("trend")
    assert NIST not in text
    assert "The page in HTML has the other standards, too." in text
    assert NIST in on_screen(with_trend(a_trend())).section("trend")


def test_what_is_thinned_is_said() -> None:
    text = printed(a_long_trend(365)).section("trend")
    assert "a column a scan: each stands for up to 6 scans in a row and shows the worst of them." in text
    assert "of those, the column shows the one with the most failed controls." in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_hostile_name_changes_nothing_of_the_page(name: str) -> None:
    shape = on_screen(with_trend(hostile_trend(PAYLOADS[name]))).shape()
    assert shape == on_screen(with_trend(hostile_trend("plain"))).shape()
