"""Answers of another shape than the model's are refused, whatever the type: nested, mapped, or holding itself."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.parsers import ResponseParserError

from scanner.collect.aws.shapes import must_be_whole

SESSION = botocore.session.Session()
NESTED = {"L": [{"M": {"a": {"L": [{"S": "x"}]}}}]}


def check(service: str, operation: str, answer: object, status: int = 200) -> str:
    """Return what is wrong with an answer, or empty text."""
    model = SESSION.get_service_model(service).operation_model(operation)
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    try:
        must_be_whole(model, {"status_code": status, "body": body})
    except ResponseParserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("service", "operation", "answer", "wrong"),
    [
        ("kms", "ListKeys", {"Keys": []}, ""),
        ("kms", "ListKeys", {"Keys": None}, ""),
        ("kms", "ListKeys", {}, ""),
        ("kms", "ListKeys", None, "the answer is not a structure"),
        ("kms", "DisableKey", b"", ""),
        ("kms", "DisableKey", None, ""),
        ("kms", "ListKeys", [], "the answer is not a structure"),
        ("kms", "ListKeys", {"Keys": {}}, "`Keys` is not a list"),
        ("kms", "ListKeys", {"Keys": ""}, "`Keys` is not a list"),
        ("kms", "ListKeys", {"Keys": ["a"]}, "an item of `Keys` is not a structure"),
        ("kms", "DescribeKey", {"KeyMetadata": {"EncryptionAlgorithms": "x"}}, "`EncryptionAlgorithms` is not a list"),
        ("dynamodb", "GetItem", {"Item": {"a": NESTED}}, ""),
        ("dynamodb", "GetItem", {"Item": []}, "`Item` is not a map"),
        ("dynamodb", "GetItem", {"Item": {"a": "x"}}, "a value of `Item` is not a structure"),
        ("dynamodb", "GetItem", {"Item": {"a": {"L": [{"M": {"b": {"L": 1}}}]}}}, "`L` is not a list"),
    ],
)
def test_shapes(service: str, operation: str, answer: Any, wrong: str) -> None:  # noqa: ANN401 - JSON
    assert check(service, operation, answer) == wrong


def test_what_is_no_json_is_for_the_caller_to_catch() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        check("kms", "ListKeys", b'{"Keys": [')


def test_an_error_has_a_shape_of_its_own() -> None:
    assert check("kms", "ListKeys", b"no json", status=400) == ""


@pytest.mark.parametrize("service", ["kms", "dynamodb", "logs", "cloudtrail", "bedrock", "bedrock-agent", "backup"])
def test_every_type_of_a_service_can_be_checked(service: str) -> None:
    model = SESSION.get_service_model(service)
    for name in model.operation_names:
        if model.operation_model(name).output_shape is not None:
            assert check(service, name, {}) == ""
