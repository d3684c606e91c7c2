"""Short ways to write days, keys and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from scanner.history.days import Days
from scanner.history.period_keys import KeyEvidence, Sighting, Version
from scanner.model.history import ScanRecord
from scanner.model.ids import Digest
from scanner.model.period import Line, Stretch
from scanner.model.report import Totals

START = date(2026, 3, 1)
"""First day of the periods of the tests: day 1 of March."""


def at(day: float) -> datetime:
    """Return an instant of March 2026: 3.5 is noon of the 3rd; 0 is the start of the last day of February."""
    return datetime(2026, 2, 28, tzinfo=UTC) + timedelta(days=day)


def march(last: int = 31, *, as_of: float = 31.5, first: int = 1) -> Days:
    """Return a period in March."""
    return Days(at(first).date(), at(last).date(), at(as_of))


def told(stretches: Sequence[Stretch]) -> str:
    """Return stretches as `in 1-10, out 11`, in days of March."""
    return ", ".join(
        f"{one.state.value} {number(one.first)}" + (f"-{number(one.last)}" if one.last > one.first else "")
        for one in stretches
    )


def merged(line: Line) -> str:
    """Return the stretches of a line, those of one state in a row as one."""
    whole: list[Stretch] = []
    for one in line.stretches:
        if whole and whole[-1].state is one.state:
            whole[-1] = Stretch(whole[-1].first, one.last, one.state)
        else:
            whole.append(one)
    return told(whole)


def number(day: date) -> int:
    """Return the number of a day, from 1 for the 1st of March."""
    return (day - START).days + 1


def sighting(day: float, since: float | None, state: str | None = "active") -> Sighting:
    """Return what a scan saw."""
    return Sighting(at(day), None if since is None else at(since), state)


def versions(*days: float | None, current: int = -1, initial: bool = True) -> tuple[Version, ...]:
    """Return a list of versions, the last one current."""
    place = current % len(days)
    return tuple(
        Version(None if day is None else at(day), i == place, initial and i == 0) for i, day in enumerate(days)
    )


def a_key(**given: Any) -> KeyEvidence:  # noqa: ANN401 - any field
    """Return a key of which nothing is known, but for what is given."""
    fields: dict[str, Any] = {
        "key_id": "key/1",
        "source": "aws:1:r",
        "label": "alias/one",
        "key_type": "symmetric_key_wrapping",
        "created_at": None,
        "sightings": (Sighting(at(31.5), None, "active"),),
    }
    return KeyEvidence(**fields | given)


def a_record(name: str, moment: datetime) -> ScanRecord:
    """Return a scan of a series."""
    nothing = Digest("")
    return ScanRecord(
        id=name,
        series="s",
        organization="o",
        as_of=moment,
        started=moment,
        ended=moment,
        tool_version="",
        catalogue_sha256=nothing,
        estate_sha256=nothing,
        selection="",
        totals=Totals(0, 0, 0, 0),
        gaps=0,
    )
