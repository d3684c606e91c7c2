"""Places where keys may have leaked to: messages, repositories, files."""

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
    from scanner.collect.leaks.operations import OPERATIONS

    return with_derived("leaks", OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import leaks

    return {"leaks.places": Normalize(leaks.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.leaks import places

    for source in estate.leaks:
        if chosen(source.name, _operations(), context):
            salt = context.resolve(estate.salt) if estate.salt else ""
            token = context.resolve(source.token) if source.token else ""
            yield places.unit(source, salt, context.monotonic + source.time_limit, token, context.outside)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.leaks.permissions import rights

    return rights(operations)


KIND = Kind(
    "leaks",
    "places where keys leak to",
    _operations,
    _normalizers,
    _units,
    _permissions,
    lambda _: "",
    lambda estate: bool(estate.leaks),
)
