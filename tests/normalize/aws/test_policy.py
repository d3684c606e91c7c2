"""Key policies evaluated as policies: tables of policies with what they come to, and properties of the normal form."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.ids import Json
from scanner.model.tables import KeyPermissionFact, KeyPolicyFact
from scanner.normalize.aws.policy import Permission, PolicyReading, read_policy
from tests.normalize.builders import ACCOUNT, KEY, PROPERTY

Case = dict[str, Any]
HERE = Path(__file__).parent
COLUMNS = {
    "services": "service_principals",
    "admins": "admin_principals",
    "users": "use_principals",
    "both": "admin_and_use",
    "delegates": "delegates_to_iam",
    "not_principal": "uses_not_principal",
    "not_action": "uses_not_action",
    "attestations": "attestation_conditions",
    "cross": "cross_accounts",
    "public": "public",
}


def cases(name: str) -> list[Any]:
    loaded: list[Case] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    assert len({case["name"] for case in loaded}) == len(loaded)
    return [pytest.param(case, id=case["name"]) for case in loaded]


def whole(statements: list[Case]) -> Case:
    """Return a policy of statements, with what the tables leave out."""
    return {"Version": "2012-10-17", "Id": "key-policy", "Statement": [filled(s) for s in statements]}


def filled(statement: Case) -> Case:
    action: Case = {} if statement.keys() & {"Action", "NotAction"} else {"Action": "kms:Decrypt"}
    resource: Case = {} if statement.keys() & {"Resource", "NotResource"} else {"Resource": "*"}
    return {"Effect": "Allow", **action, **resource, **statement}


def read(policy: Case) -> PolicyReading:
    return read_policy(json.dumps(policy), key_arn=KEY, account=ACCOUNT)


def of(case: Case) -> PolicyReading:
    return read(case.get("whole") or whole(case["statements"]))


@pytest.mark.parametrize("case", cases("policies_public.yaml"))
def test_whom_a_policy_opens_the_key_to(case: Case) -> None:
    reading = of(case)
    public = case.get("public", False)
    assert reading.public is public
    assert list(reading.public_actions) == case.get("actions", ["Decrypt"] if public else [])
    assert reading.organization_wide is case.get("organization", False)
    assert list(reading.cross_accounts) == case.get("cross", [])


@pytest.mark.parametrize("case", cases("policies_access.yaml"))
def test_who_may_do_what(case: Case) -> None:
    reading = of(case)
    expected = {COLUMNS[key]: value for key, value in case.items() if key in COLUMNS}
    found = {name: getattr(reading, name) for name in expected}
    assert {name: list(v) if isinstance(v, tuple) else v for name, v in found.items()} == expected
    assert len(expected) == len(case) - 2  # every other field of a case is held


def test_the_tables_are_not_small() -> None:
    assert len(cases("policies_public.yaml")) + len(cases("policies_access.yaml")) >= 200


def test_a_reading_has_the_columns_of_the_tables() -> None:
    policy = {f.name for f in fields(KeyPolicyFact)}
    assert {f.name for f in fields(PolicyReading)} - {"permissions"} <= policy
    assert {f.name for f in fields(Permission)} <= {f.name for f in fields(KeyPermissionFact)}


def test_each_principal_of_each_statement_is_a_permission() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    held = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    reading = read(
        whole(
            [
                {"Sid": "a", "Principal": {"AWS": ["999988887777", role]}, "Action": ["kms:Sign", "kms:EnableKey"]},
                {"Principal": "*", "Condition": held},
                {"Effect": "Deny", "NotPrincipal": {"AWS": "999988887777"}},
                {"Sid": "elsewhere", "Principal": "*", "Resource": "arn:aws:kms:us-east-1:111122223333:key/another"},
            ]
        )
    )
    conditions = '[{"if_exists":false,"key":"kms:calleraccount","operator":"stringequals","values":["111122223333"]}]'
    both = ("EnableKey", "Sign")
    use = ("Decrypt",)
    assert reading.permissions == (
        Permission("#1", "allow", "*", "any", "none", False, use, False, True, True, conditions),
        Permission("#2", "deny", "not 999988887777", "any", "none", False, use, False, True, False, "[]"),
        Permission("a", "allow", "999988887777", "account", "999988887777", True, both, True, True, False, "[]"),
        Permission("a", "allow", role, "role", ACCOUNT, False, both, True, True, False, "[]"),
    )


def test_a_set_operator_stays_in_the_normal_form() -> None:
    condition = {"ForAnyValue:StringLikeIfExists": {"AWS:PrincipalOrgPaths": ["o-b/*", "o-a/*", "o-b/*"]}}
    (permission,) = read(whole([{"Principal": "*", "Condition": condition}])).permissions
    assert json.loads(permission.conditions) == [
        {
            "operator": "foranyvalue:stringlike",
            "key": "aws:principalorgpaths",
            "values": ["o-a/*", "o-b/*"],
            "if_exists": True,
        }
    ]


@pytest.mark.parametrize("key", ["arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/x", "not an ARN"])
def test_another_account_is_named_in_the_partition_of_the_key(key: str) -> None:
    partition = key.split(":")[1] if key.startswith("arn:") else "aws"
    reading = read_policy(json.dumps(whole([{"Principal": {"AWS": "999988887777"}}])), key_arn=key, account=ACCOUNT)
    assert reading.use_principals == (f"arn:{partition}:iam::999988887777:root",)


def test_a_large_policy_is_read_in_reasonable_steps() -> None:
    many = [f"arn:aws:iam::{n:012}:role/r{n}" for n in range(1500)]
    policy = whole([{"Principal": {"AWS": many}, "Action": "kms:*"}, {"Effect": "Deny", "Principal": {"AWS": many}}])
    reading = read(policy)
    assert len(reading.cross_accounts) == len(many)
    assert len(reading.admin_and_use) == len(many)


# ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────────

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ["*", ROLE]}, {"AWS": ROLE}, {"AWS": "999988887777"}, {"Service": "s3.amazonaws.com"}]
)
ACTIONS = st.sampled_from(
    ["kms:*", "*", "kms:Decrypt", "kms:Dec*", "s3:*", ["kms:Sign", "kms:PutKeyPolicy"], "kms:Frob"]
)
VALUES = {
    "kms:CallerAccount": [ACCOUNT, "999988887777", "*", "1111*", "${aws:PrincipalAccount}"],
    "aws:PrincipalOrgID": ["o-a1b2c3d4e5", "o-*"],
    "aws:PrincipalArn": [ROLE, "arn:aws:iam::*:role/app", "*"],
    "aws:SourceVpce": ["vpce-1", "vpce-*"],
    "kms:EncryptionContext:a": ["b"],
}
OPERATORS = ["StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike"]


@st.composite
def conditions(draw: st.DrawFn) -> Case:
    found: Case = {}
    for operator in draw(st.lists(st.sampled_from(OPERATORS), max_size=2, unique=True)):
        key = draw(st.sampled_from(sorted(VALUES)))
        found[operator] = {key: draw(st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=3))}
    return found


@st.composite
def a_statement(draw: st.DrawFn, effect: str | None = None) -> Case:
    return {
        "Sid": draw(st.sampled_from(["one", "two"])),
        "Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"])): draw(PRINCIPALS),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(ACTIONS),
        "Resource": "*",
        "Condition": draw(conditions()),
    }


STATEMENTS = st.lists(a_statement(), min_size=1, max_size=4)


def respelled(value: Json, *, twice: bool) -> Json:
    """Return a part of a policy as another would write it: lists for scalars, values twice, in another order."""
    if isinstance(value, dict):
        return {key: respelled(item, twice=twice) for key, item in reversed(list(value.items()))}
    values = value if isinstance(value, list) else [value]
    return [*reversed(values), *(values if twice else [])]


def shouted(condition: Case) -> Case:
    return {op.upper(): {key.swapcase(): v for key, v in tests.items()} for op, tests in condition.items()}


@PROPERTY
@given(STATEMENTS, st.booleans(), st.randoms(use_true_random=False))
def test_spelling_does_not_change_the_reading(statements: list[Case], twice: bool, chance: Random) -> None:
    changed = []
    for statement in statements:
        again = dict(reversed(statement.items()))
        for name in ("Principal", "NotPrincipal", "Action", "NotAction", "Condition"):
            if name in again and again[name] != "*":
                again[name] = respelled(again[name], twice=twice)
        again["Condition"] = shouted(again["Condition"])
        changed.append(again)
    chance.shuffle(changed)
    assert read(whole(changed)) == read(whole(statements))


@PROPERTY
@given(STATEMENTS, a_statement("Deny"))
def test_a_deny_never_grants(statements: list[Case], deny: Case) -> None:
    before, after = read(whole(statements)), read(whole([*statements, deny]))
    assert after.public <= before.public
    assert set(after.public_actions) <= set(before.public_actions)
    assert after.delegates_to_iam <= before.delegates_to_iam
    for name in ("service_principals", "admin_principals", "use_principals", "admin_and_use"):
        assert set(getattr(after, name)) <= set(getattr(before, name))
    if not before.public:
        # What was open to everybody may become open to some accounts: then these are named.
        assert set(after.cross_accounts) <= set(before.cross_accounts)


@PROPERTY
@given(STATEMENTS, a_statement("Allow"))
def test_an_allow_never_takes_away(statements: list[Case], allow: Case) -> None:
    before, after = read(whole(statements)), read(whole([*statements, allow]))
    assert after.public >= before.public
    assert after.organization_wide >= before.organization_wide
    assert after.delegates_to_iam >= before.delegates_to_iam
    for name in COLUMNS.values():
        if isinstance(getattr(before, name), tuple):
            assert set(getattr(after, name)) >= set(getattr(before, name))


@PROPERTY
@given(STATEMENTS)
def test_conditions_never_widen(statements: list[Case]) -> None:
    bare = [{**s, "Condition": {}} if s["Effect"] == "Allow" else s for s in statements]
    assert read(whole(statements)).public <= read(whole(bare)).public


@PROPERTY
@given(STATEMENTS)
def test_what_is_public_is_listed(statements: list[Case]) -> None:
    reading = read(whole(statements))
    assert reading.public is bool(reading.public_actions)
    assert ACCOUNT not in reading.cross_accounts
    assert set(reading.admin_and_use) >= set(reading.admin_principals) & set(reading.use_principals)
