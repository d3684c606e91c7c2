"""A world that goes on: its ages grow from the day on which it began, and what happens in it happens on its day.

Without ``began`` a world stands still: whatever the demo's clock says, everything is as old as the file says. With it
the file describes day 0, so that scans as of later days see keys grow old, and the changes that fell due by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from scanner.errors import UsageError
from scanner.yamlfile import Path_

_NAMES = ("alias", "name", "id")
"""What an entry of a list is called by."""
_SHRINKS = "_in_days"
_SHAPE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day, such as 2026-11-01") from None
    return value


Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "pattern": _SHAPE})]


class Change(BaseModel):
    """What happens to one entry of the world, at the begin of a day."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    day: Annotated[int, Field(ge=1, le=3650)]
    """Days since the world began."""
    about: str
    section: str
    """Where the entry stands, ``keys`` or ``audit.trails``."""
    entry: str
    """Its alias, name or id."""
    set: dict[str, Any]
    """Its fields as they are from then on."""


class TimelineError(ValueError):
    """A change does not fit the world. ``number`` is its place among the changes."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number

    @property
    def path(self) -> Path_:
        """Return where it stands in the file."""
        return ("changes", self.number)


def midnight(day: str) -> datetime:
    """Return the begin of a day, UTC."""
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def day_of(began: str, now: datetime) -> int:
    """Return how many whole days after the begin of a world an instant lies. Raises UsageError before it."""
    number = (now - midnight(began)).days
    if number < 0:
        raise UsageError(f"the world begins on {began}", hint="name that day or a later one with --as-of")
    return number


def clock(began: str, now: datetime) -> datetime:
    """Return the instant from which the days of a world count on the day of ``now``.

    It is the begin of that day, so that what happened once happened at one instant, whenever it is asked for.
    """
    return midnight(began) + timedelta(days=day_of(began, now))


def moved(world: dict[str, Any], changes: Sequence[Change], day: int) -> dict[str, Any]:
    """Return a world, as plain values, as it stands so many days after its begin. Raises TimelineError."""
    at, value = 0, world
    for number, change in sorted(enumerate(changes), key=lambda pair: pair[1].day):
        if change.day > day:
            break
        value, at = aged(value, change.day - at), change.day
        entry = _entry(value, number, change)
        entry |= change.set
    return dict(aged(value, day - at))


def aged(value: Any, days: int, name: str = "") -> Any:  # noqa: ANN401 - plain values of any shape
    """Return plain values some days later: what counts back from the clock has grown, what counts forward shrunk."""
    if isinstance(value, dict):
        return {key: aged(item, days, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [aged(item, days, name) for item in value]
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if name == "age_days" or name.endswith("days_ago") or name == "tracking_days":
        return value + days
    # What is past its date stays at it: a world has no dates that lie behind and count forward.
    return max(0, value - days) if name.endswith(_SHRINKS) else value


def _entry(world: dict[str, Any], number: int, change: Change) -> dict[str, Any]:
    found: Any = world
    for part in change.section.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise TimelineError(number, f"the world has no list {change.section}")
    for entry in found:
        if isinstance(entry, dict) and change.entry in _names(entry):
            return entry
    raise TimelineError(number, f"{change.section} has no entry {change.entry}")


def _names(entry: dict[str, Any]) -> Iterator[str]:
    yield from (str(entry[name]) for name in _NAMES if name in entry)
