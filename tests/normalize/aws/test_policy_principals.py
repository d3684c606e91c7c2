"""What a principal is, and what a Deny certainly takes from it."""

from __future__ import annotations

import json

import pytest

from scanner.normalize.aws.policy_conditions import Reader
from scanner.normalize.aws.policy_document import Principal, read_document
from scanner.normalize.aws.policy_principals import EVERYBODY, Denies, Who, understand
from tests.normalize.builders import ACCOUNT, KEY, OTHER

ROLE = f"arn:aws:iam::{OTHER}:role/jobs/etl"
SESSION = f"arn:aws:sts::{OTHER}:assumed-role/etl/nightly"
USER = f"arn:aws:iam::{OTHER}:user/ann"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("AWS", "*", ("any", "none", "")),
        ("AWS", OTHER, ("account", OTHER, "")),
        ("AWS", f"arn:aws:iam::{OTHER}:root", ("account", OTHER, "")),
        ("AWS", f"arn:aws-cn:iam::{OTHER}:root", ("account", OTHER, "")),
        ("AWS", ROLE, ("role", OTHER, "etl")),
        ("AWS", SESSION, ("role", OTHER, "etl")),
        ("AWS", USER, ("user", OTHER, "")),
        ("AWS", f"arn:aws:sts::{OTHER}:federated-user/ann", ("user", OTHER, "")),
        ("AWS", f"arn:aws:iam::{OTHER}:group/staff", ("other", OTHER, "")),
        ("AWS", f"arn:aws:iam::{OTHER}:role", ("role", OTHER, "")),
        ("AWS", f"arn:aws:iam::{OTHER}:*", ("other", OTHER, "")),
        ("AWS", "arn:aws:iam::*:root", ("any", "none", "")),
        ("AWS", "1111*", ("any", "none", "")),
        ("AWS", "11112222333?", ("any", "none", "")),
        ("AWS", "AROAEXAMPLEROLEID1234", ("unique_id", "none", "")),
        ("AWS", "AROA", ("other", "none", "")),
        ("AWS", "arn:aws:iam::cloudfront:user/origin", ("other", "none", "")),
        ("Service", "s3.amazonaws.com", ("service", "none", "")),
        ("Service", OTHER, ("service", "none", "")),
        ("Service", "*", ("any", "none", "")),
        ("Federated", "accounts.google.com", ("federated", "none", "")),
        ("Federated", f"arn:aws:iam::{OTHER}:saml-provider/idp", ("federated", OTHER, "")),
        (
            "CanonicalUser",
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
            ("canonical", "none", ""),
        ),
    ],
)
def test_a_principal_has_a_kind_an_account_and_maybe_a_role(
    kind: str, value: str, expected: tuple[str, str, str]
) -> None:
    who = understand(Principal(kind, value))
    assert (who.kind, who.account, who.role) == expected
    assert who.session is (value == SESSION)


def test_one_principal_has_one_identity_however_it_is_spelled() -> None:
    root = understand(Principal("AWS", f"arn:aws:iam::{OTHER}:root"))
    assert root.identity == understand(Principal("AWS", OTHER)).identity
    role = understand(Principal("AWS", f"arn:aws:iam::{OTHER}:role/etl"))
    assert role.identity == understand(Principal("AWS", ROLE)).identity
    assert role.identity != understand(Principal("AWS", SESSION)).identity


def denies(*statements: dict[str, object]) -> Denies:
    whole = [{"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*", **s} for s in statements]
    return Denies(read_document(json.dumps({"Statement": whole}), KEY), Reader(ACCOUNT))


def who(value: str, kind: str = "AWS") -> Who:
    return understand(Principal(kind, value))


NOT_OWN = {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}


@pytest.mark.parametrize(
    ("deny", "taken", "left"),
    [
        ({"Principal": "*"}, ["*", OTHER, ROLE, SESSION, USER], []),
        ({"Principal": {"AWS": OTHER}}, [OTHER, ROLE, SESSION, USER], ["*", ACCOUNT]),
        ({"Principal": {"AWS": ROLE}}, [ROLE, SESSION, f"arn:aws:iam::{OTHER}:role/etl"], ["*", OTHER, USER]),
        ({"Principal": {"AWS": SESSION}}, [SESSION], [ROLE, OTHER, "*"]),
        ({"Principal": {"AWS": USER}}, [USER], [ROLE, OTHER, "*"]),
        ({"Principal": {"AWS": USER}, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, [], [USER]),
        (
            {"Principal": "*", "Condition": NOT_OWN},
            [OTHER, ROLE, SESSION, USER],
            ["*", ACCOUNT, "AROAEXAMPLEROLEID1234"],
        ),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, ["arn:aws:iam::*:root"], ["*", OTHER]),
        ({"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}}, [OTHER, ROLE, USER], ["*", ACCOUNT]),
        ({"NotPrincipal": {"AWS": ROLE}}, [ACCOUNT], ["*", OTHER, ROLE, SESSION, USER]),
        ({"NotPrincipal": {"AWS": "*"}}, [], ["*", OTHER, ROLE]),
        ({"NotPrincipal": {"AWS": ACCOUNT}, "Condition": NOT_OWN}, [], [OTHER]),
    ],
)
def test_a_deny_takes_from_whom_it_certainly_means(deny: dict[str, object], taken: list[str], left: list[str]) -> None:
    found = denies(deny)
    assert [value for value in taken if found.taken_from(who(value)) != {"Decrypt"}] == []
    assert [value for value in left if found.taken_from(who(value))] == []


def test_a_deny_to_everybody_takes_in_services_and_a_conditional_one_does_not() -> None:
    service = who("s3.amazonaws.com", "Service")
    assert denies({"Principal": {"AWS": "*"}}).taken_from(service) == {"Decrypt"}
    assert denies({"Principal": "*", "Condition": NOT_OWN}).taken_from(service) == frozenset()
    assert denies({"NotPrincipal": {"Service": "s3.amazonaws.com"}}).taken_from(service) == frozenset()
    assert denies({"NotPrincipal": {"Service": "sns.amazonaws.com"}}).taken_from(service) == {"Decrypt"}


def test_what_several_denies_take_adds_up() -> None:
    found = denies({"Principal": {"AWS": OTHER}}, {"Principal": {"AWS": [OTHER, ROLE]}, "Action": "kms:Sign"})
    assert found.taken_from(who(ROLE)) == {"Decrypt", "Sign"}


@pytest.mark.parametrize(
    ("deny", "expected"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": "*", "Condition": NOT_OWN}, True),
        ({"NotPrincipal": {"AWS": ROLE}}, True),
        ({"NotPrincipal": {"AWS": ROLE}, "Condition": NOT_OWN}, True),
        ({"NotPrincipal": {"AWS": ["*", ROLE]}}, False),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Principal": {"AWS": ROLE}}, False),
    ],
)
def test_a_deny_may_refuse_every_stranger(deny: dict[str, object], *, expected: bool) -> None:
    assert bool(denies(deny).sparing_only_known()) is expected


def test_everybody_is_the_star_under_aws() -> None:
    assert understand(EVERYBODY).kind == "any"
    assert read_document(json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}}), KEY)[
        0
    ].principals == (EVERYBODY,)
