"""Records of the simulated vendors, as a scan writes them, and ways to change them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from tests.collect.vendors.running import collected
from tests.demo.vendors.running import a_source, simulated


def noon(year: int, month: int, day: int) -> datetime:
    """Return noon of a day in UTC, as the rows have it: without a zone."""
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T12:00:00")


@cache
def of(vendor: str, *, project_key: bool = True) -> tuple[Record, ...]:
    """Return what a scan of a reference vendor writes, page after page."""
    with simulated(page_size=2) as simulator, tempfile.TemporaryDirectory() as folder:
        source = a_source(vendor, simulator, project_key=project_key)
        return tuple(collected(Path(folder), source).records)


def without(records: tuple[Record, ...], operation: str, subject: str | None = None) -> list[Record]:
    """Return the records without the answers to one question."""
    return [one for one in records if (one.operation, one.subject) != (operation, subject)]


def changed(
    records: tuple[Record, ...], operation: str, change: Callable[[dict[str, Any]], Mapping[str, Json]]
) -> list[Record]:
    """Return the records with the answers of one operation as ``change`` makes them."""
    return [
        replace(one, response=dict(change(dict(one.response))))
        if isinstance(one, Observation) and one.operation == operation and isinstance(one.response, dict)
        else one
        for one in records
    ]


def each(name: str, **members: Json) -> Callable[[dict[str, Any]], Mapping[str, Json]]:
    """Return the change that gives every item of a listing these members; None as a text takes a member away."""

    def change(body: dict[str, Any]) -> Mapping[str, Json]:
        items = [{k: v for k, v in {**item, **members}.items() if v != "gone"} for item in body[name]]
        return {**body, name: items}

    return change
