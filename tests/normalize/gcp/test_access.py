"""Who may do what with a key: three policies together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyPermissionFact, KeyPolicyFact
from scanner.normalize.gcp.access import Reader, Subject, rows
from scanner.normalize.records import Records
from tests.normalize.gcp.answers import (
    KEY,
    KEY_POLICY,
    PROJECT,
    PROJECT_POLICY,
    RING_POLICY,
    bindings,
    missed,
    observed,
    of_gcp,
    policies,
)

USE, ADMIN = "roles/cloudkms.cryptoKeyEncrypterDecrypter", "roles/cloudkms.admin"
APP = f"serviceAccount:app@{PROJECT}.iam.gserviceaccount.com"
ANN = "user:ann@example.com"


def facts(*records: Record) -> list[Any]:
    unit = Records(of_gcp(*records))
    return list(rows(unit, Reader(unit, PROJECT), Subject(KEY, PROJECT, "tenants", ())))


def policy(*records: Record) -> KeyPolicyFact:
    (row,) = [fact for fact in facts(*records) if isinstance(fact, KeyPolicyFact)]
    return row


def test_what_is_inherited_counts_like_the_keys_own() -> None:
    given = policies(
        bindings((USE, [APP])), bindings((ADMIN, [ANN])), bindings(("roles/owner", ["user:bob@example.com"]))
    )
    row = policy(*given)
    assert row.use_principals == (APP, "user:bob@example.com")
    assert row.admin_principals == (ANN, "user:bob@example.com")
    assert row.admin_and_use == ("user:bob@example.com",)
    assert (row.public, row.public_actions, row.organization_wide) == (False, (), False)
    assert (row.cross_accounts, row.service_principals, row.delegates_to_iam) == ((), (), True)
    assert (row.uses_not_principal, row.uses_not_action, row.attestation_conditions) == (False, False, ())
    assert (row.managed_by, row.name, row.account) == ("customer", "tenants", PROJECT)
    assert set(row.evidence) == {record.id for record in given}


def test_each_member_of_each_binding_has_a_row_that_says_where_it_is_bound() -> None:
    given = policies(bindings((USE, [APP, ANN])), bindings((ADMIN, [ANN])))
    found = [fact for fact in facts(*given) if isinstance(fact, KeyPermissionFact)]
    assert [(row.permission_id, row.principal, row.statement) for row in found] == [
        (f"{KEY}#0000", APP, f"{USE} of the key, binding 0"),
        (f"{KEY}#0001", ANN, f"{USE} of the key, binding 0"),
        (f"{KEY}#0002", ANN, f"{ADMIN} of the key ring, binding 0"),
    ]
    assert [(row.uses, row.administers, row.effect) for row in found] == [
        *((True, False, "allow"), (True, False, "allow"), (False, True, "allow"))
    ]
    assert (found[0].principal_kind, found[0].principal_account, found[0].cross_account) == ("role", PROJECT, False)
    assert (found[0].conditions, found[0].constrained) == ("{}", False)
    (covered,) = [fact for fact in facts(*given) if isinstance(fact, CoverageFact)]
    assert (covered.complete, covered.row_count, covered.parent_id) == (True, 3, KEY)


@pytest.mark.parametrize("who", ["allUsers", "allAuthenticatedUsers"])
@pytest.mark.parametrize("level", [0, 1])
def test_a_key_that_anybody_may_use_is_public(who: str, level: int) -> None:
    open_ = bindings((USE, [who]))
    row = policy(*(policies(open_) if level == 0 else policies(None, open_)))
    assert row.public is True
    assert row.public_actions == (
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "cloudkms.cryptoKeyVersions.useToEncrypt",
    )


def test_a_condition_may_close_it() -> None:
    row = policy(*policies(bindings((USE, ["allUsers"]), expression="request.time < now", title="t")))
    assert (row.public, row.public_actions) == (None, None)
    (permission,) = [
        fact
        for fact in facts(*policies(bindings((USE, [ANN]), title="t", expression="a")))
        if isinstance(fact, KeyPermissionFact)
    ]
    assert permission.conditions == '{"expression":"a","title":"t"}'


def test_a_role_that_allows_nothing_on_keys_opens_nothing() -> None:
    row = policy(*policies(bindings(("roles/cloudkms.autokeyUser", ["allUsers"]))))
    assert (row.public, row.public_actions) == (False, ())


def test_a_role_that_nobody_knows_leaves_everything_that_it_touches_open() -> None:
    row = policy(*policies(bindings(("roles/new.role", ["allUsers"]), (USE, [APP]))))
    assert (row.public, row.public_actions) == (None, None)
    assert (row.admin_principals, row.use_principals, row.admin_and_use) == (None, None, None)
    row = policy(*policies(bindings(("roles/new.role", ["allUsers"]), (USE, ["allUsers"]))))
    assert (row.public, row.public_actions) == (True, None)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_policy_that_was_denied_leaves_the_lists_open(lost: int) -> None:
    given: list[Any] = [*policies(bindings((USE, [APP])))]
    operation, subject = given[lost].operation, given[lost].subject
    given[lost] = missed(operation, subject=subject)
    row = policy(*given)
    # A project's policy cannot make anything public.
    assert row.public is (False if lost == 2 else None)
    assert (row.use_principals, row.admin_and_use, row.cross_accounts, row.service_principals) == (None,) * 4
    assert row.organization_wide is None
    (covered,) = [fact for fact in facts(*given) if isinstance(fact, CoverageFact)]
    assert not covered.complete


@pytest.mark.parametrize(
    "broken",
    [
        {"bindings": "surprise"},
        {"bindings": ["surprise"]},
        {"bindings": [{"members": [ANN]}]},
        {"bindings": [{"role": USE, "members": ANN}]},
        {"bindings": [{"role": USE, "members": [7]}]},
    ],
    ids=str,
)
def test_a_policy_that_is_not_understood_is_not_known(broken: Json) -> None:
    row = policy(*policies(broken))
    assert (row.public, row.use_principals) == (None, None)


def test_an_open_key_is_open_whatever_else_is_not_known() -> None:
    given = policies(bindings((USE, ["allUsers"])))
    assert policy(given[0]).public is True


def test_service_accounts_of_other_projects_are_told() -> None:
    members = [
        APP,
        "serviceAccount:app@example-lab.iam.gserviceaccount.com",
        "serviceAccount:service-2@gcp-sa-bigquery.iam.gserviceaccount.com",
        "domain:example.com",
    ]
    row = policy(*policies(bindings((USE, members))))
    assert row.cross_accounts == ("2", "example-lab")
    assert row.service_principals == (members[2],)
    assert row.organization_wide is True


def test_without_the_projects_number_agents_may_be_anybodys() -> None:
    agent = "serviceAccount:service-2@gcp-sa-bigquery.iam.gserviceaccount.com"
    assert policy(*policies(bindings((USE, [agent])))[:3]).cross_accounts is None
    # One that is allowed nothing on keys does not matter.
    assert policy(*policies(bindings(("roles/cloudkms.autokeyUser", [agent])))[:3]).cross_accounts == ()


def test_who_was_deleted_has_a_row_and_no_rights() -> None:
    given = policies(bindings((ADMIN, ["deleted:user:ann@example.com?uid=1"])))
    assert policy(*given).admin_principals == ()
    (row,) = [fact for fact in facts(*given) if isinstance(fact, KeyPermissionFact)]
    assert (row.administers, row.uses) == (False, False)


def test_an_answer_of_another_type_is_no_policy() -> None:
    given = policies()
    wrongs: tuple[Json, ...] = ("text", {})
    for wrong in wrongs:
        assert policy(given[0], replace(given[1], response=wrong), *given[2:]).public is None
    assert {one.operation for one in given[:3]} == {KEY_POLICY, RING_POLICY, PROJECT_POLICY}


def test_what_a_ring_allows_is_read_once() -> None:
    unit = Records(of_gcp(*policies(), observed(KEY_POLICY, {"etag": "ACAB"}, subject=f"{KEY}-2")))
    reader = Reader(unit, PROJECT)
    first, second = reader.of_key(KEY), reader.of_key(f"{KEY}-2")
    assert (first.whole, second.whole) == (True, True)
