"""Every kind of source, in one explicit list: what it may ask, how it is read, how its evidence becomes facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from scanner.collect.ask import Outside
from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.collect.vendors import units as vendors
from scanner.collect.vendors.permissions import scopes as vendor_scopes
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


@cache
def _aws_operations() -> tuple[Operation, ...]:
    from scanner.collect.aws import services

    return with_derived("aws", services.operations())


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
        s3_objects,
        secretsmanager,
    )

    return {
        "aws.kms": Normalize(kms.normalize),
        "aws.cloudhsm": Normalize(cloudhsm.normalize),
        "aws.s3": Normalize(s3.normalize),
        "aws.s3_objects": Normalize(s3_objects.normalize),
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


@cache
def _declared_operations() -> tuple[Operation, ...]:
    from scanner.collect import declared

    return with_derived("estate", declared.OPERATIONS)


def _declared_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import declared

    return {"declared": Normalize(declared.normalize)}


def _declared_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect import declared

    if any(operation.name in context.wanted for operation in declared.OPERATIONS):
        yield declared.unit(estate, context.monotonic + 60)


@cache
def _postgres_operations() -> tuple[Operation, ...]:
    from scanner.collect.postgres.operations import OPERATIONS

    return with_derived("postgres", OPERATIONS)


def _postgres_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.postgres import server

    return {"postgres.server": Normalize(server.normalize)}


def _postgres_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.postgres import server

    for source in estate.postgres:
        if _chosen(source.name, _postgres_operations(), context):
            yield server.unit(source, context.resolve(source.dsn), context.monotonic + source.time_limit)


def _postgres_permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.postgres.permissions import grants

    return grants(operations)


def _postgres_identity(observation: Observation) -> str:
    answer = observation.response
    if observation.operation != "postgres:Session" or not isinstance(answer, dict):
        return ""
    return str(answer.get("role", ""))


@cache
def _pkcs11_operations() -> tuple[Operation, ...]:
    from scanner.collect.pkcs11.operations import OPERATIONS

    return with_derived("pkcs11", OPERATIONS)


def _pkcs11_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.pkcs11 import token

    return {"pkcs11.token": Normalize(token.normalize)}


def _pkcs11_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.pkcs11 import token

    for source in estate.pkcs11:
        if _chosen(source.name, _pkcs11_operations(), context):
            yield token.unit(source, context.resolve, context.wanted, context.monotonic + source.time_limit)


def _pkcs11_permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.pkcs11.permissions import rights

    return rights(operations)


def _pkcs11_identity(observation: Observation) -> str:
    answer = observation.response
    if observation.operation != "pkcs11:C_GetTokenInfo" or not isinstance(answer, dict):
        return ""
    return f"on {answer.get('uri', '')}"


@cache
def _vendors_operations() -> tuple[Operation, ...]:
    return with_derived("vendors", vendors.operations())


def _vendors_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.vendors.every import NORMALIZERS

    return {name: Normalize(function) for name, function in NORMALIZERS.items()}


def _vendors_units(estate: Estate, context: Context) -> Iterator[Unit]:
    for source in estate.vendors:
        if _chosen(source.name, vendors.VENDORS[source.vendor].operations, context):
            yield vendors.unit(source, context.resolve, context.monotonic + source.time_limit)


@cache
def _selftest_operations() -> tuple[Operation, ...]:
    from scanner.selftest.record import operations

    return with_derived("selftest", operations())


def _selftest_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import selftest

    return {"selftest": Normalize(selftest.normalize)}


def _selftest_units(estate: Estate, context: Context) -> Iterator[Unit]:
    if context.outside is not None and any(op.name in context.wanted for op in _selftest_operations()):
        from scanner.selftest.jobs import Means, units

        means = Means(outside=context.outside, resolve=context.resolve)
        yield from units(estate, context.wanted, means, context.only)


def _selftest_permissions(operations: Iterable[Operation]) -> str:
    from scanner.selftest.permissions import iam_policy

    return iam_policy(operations)


@cache
def _leaks_operations() -> tuple[Operation, ...]:
    from scanner.collect.leaks.operations import OPERATIONS

    return with_derived("leaks", OPERATIONS)


def _leaks_normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize import leaks

    return {"leaks.places": Normalize(leaks.normalize)}


def _leaks_units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.leaks import places

    for source in estate.leaks:
        if _chosen(source.name, _leaks_operations(), context):
            salt = context.resolve(estate.salt) if estate.salt else ""
            yield places.unit(source, salt, context.monotonic + source.time_limit)


def _leaks_permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.leaks.permissions import rights

    return rights(operations)


def _chosen(name: str, operations: Iterable[Operation], context: Context) -> bool:
    """Tell whether a source is to be read, and something of it is needed."""
    asked = any(operation.name in context.wanted for operation in operations)
    return asked and (not context.only or name in context.only)


SOURCES: tuple[Kind, ...] = (
    Kind(
        "aws",
        "Amazon Web Services",
        _aws_operations,
        _aws_normalizers,
        _aws_units,
        _aws_permissions,
        _aws_identity,
        lambda estate: bool(estate.aws),
    ),
    Kind(
        "pkcs11",
        "HSMs by PKCS #11",
        _pkcs11_operations,
        _pkcs11_normalizers,
        _pkcs11_units,
        _pkcs11_permissions,
        _pkcs11_identity,
        lambda estate: bool(estate.pkcs11),
    ),
    Kind(
        "postgres",
        "PostgreSQL",
        _postgres_operations,
        _postgres_normalizers,
        _postgres_units,
        _postgres_permissions,
        _postgres_identity,
        lambda estate: bool(estate.postgres),
    ),
    Kind(
        "leaks",
        "places where keys leak to",
        _leaks_operations,
        _leaks_normalizers,
        _leaks_units,
        _leaks_permissions,
        lambda _: "",
        lambda estate: bool(estate.leaks),
    ),
    Kind(
        "vendors",
        "AI vendors",
        _vendors_operations,
        _vendors_normalizers,
        _vendors_units,
        vendor_scopes,
        vendors.identity,
        lambda estate: bool(estate.vendors),
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
    Kind(
        "selftest",
        "self-tests",
        _selftest_operations,
        _selftest_normalizers,
        _selftest_units,
        _selftest_permissions,
        lambda _: "",
        last=True,
    ),
)


def operations() -> tuple[Operation, ...]:
    """Return the declared operations of every provider."""
    return tuple(op for kind in SOURCES for op in kind.operations())


def normalizers() -> dict[str, Normalize]:
    """Return every normalizer by the name of the collector whose records it reads."""
    return {name: function for kind in SOURCES for name, function in kind.normalizers().items()}


def absent(estate: Estate) -> frozenset[str]:
    """Return the fact tables that no source of an estate can fill."""
    filled = {kind.provider: _listed(kind.operations()) for kind in SOURCES}
    there = frozenset().union(*(filled[kind.provider] for kind in SOURCES if kind.of_estate(estate)))
    return frozenset().union(*filled.values()) - there


def _listed(operations: Iterable[Operation]) -> frozenset[str]:
    fed = (column.partition(".") for operation in operations for column in operation.feeds)
    return frozenset(table for table, _, name in fed if name == "*")
