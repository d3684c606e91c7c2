"""Amazon Web Services as a kind of source."""

from __future__ import annotations

import json

import pytest

from scanner.collect.aws import services
from scanner.kinds.aws import KIND
from scanner.model.estate import AwsSource, Estate, SecretRef
from scanner.model.ids import Json
from tests.kinds.given import AWS, context, observation


def test_digests_are_read_only_where_the_source_says_so() -> None:
    plain = {op.name for one in services.of_source(AwsSource(name="one")) for op in one.operations}
    assert "s3:GetObject" not in plain


def test_each_source_begins_with_one_unit_and_its_time_limit() -> None:
    units = list(KIND.units(AWS, context()))
    assert [(unit.source_name, unit.deadline) for unit in units] == [("one", 160.0), ("two", 3700.0)]


def test_only_the_chosen_sources_are_read() -> None:
    assert [unit.source_name for unit in KIND.units(AWS, context(only=frozenset({"two"})))] == ["two"]


def test_a_secret_is_looked_up_for_the_source_that_refers_to_it() -> None:
    asked: list[SecretRef] = []
    reference = SecretRef("env", "EXTERNAL_ID")
    estate = Estate(
        organization="Test Health",
        aws=(
            AwsSource(name="one", external_id=reference, role_chain=("arn:aws:iam::1:role/a",)),
            AwsSource(name="two"),
        ),
    )

    def resolve(ref: SecretRef) -> str:
        asked.append(ref)
        return "hunter2"

    list(KIND.units(estate, context(resolve=resolve)))
    assert asked == [reference]


def test_the_permissions_are_the_providers_policy() -> None:
    kind = KIND
    policy = json.loads(kind.permissions(op for op in kind.operations() if op.name == "kms:ListKeys"))
    assert policy["Statement"][0]["Action"] == ["kms:ListKeys"]


@pytest.mark.parametrize(
    ("operation", "response", "principal"),
    [
        ("sts:GetCallerIdentity", {"Arn": "arn:aws:iam::1:role/a"}, "arn:aws:iam::1:role/a"),
        ("sts:GetCallerIdentity", {}, ""),
        ("sts:GetCallerIdentity", ["Arn"], ""),
        ("sts:GetCallerIdentity", None, ""),
        ("kms:DescribeKey", {"Arn": "arn:aws:kms:::key/a"}, ""),
    ],
)
def test_an_answer_tells_who_asks(operation: str, response: Json, principal: str) -> None:
    assert KIND.identity(observation(operation, response)) == principal
