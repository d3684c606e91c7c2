"""The calendar of deadlines, read back by a library that calendars are read with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest

from scanner.model.forecast import Due, DueKind, Forecast
from scanner.render.calendar import calendar
from scanner.render.due import KINDS, rests_on
from tests.history.forecasts import AS_OF, a_due, a_forecast
from tests.render.hostile import PAYLOADS


def written(forecast: Forecast, organization: str = "Example Clinic") -> bytes:
    return calendar(forecast, organization, KINDS, rests_on)


def events(data: bytes) -> list[icalendar.Event]:
    return [one for one in icalendar.Calendar.from_ical(data).walk() if isinstance(one, icalendar.Event)]


def event(due: Due, organization: str = "Example Clinic") -> icalendar.Event:
    (only,) = events(written(a_forecast(due), organization))
    return only


def test_a_deadline_is_an_event_of_one_day_with_an_alarm() -> None:
    one = event(a_due(10))
    assert (one.start, one.end) == (date(2026, 11, 30), date(2026, 12, 1))
    assert one.DTSTAMP == AS_OF
    assert str(one["SUMMARY"]) == "Rotation: alias/one"
    assert one.categories == ["keyaudit", "ROTATION"]
    (alarm,) = [part for part in one.walk() if isinstance(part, icalendar.Alarm)]
    assert timedelta(days=-14) == alarm.TRIGGER
    assert str(one["DESCRIPTION"]).splitlines() == [
        "the cryptoperiod of its material ends.",
        "To do: rotate it.",
        "Subject: arn:aws:kms:us-east-1:111122223333:key/one",
        "Scope: aws:111122223333:us-east-1",
        "Organization: Example Clinic",
        "Rests on: the system itself",
    ]


def test_what_is_overdue_says_so_and_alarms_nobody() -> None:
    one = event(a_due(-3, kind=DueKind.FIPS_SUNSET))
    assert str(one["SUMMARY"]) == "OVERDUE FIPS 140 sunset: alias/one"
    assert one.categories == ["keyaudit", "FIPS SUNSET"]
    assert not one.walk("VALARM")


def test_the_event_of_a_later_scan_replaces_it() -> None:
    before = event(a_due(10))
    (after,) = events(written(replace(a_forecast(a_due(40)), as_of=AS_OF + timedelta(days=1))))
    assert before.uid == after.uid
    assert after.sequence > before.sequence
    assert 0 < after.sequence < 2**31


@pytest.mark.parametrize(
    "other",
    [
        a_due(10, subject="another"),
        a_due(10, source="elsewhere"),
        a_due(10, kind=DueKind.DELETION),
        a_due(10, rule="data_key"),
    ],
    ids=["subject", "scope", "kind", "rule"],
)
def test_another_deadline_is_another_event(other: Due) -> None:
    assert event(other)["UID"] != event(a_due(10))["UID"]
    assert event(a_due(10), "Another Clinic")["UID"] != event(a_due(10))["UID"]


LONG = ("語" * 400, "x" * 10_000, "🔑" * 99)


@pytest.mark.parametrize("text", [*PAYLOADS.values(), "a;b,c\\n\\,:\r\nBEGIN:VALARM", *LONG])
def test_a_hostile_name_stays_text(text: str) -> None:
    due = a_due(10, label=text, subject=text, source=text)
    data = written(a_forecast(due), text)
    lines = data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert all(line.decode().isprintable() for line in lines)
    assert lines[-1] == b""
    assert len(data) < 12_000
    parsed = icalendar.Calendar.from_ical(data)
    assert [part.name for part in parsed.walk()] == ["VCALENDAR", "VEVENT", "VALARM"]
    (one,) = events(data)
    assert one.errors == []
    assert len(str(one["DESCRIPTION"]).splitlines()) == 6
    plain = event(a_due(10))
    assert sorted(one) == sorted(plain)


def test_text_comes_back_as_it_was() -> None:
    text = r"a\b; c, d: é 語 🔑 " + "w" * 80
    assert str(event(a_due(10, label=text))["SUMMARY"]) == f"Rotation: {text}"


@pytest.mark.parametrize(("year", "start"), [(999, b"09990101"), (9999, b"99991231")])
def test_dates_at_the_ends_of_the_calendar_have_four_digits(year: int, start: bytes) -> None:
    day = datetime(year, 1 if year == 999 else 12, 1 if year == 999 else 31, tzinfo=UTC)
    data = written(replace(a_forecast(a_due(0, at=day)), as_of=day))
    assert b"DTSTART;VALUE=DATE:" + start in data
    assert b"SEQUENCE:0\r\n" in data or year > 1970


def test_nothing_due_is_an_empty_calendar() -> None:
    assert written(a_forecast()) == (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//keyaudit//forecast//EN\r\nCALSCALE:GREGORIAN\r\n"
        b"METHOD:PUBLISH\r\nEND:VCALENDAR\r\n"
    )
