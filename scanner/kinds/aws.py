"""Amazon Web Services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize
from scanner.model.estate import AwsSource, Estate
from scanner.model.observation import Observation
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect.aws import services

    return with_derived("aws", services.operations())


def _normalizers() -> Mapping[str, Normalize]:
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


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
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


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.aws.permissions import iam_policy

    return iam_policy(operations)


def _identity(observation: Observation) -> str:
    answer = observation.response
    if observation.operation != "sts:GetCallerIdentity" or not isinstance(answer, dict):
        return ""
    return str(answer.get("Arn", ""))


KIND = Kind(
    "aws",
    "Amazon Web Services",
    _operations,
    _normalizers,
    _units,
    _permissions,
    _identity,
    lambda estate: bool(estate.aws),
)
