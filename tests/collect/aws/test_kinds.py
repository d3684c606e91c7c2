"""Kinds that operations feed: each is one that some row has, and none is left to all."""

from __future__ import annotations

import re

import pytest

from scanner.collect.aws import services
from scanner.collect.aws.kinds import kinds
from scanner.collect.plan import plan
from scanner.model.facts import columns_of
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME

OPERATIONS = services.operations()
LISTING = [op for op in OPERATIONS if any(f in {"data_stores.*", "credentials.*", "modules.*"} for f in op.feeds)]


@pytest.mark.parametrize("operation", LISTING, ids=[op.name for op in LISTING])
def test_what_lists_a_table_of_several_kinds_says_which(operation: Operation) -> None:
    assert kinds(operation.name)


def test_every_kind_is_documented_in_its_table() -> None:
    for operation in OPERATIONS:
        for kind in operation.kinds:
            table, _, value = kind.partition(".")
            (doc,) = [column.doc for column in columns_of(BY_NAME[table]) if column.name == "kind"]
            assert value in re.findall(r"`([a-z_]+)`", doc)


CASES = [
    ("data_stores@secret.rotation_enabled", {"secretsmanager:ListSecrets"}),
    ("data_stores@log_group.retention_days", {"logs:DescribeLogGroups"}),
    ("data_stores@guardrail.key_ref", {"bedrock:GetGuardrail", "bedrock:ListGuardrails"}),
    (
        "credentials@service_api_key.expires",
        {"iam:ListServiceSpecificCredentials"},
    ),
    ("modules@hsm_cluster.zone_count", {"cloudhsmv2:DescribeClusters"}),
]


@pytest.mark.parametrize(("column", "asked"), CASES, ids=[column for column, _ in CASES])
def test_a_control_of_one_kind_asks_for_nothing_else(column: str, asked: set[str]) -> None:
    always = {op.name for op in OPERATIONS if op.always}
    assert plan([column], OPERATIONS) - always == asked


def test_a_control_of_any_kind_asks_for_all() -> None:
    asked = plan(["data_stores.encrypted"], OPERATIONS)
    assert {"s3:GetBucketEncryption", "rds:DescribeDBInstances", "logs:DescribeLogGroups"} <= asked
