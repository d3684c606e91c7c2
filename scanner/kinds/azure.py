"""Microsoft Azure."""

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
    from scanner.collect.azure import services

    return with_derived("azure", services.operations())


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.azure import hsms, openai, stores, vault, vaults

    return {
        "azure.vaults": Normalize(vaults.normalize),
        "azure.vault": Normalize(vault.normalize),
        "azure.hsms": Normalize(hsms.normalize),
        "azure.openai": Normalize(openai.normalize),
        "azure.stores": Normalize(stores.normalize),
    }


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.azure import services

    for source in estate.azure:
        if chosen(source.name, _operations(), context):
            yield services.first_unit(source, context.wanted, context.monotonic + source.time_limit)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.azure.permissions import custom_role

    return custom_role(operations)


def _identity(observation: Observation) -> str:
    from scanner.collect.azure.accounts import TOKEN, principal_of

    answer = observation.response
    return principal_of(answer) if observation.operation == TOKEN and isinstance(answer, dict) else ""


KIND = Kind(
    "azure",
    "Microsoft Azure",
    _operations,
    _normalizers,
    _units,
    _permissions,
    _identity,
    lambda estate: bool(estate.azure),
)
