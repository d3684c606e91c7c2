"""What is declared: only reads, each known to AWS, each with its permission and a reason to ask it."""

from __future__ import annotations

import re

import botocore.session
import pytest

from scanner.collect.aws import services
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME

OPERATIONS = services.operations()
NAMES = [operation.name for operation in OPERATIONS]
READ = re.compile(r"[a-z0-9-]+:(Get|List|Describe|Lookup)[A-Z][A-Za-z0-9]*")
NOT_READS = frozenset({"sts:AssumeRole", "iam:GenerateCredentialReport"})
"""They change nothing that the account has: one is how an account is entered, the other makes a list to be read."""
PERMISSION_OF = {
    "s3:ListAllMyBuckets": "s3:ListBuckets",
    "s3:GetEncryptionConfiguration": "s3:GetBucketEncryption",
    "s3:GetLifecycleConfiguration": "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketObjectLockConfiguration": "s3:GetObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock": "s3:GetPublicAccessBlock",
    "s3:ListBucket": "s3:ListObjectsV2",
}
"""Permissions of S3 that are not called like their operation (Service Authorization Reference)."""
MODELS = {"access-analyzer": "accessanalyzer", "cloudhsm": "cloudhsmv2", "s3-objects": "s3"}


@pytest.fixture(scope="module")
def session() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_operation_only_reads(operation: Operation) -> None:
    for name in (operation.name, *operation.permissions):
        assert READ.fullmatch(name) or name in NOT_READS


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_operation_and_permission_is_one_of_aws(operation: Operation, session: botocore.session.Session) -> None:
    assert operation.permissions
    for name in (operation.name, *operation.permissions):
        service, _, action = PERMISSION_OF.get(name, name).partition(":")
        models = ("bedrock", "bedrock-agent") if service == "bedrock" else (MODELS.get(service, service),)
        assert any(action in session.get_service_model(model).operation_names for model in models)


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_operation_says_what_for(operation: Operation) -> None:
    assert operation.purpose
    assert operation.feeds or operation.always
    assert set(operation.needs) <= set(NAMES)


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_column_that_is_fed_exists(operation: Operation) -> None:
    for column in operation.feeds:
        table, _, name = column.partition(".")
        assert table in BY_NAME
        assert name == "*" or name in BY_NAME[table].__dataclass_fields__


def test_names_are_given_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert len({service.name for service in services.SERVICES}) == len(services.SERVICES)


def test_no_operation_that_gives_a_secret_is_declared() -> None:
    giving = r"SecretValue|KeyMaterial$|DataKey|Random|ParametersForImport|:GetParameter|SessionToken|FederationToken"
    assert not [name for name in NAMES if re.search(giving, name)]


def test_kms_is_one_of_the_services() -> None:
    assert "aws.kms" in [service.name for service in services.SERVICES]
