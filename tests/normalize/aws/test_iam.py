"""AWS IAM answers to rows: credentials from two listings, policies with those who have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import iam as collector
from scanner.demo.aws.people import COLUMNS
from scanner.demo.aws.people_world import AccessKey, ApiKey, Group, Password, People, Policy, Role, Root, User
from scanner.model.access import CredentialFact, IdentityPolicyFact
from scanner.model.facts import Fact, columns_of
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.iam import ACCESS_KEYS, API_KEYS, DETAILS, REPORT, SUMMARY, normalize
from tests.collect.aws.kept import a_unit, collect_kept
from tests.demo.aws.trails_composing import heard
from tests.normalize.aws.test_credential_report import ALICE, KEY, ROOT_USER, line
from tests.normalize.builders import ACCOUNT, SOURCE, missed, observed, rows

DECRYPT: dict[str, Any] = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}
OTHER: dict[str, Any] = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
LOCAL = f"arn:aws:iam::{ACCOUNT}:policy/decrypt"
PROVIDER = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def report(*lines: str) -> Record:
    return observed(REPORT, {"Content": [",".join(COLUMNS), *lines]})


def api_keys(*keys: dict[str, Json], **given: Any) -> Record:  # noqa: ANN401 - arguments of `observed`
    return observed(API_KEYS, {"ServiceSpecificCredentials": list(keys)}, **given)


def summary(**given: Json) -> Record:
    return observed(SUMMARY, {"SummaryMap": {"AccountPasswordPresent": 1, **given}})


def credentials(*records: Record) -> list[CredentialFact]:
    return rows(list(normalize(records)), CredentialFact)


def complete(facts: Sequence[Fact], table: str) -> bool:
    (found,) = [row for row in rows(list(facts), CoverageFact) if row.listed_table == table]
    return bool(found.complete)


def test_nothing_was_asked() -> None:
    assert list(normalize([])) == []


def test_credentials_of_both_listings() -> None:
    key: dict[str, Json] = {
        "ServiceSpecificCredentialId": "ACCA1",
        "UserName": "alice",
        "Status": "Active",
        "CreateDate": "2026-01-02T03:04:05.000Z",
        "ServiceName": "bedrock.amazonaws.com",
    }
    found = {row.kind: row for row in credentials(report(line(**KEY)), api_keys(key), summary())}
    assert set(found) == {"access_key", "service_api_key"}
    row = found["service_api_key"]
    assert (row.credential_id, row.principal, row.mfa) == (f"{ALICE}/api_key/ACCA1", ALICE, True)
    assert (row.active, row.used, row.service) == (True, None, "bedrock.amazonaws.com")
    assert len(row.evidence) == 2


def ids(*keys: tuple[str, str], **given: Any) -> Record:  # noqa: ANN401 - arguments of `observed`
    listed: list[Json] = [{"AccessKeyId": name, "CreateDate": date} for name, date in keys]
    return observed(ACCESS_KEYS, {"AccessKeyMetadata": listed}, subject=ALICE, **given)


EARLY, LATE = "2026-01-02T03:04:05Z", "2026-03-02T03:04:05Z"
TWO = {**KEY, "access_key_2_active": "true", "access_key_2_last_rotated": LATE}


@pytest.mark.parametrize(
    ("told", "listed", "expected"),
    [
        (KEY, ids(("AKIA1", EARLY)), ["AKIA1"]),
        # A single key needs no date to be told by.
        (KEY, ids(("AKIA1", LATE)), ["AKIA1"]),
        (TWO, ids(("AKIA2", LATE), ("AKIA1", EARLY)), ["AKIA1", "AKIA2"]),
        (TWO, ids(("AKIA2", LATE), ("AKIA1", "soon")), [None, "AKIA2"]),
        (TWO, ids(("AKIA2", EARLY), ("AKIA1", EARLY)), [None, None]),
        (TWO, ids(("AKIA1", EARLY)), ["AKIA1", None]),
        (TWO, ids(("AKIA1", EARLY), last=False), [None, None]),
        (KEY, ids(), [None]),
        (KEY, missed(ACCESS_KEYS, subject=ALICE), [None]),
        (KEY, observed(ACCESS_KEYS, {}, subject=ALICE, error="NoSuchEntity"), [None]),
    ],
)
def test_an_access_key_has_the_id_of_its_date(told: dict[str, str], listed: Record, expected: list[str | None]) -> None:
    found = credentials(report(line(**told)), listed)
    assert [row.hint for row in found] == expected
    assert all((listed.id in row.evidence) == (row.hint is not None) for row in found)


API: list[tuple[str, dict[str, Json], str, object]] = [
    ("no end", {}, "expires", False),
    ("an end", {"ExpirationDate": "2026-07-01T00:00:00.000Z"}, "expires", True),
    ("when", {"ExpirationDate": "2026-07-01T00:00:00.000Z"}, "expires_at", datetime(2026, 7, 1)),  # noqa: DTZ001 - as the tables hold it
    ("an end that is no date", {"ExpirationDate": "soon"}, "expires", None),
    ("expired", {"Status": "Expired"}, "active", False),
    ("a new status", {"Status": "Paused"}, "active", None),
    ("a user that the report lacks", {}, "principal", "bob"),
    ("nobody's", {"UserName": None}, "principal", None),
    ("of whom nobody knows a second factor", {}, "mfa", None),
]


@pytest.mark.parametrize(("given", "column", "value"), [a[1:] for a in API], ids=[a[0] for a in API])
def test_an_api_key(given: dict[str, Json], column: str, value: object) -> None:
    (row,) = credentials(api_keys({"ServiceSpecificCredentialId": "ACCA1", "UserName": "bob", **given}))
    assert getattr(row, column) == value


def test_an_api_key_of_the_root_user_is_nobodys_in_the_report() -> None:
    root = line(**ROOT_USER)
    (row,) = credentials(
        report(root),
        api_keys({"ServiceSpecificCredentialId": "A", "UserName": "<root_account>"}),
        summary(AccountPasswordPresent=0),
    )
    assert row.principal == "<root_account>"


PASSWORDS: list[tuple[list[Record], list[bool | None]]] = [
    ([summary()], [True]),
    ([summary(AccountPasswordPresent=0)], []),
    ([summary(AccountPasswordPresent="1")], [None]),
    ([observed(SUMMARY, {})], [None]),
    ([missed(SUMMARY)], [None]),
]


@pytest.mark.parametrize(("records", "active"), PASSWORDS)
def test_the_root_users_password(records: list[Record], active: list[bool | None]) -> None:
    assert [row.active for row in credentials(report(line(**ROOT_USER)), *records)] == active


COVERED: list[tuple[str, list[Record], bool]] = [
    ("both read", [report(line()), api_keys()], True),
    ("no report", [missed(REPORT), api_keys()], False),
    ("no api keys", [report(line()), missed(API_KEYS)], False),
    ("api keys cut off", [report(line()), api_keys(last=False)], False),
    ("a key without a name", [report(line()), api_keys({})], False),
    ("a report that is none", [observed(REPORT, {}), api_keys()], False),
]


@pytest.mark.parametrize(("records", "whole"), [c[1:] for c in COVERED], ids=[c[0] for c in COVERED])
def test_credentials_are_listed_to_the_end_or_not(records: list[Record], whole: bool) -> None:
    covered = [row for row in rows(list(normalize(records)), CoverageFact) if row.listed_table == "credentials"]
    assert len(covered) == 2
    assert all(row.complete for row in covered) is whole


@pytest.mark.parametrize(
    ("record", "count"), [(report(line(password_enabled="true")), 1), (api_keys(), 0)], ids=["report", "api keys"]
)
def test_a_listing_that_nobody_asked_for_is_missing_to_nobody(record: Record, count: int) -> None:
    (covered,) = [row for row in rows(list(normalize([record])), CoverageFact) if row.listed_table == "credentials"]
    assert (covered.complete, covered.row_count) == (True, count)
    assert covered.coverage_id.endswith(f" {record.operation}")


def managed(arn: str, document: Json = None, **given: Json) -> dict[str, Json]:
    version: dict[str, Json] = {"Document": document or DECRYPT, "IsDefaultVersion": True}
    return {"Arn": arn, "PolicyName": arn.rpartition("/")[2], "PolicyVersionList": [version], **given}


def holder(arn: str = ROLE, *attached: str, **given: Json) -> dict[str, Json]:
    return {"Arn": arn, "AttachedManagedPolicies": [{"PolicyArn": one} for one in attached], **given}


def details(
    *policies: dict[str, Json],
    roles: Sequence[dict[str, Json]] = (),
    redacted: tuple[str, ...] = (),
    **given: Any,  # noqa: ANN401
) -> Record:
    body: dict[str, Json] = {"Policies": list(policies), "RoleDetailList": list(roles)}
    return observed(DETAILS, {**body, "UserDetailList": [], "GroupDetailList": []}, redacted=redacted, **given)


def policies(*records: Record) -> list[IdentityPolicyFact]:
    return rows(list(normalize(records)), IdentityPolicyFact)


def test_a_managed_policy_with_who_has_it() -> None:
    (row,) = policies(details(managed(LOCAL), roles=[holder(ROLE, LOCAL)]))
    assert (row.policy_id, row.name, row.account, row.provider_managed) == (LOCAL, "decrypt", ACCOUNT, False)
    assert (row.attached, row.attached_to) == (True, (ROLE,))
    assert (row.allows_decrypt, row.decrypts_any_key, row.administers_any_key, row.uses_not_action) == (
        True,
        True,
        False,
        False,
    )


def test_a_policy_of_its_own() -> None:
    own = holder(RolePolicyList=[{"PolicyName": "p", "PolicyDocument": DECRYPT}])
    (row,) = policies(details(roles=[own]))
    assert (row.policy_id, row.name, row.attached_to) == (f"{ROLE}/inline/p", "p", (ROLE,))


def test_what_is_not_about_keys_is_left_out() -> None:
    own = holder(RolePolicyList=[{"PolicyName": "p", "PolicyDocument": OTHER}])
    assert policies(details(managed(LOCAL, OTHER), roles=[own])) == []


def test_the_providers_policies_count_where_somebody_has_them() -> None:
    assert policies(details(managed(PROVIDER))) == []
    (row,) = policies(details(managed(PROVIDER), roles=[holder(ROLE, PROVIDER)]))
    assert row.provider_managed is True
    (row,) = policies(details(managed(PROVIDER), last=False))
    assert row.attached is None  # somebody on the next page may have it


def test_a_policy_that_nobody_has() -> None:
    (row,) = policies(details(managed(LOCAL)))
    assert (row.attached, row.attached_to) == (False, ())
    (row,) = policies(details(managed(LOCAL), last=False))
    assert (row.attached, row.attached_to) == (None, None)


def test_who_has_it_may_stand_on_another_page() -> None:
    pages = [details(managed(LOCAL), last=False), details(roles=[holder(ROLE, LOCAL)], page=1)]
    (row,) = policies(*pages)
    assert (row.attached_to, len(row.evidence)) == ((ROLE,), 2)


UNREADABLE: list[tuple[str, Record]] = [
    ("no policy", details(managed(LOCAL, "{"))),
    ("no version in force", details({**managed(LOCAL), "PolicyVersionList": []})),
    (
        "cut by redaction",
        details(managed(LOCAL), redacted=("/response/Policies/0/PolicyVersionList/0/Document/Statement",)),
    ),
    (
        "its own, cut by redaction",
        details(
            roles=[holder(RolePolicyList=[{"PolicyName": "p", "PolicyDocument": DECRYPT}])],
            redacted=("/response/RoleDetailList/0/RolePolicyList/0/PolicyDocument/Statement/0",),
        ),
    ),
]


@pytest.mark.parametrize("record", [u[1] for u in UNREADABLE], ids=[u[0] for u in UNREADABLE])
def test_what_a_policy_allows_that_cannot_be_read_is_not_known(record: Record) -> None:
    (row,) = policies(record)
    assert (row.allows_decrypt, row.decrypts_any_key, row.administers_any_key, row.uses_not_action) == (None,) * 4


PARTS: list[tuple[str, list[Record], bool]] = [
    ("whole", [details(managed(LOCAL))], True),
    ("cut off", [details(last=False)], False),
    ("denied", [missed(DETAILS)], False),
    ("a policy without a name", [details({"PolicyVersionList": []})], False),
    ("a holder without a name", [details(roles=[{"RoleName": "x"}])], False),
    ("somebody has what was not listed", [details(roles=[holder(ROLE, LOCAL)])], False),
    ("lists that are none", [observed(DETAILS, {"Policies": "x"})], True),
]


@pytest.mark.parametrize(("records", "whole"), [p[1:] for p in PARTS], ids=[p[0] for p in PARTS])
def test_policies_are_listed_to_the_end_or_not(records: list[Record], whole: bool) -> None:
    assert complete(list(normalize(records)), "identity_policies") is whole


def test_every_column_is_fed() -> None:
    fed = {feed for op in collector.OPERATIONS for feed in op.feeds}
    for table in (CredentialFact, IdentityPolicyFact):
        own = {"source", "evidence", "account", "provider", "credential_id"}
        own |= {"name", "hint", "network_bound"}  # what AI vendors alone tell of their keys
        assert {f"{table.table}.{c.name}" for c in columns_of(table) if c.name not in own} <= fed


WHO = People(
    users=[
        User(
            name="alice",
            account=ACCOUNT,
            about="",
            mfa=True,
            password=Password(age_days=10, last_used_days_ago=1),
            access_keys=[AccessKey(age_days=200)],
            api_keys=[ApiKey(age_days=5, expires_in_days=25)],
            groups=["admins"],
        )
    ],
    groups=[Group(name="admins", account=ACCOUNT, about="", policies=["AdministratorAccess"])],
    roles=[Role(name="app", account=ACCOUNT, about="", inline={"own": {"Version": "2012-10-17", **DECRYPT}})],
    policies=[
        Policy(
            name="AdministratorAccess",
            account=ACCOUNT,
            provider=True,
            about="",
            document={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        )
    ],
    roots=[Root(account=ACCOUNT, mfa=False, access_keys=[AccessKey(age_days=900)])],
)


def test_a_real_account(tmp_path: Path) -> None:
    with heard(who=WHO) as aws:
        found = collect_kept(tmp_path, a_unit(aws.url, collector.NAME, collector.OPERATIONS, collector.collect))
    facts = list(normalize(found.records))
    kinds = sorted((row.kind, row.mfa) for row in rows(facts, CredentialFact))
    assert kinds == [
        ("access_key", True),
        ("password", True),
        ("root_access_key", False),
        ("root_password", False),
        ("service_api_key", True),
    ]
    held = {row.name: (row.attached_to, row.administers_any_key) for row in rows(facts, IdentityPolicyFact)}
    admins = f"arn:aws:iam::{ACCOUNT}:group/admins"
    assert held == {"AdministratorAccess": ((admins,), True), "own": ((ROLE,), False)}
    covered = {row.row_count: row.complete for row in rows(facts, CoverageFact) if row.listed_table == "credentials"}
    assert covered == {4: True, 1: True}
    assert complete(facts, "identity_policies")
    assert {row.source for row in rows(facts, CredentialFact)} == {SOURCE}
