"""Every kind of source, in one explicit list: what it may ask, how its evidence becomes facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.operation import Operation


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source."""

    provider: str
    title: str
    operations: Callable[[], tuple[Operation, ...]]
    """Every declared operation, accounts and identity included. Imports no SDK."""
    normalizers: Callable[[], dict[str, Callable[[Sequence[Record]], Iterator[Fact]]]]
    """Collector name to the pure function that turns one unit's records into rows."""


def _aws_operations() -> tuple[Operation, ...]:
    from scanner.collect.aws import services

    return services.operations()


def _aws_normalizers() -> dict[str, Callable[[Sequence[Record]], Iterator[Fact]]]:
    from scanner.normalize.aws import kms

    return {"aws.kms": kms.normalize}


SOURCES: tuple[Kind, ...] = (Kind("aws", "Amazon Web Services", _aws_operations, _aws_normalizers),)


def operations(providers: Iterable[str] | None = None) -> tuple[Operation, ...]:
    """Return the declared operations of the providers that are named, or of all."""
    chosen = None if providers is None else set(providers)
    return tuple(op for kind in SOURCES if chosen is None or kind.provider in chosen for op in kind.operations())


def normalizers() -> dict[str, Callable[[Sequence[Record]], Iterator[Fact]]]:
    """Return every normalizer by the name of the collector whose records it reads."""
    return {name: function for kind in SOURCES for name, function in kind.normalizers().items()}
