"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from scanner.cli.main import run
from scanner.cli.options import MOST_DAYS, SEVERITIES, FailOn, parse_as_of, parse_period
from scanner.errors import UsageError
from scanner.model.control import Severity

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

INSTANTS = [
    ("2026-11-24T12:00:00Z", NOON),
    ("2026-11-24T14:00:00+02:00", NOON),
    ("2026-11-24 12:00Z", NOON),
    ("20261124T120000Z", NOON),
    ("2026-11-24T12:00:00.5Z", NOON.replace(microsecond=500_000)),
    ("2026-11-24", NOON.replace(hour=0)),
    ("20261124", NOON.replace(hour=0)),
    ("2026-W48-2", NOON.replace(hour=0)),
]


@pytest.mark.parametrize(("text", "moment"), INSTANTS)
def test_an_instant_is_read(text: str, moment: datetime) -> None:
    assert parse_as_of(text) == moment


def test_without_an_instant_there_is_none() -> None:
    assert parse_as_of(None) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("yesterday", "--as-of 'yesterday' is not an instant", "write 2026-11-24T00:00:00Z or 2026-11-24"),
        ("", "--as-of '' is not an instant", "write 2026-11-24T00:00:00Z or 2026-11-24"),
        ("2026-13-01", "--as-of '2026-13-01' is not an instant", "write 2026-11-24T00:00:00Z or 2026-11-24"),
        ("2026-11-24T12:00", "--as-of '2026-11-24T12:00' has no time zone", "write 2026-11-24T12:00Z for UTC"),
        ("20261124T12", "--as-of '20261124T12' has no time zone", "write 20261124T12Z for UTC"),
        ("2026-11-24 12:00", "--as-of '2026-11-24 12:00' has no time zone", "write 2026-11-24 12:00Z for UTC"),
        (
            "0001-01-01T00:00:00+23:59",
            "--as-of '0001-01-01T00:00:00+23:59' is out of range",
            "write a year from 2 to 9998",
        ),
    ],
)
def test_what_is_no_instant_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_as_of(text)
    assert (str(caught.value), caught.value.hint) == (message, hint)


PERIODS = [
    ("2026-01-01..2026-03-31", "2026-01-01", "2026-03-31"),
    (" 2026-01-01 .. 2026-01-01 ", "2026-01-01", "2026-01-01"),
    ("2026", "2026-01-01", "2026-12-31"),
    ("2026-Q1", "2026-01-01", "2026-03-31"),
    ("2026-Q4", "2026-10-01", "2026-12-31"),
    ("2026-02", "2026-02-01", "2026-02-28"),
    ("2024-02", "2024-02-01", "2024-02-29"),
    ("2026-12", "2026-12-01", "2026-12-31"),
    ("last-30-days", "2026-10-26", "2026-11-24"),
    ("last-1-day", "2026-11-24", "2026-11-24"),
]


@pytest.mark.parametrize(("text", "first", "last"), PERIODS)
def test_a_period_is_read(text: str, first: str, last: str) -> None:
    assert parse_period(text, NOON) == (date.fromisoformat(first), date.fromisoformat(last))


def test_without_a_period_there_is_none() -> None:
    assert parse_period(None) is None


def test_the_last_days_end_with_the_day_of_the_instant_in_utc() -> None:
    found = parse_period("last-2-days", datetime.fromisoformat("2026-11-24T23:30:00-05:00"))
    assert found == (date(2026, 11, 24), date(2026, 11, 25))


def test_without_an_instant_the_last_days_end_now() -> None:
    before = datetime.now(UTC).date()
    found = parse_period("last-1-day")
    assert found is not None
    assert before <= found[0] == found[1] <= datetime.now(UTC).date()


HOW = "write 2026-01-01..2026-03-31, 2026, 2026-Q1, 2026-11 or last-30-days"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        *[
            (text, "is not a period", HOW)
            for text in (
                "", "yesterday", "..", "2026-01-01", "2026-01-01..", "2026-02-30..2026-03-01", "2026-Q5", "2026-13",
                "2026-00", "0000", "9999", "last-0-days", "last-99999-days",
                "9999-01-01..9999-01-02", "2026-01-01..2026-03-31Z",
            )
        ],
        ("2026-03-31..2026-01-01", "ends before it begins", "write 2026-01-01..2026-03-31"),
        ("2016-01-01..2026-01-08", "has more than 3660 days", "judge its years one by one"),
    ],
)  # fmt: skip
def test_what_is_no_period_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_period(text, NOON)
    assert (str(caught.value), caught.value.hint) == (f"--period {text!r} {message}", hint)


def test_a_period_may_have_ten_years() -> None:
    first = date(2016, 1, 1)
    last = first + timedelta(days=MOST_DAYS - 1)
    assert parse_period(f"{first}..{last}") == (first, last)


def test_the_severities_that_count_are_those_of_the_catalogue_from_the_least() -> None:
    assert [one.value for one in SEVERITIES] == [one.value for one in reversed(Severity)]
    assert set(FailOn) - set(SEVERITIES) == {FailOn.NEVER}


@pytest.mark.parametrize("group", [[], ["controls"], ["schema"]])
def test_no_command_is_no_success(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(group, traces=False) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(" ".join(["Usage: keyaudit", *group]))
    assert "Commands:" in captured.err
