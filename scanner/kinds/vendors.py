"""AI vendors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.collect.vendors import units as vendors
from scanner.collect.vendors.permissions import scopes as vendor_scopes
from scanner.kinds.interface import Context, Kind, Normalize, chosen
from scanner.model.estate import Estate
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    return with_derived("vendors", vendors.operations())


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.vendors.every import NORMALIZERS

    return {name: Normalize(function) for name, function in NORMALIZERS.items()}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    for source in estate.vendors:
        if chosen(source.name, vendors.VENDORS[source.vendor].operations, context):
            yield vendors.unit(source, context.resolve, context.monotonic + source.time_limit)


KIND = Kind(
    "vendors",
    "AI vendors",
    _operations,
    _normalizers,
    _units,
    vendor_scopes,
    vendors.identity,
    lambda estate: bool(estate.vendors),
)
