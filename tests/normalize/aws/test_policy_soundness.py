"""The reading held against concrete requests: whoever gets in is seen, and who is seen gets in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.normalize.aws.policy import PolicyReading, read_policy
from tests.normalize.aws.evaluator import Request, allowed, caller, service
from tests.normalize.aws.test_policy import cases, whole
from tests.normalize.builders import ACCOUNT, KEY, OTHER, PROPERTY

Case = dict[str, Any]
ORG = "o-a1b2c3d4e5"
STRANGER = "111155556666"
"""An account that begins as the key's own: what a careless pattern takes in."""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"

STRANGERS: list[Request] = [
    caller(STRANGER, aws__sourceip="192.0.2.1"),
    caller(STRANGER, aws__sourceip="200.0.0.1"),
    caller(STRANGER, aws__sourceip="2600::1"),
    caller("555566667777", aws__principalorgid="o-zzzzzzzzzz", aws__principalorgpaths=["o-zzzzzzzzzz/r-1/"]),
    caller(STRANGER, aws__principalorgid="o-a1b2zzzzzz", aws__principalorgpaths=["o-a1b2zzzzzz/r-ab12/"]),
    caller(STRANGER, kms__viaservice="s3.us-east-1.amazonaws.com", aws__calledvia=["s3.amazonaws.com"]),
    caller(STRANGER, aws__sourcevpce="vpce-666", aws__sourcevpc="vpc-666", aws__vpcsourceip="10.0.0.7"),
    caller(STRANGER, role=f":iam::{ACCOUNT}:role/app"),
    caller(STRANGER, kms__encryptioncontext__a="b", aws__principaltag__team="records"),
    service("s3.amazonaws.com", aws__sourcearn="arn:aws:s3:::evil-bucket", aws__sourceaccount=STRANGER),
    service("sns.amazonaws.com", aws__sourcearn=f"arn:aws:sns:us-east-1:{STRANGER}:t", aws__sourceaccount=STRANGER),
]
FOREIGN: list[Request] = [
    caller(OTHER),
    caller(OTHER, role="etl"),
    caller(OTHER, aws__sourceip="192.0.2.2", kms__viaservice="s3.us-east-1.amazonaws.com"),
]
"""Callers of an account that policies name, in no organization and no known network."""

VALUES: dict[str, list[Any]] = {
    "kms:CallerAccount": [
        ACCOUNT,
        OTHER,
        "*",
        "1111*",
        "11115555666?",
        "${aws:PrincipalAccount}",
        "${aws:ResourceAccount}",
    ],
    "aws:PrincipalAccount": [ACCOUNT, OTHER, "${kms:CallerAccount}", "${aws:username}"],
    "aws:ResourceAccount": ["${aws:PrincipalAccount}", ACCOUNT],
    "aws:ResourceOrgID": ["${aws:PrincipalOrgID}", ORG],
    "aws:PrincipalOrgID": [ORG, "o-*", "o-a1b2*", "${aws:ResourceOrgID}", "${aws:PrincipalOrgID}"],
    "aws:PrincipalOrgPaths": [f"{ORG}/*", "o-*/r-ab12/*", "*"],
    "aws:PrincipalArn": [
        ROLE,
        f"arn:aws:iam::{OTHER}:role/*",
        "arn:aws:iam::*:role/app",
        f"arn:*:iam::{ACCOUNT}:role/app",
        f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalTag/team}}",
        "*",
    ],
    "aws:SourceArn": ["arn:aws:s3:::bucket", "arn:aws:s3:::*", f"arn:aws:sns:*:{ACCOUNT}:*", "arn:aws:sns:*:*:t"],
    "aws:SourceAccount": [ACCOUNT, "1111*", STRANGER[:4] + "*"],
    "aws:SourceVpce": ["vpce-1", "vpce-*"],
    "aws:userid": [f"AROA{ACCOUNT}XX:*", "AROA*", "*:s"],
    "aws:PrincipalServiceName": ["s3.amazonaws.com", "*.amazonaws.com"],
    "kms:ViaService": ["s3.us-east-1.amazonaws.com", "*"],
    "kms:EncryptionContext:a": ["b"],
}
TEXT = ["StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "ArnLike", "ArnNotLike"]
OPERATORS = [f"{q}{o}{e}" for o in TEXT for q in ("", "ForAllValues:", "ForAnyValue:") for e in ("", "IfExists")]
NETWORKS = [
    ["0.0.0.0/1", "128.0.0.0/1"],
    ["203.0.113.0/24"],
    ["::/0"],
    ["0.0.0.0/0"],
    ["192.0.0.0/2"],
    ["203.0.113.0/24", "2000::/3"],
]


@st.composite
def conditions(draw: st.DrawFn) -> Case:
    found: Case = {}
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["text", "text", "text", "text", "address", "null", "bool"]))
        if kind == "address":
            found[draw(st.sampled_from(["IpAddress", "NotIpAddress", "IpAddressIfExists"]))] = {
                draw(st.sampled_from(["aws:SourceIp", "aws:VpcSourceIp"])): draw(st.sampled_from(NETWORKS))
            }
        elif kind == "null":
            found["Null"] = {draw(st.sampled_from(sorted(VALUES))): draw(st.sampled_from(["true", "false"]))}
        elif kind == "bool":
            found["Bool"] = {"aws:PrincipalIsAWSService": draw(st.sampled_from(["true", "false"]))}
        else:
            key = draw(st.sampled_from(sorted(VALUES)))
            found[draw(st.sampled_from(OPERATORS))] = {
                key: draw(st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2))
            }
    return found


