"""Schedules: what a crontab or a time of day allows, and what is refused in words."""

from __future__ import annotations

import pytest

from scanner.model.schedule import Every, Schedule, at_time, from_cron, known_zone

UTC = "Etc/UTC"


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("day", Schedule(minute=(30,), hour=(2,))),
        ("week", Schedule(minute=(30,), hour=(2,), weekday=(1,))),
        ("month", Schedule(minute=(30,), hour=(2,), day=(1,))),
    ],
)
def test_a_time_of_day(every: Every, expected: Schedule) -> None:
    assert at_time("02:30", every) == expected
    assert at_time("02:30", every, "Europe/Berlin").timezone == "Europe/Berlin"


@pytest.mark.parametrize("text", ["", "2:30", "24:00", "12:60", "02:30:00", "noon", "02:30\n"])
def test_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="must be a time of day from 00:00 to 23:59"):
        at_time(text, "day")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", Schedule()),
        ("30 2 * * *", Schedule(minute=(30,), hour=(2,))),
        ("  30\t2 * * * ", Schedule(minute=(30,), hour=(2,))),
        ("*/20 0-23 * * *", Schedule(minute=(0, 20, 40))),
        ("5,1,3 8-18/5 * * *", Schedule(minute=(1, 3, 5), hour=(8, 13, 18))),
        ("0 0 1,15 jan-MAR,12 *", Schedule(minute=(0,), hour=(0,), day=(1, 15), month=(1, 2, 3, 12))),
        ("0 0 * * mon-fri", Schedule(minute=(0,), hour=(0,), weekday=(1, 2, 3, 4, 5))),
        ("0 0 * * 5-7", Schedule(minute=(0,), hour=(0,), weekday=(0, 5, 6))),
        ("0 0 * * 0-7", Schedule(minute=(0,), hour=(0,))),
        ("0 0 * * */2", Schedule(minute=(0,), hour=(0,), weekday=(0, 2, 4, 6))),
        ("0 0 29 2 *", Schedule(minute=(0,), hour=(0,), day=(29,), month=(2,))),
    ],
)
def test_the_fields_of_a_crontab(text: str, expected: Schedule) -> None:
    assert from_cron(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have five fields"),
        ("30 2 * *", "must have five fields"),
        ("0 30 2 * * *", "must have five fields"),
        ("@daily", "must have five fields"),
        ("0" * 400 + " 2 * * *", "must have five fields"),
        ("60 2 * * *", "has a minute that is not within 0 and 59"),
        ("30 24 * * *", "has a hour that is not within 0 and 23"),
        ("30 2 0 * *", "has a day that is not within 1 and 31"),
        ("30 2 * 13 *", "has a month that is not within 1 and 12"),
        ("30 2 * * 8", "has a weekday that is not within 0 and 7"),
        ("30 2 * * fri-mon", "from the lower to the higher"),
        ("30-10 2 * * *", "from the lower to the higher"),
        ("30 2 * * abc", "has a weekday that nobody knows"),
        ("mon 2 * * *", "has a minute that nobody knows"),
        ("5/10 2 * * *", "has a minute that is neither"),
        ("*/0 2 * * *", "has a minute that is neither"),
        ("1,,2 2 * * *", "has a minute that is neither"),
        ("-1 2 * * *", "has a minute that is neither"),
        ("\u0661 2 * * *", "has a minute that is neither"),
        ("30 2 L * *", "has a day that is neither"),
        ("30 2 1 * 1", "limits the day of the month and of the week"),
        ("30 2 30 2 *", "never comes"),
        ("30 2 31 4,6,9,11 *", "never comes"),
    ],
)
def test_no_crontab(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_cron(text)


@pytest.mark.parametrize("name", [UTC, "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_time_zones(name: str) -> None:
    assert known_zone(name) == name


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../etc/passwd", "/etc/localtime", "Europe", "Etc/UTC\n", "x" * 51, "Europe/Berlin/"]
)
def test_no_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a time zone"):
        known_zone(name)
