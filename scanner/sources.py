"""Every kind of source, in one explicit list."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.kinds import (
    agreements,
    aws,
    azure,
    declared,
    endpoints,
    exceptions,
    gcp,
    leaks,
    pkcs11,
    postgres,
    selftest,
    vendors,
)
from scanner.kinds.interface import Context, Kind, Normalize
from scanner.model.estate import Estate
from scanner.model.exceptions import ALTERNATIVES
from scanner.model.operation import Operation

__all__ = ["SOURCES", "Context", "Kind", "Normalize", "absent", "normalizers", "operations", "standing"]

SOURCES: tuple[Kind, ...] = (
    aws.KIND,
    azure.KIND,
    gcp.KIND,
    pkcs11.KIND,
    postgres.KIND,
    vendors.KIND,
    leaks.KIND,
    endpoints.KIND,
    agreements.KIND,
    exceptions.KIND,
    declared.KIND,
    selftest.KIND,
)


def operations() -> tuple[Operation, ...]:
    """Return the declared operations of every provider."""
    return tuple(op for kind in SOURCES for op in kind.operations())


def normalizers() -> dict[str, Normalize]:
    """Return every normalizer by the name of the collector whose records it reads."""
    return {name: function for kind in SOURCES for name, function in kind.normalizers().items()}


def standing(estate: Estate) -> frozenset[str]:
    """Return the operations that an estate needs whatever controls are run: its exceptions bear on each of them."""
    given = estate.waivers is not None or estate.alternatives is not None
    return frozenset(op.name for op in exceptions.KIND.operations()) - {ALTERNATIVES} if given else frozenset()


def absent(estate: Estate) -> frozenset[str]:
    """Return the fact tables that no source of an estate can fill."""
    filled = {kind.provider: _listed(kind.operations()) for kind in SOURCES}
    there = frozenset().union(*(filled[kind.provider] for kind in SOURCES if kind.of_estate(estate)))
    return frozenset().union(*filled.values()) - there


def _listed(operations: Iterable[Operation]) -> frozenset[str]:
    fed = (column.partition(".") for operation in operations for column in operation.feeds)
    return frozenset(table for table, _, name in fed if name == "*")