PRINCIPALS = st.sampled_from(["*", "*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": OTHER}, {"AWS": [ROLE, OTHER]}])


@st.composite
def statements(draw: st.DrawFn) -> Case:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"])): draw(PRINCIPALS),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            st.sampled_from(["kms:*", "kms:Decrypt", "kms:Encrypt", "*"])
        ),
        "Resource": "*",
        "Condition": draw(conditions()),
    }


def read(policy: list[Case]) -> PolicyReading:
    return read_policy(json.dumps(whole(policy)), key_arn=KEY, account=ACCOUNT)


@settings(PROPERTY, max_examples=1500)
@given(st.lists(statements(), min_size=1, max_size=3))
def test_a_policy_that_lets_a_stranger_in_is_public(policy: list[Case]) -> None:
    reading = read(policy)
    if any(allowed(policy, request) for request in STRANGERS):
        assert "Decrypt" in reading.public_actions


@settings(PROPERTY, max_examples=600)
@given(st.lists(statements(), min_size=1, max_size=3))
def test_another_account_that_gets_in_is_listed(policy: list[Case]) -> None:
    reading = read(policy)
    if not reading.public and any(allowed(policy, request) for request in FOREIGN):
        assert OTHER in reading.cross_accounts


@pytest.mark.parametrize("case", cases("policies_public.yaml"))
def test_the_table_of_policies_agrees_with_requests(case: Case) -> None:
    policy = (case.get("whole") or whole(case["statements"]))["Statement"]
    simple = [s for s in policy if s.get("Resource") == "*" and _is_simple(s)]
    if len(simple) == len(policy) and any(allowed(policy, request) for request in STRANGERS):
        assert case.get("public", False)


def _is_simple(statement: Case) -> bool:
    used = {op.rpartition(":")[2].removesuffix("IfExists") for op in statement.get("Condition", {})}
    return used <= {*TEXT, "ArnEquals", "ArnNotEquals", "IpAddress", "NotIpAddress", "Bool", "Null"} and all(
        "office" not in str(tests) and "[]" not in str(tests) for tests in statement.get("Condition", {}).values()
    )


def test_the_small_iam_decides_as_the_guide_says() -> None:
    own, stranger = caller(ACCOUNT), caller(STRANGER)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "kms:*"}
    held = {**everybody, "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}}
    assert allowed([everybody], stranger)
    assert not allowed([{**everybody, "Action": "kms:Encrypt"}], stranger)
    assert not allowed([everybody, {"Effect": "Deny", "Principal": "*", "Action": "kms:*"}], stranger)
    assert allowed([held], own)
    assert not allowed([held], stranger)
    assert not allowed([{**everybody, "Principal": {"AWS": ACCOUNT}}], stranger)
    assert allowed([{**everybody, "Principal": {"AWS": ROLE}}], own)
    assert allowed([{"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "kms:*"}], stranger)
    assert not allowed([{"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "kms:*"}], own)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "x"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "x"}}, False),
        ({"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "x"}}, False),
        ({"Null": {"aws:SourceVpce": "true"}}, True),
        ({"Null": {"kms:CallerAccount": "true"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "${kms:CallerAccount}"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "${aws:username}"}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": "${aws:username}"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:*:role/app"}}, False),
        ({"StringLike": {"aws:PrincipalArn": "arn:*:role/app"}}, True),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": "::/0"}}, False),
    ],
)
def test_the_small_iam_reads_conditions_as_the_guide_says(condition: Case, *, expected: bool) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Condition": condition}
    assert allowed([statement], caller(STRANGER, aws__sourceip="192.0.2.1")) is expected
