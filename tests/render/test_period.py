"""The page of an audit period, in words and as it stands in the report; and period.json."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from scanner.model.period import Outage, Period
from scanner.model.verdict import Counts
from scanner.render import html, period_json, view
from scanner.render.period import BARS, ON_SCREEN, PRINTED, STRETCHES
from scanner.render.period import view as shown
from tests.render.hostile import PAYLOADS
from tests.render.periods import FIRST, a_control, a_key, a_log, a_period, hostile_period
from tests.render.reading import Page, on_screen
from tests.render.reports import a_control as the_control
from tests.render.reports import a_failure, a_report, a_result, arn


def section(period: Period) -> str:
    return on_screen(a_report(a_result(), period=period)).section("period")


def page(period: Period) -> Page:
    return on_screen(a_report(a_result(), period=period))


def test_there_is_no_section_without_a_period() -> None:
    assert "Audit period" not in html.render(a_failure()).data.decode()


def test_what_the_period_rests_on_is_said() -> None:
    text = section(a_period())
    assert "Audit period 2026-04-01 to 2026-06-29" in text
    assert "90 days, of UTC, both ends included. They rest on 2 scans on days of the period" in text
    assert "on 88 days there was no scan. A day without evidence is unknown, never passed." in text
    assert "14 days come after the scan of 2026-06-15 12:00:00 UTC and are unknown in every line." in text


@pytest.mark.parametrize(
    ("last", "ahead"),
    [(date(2026, 6, 15), 0), (date(2026, 6, 16), 1), (date(2026, 6, 29), 14)],
)
def test_days_after_the_scan_are_counted(last: date, ahead: int) -> None:
    assert shown(a_period(last=last), printed=False).ahead == ahead


@pytest.mark.parametrize(("first", "ahead"), [(date(2026, 6, 20), 10), (date(1, 1, 1), 14)])
def test_a_period_that_is_all_to_come_counts_its_own_days(first: date, ahead: int) -> None:
    assert shown(a_period(first=first), printed=False).ahead == ahead


def test_a_single_day_to_come_is_told_as_one() -> None:
    assert "1 day comes after the scan of 2026-06-15 12:00:00 UTC and is unknown" in section(
        a_period(last=date(2026, 6, 16))
    )


def test_each_group_has_its_sentence() -> None:
    text = section(a_period(keys_by_verdict=Counts(4, 1, 2, 1), keys_unjudged=1))
    assert (
        "Of 8 keys, 1 had material past its cryptoperiod on at least one day, 4 had none on any day that applied, and "
        "of 2 some days are unknown. 1 key protected nothing in the period. Of 1 more key the type or its limit is not "
        "known." in text
    )
    assert "Of 1 scope, 1 did not record key events on at least one day, 0 recorded them on every day" in text
    assert (
        "Of 2 controls, 1 failed on at least one day that was scanned, 0 passed on every day of the period that "
        "applied, and of 1 some days are unknown. The longest was out for at most 21 days: KM-ROT-04." in text
    )


def test_without_an_outage_none_is_the_longest() -> None:
    assert "The longest" not in section(a_period(controls=(a_control("u90"),)))
    assert "The longest" not in section(a_period(controls=()))


def test_what_was_out_comes_before_what_is_unknown() -> None:
    text = section(a_period())
    assert (
        f"FAIL alias/late {arn('late')} limit 365 days; rotated 2026-05-01 out, 2026-05-01 to 2026-06-15, 46 days: "
        "list of versions" in text
    )
    assert f"UNKNOWN alias/partly {arn('partly')} limit 365 days; no rotation seen unknown, 2026-04-01 to" in text
    assert "out, 2026-04-21 to 2026-04-23, 3 days: recorded: trail" in text
    assert (
        "FAIL Keys rotate KM-ROT-04 3 scans; out for at most 21 days out, from 2026-04-03, mended by the scan of "
        "2026-04-09: at most 6 days of the period out, from 2026-06-01, not seen mended: at most 15 days of the period"
        in text
    )


def test_days_after_the_scan_make_no_row() -> None:
    groups = shown(a_period(), printed=False).groups
    assert [[row.line.label for row in group.rows] for group in groups] == [
        ["alias/late", "alias/partly"],
        [""],
        ["Keys rotate"],
    ]


def test_a_day_alone_is_told_without_an_end() -> None:
    (row,) = shown(a_period(logs=(a_log("i20", "o1", "i55", "u14"),)), printed=False).groups[1].rows
    assert [one.text for one in row.said] == ["2026-04-21, 1 day: recorded: trail"]


def test_a_control_links_only_to_what_the_report_has() -> None:
    lines = (
        a_control("o90", outages=(Outage(FIRST, None, 76),)),
        a_control("o90", control="KM-OLD-01", outages=(Outage(FIRST, None, 76),)),
    )
    report = a_report(a_result(control=the_control("KM-ROT-04")), period=a_period(controls=lines))
    links = [one.attributes["href"] for one in on_screen(report).all("a") if one.attributes["href"].startswith("#KM")]
    assert "#KM-ROT-04" in links
    assert "#KM-OLD-01" not in links
    assert "KM-OLD-01" in on_screen(report).section("period")


def many(number: int) -> dict[str, Any]:
    return {"keys": tuple(a_key("o1", "u75", "i14", name=str(n)) for n in range(number)), "keys_omitted": 7}


@pytest.mark.parametrize(("printed", "most"), [(True, PRINTED), (False, ON_SCREEN)])
def test_long_lists_are_cut_and_counted(printed: bool, most: int) -> None:
    group = shown(a_period(**many(ON_SCREEN + 1)), printed=printed).groups[0]
    assert (len(group.rows), group.rows_more) == (most, ON_SCREEN + 1 - most)
    assert group.undrawn == ON_SCREEN + 1 - BARS + 7


def test_what_was_cut_is_said() -> None:
    text = section(a_period(**many(ON_SCREEN + 3)))
    assert f"and {ON_SCREEN + 3 - BARS + 7} more that are not drawn" in text
    assert "and 3 more in period.json" in text


def test_many_stretches_are_cut_and_counted() -> None:
    parts = ["o1", "i1"] * (STRETCHES + 2)
    text = section(a_period(keys=(a_key(*parts),)))
    assert "and 2 more times" in text
    assert "and 1 more time " in section(a_period(keys=(a_key(*parts[2:]),)))


def test_a_group_without_lines_has_no_chart_and_no_table() -> None:
    found = page(a_period(keys=(), keys_by_verdict=Counts(), logs=(), controls=()))
    assert "Of 0 keys, 0 had" in found.section("period")
    assert not [one for one in found.all("figure") if "Keys against their cryptoperiods" in one.text]


def test_the_printed_page_has_it_too() -> None:
    text = html.page(a_report(a_result(), period=a_period()), view.PRINT, printed=True)
    assert '<a href="#period">Audit period</a>' in text
    assert text.count('id="period"') == 1
    assert "out-controls-0" in text


def test_the_file_has_every_line_and_every_stretch() -> None:
    period = a_period()
    body = json.loads(period_json(period).data)
    assert {name: body[name] for name in ("schema", "first", "last", "as_of", "days_without_scan")} == {
        "schema": "keyaudit/period/1",
        "first": "2026-04-01",
        "last": "2026-06-29",
        "as_of": "2026-06-15T12:00:00Z",
        "days_without_scan": 88,
    }
    assert body["scans"] == [
        {"id": "scan-1", "as_of": "2026-06-01T12:00:00Z"},
        {"id": "scan-2", "as_of": "2026-06-15T12:00:00Z"},
    ]
    assert body["keys_by_verdict"] == {"pass": 0, "fail": 1, "unknown": 2, "not_applicable": 0}
    assert [len(body[name]) for name in ("keys", "logs", "controls")] == [3, 1, 2]
    for name in ("keys", "logs", "controls"):
        for line in body[name]:
            assert sum(one["days"] for one in line["stretches"]) == 90
    late = body["keys"][0]
    assert late["stretches"][1] == {
        "first": "2026-05-01",
        "last": "2026-06-15",
        "days": 46,
        "state": "out",
        "why": "list of versions",
    }
    assert (late["verdict"], late["limit_days"], late["limit"], late["rotations"]) == (
        "fail", 365, "kek_max_days", ["2026-05-01T12:00:00Z"],
    )  # fmt: skip
    assert body["controls"][0]["outages"] == [
        {"first": "2026-04-03", "mended": "2026-04-09", "days": 6},
        {"first": "2026-06-01", "mended": None, "days": 15},
    ]


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_changes_no_element(name: str) -> None:
    hostile, harmless = (page(hostile_period(text)) for text in (PAYLOADS[name], "harmless, text"))
    assert hostile.shape() == harmless.shape()


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_whole_in_the_file_and_cannot_harm_a_terminal(name: str) -> None:
    data = period_json(hostile_period(PAYLOADS[name])).data
    assert not set(data) & {*range(10), *range(11, 32), 127}
    if name != "surrogate":
        assert json.loads(data)["keys"][0]["label"] == PAYLOADS[name]
