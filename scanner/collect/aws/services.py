"""Every AWS service collector, in one explicit list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from scanner.collect.aws import (
    access_analyzer,
    accounts,
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
from scanner.collect.aws.accounts import Service
from scanner.collect.aws.kinds import kinds
from scanner.collect.interface import Asking, Unit
from scanner.model.estate import AwsSource
from scanner.model.operation import Operation


def _service(
    name: str,
    operations: Iterable[Operation],
    collect: Callable[[Asking], Iterable[Unit]],
    drop: Mapping[str, tuple[str, ...]] | None = None,
) -> Service:
    leaves_out = drop or {}
    kept = tuple(
        replace(
            op,
            drop=leaves_out.get(op.name, ()),
            kinds=kinds(op.name),
        )
        for op in operations
    )
    return Service(name, kept, collect)


_CLOUDTRAIL = replace(
    _service(cloudtrail.NAME, cloudtrail.OPERATIONS, cloudtrail.collect), concurrency=cloudtrail.CONCURRENCY
)
_WITH_DIGESTS = replace(
    _CLOUDTRAIL,
    operations=(*_CLOUDTRAIL.operations, *cloudtrail.DIGEST_OPERATIONS),
    collect=partial(cloudtrail.collect, verify_digests=True),
)

SERVICES: tuple[Service, ...] = (
    # First of all: it is what makes the report that its own unit then waits for.
    replace(_service(iam.NAME, iam.OPERATIONS, iam.collect), is_global=True, uncached=(iam.MAKE_REPORT,)),
    _service(kms.NAME, kms.OPERATIONS, kms.collect, kms.DROP),
    _service(cloudhsm.NAME, cloudhsm.OPERATIONS, cloudhsm.collect, cloudhsm.DROP),
    _service(s3.NAME, s3.OPERATIONS, s3.collect, s3.DROP),
    _service(rds.NAME, rds.OPERATIONS, rds.collect, rds.DROP),
    _service(dynamodb.NAME, dynamodb.OPERATIONS, dynamodb.collect, dynamodb.DROP),
    _service(ebs.NAME, ebs.OPERATIONS, ebs.collect),
    _service(secretsmanager.NAME, secretsmanager.OPERATIONS, secretsmanager.collect, secretsmanager.DROP),
    _service(logs.NAME, logs.OPERATIONS, logs.collect),
    _service(backup.NAME, backup.OPERATIONS, backup.collect),
    _CLOUDTRAIL,
    _service(access_analyzer.NAME, access_analyzer.OPERATIONS, access_analyzer.collect),
    _service(bedrock.NAME, bedrock.OPERATIONS, bedrock.collect, bedrock.DROP),
)


def of_source(source: AwsSource) -> tuple[Service, ...]:
    """Return the collectors of a source: those of every source, with what its options add."""
    # Its transport knows the calls that the operations stand for only where something is sampled.
    sent = s3_objects.SENT if source.sample_objects else ()
    sampling = Service(s3_objects.NAME, (*s3_objects.OPERATIONS, *sent), partial(s3_objects.collect, source=source))
    every = (_WITH_DIGESTS if one is _CLOUDTRAIL and source.verify_digests else one for one in SERVICES)
    return (*every, sampling)


def operations() -> tuple[Operation, ...]:
    """Return every declared operation, those that find accounts and regions first, optional ones last."""
    every = (*accounts.OPERATIONS, *(op for service in SERVICES for op in service.operations))
    sampled = (replace(op, kinds=kinds(op.name)) for op in s3_objects.OPERATIONS)
    return (*every, *cloudtrail.DIGEST_OPERATIONS, *sampled)
