"""Endpoints: TLS, and SMART on FHIR."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize, chosen
from scanner.model.estate import Estate
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect.endpoints.operations import OPERATIONS

    return with_derived("endpoints", OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import endpoints

    return {"endpoints.endpoint": Normalize(endpoints.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.endpoints import units

    for source in estate.endpoints:
        if chosen(source.name, _operations(), context):
            yield units.unit(source, context.monotonic + source.time_limit)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.endpoints.permissions import rights

    return rights(operations)


KIND = Kind(
    "endpoints",
    "TLS and FHIR endpoints",
    _operations,
    _normalizers,
    _units,
    _permissions,
    lambda _: "",
    lambda estate: bool(estate.endpoints),
)
