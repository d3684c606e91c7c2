"""Contracts with vendors and documents: the registers, and the files that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize
from scanner.model.estate import Estate
from scanner.model.operation import Operation

TIME_LIMIT = 600
"""Seconds after which a file that was not hashed becomes a gap."""


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect import agreements

    return with_derived("agreements", agreements.OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import agreements

    return {"agreements": Normalize(agreements.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect import agreements

    # Like the estate file itself they are read whatever sources were chosen: what is judged, is judged by them.
    # An estate without a register has the unit too: what nobody wrote down is not known.
    if any(operation.name in context.wanted for operation in agreements.OPERATIONS):
        yield agreements.unit(estate, context.monotonic + TIME_LIMIT)


KIND = Kind(
    "agreements",
    "contracts and documents",
    _operations,
    _normalizers,
    _units,
    lambda _: "",
    lambda _: "",
)
