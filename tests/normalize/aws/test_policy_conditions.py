"""Conditions one by one; the tables of policies hold them in whole policies."""

from __future__ import annotations

import pytest

from scanner.normalize.aws import policy_conditions
from scanner.normalize.aws.policy_conditions import CALLERS, CONSTRAINING, Reader, somebodys_networks
from scanner.normalize.aws.policy_document import OPERATORS, Condition
from tests.normalize.builders import ACCOUNT, OTHER

READER = Reader(ACCOUNT)
LITERAL = {
    "aws:principalarn": f"arn:aws:iam::{ACCOUNT}:role/app",
    "aws:sourcearn": "arn:aws:s3:::bucket",
    "aws:sourcevpcarn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-1",
    "aws:principalorgpaths": "o-a1b2c3d4e5/r-ab12/",
    "aws:sourceorgpaths": "o-a1b2c3d4e5/r-ab12/",
    "aws:vpceorgpaths": "o-a1b2c3d4e5/r-ab12/",
}
HOLDING = {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
REFUSING = {"stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"}


@pytest.mark.parametrize("key", sorted(CONSTRAINING))
def test_only_equality_with_a_named_value_holds(key: str) -> None:
    named = [Condition(operator, key, (LITERAL.get(key, ACCOUNT),)) for operator in sorted(OPERATORS)]
    assert {c.operator for c in named if READER.holding([c])} == HOLDING
    assert {c.operator for c in named if READER.refuses_strangers([c])} == REFUSING


@pytest.mark.parametrize("value", ["*", "?*", "${aws:username}", "", "*:x", "${"])
def test_any_value_at_all_holds_nobody(value: str) -> None:
    for key in sorted(CONSTRAINING):
        assert READER.holding([Condition("stringlike", key, (LITERAL.get(key, ACCOUNT), value))]) == ()
        assert not READER.refuses_strangers([Condition("stringnotlike", key, (value,))])


@pytest.mark.parametrize("key", ["aws:principaltag/x", "kms:viaservice", "kms:encryptioncontext:x", "aws:vpcsourceip"])
def test_other_keys_hold_nobody_however_they_are_compared(key: str) -> None:
    for operator in sorted(OPERATORS):
        assert READER.holding([Condition(operator, key, ("203.0.113.7",))]) == ()
        assert not READER.refuses_strangers([Condition(operator, key, ("203.0.113.7",))])


def test_no_condition_refuses_everybody_and_holds_nobody() -> None:
    assert READER.refuses_strangers([])
    assert READER.refuses_account([], ACCOUNT)
    assert READER.admits_account([], ACCOUNT)
    assert READER.holding([]) == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], True),
        (["203.0.113.0/24", "198.51.100.7"], True),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], True),
        (["10.0.0.0/7"], False),
        ([f"{n}.0.0.0/8" for n in range(256)], False),
        ([f"{n}.0.0.0/8" for n in range(0, 256, 2)], False),
        ([f"{n}.0.0.0/10" for n in range(0, 256, 2)], False),
        (["2001:db8::/32"], True),
        (["2001:db8::/31"], False),
        (["2001:db8::/32", "2001:db9::/32"], False),
        (["::ffff:203.0.113.0/120"], False),
        (["203.0.113.7/24"], True),
        (["203.0.113.0/33"], False),
        (["nowhere"], False),
    ],
)
def test_a_network_is_somebodys_when_it_is_narrow(values: list[str], *, expected: bool) -> None:
    assert somebodys_networks(values) is expected
    held = bool(READER.holding([Condition("ipaddress", "aws:sourceip", tuple(values))]))
    assert held is (expected and bool(values))


@pytest.mark.parametrize("key", sorted(CALLERS))
def test_a_deny_by_account_takes_in_the_others(key: str) -> None:
    spares_own = [Condition("stringnotequals", key, (ACCOUNT,))]
    assert READER.refuses_account(spares_own, OTHER)
    assert not READER.refuses_account(spares_own, ACCOUNT)
    assert not READER.refuses_account([Condition("stringnotlike", key, (f"{OTHER[:4]}*",))], OTHER)
    assert not READER.refuses_account([Condition("stringnotequals", key, ())], OTHER)
    assert not READER.refuses_account([Condition("stringequals", key, (ACCOUNT,))], OTHER)
    assert not READER.refuses_account([Condition("stringnotequals", key, (ACCOUNT,), quantifier="foranyvalue")], OTHER)
    assert not READER.refuses_account([Condition("notipaddress", key, ("203.0.113.0/24",))], OTHER)
    assert not READER.refuses_account([*spares_own, Condition("bool", "aws:securetransport", ("false",))], OTHER)


def test_an_allow_by_account_admits_that_account_only() -> None:
    own = Condition("stringequals", "kms:calleraccount", (ACCOUNT,))
    assert READER.admits_account([own], ACCOUNT)
    assert not READER.admits_account([own], OTHER)
    assert READER.admits_account([Condition("stringlike", "kms:calleraccount", ("*",))], OTHER)
    assert not READER.admits_account([own, Condition("stringequals", "kms:viaservice", ("s3",))], ACCOUNT)
    assert not READER.admits_account([Condition("arnlike", "kms:calleraccount", (ACCOUNT,))], ACCOUNT)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("kms:calleraccount", OTHER, {OTHER}),
        ("kms:calleraccount", "${aws:ResourceAccount}", {ACCOUNT}),
        ("kms:calleraccount", "1111*", set()),
        ("aws:principalarn", f"arn:aws:iam::{OTHER}:role/*", {OTHER}),
        ("aws:principalarn", "not an ARN", set()),
        ("aws:sourcearn", "arn:aws:s3:::bucket", set()),
        ("aws:userid", f"{OTHER}:ann", {OTHER}),
        ("aws:userid", "AROAEXAMPLEROLEID1234:*", set()),
        ("aws:principalorgid", "o-a1b2c3d4e5", set()),
        ("aws:sourcevpce", OTHER, set()),
    ],
)
def test_conditions_name_accounts(key: str, value: str, expected: set[str]) -> None:
    for operator in ("stringlike", "stringnotlike"):
        assert READER.accounts([Condition(operator, key, (value,))]) == expected


def test_attestations_keep_what_belongs_to_their_operator() -> None:
    key = f"{policy_conditions.ATTESTATION}pcr0"
    listed = [
        Condition("stringequals", key, ("a", "b")),
        Condition("stringlike", key, ("c",), if_exists=True, quantifier="foranyvalue"),
        Condition("stringequals", "kms:calleraccount", (ACCOUNT,)),
    ]
    assert policy_conditions.attestations(listed) == {
        f"stringequals {key}=a",
        f"stringequals {key}=b",
        f"foranyvalue:stringlikeifexists {key}=c",
    }
