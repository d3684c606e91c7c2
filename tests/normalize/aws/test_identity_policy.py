"""Policies of identities: a table of what they allow on keys, and laws that hold for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.ids import Json
from scanner.normalize.aws.identity_policy import MAX_REGIONS, IdentityReading, read_identity_policy
from scanner.normalize.aws.policy_document import MalformedPolicyError
from tests.normalize.builders import ACCOUNT, PROPERTY

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load(Path(__file__).with_name("identity_policies.yaml").read_text(encoding="utf-8"))


def document(case: Case) -> dict[str, Any]:
    allow = case.get("allow", [])
    if "when" in case:
        allow = [{"Action": "kms:Decrypt", "Resource": "*", "Condition": case["when"]}]
    statements = [{"Effect": "Allow", **one} for one in allow]
    statements += [{"Effect": "Deny", **one} for one in case.get("deny", [])]
    return {"Version": "2012-10-17", "Statement": statements}


def read(policy: Json) -> IdentityReading:
    return read_identity_policy(policy, partition="aws", account=ACCOUNT)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_a_policy_allows_on_keys(case: Case) -> None:
    assert read(document(case)) == IdentityReading(*case["expect"])


def test_case_names_are_unique() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_text_and_object_are_the_same(case: Case) -> None:
    assert read(json.dumps(document(case))) == read(document(case))


def test_one_statement_needs_no_list() -> None:
    assert read({"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}).decrypts_any_key


ALLOW: dict[str, Json] = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
MALFORMED: list[tuple[str, Json]] = [
    ("nothing", None),
    ("not JSON", "{"),
    ("deeply nested", "[" * 100_000),
    ("no object", "[]"),
    ("no statement", {"Version": "2012-10-17"}),
    ("an empty list", {"Statement": []}),
    ("a statement that is none", {"Statement": [ALLOW, "x"]}),
    ("a principal", {"Statement": [{**ALLOW, "Principal": "*"}]}),
    ("all but a principal", {"Statement": [{**ALLOW, "NotPrincipal": "*"}]}),
    ("no resource", {"Statement": [{"Effect": "Allow", "Action": "kms:*"}]}),
    ("two kinds of resource", {"Statement": [{**ALLOW, "NotResource": "*"}]}),
    ("no action", {"Statement": [{"Effect": "Allow", "Resource": "*"}]}),
    ("another effect", {"Statement": [{**ALLOW, "Effect": "Maybe"}]}),
    ("a word that IAM does not know", {"Statement": [{**ALLOW, "condition": {}}]}),
    ("an operator that IAM does not know", {"Statement": [{**ALLOW, "Condition": {"Equals": {"a": "b"}}}]}),
    ("a resource that is no text", {"Statement": [{**ALLOW, "Resource": 1}]}),
    (
        "more regions than there are",
        {"Statement": [{**ALLOW, "Resource": [f"arn:aws:kms:us-a{'b' * i}-1:*:*" for i in range(MAX_REGIONS + 1)]}]},
    ),
]


@pytest.mark.parametrize("policy", [m[1] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_what_is_no_policy_of_identities(policy: Json) -> None:
    with pytest.raises(MalformedPolicyError):
        read(policy)


def either(case: Case, other: Case) -> dict[str, Any]:
    return {"Statement": [*document(case)["Statement"], *document(other)["Statement"]]}


ALLOWING = [case for case in CASES if not case.get("deny")]


@given(st.sampled_from(ALLOWING), st.sampled_from(ALLOWING))
@PROPERTY
def test_one_more_allow_never_takes_away(case: Case, other: Case) -> None:
    alone, both = read(document(case)), read(either(case, other))
    for name in ("about_keys", "allows_decrypt", "decrypts_any_key", "administers_any_key", "uses_not_action"):
        assert getattr(both, name) or not getattr(alone, name)


@given(st.sampled_from(CASES))
@PROPERTY
def test_every_key_is_some_key(case: Case) -> None:
    found = read(document(case))
    assert found.allows_decrypt or not found.decrypts_any_key
    assert found.about_keys or not (found.allows_decrypt or found.administers_any_key)


@given(st.sampled_from(CASES))
@PROPERTY
def test_a_deny_of_everything_leaves_nothing(case: Case) -> None:
    found = read(either(case, {"deny": [{"Action": "*", "Resource": "*"}]}))
    assert {found.about_keys, found.allows_decrypt, found.decrypts_any_key, found.administers_any_key} == {False}
