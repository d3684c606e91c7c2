"""The collectors of data stores together: places, shapes, and that what a column needs is really asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape

from scanner.collect.aws import backup, dynamodb, ebs, logs, rds, s3, secretsmanager
from scanner.collect.aws.accounts import Service
from scanner.collect.aws.permissions import iam_policy
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import Place, entries, feeds, place_of
from scanner.collect.plan import plan
from scanner.evidence.drop import drop
from scanner.model.facts import Fact, columns_of, values_of
from scanner.model.observation import GapReason, Observation, Record
from scanner.model.operation import Operation
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws import backup as n_backup
from scanner.normalize.aws import dynamodb as n_dynamodb
from scanner.normalize.aws import ebs as n_ebs
from scanner.normalize.aws import logs as n_logs
from scanner.normalize.aws import rds as n_rds
from scanner.normalize.aws import s3 as n_s3
from scanner.normalize.aws import secretsmanager as n_secretsmanager
from tests.collect.aws.running import Collected
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import EVERYTHING
from tests.support import ACCOUNT, REGION

Normalize = Callable[[Sequence[Record]], Iterator[Fact]]
COLLECTORS: dict[ModuleType, Normalize] = {
    s3: n_s3.normalize,
    rds: n_rds.normalize,
    dynamodb: n_dynamodb.normalize,
    ebs: n_ebs.normalize,
    secretsmanager: n_secretsmanager.normalize,
    logs: n_logs.normalize,
    backup: n_backup.normalize,
}
OPERATIONS: tuple[Operation, ...] = tuple(op for module in COLLECTORS for op in module.OPERATIONS)
DERIVED = {"key_id", "key_managed_by", "key_state", "ephi", "sensitivity"}
"""Columns that are completed by SQL from what these collectors read."""

Scans = dict[ModuleType, Collected]


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Scans:
    """One scan of everything by each collector."""
    with spoken(EVERYTHING) as app:
        return {
            module: collect_service(tmp_path_factory.mktemp("scan"), app.url, service(module)) for module in COLLECTORS
        }


def service(module: ModuleType) -> Service:
    return Service(module.NAME, module.OPERATIONS, module.collect)


def rows(module: ModuleType, found: Collected, operations: frozenset[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the rows of a service as dictionaries, from the answers of some operations or of all."""
    records = [r for r in found.records if r.collector == module.NAME]
    if operations is not None:
        records = [r for r in records if r.operation in operations]
    facts = COLLECTORS[module](records)
    return {fact.store_id: dict(values_of(fact)) for fact in facts if isinstance(fact, DataStoreFact)}


def fed_by(module: ModuleType) -> set[str]:
    return {column.partition(".")[2] for op in module.OPERATIONS for column in op.feeds}


@pytest.mark.parametrize("module", COLLECTORS, ids=lambda module: module.NAME)
def test_everything_is_asked_and_answers(scans: Scans, module: ModuleType) -> None:
    assert scans[module].gaps == []
    assert set(scans[module].asked) == {op.name for op in module.OPERATIONS} | {"sts:GetCallerIdentity"}


@pytest.mark.parametrize("module", COLLECTORS, ids=lambda module: module.NAME)
def test_what_a_row_tells_is_fed_by_a_declared_operation(scans: Scans, module: ModuleType) -> None:
    required = {column.name for column in columns_of(DataStoreFact) if column.required}
    told = {name for row in rows(module, scans[module]).values() for name, value in row.items() if value is not None}
    assert told - required <= fed_by(module)
    assert fed_by(module) - {"*"} - DERIVED <= told


@pytest.mark.parametrize("column", sorted({name for module in COLLECTORS for name in fed_by(module)} - DERIVED - {"*"}))
def test_a_plan_for_one_column_tells_all_of_it(scans: Scans, column: str) -> None:
    chosen = plan(feeds("*", column), OPERATIONS)
    for module, found in scans.items():
        whole, narrow = rows(module, found), rows(module, found, chosen)
        assert {arn: row[column] for arn, row in narrow.items()} == {arn: row[column] for arn, row in whole.items()}


def test_the_population_costs_listings_alone() -> None:
    assert plan(feeds("*"), OPERATIONS) == {
        "backup:ListBackupVaults",
        "dynamodb:ListTables",
        "ec2:GetEbsEncryptionByDefault",
        "logs:DescribeLogGroups",
        "rds:DescribeDBClusterSnapshots",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSnapshots",
        "s3:ListBuckets",
        "secretsmanager:ListSecrets",
    }


OTHER_NAMES = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}
"""Service Authorization Reference, "Actions defined by Amazon S3": where an action is not called like its operation."""


def test_permissions_have_the_names_that_iam_knows() -> None:
    assert {op.name: op.permissions for op in OPERATIONS} == {
        op.name: (OTHER_NAMES.get(op.name, op.name),) for op in OPERATIONS
    }
    assert "s3:ListAllMyBuckets" in iam_policy(OPERATIONS)


