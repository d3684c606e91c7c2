"""A policy as a document: what is not one is not known, and spelling does not matter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.normalize.aws.policy_document import (
    MAX_LENGTH,
    MAX_STATEMENTS,
    Condition,
    MalformedPolicyError,
    Principal,
    read_document,
)
from tests.normalize.builders import KEY

GOOD: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def policy(*statements: object, **elements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **elements})


def without(name: str, **elements: object) -> dict[str, Any]:
    return {**{key: value for key, value in GOOD.items() if key != name}, **elements}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("\ufeff{}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"Statement": NaN}', "not JSON: NaN"),
        ('{"Statement": [], "Statement": []}', "given twice"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ('"*"', "not an object"),
        ("{}", "not a statement"),
        (policy(), "no statement"),
        (policy(*[GOOD] * (MAX_STATEMENTS + 1)), "more than 1000"),
        (policy(GOOD, Id="x" * MAX_LENGTH), "longer than"),
        (policy(GOOD, Version="2026-01-01"), "`Version`"),
        (policy(GOOD, Version=None), "`Version`"),
        (policy(GOOD, statement=[]), "not an object of"),
        (policy(GOOD, "a statement"), "not a statement"),
        (policy(GOOD, None), "not a statement"),
        (policy({**GOOD, "condition": {}}), "not a statement"),
        (policy({**GOOD, "resource": "x"}), "not a statement"),
        (policy(without("Effect")), "`Effect`"),
        (policy(without("Effect", Effect="allow")), "`Effect`"),
        (policy(without("Effect", Effect=["Allow"])), "`Effect`"),
        (policy(without("Principal")), "exactly one of `Principal`"),
        (policy({**GOOD, "NotPrincipal": "*"}), "exactly one of `Principal`"),
        (policy(without("Action")), "exactly one of `Action`"),
        (policy({**GOOD, "NotAction": "*"}), "exactly one of `Action`"),
        (policy({**GOOD, "NotResource": "*"}), "exactly one of `Resource`"),
        (policy({**GOOD, "Principal": []}), "`Principal`"),
        (policy({**GOOD, "Principal": {}}), "`Principal`"),
        (policy({**GOOD, "Principal": None}), "`Principal`"),
        (policy({**GOOD, "Principal": 5}), "`Principal`"),
        (policy({**GOOD, "Principal": {"AWS": []}}), "`Principal`"),
        (policy({**GOOD, "Principal": {"AWS": 111122223333}}), "`Principal`"),
        (policy({**GOOD, "Principal": {"AWS": [{"a": "*"}]}}), "`Principal`"),
        (policy({**GOOD, "Principal": {"aws": "*"}}), "`Principal`"),
        (policy({**GOOD, "Principal": {"AWS": "*", "Everybody": "*"}}), "`Principal`"),
        (policy({**GOOD, "Action": []}), "`Action`"),
        (policy({**GOOD, "Action": ["kms:Decrypt", None]}), "`Action`"),
        (policy({**GOOD, "Action": "Decrypt"}), "not of the form"),
        (policy({**GOOD, "Action": "kms*"}), "not of the form"),
        (policy({**GOOD, "Resource": []}), "`Resource`"),
        (policy({**GOOD, "Resource": {"a": "b"}}), "`Resource`"),
        (policy({**GOOD, "Condition": []}), "`Condition`"),
        (policy({**GOOD, "Condition": None}), "`Condition`"),
        (policy({**GOOD, "Condition": {"StringEquals": "x"}}), "holds no object"),
        (policy({**GOOD, "Condition": {"StringEqual": {"a": "b"}}}), "no condition operator"),
        (policy({**GOOD, "Condition": {"ForSomeValues:StringEquals": {"a": "b"}}}), "no condition operator"),
        (policy({**GOOD, "Condition": {"NullIfExists": {"a": "true"}}}), "no condition operator"),
        (policy({**GOOD, "Condition": {"StringEquals": {"a": None}}}), "not text"),
        (policy({**GOOD, "Condition": {"StringEquals": {"a": [["b"]]}}}), "not text"),
        (policy({**GOOD, "Condition": {"StringEquals": {"a": "b", "A": "c"}}}), "given twice"),
        (policy({**GOOD, "Condition": {"Bool": {"a": True}, "bool": {"a": False}}}), "given twice"),
    ],
)
def test_what_is_not_a_policy_is_refused(text: str, problem: str) -> None:
    with pytest.raises(MalformedPolicyError, match=problem):
        read_document(text, KEY)


def test_one_statement_needs_no_list_and_no_version() -> None:
    text = json.dumps({"Statement": GOOD})
    assert read_document(text, KEY) == read_document(policy(GOOD), KEY)


def test_a_statement_in_normal_form() -> None:
    statement = {
        "Effect": "Deny",
        "NotPrincipal": {"Service": "s3.amazonaws.com", "AWS": ["b", "a", "b"]},
        "NotAction": ["kms:Decrypt", "s3:*"],
        "Resource": [KEY, "arn:aws:kms:us-east-1:111122223333:key/another"],
        "Condition": {
            "ForAllValues:StringLikeIfExists": {"AWS:PrincipalOrgPaths": ["z", "a", "z"]},
            "Bool": {"aws:SecureTransport": False},
            "NumericLessThan": {"kms:RotationPeriodInDays": [90, 1.5]},
        },
    }
    (read,) = read_document(policy(statement), KEY)
    assert (read.label, read.allows, read.inverted, read.uses_not_action, read.about_key) == (
        "#0",
        False,
        True,
        True,
        True,
    )
    assert read.principals == (Principal("AWS", "a"), Principal("AWS", "b"), Principal("Service", "s3.amazonaws.com"))
    assert "Decrypt" not in read.actions
    assert "Encrypt" in read.actions
    assert read.conditions == (
        Condition("bool", "aws:securetransport", ("false",)),
        Condition("numericlessthan", "kms:rotationperiodindays", ("1.5", "90")),
        Condition("stringlike", "aws:principalorgpaths", ("a", "z"), if_exists=True, quantifier="forallvalues"),
    )


@pytest.mark.parametrize(("sid", "label"), [("Users", "Users"), ("", "#1"), (5, "#1"), (None, "#1")])
def test_a_statement_is_called_by_its_sid_or_its_number(sid: object, label: str) -> None:
    assert read_document(policy(GOOD, {**GOOD, "Sid": sid}), KEY)[1].label == label


@pytest.mark.parametrize(
    ("elements", "about"),
    [
        ({"Resource": "*"}, True),
        ({"Resource": KEY}, True),
        ({"Resource": ["arn:aws:s3:::bucket", "arn:aws:kms:*"]}, True),
        ({"Resource": "arn:aws:kms:us-east-1:111122223333:alias/app"}, False),
        ({"Resource": KEY.upper()}, False),
        ({"NotResource": KEY}, False),
        ({"NotResource": "arn:aws:s3:::bucket"}, True),
        ({}, False),
    ],
)
def test_a_statement_is_about_the_key_or_not(elements: dict[str, object], *, about: bool) -> None:
    for effect in ("Allow", "Deny"):
        statement = without("Resource", Effect=effect, **elements)
        assert read_document(policy(statement), KEY)[0].about_key is about


@pytest.mark.parametrize(
    ("effect", "element", "about"),
    [
        ("Allow", "Resource", True),
        ("Deny", "Resource", False),
        ("Allow", "NotResource", True),
        ("Deny", "NotResource", False),
    ],
)
def test_a_variable_is_wide_in_an_allow_and_narrow_in_a_deny(effect: str, element: str, *, about: bool) -> None:
    statement = without("Resource", Effect=effect, **{element: f"{KEY[:-4]}${{aws:PrincipalTag/key}}"})
    assert read_document(policy(statement), KEY)[0].about_key is about


def test_an_action_that_a_deny_alone_names_is_no_action() -> None:
    deny = {**GOOD, "Effect": "Deny", "Action": "kms:Frobnicate"}
    assert "frobnicate" not in read_document(policy({**GOOD, "Action": "kms:*"}, deny), KEY)[0].actions
    allow = {**GOOD, "Action": "kms:Frobnicate"}
    assert "frobnicate" in read_document(policy({**GOOD, "Action": "kms:*"}, allow), KEY)[0].actions
