"""Waivers and documented alternatives: the registers, and the documents that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize
from scanner.model.estate import Estate
from scanner.model.operation import Operation

TIME_LIMIT = 600
"""Seconds after which a document that was not hashed becomes a gap."""


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect import exceptions

    return with_derived("exceptions", exceptions.OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import exceptions

    return {"exceptions": Normalize(exceptions.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect import exceptions

    # Like the estate file itself they are read whatever sources were chosen.
    if any(operation.name in context.wanted for operation in exceptions.OPERATIONS):
        yield exceptions.unit(estate, context.monotonic + TIME_LIMIT)


KIND = Kind(
    "exceptions",
    "waivers and alternatives",
    _operations,
    _normalizers,
    _units,
    lambda _: "",
    lambda _: "",
)
"""The registers that ``keyaudit init waivers`` and ``keyaudit init alternatives`` write."""