def test_every_operation_exists_and_reads() -> None:
    session = botocore.session.get_session()
    for op in OPERATIONS:
        name, _, operation = op.name.partition(":")
        assert operation in session.get_service_model(name).operation_names
        assert operation.startswith(("Get", "List", "Describe"))
        assert operation not in {"GetSecretValue", "GetObject"}
        assert op.purpose


DROPS = {name: paths for module in (s3, rds, dynamodb, secretsmanager) for name, paths in module.DROP.items()}


def ends(shape: Shape, parts: list[str]) -> Shape:
    """Return what a path leads to. Raises KeyError when an answer has no such place."""
    for part in parts:
        if isinstance(shape, ListShape):
            assert part == "*"
            shape = shape.member
        else:
            assert isinstance(shape, StructureShape)
            shape = shape.members[part]
    return shape


@pytest.mark.parametrize(("operation", "path"), [(name, path) for name, paths in DROPS.items() for path in paths])
def test_what_is_dropped_has_a_place_in_the_answer(operation: str, path: str) -> None:
    name, _, method = operation.partition(":")
    model = botocore.session.get_session().get_service_model(name).operation_model(method)
    assert model.output_shape is not None
    assert ends(model.output_shape, path.split("/")[1:]).type_name


def test_nothing_that_was_written_is_left(scans: Scans) -> None:
    answers = [answer for found in scans.values() for answer in found.answers()]
    kept = [drop(answer.response, DROPS.get(answer.operation, ())).value for answer in answers]
    for canary in ("CANARY", "root_of_it_all"):
        assert canary in str([answer.response for answer in answers])
        assert canary not in str(kept)


def test_what_is_dropped_is_not_read(scans: Scans) -> None:
    for module, found in scans.items():
        dropped = [
            replace(r, response=drop(r.response, DROPS.get(r.operation, ())).value) if isinstance(r, Observation) else r
            for r in found.records
            if r.collector == module.NAME
        ]
        assert list(COLLECTORS[module](dropped)) == list(
            COLLECTORS[module]([r for r in found.records if r.collector == module.NAME])
        )


LISTINGS = [module for module in COLLECTORS if module is not ebs]


@pytest.mark.parametrize("module", LISTINGS, ids=lambda module: module.NAME)
def test_a_service_that_is_not_in_the_region_is_known_to_have_nothing(bench: Bench, module: ModuleType) -> None:
    provider = Scripted(codes={op.name: NOT_OFFERED for op in module.OPERATIONS})
    work = run(bench, module.collect, module.OPERATIONS, provider)
    assert work.gaps == []
    assert {answer.error_code for answer in work.answers} == {NOT_OFFERED}
    facts = list(COLLECTORS[module](work.records))
    assert [fact for fact in facts if isinstance(fact, DataStoreFact)] == []
    assert {fact.complete for fact in facts if isinstance(fact, CoverageFact)} == {True}


PRINCIPALS = [
    (f"arn:aws-us-gov:sts::{ACCOUNT}:assumed-role/audit/keyaudit", "aws-us-gov"),
    (f"arn:aws:sts::{ACCOUNT}:assumed-role/audit/keyaudit", "aws"),
    ("", "aws"),
]


@pytest.mark.parametrize(("principal", "partition"), PRINCIPALS)
def test_a_store_is_in_the_partition_of_who_asks(bench: Bench, principal: str, partition: str) -> None:
    work = bench.work(principal=principal, account=ACCOUNT, region=REGION)
    place = place_of(work.ask)
    assert place == Place(partition, ACCOUNT, REGION)
    assert place.arn("rds", "db:x") == f"arn:{partition}:rds:{REGION}:{ACCOUNT}:db:x"


def test_an_error_that_is_an_answer_lists_nothing() -> None:
    assert entries({"message": "no"}, "Items") == []


WRONG = [
    (module, op.name)
    for module in COLLECTORS
    for op in module.OPERATIONS
    if ":List" in op.name or op.name.startswith("rds:Describe") or op.name == logs.GROUPS
]


@pytest.mark.parametrize(("module", "operation"), WRONG, ids=[name for _, name in WRONG])
def test_an_empty_answer_to_a_listing_is_a_gap(bench: Bench, module: ModuleType, operation: str) -> None:
    bodies: dict[str, Any] = {
        "dynamodb:ListTables": {"TableNames": ["calls"]},
        "dynamodb:DescribeTable": {"Table": {"TableArn": "arn:aws:dynamodb:us-east-1:111122223333:table/calls"}},
        "rds:DescribeDBClusters": {
            "DBClusters": [{"DBClusterArn": "c", "Engine": "docdb", "DBClusterParameterGroup": "g"}]
        },
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {"DBInstanceArn": "i", "Engine": "mysql", "DBParameterGroups": [{"DBParameterGroupName": "g"}]}
            ]
        },
    }
    bodies.pop(operation, None)
    work = run(bench, module.collect, module.OPERATIONS, Scripted(bodies))
    assert (operation, GapReason.MALFORMED) in gaps(work)
