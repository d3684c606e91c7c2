"""The part of a profile about when it is run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from scanner.estate.forms import Strict, Text
from scanner.model.schedule import UTC_ZONE, Schedule, at_time, from_cron, known_zone

AT = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_EITHER: JsonDict = {
    "oneOf": [{"required": ["at"]}, {"required": ["cron"]}],
    "dependentRequired": {"every": ["at"]},
}


def _at(value: str) -> str:
    at_time(value, "day")
    return value


def _cron(value: str) -> str:
    from_cron(value)
    return value


class ScheduleForm(Strict):
    """When a profile is run. A time of day, or the five fields of a crontab."""

    model_config = ConfigDict(json_schema_extra=_EITHER)

    at: Annotated[str, AfterValidator(_at), Field(json_schema_extra={"pattern": AT})] | None = Field(
        None, description="time of day, in quotes, such as '02:30'"
    )
    every: Literal["day", "week", "month"] = Field(
        "day", description="each day, each Monday, or the first of each month; goes with at"
    )
    cron: Annotated[str, AfterValidator(_cron)] | None = Field(
        None, description="minute, hour, day, month and day of the week, such as '30 2 * * 1-5'"
    )
    timezone: Annotated[Text, AfterValidator(known_zone)] = Field(
        UTC_ZONE, description="of the IANA time zone database, such as Europe/Berlin"
    )

    @model_validator(mode="after")
    def _one_way(self) -> ScheduleForm:
        if (self.at is None) == (self.cron is None):
            raise PydanticCustomError("one", "must have exactly one of at, cron", {"hint": "write at: '02:30'"})
        if self.cron and "every" in self.model_fields_set:
            context = {"at": ("every",), "hint": "remove it: cron says how often"}
            raise PydanticCustomError("surplus", "goes with `at`, and there is none", context)
        return self


def schedule_of(given: ScheduleForm) -> Schedule:
    """Return the schedule as the estate has it."""
    if given.at:
        return at_time(given.at, given.every, given.timezone)
    return from_cron(given.cron or "", given.timezone)
