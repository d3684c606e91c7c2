"""Durations of rotation policies, in days that are never too few."""

from __future__ import annotations

from datetime import datetime

import pytest

from scanner.normalize.azure.periods import Period, parse

PARSED = [
    ("P90D", 90),
    ("P1Y", 365),
    ("P2Y", 730),
    ("P12M", 365),
    ("P18M", 365 + 184),
    ("P1M", 31),
    ("P4W", 28),
    ("p30d", 30),
]


@pytest.mark.parametrize(("written", "days"), PARSED)
def test_days_of_a_duration(written: str, days: int) -> None:
    period = parse(written)
    assert period is not None
    assert period.in_days() == days


@pytest.mark.parametrize("written", [None, "", "P", "90D", "PT1H", "P1.5D", "P-1D", "P1DT1H", "P99999Y"])
def test_what_is_no_duration_of_days_is_not_known(written: str | None) -> None:
    assert parse(written) is None


@pytest.mark.parametrize(
    ("lives", "before", "days"),
    [("P1Y", "P30D", 335), ("P1Y", "P1M", 337), ("P90D", "P90D", None), ("P30D", "P1Y", None)],
)
def test_what_is_left_before_the_end(lives: str, before: str, days: int | None) -> None:
    one, other = parse(lives), parse(before)
    assert one is not None
    assert other is not None
    assert (one - other).in_days() == days


@pytest.mark.parametrize(
    ("period", "sign", "then"),
    [
        (Period(1, 0), 1, "2026-02-28T12:00:00"),
        (Period(13, 2), 1, "2027-03-02T12:00:00"),
        (Period(0, 30), -1, "2026-01-01T12:00:00"),
        (Period(12 * 9000, 0), 1, None),
    ],
)
def test_an_instant_after_and_before(period: Period, sign: int, then: str | None) -> None:
    found = period.after(datetime.fromisoformat("2026-01-31T12:00:00"), sign)
    assert (found.isoformat() if found else None) == then
