"""The IAM policy: valid, and nothing beyond what is declared."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.collect.aws import services
from scanner.collect.aws.permissions import iam_policy
from scanner.model.operation import Operation

OPERATIONS = services.operations()


def statements(operations: list[Operation]) -> list[dict[str, Any]]:
    policy = json.loads(iam_policy(operations))
    assert set(policy) == {"Version", "Statement"}
    assert policy["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def actions(operations: list[Operation]) -> list[str]:
    found: list[str] = []
    for statement in statements(operations):
        action = statement["Action"]
        found += action if isinstance(action, list) else [action]
    return found


@given(st.lists(st.sampled_from(OPERATIONS)))
def test_it_allows_the_operations_and_nothing_else(chosen: list[Operation]) -> None:
    allowed = actions(chosen)
    assert sorted(set(allowed)) == sorted({permission for operation in chosen for permission in operation.permissions})
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action) for action in allowed)  # no wildcard


@pytest.mark.parametrize("statement", statements(list(OPERATIONS)))
def test_statements_are_valid(statement: dict[str, Any]) -> None:
    assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
    assert statement["Effect"] == "Allow"
    assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])


def test_assuming_is_held_to_one_role() -> None:
    (statement,) = [s for s in statements(list(OPERATIONS)) if s["Action"] == "sts:AssumeRole"]
    assert statement["Resource"] == "arn:*:iam::*:role/keyaudit-audit"


def test_objects_are_read_where_trails_write_and_where_they_are_sampled() -> None:
    found = [s["Resource"] for s in statements(list(OPERATIONS)) if s["Action"] == "s3:GetObject"]
    assert found == ["arn:*:s3:::*/AWSLogs/*", "arn:*:s3:::SAMPLED-BUCKET/*"]


def test_without_roles_there_is_no_such_statement() -> None:
    assert [s["Sid"] for s in statements([o for o in OPERATIONS if o.name.startswith("kms:")])] == ["KeyauditRead"]
    assert [s["Sid"] for s in statements([o for o in OPERATIONS if o.name == "sts:AssumeRole"])] == [
        "KeyauditAssumeAuditRole"
    ]
    assert statements([]) == []


def test_it_is_the_same_text_every_time() -> None:
    text = iam_policy(OPERATIONS)
    assert text == iam_policy(reversed(OPERATIONS))
    assert text.endswith("}\n")
    assert len("".join(text.split())) < 6144  # what a managed policy may hold, white space apart
