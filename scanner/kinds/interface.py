"""What every kind of source gives to the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.collect.ask import Outside
from scanner.collect.interface import Unit
from scanner.model.estate import Estate, SecretRef
from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.model.operation import Operation


@dataclass(frozen=True, slots=True)
class Normalize:
    """Turns the records of one unit into rows."""

    rows: Callable[[Sequence[Record]], Iterator[Fact]]
    streams: Callable[[Iterable[Record]], Iterator[Fact]] | None = None
    """The same for records that are read anew from the disk each time, where a unit can be larger than memory."""


@dataclass(frozen=True, slots=True)
class Context:
    """What making the first units needs beside the estate."""

    wanted: frozenset[str]
    """Operations of the plan."""
    monotonic: float
    """Now, on the monotonic clock, in seconds."""
    resolve: Callable[[SecretRef], str]
    """Gives the value of a secret."""
    only: frozenset[str] = frozenset()
    """Names of the sources to read; empty: all."""
    outside: Outside | None = None
    """What self-tests wait by; None: none is run."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source."""

    provider: str
    title: str
    operations: Callable[[], tuple[Operation, ...]]
    """Every declared operation, accounts and identity included. Imports no SDK."""
    normalizers: Callable[[], Mapping[str, Normalize]]
    """Collector name to the pure function that turns one unit's records into rows."""
    units: Callable[[Estate, Context], Iterator[Unit]]
    """The first unit of each source of this kind."""
    permissions: Callable[[Iterable[Operation]], str]
    """The least-privilege policy for some operations, in the provider's own language."""
    identity: Callable[[Observation], str]
    """The principal that an answer names as the one who asks, or empty."""
    of_estate: Callable[[Estate], bool] = lambda _: True
    """Whether an estate has sources of this kind."""
    last: bool = False
    """Runs when all else was read: it may change the state of canaries."""


def chosen(name: str, operations: Iterable[Operation], context: Context) -> bool:
    """Tell whether a source is to be read, and something of it is needed."""
    asked = any(operation.name in context.wanted for operation in operations)
    return asked and (not context.only or name in context.only)
