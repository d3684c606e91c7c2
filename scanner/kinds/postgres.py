"""PostgreSQL databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize, chosen
from scanner.model.estate import Estate
from scanner.model.observation import Observation
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect.postgres.operations import OPERATIONS

    return with_derived("postgres", OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.postgres import server

    return {"postgres.server": Normalize(server.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.postgres import server

    for source in estate.postgres:
        if chosen(source.name, _operations(), context):
            named = source.layout is not None and source.layout.keys.fingerprint
            salt = context.resolve(estate.salt) if estate.salt and named else ""
            yield server.unit(source, context.resolve(source.dsn), context.monotonic + source.time_limit, salt)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.postgres.permissions import grants

    return grants(operations)


def _identity(observation: Observation) -> str:
    answer = observation.response
    if observation.operation != "postgres:Session" or not isinstance(answer, dict):
        return ""
    return str(answer.get("role", ""))


KIND = Kind(
    "postgres",
    "PostgreSQL",
    _operations,
    _normalizers,
    _units,
    _permissions,
    _identity,
    lambda estate: bool(estate.postgres),
)
