"""Who may use and administer a key: roles, access policies, and a managed HSM's own roles."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyPermissionFact, KeyPolicyFact
from scanner.normalize.azure import access
from scanner.normalize.azure.access import ASSIGNMENTS, LOCAL_ASSIGNMENTS, LOCAL_ROLES, NO_SUCH_ROLE, ROLE, Access
from scanner.normalize.records import Records
from tests.normalize.azure.builders import changed, listed, missed, observed, unit
from tests.normalize.azure.examples import ASSIGNMENT, NIL, ROLE_ID, VAULT, VAULT_ID

KEY = access.Subject(f"{VAULT_ID}/keys/envelope", NIL, "envelope", VAULT_ID, ())
SOMEBODY = "ce2ce14e-85d7-4629-bdbc-454d0519d987"
USER = ["Microsoft.KeyVault/vaults/keys/wrap/action"]
OFFICER = ["Microsoft.KeyVault/vaults/keys/*"]


def assigned(**given: Json) -> Record:
    return listed(ASSIGNMENTS, changed(ASSIGNMENT, **given))


def role(*data_actions: str, kind: str = "BuiltInRole", **lists: Json) -> Record:
    permission: dict[str, Json] = {"dataActions": list(data_actions), **lists}
    body: Json = {"properties": {"roleName": "A role", "type": kind, "permissions": [permission]}}
    return observed(ROLE, body, subject=ROLE_ID)


def roles(*records: Record, policies: tuple[access.Grant, ...] | None = None) -> Access | None:
    return access.by_roles(unit(*records), [ROLE_ID], policies)


def told(granted: Access | None, key: access.Subject = KEY) -> KeyPolicyFact:
    (row,) = [
        fact for fact in access.policy_rows(unit(observed("x", {})), key, granted) if isinstance(fact, KeyPolicyFact)
    ]
    return row


def test_a_user_may_use_and_an_officer_may_do_both() -> None:
    user, officer = told(roles(assigned(), role(*USER))), told(roles(assigned(), role(*OFFICER)))
    assert (user.use_principals, user.admin_principals, user.admin_and_use) == ((SOMEBODY,), (), ())
    assert officer.admin_and_use == (SOMEBODY,)
    for row in (user, officer):
        assert (row.public, row.public_actions, row.cross_accounts, row.delegates_to_iam) == (False, (), (), False)
        assert (row.uses_not_principal, row.uses_not_action, row.organization_wide) == (False, False, False)


GROUP = VAULT_ID.rpartition("/providers/")[0]


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        ("/", True),
        ("/providers/Microsoft.Management/managementGroups/root", True),
        (f"/subscriptions/{NIL}", True),
        (GROUP.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"), True),
        (VAULT_ID, True),
        (f"{VAULT_ID}/keys/envelope", True),
        (f"{VAULT_ID}/keys/envelope2", False),
        (f"{VAULT_ID}/secrets/database", False),
        (f"{VAULT_ID}2", False),
    ],
)
def test_a_role_counts_where_its_scope_covers_the_key(scope: str, covers: bool) -> None:
    row = told(roles(assigned(scope=scope), role(*USER)))
    assert row.use_principals == ((SOMEBODY,) if covers else ())


def test_each_grant_that_allows_something_is_a_row() -> None:
    condition = "@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'a'"
    granted = roles(assigned(principalType="ServicePrincipal", condition=condition), role(*USER))
    facts = list(access.policy_rows(unit(observed("x", {})), KEY, granted))
    (row,) = [fact for fact in facts if isinstance(fact, KeyPermissionFact)]
    assert (row.principal, row.principal_kind, row.statement, row.effect) == (SOMEBODY, "role", "A role", "allow")
    assert (row.actions, row.uses, row.administers, row.cross_account) == (tuple(USER), True, False, False)
    assert row.conditions == f'[{{"condition":"{condition}"}}]'
    (covered,) = [fact for fact in facts if isinstance(fact, CoverageFact)]
    assert (covered.parent_id, covered.complete, covered.row_count) == (KEY.key_id, True, 1)
    reader = list(access.policy_rows(unit(observed("x", {})), KEY, roles(assigned(), role("Other/read"))))
    assert [fact for fact in reader if isinstance(fact, KeyPermissionFact)] == []


@pytest.mark.parametrize(
    ("kind", "principal_kind", "other"),
    [("User", "user", False), ("Group", "other", False), ("ForeignGroup", "other", True), (None, "unique_id", False)],
)
def test_kinds_of_principals(kind: str | None, principal_kind: str, other: bool) -> None:
    granted = roles(assigned(principalType=kind), role(*USER))
    assert granted is not None
    assert [(one.kind, one.tenant != "none") for one in granted.grants] == [(principal_kind, other)]


def test_a_role_that_is_gone_gives_nothing() -> None:
    gone = observed(ROLE, {"message": "gone"}, subject=ROLE_ID, error=NO_SUCH_ROLE)
    assert told(roles(assigned(), gone)).use_principals == ()


@pytest.mark.parametrize(
    "records",
    [
        (missed(ASSIGNMENTS),),
        (assigned(), missed(ROLE, subject=ROLE_ID)),
        (assigned(), observed(ROLE, {"properties": {}}, subject=ROLE_ID)),
        (assigned(principalId=None), role(*USER)),
        (assigned(scope=7), role(*USER)),
        (assigned(principalType=7), role(*USER)),
        (assigned(condition=7), role(*USER)),
        (assigned(roleDefinitionId="/other"), role(*USER)),
        (listed(ASSIGNMENTS, {"id": "/a"}), role(*USER)),
    ],
)
def test_what_is_not_understood_leaves_access_unknown(records: tuple[Record, ...]) -> None:
    granted = roles(*records)
    assert granted is None
    row = told(granted)
    assert (row.public, row.use_principals, row.admin_and_use, row.uses_not_action) == (None, None, None, None)


def policy(keys: Json, tenant: str = NIL, principal: str = "somebody") -> Json:
    return {"tenantId": tenant, "objectId": principal, "permissions": {"keys": keys, "secrets": ["all"]}}


def policies(*written: Json, **given: Json) -> tuple[access.Grant, ...] | None:
    body = changed(VAULT, accessPolicies=list(written), **given)["properties"]
    return access.of_policies(body if isinstance(body, dict) else None, VAULT_ID)


def test_the_published_vault_gives_everything_to_one() -> None:
    body = VAULT["properties"]
    assert isinstance(body, dict)
    granted = access.of_policies(body, VAULT_ID)
    row = told(roles(listed(ASSIGNMENTS), policies=granted))
    assert row.admin_and_use == (NIL,)


@pytest.mark.parametrize(
    ("keys", "uses", "administers"),
    [
        (["get", "list"], False, False),
        (["Get", "WrapKey"], True, False),
        (["setrotationpolicy"], False, True),
        (["all"], True, True),
        (["update", "backup"], False, False),
        ([], False, False),
        (None, False, False),
    ],
)
def test_permissions_of_an_access_policy(keys: Json, uses: bool, administers: bool) -> None:
    found = policies(policy(keys))
    assert found is not None
    assert [(one.uses, one.administers) for one in found] == [(uses, administers)]


def test_somebody_of_another_tenant_is_told() -> None:
    row = told(roles(listed(ASSIGNMENTS), policies=policies(policy(["get", "sign"], tenant="other"))))
    assert row.cross_accounts == ("other",)


@pytest.mark.parametrize(
    "written",
    [
        7,
        {"objectId": "a", "tenantId": "b"},
        policy(["hover"]),
        policy([7]),
        policy("all"),
        policy(["get"], principal="") and {},
    ],
)
def test_an_access_policy_that_is_not_understood(written: Json) -> None:
    assert policies(written) is None


def test_policies_that_are_no_list_or_without_a_tenant() -> None:
    assert access.of_policies(None, VAULT_ID) is None
    assert access.of_policies({"accessPolicies": {}, "tenantId": NIL}, VAULT_ID) is None
    assert access.of_policies({"accessPolicies": []}, VAULT_ID) is None


def test_beside_access_policies_roles_only_manage() -> None:
    granted = roles(assigned(), role(*OFFICER, actions=["*"]), policies=policies(policy(["wrapKey"])))
    row = told(granted)
    assert (row.use_principals, row.admin_principals) == (("somebody",), (SOMEBODY,))


LOCAL_ROLE = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/21dbd100"


def local(scope: str, *data_actions: str, name: str = "21dbd100") -> Records:
    given: dict[str, Any] = {"principalId": SOMEBODY, "roleDefinitionId": LOCAL_ROLE, "scope": scope}
    permission: Json = {"dataActions": list(data_actions)}
    definition: Json = {"name": name, "properties": {"roleName": "Crypto", "permissions": [permission]}}
    return unit(listed(LOCAL_ASSIGNMENTS, {"id": "/a", "properties": given}), listed(LOCAL_ROLES, definition))


WRAP = "Microsoft.KeyVault/managedHsm/keys/wrap/action"


@pytest.mark.parametrize(
    ("scope", "covers"), [("/", True), ("/keys", True), ("/keys/envelope", True), ("/keys/other", False)]
)
def test_roles_of_a_managed_hsm_count_in_their_scope(scope: str, covers: bool) -> None:
    row = told(access.by_local_roles(local(scope, WRAP)))
    assert row.use_principals == ((SOMEBODY,) if covers else ())


def test_roles_of_a_managed_hsm_that_are_not_known() -> None:
    assert access.by_local_roles(local("/", WRAP, name="another")) is None
    assert access.by_local_roles(unit(listed(LOCAL_ASSIGNMENTS), missed(LOCAL_ROLES))) is None
    assert access.by_local_roles(unit(missed(LOCAL_ASSIGNMENTS), listed(LOCAL_ROLES))) is None
