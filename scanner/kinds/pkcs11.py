"""Tokens of HSMs, by PKCS #11."""

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
    from scanner.collect.pkcs11.operations import OPERATIONS

    return with_derived("pkcs11", OPERATIONS)


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.pkcs11 import token

    return {"pkcs11.token": Normalize(token.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.pkcs11 import token

    for source in estate.pkcs11:
        if chosen(source.name, _operations(), context):
            yield token.unit(source, context.resolve, context.wanted, context.monotonic + source.time_limit)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.pkcs11.permissions import rights

    return rights(operations)


def _identity(observation: Observation) -> str:
    answer = observation.response
    if observation.operation != "pkcs11:C_GetTokenInfo" or not isinstance(answer, dict):
        return ""
    return f"on {answer.get('uri', '')}"


KIND = Kind(
    "pkcs11",
    "HSMs by PKCS #11",
    _operations,
    _normalizers,
    _units,
    _permissions,
    _identity,
    lambda estate: bool(estate.pkcs11),
)
