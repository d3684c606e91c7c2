"""Every kind of source, in one explicit list: what it may ask, how it is read, how its evidence becomes facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.collect.interface import Unit
from scanner.model.estate import AwsSource, Estate, SecretRef
from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.model.operation import Operation

Normalize = Callable[[Sequence[Record]], Iterator[Fact]]


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


def _aws_operations() -> tuple[Operation, ...]:
    from scanner.collect.aws import services

    return services.operations()


def _aws_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.aws import kms

    return {"aws.kms": kms.normalize}


def _aws_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.aws import accounts, services

    for source in estate.aws:
        if context.only and source.name not in context.only:
            continue
        yield accounts.first_unit(
            source,
            services.SERVICES,
            wanted=context.wanted,
            deadline=context.monotonic + source.time_limit,
            external_id=_external_id(source, context),
        )


def _external_id(source: AwsSource, context: Context) -> str:
    return context.resolve(source.external_id) if source.external_id else ""


def _aws_permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.aws.permissions import iam_policy

    return iam_policy(operations)


def _aws_identity(observation: Observation) -> str:
    answer = observation.response
    if observation.operation != "sts:GetCallerIdentity" or not isinstance(answer, dict):
        return ""
    return str(answer.get("Arn", ""))


SOURCES: tuple[Kind, ...] = (
    Kind(
        "aws",
        "Amazon Web Services",
        _aws_operations,
        _aws_normalizers,
        _aws_units,
        _aws_permissions,
        _aws_identity,
    ),
)


def operations() -> tuple[Operation, ...]:
    """Return the declared operations of every provider."""
    return tuple(op for kind in SOURCES for op in kind.operations())


def normalizers() -> dict[str, Normalize]:
    """Return every normalizer by the name of the collector whose records it reads."""
    return {name: function for kind in SOURCES for name, function in kind.normalizers().items()}
