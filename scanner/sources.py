"""Every kind of source, in one explicit list: what it may ask, how it is read, how its evidence becomes facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.collect.interface import Unit
from scanner.model.estate import AwsSource, Estate, SecretRef
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
    from scanner.normalize.aws import (
        access_analyzer,
        backup,
        bedrock,
        cloudhsm,
        cloudtrail,
        dynamodb,
        ebs,
        iam,
        kms,
        logs,
        rds,
        s3,
        secretsmanager,
    )

    return {
        "aws.kms": Normalize(kms.normalize),
        "aws.cloudhsm": Normalize(cloudhsm.normalize),
        "aws.s3": Normalize(s3.normalize),
        "aws.rds": Normalize(rds.normalize),
        "aws.dynamodb": Normalize(dynamodb.normalize),
        "aws.ebs": Normalize(ebs.normalize),
        "aws.secretsmanager": Normalize(secretsmanager.normalize),
        "aws.logs": Normalize(logs.normalize, logs.normalize_stream),
        "aws.backup": Normalize(backup.normalize),
        "aws.cloudtrail": Normalize(cloudtrail.normalize),
        "aws.iam": Normalize(iam.normalize),
        "aws.access_analyzer": Normalize(access_analyzer.normalize),
        "aws.bedrock": Normalize(bedrock.normalize),
    }


def _aws_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.aws import accounts, services

    for source in estate.aws:
        if context.only and source.name not in context.only:
            continue
        yield accounts.first_unit(
            source,
            services.of_source(source),
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


def _declared_operations() -> tuple[Operation, ...]:
    from scanner.collect import declared

    return declared.OPERATIONS


def _declared_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import declared

    return {"declared": Normalize(declared.normalize)}


def _declared_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect import declared

    if any(operation.name in context.wanted for operation in declared.OPERATIONS):
        yield declared.unit(estate, context.monotonic + 60)


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
    Kind(
        "estate",
        "the estate file",
        _declared_operations,
        _declared_normalizers,
        _declared_units,
        lambda _: "",
        lambda _: "",
    ),
)


def operations() -> tuple[Operation, ...]:
    """Return the declared operations of every provider."""
    return tuple(op for kind in SOURCES for op in kind.operations())


def normalizers() -> dict[str, Normalize]:
    """Return every normalizer by the name of the collector whose records it reads."""
    return {name: function for kind in SOURCES for name, function in kind.normalizers().items()}
