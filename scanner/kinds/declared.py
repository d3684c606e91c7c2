"""What the estate file itself declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize
from scanner.model.estate import Estate
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect import declared

    return with_derived("estate", declared.OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import declared

    return {"declared": Normalize(declared.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect import declared

    if any(operation.name in context.wanted for operation in declared.OPERATIONS):
        yield declared.unit(estate, context.monotonic + 60)


KIND = Kind(
    "estate",
    "the estate file",
    _operations,
    _normalizers,
    _units,
    lambda _: "",
    lambda _: "",
)
