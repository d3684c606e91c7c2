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
READ = re.compile(r"[a-z0-9]+:(Get|List|Describe)[A-Z][A-Za-z]*")
ASSUME = "sts:AssumeRole"
"""Reads nothing and changes nothing: it is how an account is entered."""


@pytest.fixture(scope="module")
def session() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_operation_only_reads(operation: Operation) -> None:
    assert READ.fullmatch(operation.name) or operation.name == ASSUME
    for permission in operation.permissions:
        assert READ.fullmatch(permission) or permission == ASSUME


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_operation_and_permission_is_one_of_aws(operation: Operation, session: botocore.session.Session) -> None:
    assert operation.permissions
    for name in (operation.name, *operation.permissions):
        service, _, action = name.partition(":")
        assert action in session.get_service_model(service).operation_names


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
