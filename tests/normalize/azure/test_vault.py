"""A vault or managed HSM as a whole: from published examples, and from a scan of the simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.audit import AuditScopeFact
from scanner.model.ids import Json
from scanner.model.modules import ModuleFact
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyFact, KeyPermissionFact, KeyPolicyFact
from scanner.model.vaults import VaultFact
from scanner.normalize.azure import vault
from scanner.normalize.azure.access import ASSIGNMENTS, LOCAL_ASSIGNMENTS, LOCAL_ROLES, ROLE
from scanner.normalize.azure.keys import DELETED, KEY, KEYS, VERSIONS
from scanner.normalize.azure.trails import LOGS
from scanner.normalize.azure.vault import HSM_SETTINGS, SECRETS, VAULT_SETTINGS, normalize
from tests.normalize.azure import examples
from tests.normalize.azure.builders import SOURCE, changed, listed, missed, observed, rows
from tests.normalize.azure.examples import HSM_ID, KEY_ID, KID, MANAGED_HSM, NIL, VAULT, VAULT_ID


def settings(**properties: Json) -> Record:
    return observed(VAULT_SETTINGS, changed(VAULT, **properties), subject=VAULT_ID)


def one(*records: Record) -> VaultFact:
    (row,) = rows(normalize, VaultFact, *records)
    assert isinstance(row, VaultFact)
    return row


def test_the_published_vault() -> None:
    row = one(settings())
    assert (row.vault_id, row.name, row.kind, row.account, row.region) == (
        VAULT_ID,
        "sample-vault",
        "vault",
        NIL,
        "westus",
    )
    assert (row.uri, row.tier, row.access_model) == (
        "https://sample-vault.vault.azure.net",
        "standard",
        "access_policies",
    )
    assert (row.soft_delete, row.soft_delete_days, row.purge_protection) == (None, None, False)
    assert (row.public_network, row.trusted_services_bypass, row.private_endpoints) == (True, False, 0)
    assert str(row.created_at) == "2020-01-01 12:00:00"
    assert (row.secrets, row.secrets_without_expiry) == (None, None)  # nobody asked


def test_the_published_managed_hsm() -> None:
    row = one(observed(HSM_SETTINGS, MANAGED_HSM, subject=HSM_ID))
    assert (row.vault_id, row.kind, row.tier, row.access_model) == (HSM_ID, "managed_hsm", "Standard_B1", "local_rbac")
    assert (row.soft_delete, row.soft_delete_days, row.purge_protection) == (True, 90, False)
    assert (row.secrets, row.secrets_without_expiry) == (0, 0)
    assert row.uri == "https://westus.hsm1.managedhsm.azure.net"


@pytest.mark.parametrize(
    ("properties", "column", "value"),
    [
        ({"enableSoftDelete": True, "softDeleteRetentionInDays": 7}, "soft_delete_days", 7),
        ({"enableSoftDelete": False, "softDeleteRetentionInDays": 7}, "soft_delete_days", None),
        ({"enablePurgeProtection": True}, "purge_protection", True),
        ({"enablePurgeProtection": "yes"}, "purge_protection", None),
        ({"enableRbacAuthorization": True}, "access_model", "rbac"),
        ({"enableRbacAuthorization": False, "accessPolicies": []}, "access_model", "access_policies"),
        ({"enableRbacAuthorization": "yes"}, "access_model", None),
        ({"accessPolicies": []}, "access_model", None),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, "public_network", False),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, "trusted_services_bypass", True),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, "trusted_services_bypass", False),
        ({"networkAcls": {"defaultAction": "Deny"}}, "trusted_services_bypass", None),
        ({"privateEndpointConnections": "one"}, "private_endpoints", None),
        ({"privateEndpointConnections": [{"properties": {}}]}, "private_endpoints", None),
        ({"sku": None}, "tier", None),
    ],
)
def test_a_setting(properties: dict[str, Json], column: str, value: object) -> None:
    assert getattr(one(settings(**properties)), column) == value


def test_only_approved_endpoints_count() -> None:
    states: list[Json] = ["Approved", "Pending", "Rejected", "Approved"]
    connections: Json = [{"properties": {"privateLinkServiceConnectionState": {"status": status}}} for status in states]
    assert one(settings(privateEndpointConnections=connections)).private_endpoints == 2


def test_a_vault_that_may_not_be_read_is_there_with_nothing_known() -> None:
    row = one(missed(VAULT_SETTINGS, subject=VAULT_ID))
    assert (row.name, row.purge_protection, row.public_network, row.access_model) == ("sample-vault", None, None, None)
    covered = rows(normalize, CoverageFact, missed(VAULT_SETTINGS, subject=VAULT_ID))
    assert [(c.listed_table, c.parent_id, c.complete, c.row_count) for c in covered] == [("vaults", SOURCE, True, 1)]


def secret(**attributes: Json) -> Json:
    return {"id": f"{VAULT_ID}/secrets/a", "properties": {"attributes": attributes}}


@pytest.mark.parametrize(
    ("secrets", "count", "endless"),
    [
        ([], 0, 0),
        ([secret(enabled=True), secret(enabled=True, exp=1), secret(enabled=False)], 3, 1),
        ([secret(enabled=True), secret()], 2, None),
        ([{"id": "/a"}], 1, None),
    ],
)
def test_secrets_are_counted(secrets: list[Json], count: int, endless: int | None) -> None:
    row = one(settings(), listed(SECRETS, *secrets, subject=VAULT_ID))
    assert (row.secrets, row.secrets_without_expiry) == (count, endless)


def test_secrets_that_were_not_listed_to_the_end_are_not_counted() -> None:
    part = listed(SECRETS, secret(enabled=True), subject=VAULT_ID, last=False)
    row = one(settings(), part, missed(SECRETS, subject=VAULT_ID, page=1))
    assert (row.secrets, row.secrets_without_expiry) == (None, None)


ITEM: Json = {"kid": KID, "attributes": {"enabled": True, "created": 1, "hsmPlatform": "2"}}
KEYED: tuple[Record, ...] = (
    listed(KEYS, ITEM),
    listed(DELETED, *examples.DELETED),
    observed(KEY, examples.KEY, subject=KEY_ID),
)


def test_keys_come_with_who_has_access_and_with_the_coverage_of_each_listing() -> None:
    records = (settings(), *KEYED, listed(ASSIGNMENTS))
    assert len(rows(normalize, KeyFact, *records)) == 2
    (policy,) = rows(normalize, KeyPolicyFact, *records)  # nobody can use a deleted key
    assert (policy.key_id, policy.admin_and_use) == (KEY_ID, (NIL,))
    permissions = rows(normalize, KeyPermissionFact, *records)
    assert [permission.principal for permission in permissions] == [NIL]
    # What decides is told by the vault's own settings.
    assert settings().id in policy.evidence
    covered = {c.coverage_id: (c.complete, c.row_count) for c in rows(normalize, CoverageFact, *records)}
    assert covered[f"keys {SOURCE} {KEYS}"] == (True, 1)
    assert covered[f"keys {SOURCE} {DELETED}"] == (True, 1)
    assert covered[f"key_policies {SOURCE} {KEYS}"] == (True, 1)


def test_roles_decide_where_the_vault_says_so() -> None:
    assigned = listed(ASSIGNMENTS, examples.ASSIGNMENT)
    body: Json = {"properties": {"roleName": "U", "permissions": [{"dataActions": ["*"]}]}}
    records = (settings(enableRbacAuthorization=True), *KEYED, assigned, observed(ROLE, body, subject=examples.ROLE_ID))
    (policy,) = rows(normalize, KeyPolicyFact, *records)
    assert policy.admin_and_use == ("ce2ce14e-85d7-4629-bdbc-454d0519d987",)


@pytest.mark.parametrize(
    "records",
    [
        (missed(VAULT_SETTINGS, subject=VAULT_ID), listed(ASSIGNMENTS)),
        (settings(accessPolicies=["none"]), listed(ASSIGNMENTS)),
        (settings(), missed(ASSIGNMENTS)),
        (settings(enableRbacAuthorization="yes"), listed(ASSIGNMENTS)),
    ],
)
def test_access_that_is_not_known_is_not_no_access(records: tuple[Record, ...]) -> None:
    (policy,) = rows(normalize, KeyPolicyFact, *records, *KEYED)
    assert (policy.public, policy.use_principals, policy.admin_and_use) == (None, None, None)


def test_a_denied_listing_of_keys_is_not_an_empty_vault() -> None:
    covered = rows(normalize, CoverageFact, settings(), missed(KEYS), missed(DELETED))
    assert {(c.listed_table, c.complete) for c in covered if c.listed_table in {"keys", "key_policies", "modules"}} == {
        ("keys", False),
        ("key_policies", False),
        ("modules", False),
    }


def test_a_managed_hsm_has_its_own_roles_and_is_its_own_module() -> None:
    given: Json = {"principalId": "p", "roleDefinitionId": "x/roleDefinitions/r", "scope": "/"}
    permission: Json = {"dataActions": ["Microsoft.KeyVault/managedHsm/keys/wrap/action"]}
    definition: Json = {"name": "r", "properties": {"roleName": "R", "permissions": [permission]}}
    records = (
        observed(HSM_SETTINGS, MANAGED_HSM, subject=HSM_ID),
        listed(KEYS, ITEM),
        listed(LOCAL_ASSIGNMENTS, {"id": "/a", "properties": given}),
        listed(LOCAL_ROLES, definition),
    )
    (policy,) = rows(normalize, KeyPolicyFact, *records)
    assert policy.use_principals == ("p",)
    (module,) = rows(normalize, ModuleFact, *records)
    assert (module.module_id, module.product, module.state) == (HSM_ID, "azure-managed-hsm", "Succeeded")


@pytest.mark.parametrize(
    ("regions", "several"), [(None, False), ([], False), ([{"name": "a"}], False), ([{}, {}], True), ("two", None)]
)
def test_a_managed_hsm_in_several_regions(regions: Json, several: bool | None) -> None:
    body = changed(MANAGED_HSM, regions=regions)
    (key,) = rows(normalize, KeyFact, observed(HSM_SETTINGS, body, subject=HSM_ID), listed(KEYS, ITEM))
    assert key.multi_region is several


def test_a_vault_is_known_by_what_was_asked_of_it() -> None:
    asked = replace(listed(LOGS), params={"holder_id": VAULT_ID})
    assert rows(normalize, AuditScopeFact, asked)[0].scope_id == SOURCE
    (key,) = rows(normalize, KeyFact, listed(KEYS, ITEM), listed(VERSIONS, subject=KEY_ID))
    assert key.key_id == KEY_ID


def test_records_that_name_no_vault_give_nothing() -> None:
    assert list(normalize(())) == []
    assert list(normalize((missed(KEYS),))) == []
    assert vault.SETTINGS == (VAULT_SETTINGS, HSM_SETTINGS)
