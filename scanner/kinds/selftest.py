"""Self-tests: what real cryptographic calls show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize
from scanner.model.estate import Estate
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.selftest.record import operations

    return with_derived("selftest", operations())


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import selftest

    return {"selftest": Normalize(selftest.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    if context.outside is not None and any(op.name in context.wanted for op in _operations()):
        from scanner.selftest.jobs import Means, units

        means = Means(outside=context.outside, resolve=context.resolve)
        yield from units(estate, context.wanted, means, context.only)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.selftest.permissions import policies

    return policies(operations)


KIND = Kind(
    "selftest",
    "self-tests",
    _operations,
    _normalizers,
    _units,
    _permissions,
    lambda _: "",
    last=True,
)
