"""When a profile is run, as the estate file says it."""

from __future__ import annotations

import jsonschema
import pytest
from pydantic import ValidationError

from scanner.estate.schedules import ScheduleForm, schedule_of
from scanner.estate.schema import tidy_schema
from scanner.model.schedule import Schedule, at_time, from_cron

SCHEMA = jsonschema.Draft202012Validator(tidy_schema(ScheduleForm, "schedule"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"at": "02:30"}, at_time("02:30", "day")),
        ({"at": "02:30", "every": "week"}, at_time("02:30", "week")),
        ({"at": "02:30", "every": "month", "timezone": "Europe/Berlin"}, at_time("02:30", "month", "Europe/Berlin")),
        ({"cron": "30 2 * * 1-5"}, from_cron("30 2 * * 1-5")),
        ({"cron": "30 2 * * 1-5", "timezone": "Asia/Tokyo"}, from_cron("30 2 * * 1-5", "Asia/Tokyo")),
    ],
)
def test_what_is_said(given: dict[str, object], expected: Schedule) -> None:
    assert schedule_of(ScheduleForm.model_validate(given)) == expected
    assert SCHEMA.is_valid(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "must have exactly one of at, cron"),
        ({"every": "day"}, "must have exactly one of at, cron"),
        ({"at": "02:30", "cron": "30 2 * * *"}, "must have exactly one of at, cron"),
        ({"cron": "30 2 * * *", "every": "day"}, "goes with `at`, and there is none"),
        ({"at": "2:30"}, "must be a time of day"),
        ({"at": 150}, "should be a valid string"),
        ({"at": "02:30", "every": "hour"}, "should be 'day', 'week' or 'month'"),
        ({"at": "02:30", "on": "monday"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_refused_by_the_schema_too(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ScheduleForm.model_validate(given)
    assert not SCHEMA.is_valid(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cron": "@daily"}, "must have five fields"),
        ({"at": "02:30", "timezone": "Mars/Base"}, "must be the name of a time zone"),
    ],
)
def test_what_no_schema_can_tell(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ScheduleForm.model_validate(given)
