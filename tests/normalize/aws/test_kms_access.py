"""Policies and grants of a key as rows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyGrantFact, KeyPermissionFact, KeyPolicyFact
from scanner.normalize.aws.kms import normalize
from tests.normalize.builders import ACCOUNT, KEY, OTHER, described, listed, missed, observed, rows

PUBLIC = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]})


def policy(text: Json, **more: Any) -> Record:  # noqa: ANN401 - any field of an observation
    return observed("kms:GetKeyPolicy", {"Policy": text, "PolicyName": "default"}, subject=KEY, **more)


def normalized(*records: Record) -> list[Any]:
    return list(normalize([listed(KEY), described(), *records]))


def test_the_row_of_a_policy() -> None:
    facts = normalized(policy(PUBLIC))
    (row,) = rows(facts, KeyPolicyFact)
    assert (row.key_id, row.account, row.managed_by) == (KEY, ACCOUNT, "customer")
    assert (row.public, row.public_actions, row.cross_accounts) == (True, ("Decrypt",), ())
    assert None not in [getattr(row, name) for name in KeyPolicyFact.__slots__ if name != "name"]
    (permission,) = rows(facts, KeyPermissionFact)
    assert (permission.permission_id, permission.key_id) == (f"{KEY}#0000", KEY)
    assert (permission.effect, permission.principal, permission.actions) == ("allow", "*", ("Decrypt",))
    assert (permission.administers, permission.uses, permission.constrained) == (False, True, False)
    assert permission.evidence == (policy(PUBLIC).id,)
    (covered,) = [row for row in rows(facts, CoverageFact) if row.coverage_id == f"key_permissions {KEY}"]
    assert (covered.complete, covered.row_count) == (True, 1)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        missed("kms:GetKeyPolicy", subject=KEY),
        observed("kms:GetKeyPolicy", {}, subject=KEY, error="NotFoundException"),
        observed("kms:GetKeyPolicy", {}, subject=KEY),
        observed("kms:GetKeyPolicy", [], subject=KEY),
        policy(None),
        policy(5),
        policy({"Statement": []}),
        policy(""),
        policy("{}"),
        policy('{"Statement": [{"Effect": "Allow"}]}'),
        policy(PUBLIC[:-1]),
        # Redaction may have cut a statement out of the middle, and left what is a policy still.
        policy(PUBLIC, redacted=("/response/Policy",)),
    ],
)
def test_a_policy_that_was_not_read_or_understood_is_not_known(answer: Record | None) -> None:
    facts = normalized(*([answer] if answer else []))
    (row,) = rows(facts, KeyPolicyFact)
    known = {"source", "evidence", "key_id", "account", "managed_by"}
    assert [name for name in KeyPolicyFact.__slots__ if name not in known and getattr(row, name) is not None] == []
    assert rows(facts, KeyPermissionFact) == []
    assert not any("key_permissions" in row.coverage_id for row in rows(facts, CoverageFact))
    assert row.evidence


def test_what_was_redacted_elsewhere_does_not_matter() -> None:
    facts = normalized(policy(PUBLIC, redacted=("/response/Other", "/params/KeyId")))
    assert rows(facts, KeyPolicyFact)[0].public is True


def test_of_two_policies_the_later_one_counts() -> None:
    later = policy("{}", ended="2026-06-15T12:00:09.000Z")
    for order in ([policy(PUBLIC), later], [later, policy(PUBLIC)]):
        assert rows(normalized(*order), KeyPolicyFact)[0].public is None


# ── grants ──────────────────────────────────────────────────────────────────────────────────────────────────────────

PUBLISHED: dict[str, Json] = {
    "CreationDate": "2016-10-25T21:37:41.000Z",
    "GrantId": "91ad875e49b04a9d1f3bdeb84d821f9db6ea95e1098813f6d47f0c65fbe2a172",
    "GranteePrincipal": "acm.us-east-2.amazonaws.com",
    "IssuingAccount": f"arn:aws:iam::{ACCOUNT}:root",
    "KeyId": KEY,
    "Name": "for ACM",
    "Operations": ["ReEncryptTo", "Encrypt", "ReEncryptFrom"],
    "Constraints": {"EncryptionContextSubset": {"aws:acm:arn": "arn:aws:acm:us-east-2:111122223333:certificate/x"}},
    "RetiringPrincipal": "acm.us-east-2.amazonaws.com",
}


def grants(*items: Json, last: bool = True, page: int = 0) -> Record:
    return observed("kms:ListGrants", {"Grants": list(items)}, subject=KEY, last=last, page=page)


def grant(**fields: Json) -> KeyGrantFact:
    item: dict[str, Json] = {name: value for name, value in {**PUBLISHED, **fields}.items() if value is not None}
    (row,) = rows(normalized(grants(item)), KeyGrantFact)
    assert isinstance(row, KeyGrantFact)
    return row


def test_a_grant_as_aws_publishes_it() -> None:
    row = grant()
    assert (row.grant_id, row.key_id, row.account, row.name) == (PUBLISHED["GrantId"], KEY, ACCOUNT, "for ACM")
    assert (row.grantee, row.grantee_account) == ("acm.us-east-2.amazonaws.com", "none")
    assert (row.grantee_is_service, row.cross_account) == (True, False)
    assert row.operations == ("Encrypt", "ReEncryptFrom", "ReEncryptTo")
    assert (row.decrypts, row.context_bound, row.can_regrant) == (True, True, False)
    assert row.retiring_principal == "acm.us-east-2.amazonaws.com"
    assert row.created_at == datetime(2016, 10, 25, 21, 37, 41)  # noqa: DTZ001 - as DuckDB keeps it


@pytest.mark.parametrize(
    ("principal", "account", "service", "cross"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/app", ACCOUNT, False, False),
        (f"arn:aws:iam::{OTHER}:role/app", OTHER, False, True),
        (f"arn:aws:iam::{OTHER}:root", OTHER, False, True),
        (f"arn:aws:sts::{OTHER}:assumed-role/app/s", OTHER, False, True),
        (OTHER, OTHER, False, True),
        ("s3.amazonaws.com", "none", True, False),
        ("dynamodb.cn-north-1.amazonaws.com.cn", "none", True, False),
        # A role may be called like a service.
        (f"arn:aws:iam::{OTHER}:role/evil.amazonaws.com", OTHER, False, True),
        (f"arn:aws:iam::{OTHER}:role/x/rds.amazonaws.com", OTHER, False, True),
        ("EVIL.amazonaws.com", None, False, None),
        ("x.amazonaws.com.example", None, False, None),
        ("AROAEXAMPLEROLEID1234", None, False, None),
        ("AWS Internal", None, False, None),
        ("*", None, False, None),
        (5, None, None, None),
        (["s3.amazonaws.com"], None, None, None),
    ],
)
def test_whose_a_grantee_is(principal: Json, account: str | None, *, service: bool | None, cross: bool | None) -> None:
    row = grant(GranteePrincipal=principal)
    assert (row.grantee_account, row.grantee_is_service, row.cross_account) == (account, service, cross)


def test_a_service_grantee_has_a_field_of_its_own() -> None:
    row = grant(GranteePrincipal=None, GranteeServicePrincipal="some.service")
    assert (row.grantee, row.grantee_is_service, row.cross_account) == ("some.service", True, False)
    both = grant(GranteePrincipal=f"arn:aws:iam::{OTHER}:role/app", GranteeServicePrincipal="s3.amazonaws.com")
    assert (both.grantee_is_service, both.cross_account, both.grantee_account) == (False, True, OTHER)
    neither = grant(GranteePrincipal=None)
    assert (neither.grantee, neither.grantee_is_service, neither.cross_account) == (None, None, None)
    assert grant(GranteePrincipal=None, GranteeServicePrincipal=5).grantee_is_service is None


@pytest.mark.parametrize(
    ("operations", "decrypts", "regrants"),
    [
        (["Decrypt"], True, False),
        (["ReEncryptFrom", "CreateGrant"], True, True),
        (["DeriveSharedSecret"], True, False),
        (["Decapsulate"], True, False),
        (["Encrypt", "GenerateDataKey", "ReEncryptTo"], False, False),
        ([], False, False),
        (["Encrypt", "OpenEverything"], None, False),
        (["Decrypt", "OpenEverything"], True, False),
        (None, None, None),
        ("Decrypt", None, None),
        (["Decrypt", 5], None, None),
    ],
)
def test_what_a_grant_allows(operations: Json, decrypts: bool | None, regrants: bool | None) -> None:
    row = grant(Operations=operations)
    assert (row.decrypts, row.can_regrant) == (decrypts, regrants)


@pytest.mark.parametrize(
    ("constraints", "bound"),
    [
        (None, False),
        ({}, False),
        ({"EncryptionContextEquals": {"a": "b"}}, True),
        ({"EncryptionContextSubset": {"a": "b"}}, True),
        ({"EncryptionContextSubset": {}}, False),
        ({"EncryptionContextSubset": {}, "EncryptionContextEquals": {"a": "b"}}, True),
        ({"SourceArn": "arn:aws:s3:::bucket"}, False),
        ({"EncryptionContextSubset": "a=b"}, None),
        ([], None),
        ("a=b", None),
    ],
)
def test_whether_an_encryption_context_binds_a_grant(constraints: Json, *, bound: bool | None) -> None:
    assert grant(Constraints=constraints).context_bound is bound


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"RetiringPrincipal": None}, "none"),
        ({"RetiringPrincipal": None, "RetiringServicePrincipal": "s3.amazonaws.com"}, "s3.amazonaws.com"),
        ({"RetiringPrincipal": 5}, None),
        ({"RetiringPrincipal": None, "RetiringServicePrincipal": 5}, None),
    ],
)
def test_who_may_retire_a_grant(fields: dict[str, Json], expected: str | None) -> None:
    assert grant(**fields).retiring_principal == expected


def test_a_grant_may_have_no_name() -> None:
    assert grant(Name=None).name == ""
    assert grant(Name=5).name is None
    assert grant(CreationDate=5).created_at is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([grants()], (True, 0)),
        ([grants({"GrantId": "a"}, last=False), grants({"GrantId": "b"}, page=1)], (True, 2)),
        ([grants({"GrantId": "a"}, {"GrantId": "a"})], (True, 1)),
        ([grants({"GrantId": "a"}, last=False), missed("kms:ListGrants", subject=KEY, page=1)], (False, 1)),
        ([grants({"GrantId": "a"}, {"Name": "without id"})], (False, 1)),
        ([grants({"GrantId": 5})], (False, 0)),
        ([grants("a grant")], (False, 0)),
        ([missed("kms:ListGrants", subject=KEY)], None),
        ([], None),
    ],
)
def test_whether_grants_were_listed_to_the_end(answers: list[Record], expected: tuple[bool, int] | None) -> None:
    facts = normalized(*answers)
    found = [(c.complete, c.row_count) for c in rows(facts, CoverageFact) if c.coverage_id == f"key_grants {KEY}"]
    assert found == ([] if expected is None else [expected])
    assert len(rows(facts, KeyGrantFact)) == (expected[1] if expected else 0)
