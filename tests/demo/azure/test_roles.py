"""Built-in roles: well-formed, and each what its name says."""

from __future__ import annotations

import re

from scanner.demo.azure.roles import BUILT_IN, LOCAL

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_every_role_has_an_id_of_its_own() -> None:
    ids = [role.id for role in [*BUILT_IN.values(), *LOCAL.values()]]
    assert len(set(ids)) == len(ids)
    assert all(GUID.fullmatch(one) for one in ids)


def test_a_user_of_keys_does_not_administer_them() -> None:
    user = set(BUILT_IN["Key Vault Crypto User"].data_actions)
    assert "Microsoft.KeyVault/vaults/keys/unwrap/action" in user
    assert not {one for one in user if one.endswith(("/delete", "/*", "/rotate/action"))}


def test_only_some_roles_of_a_managed_hsm_give_rights_to_others() -> None:
    grants = "Microsoft.KeyVault/managedHsm/roleAssignments/write/action"
    giving = {name.removeprefix("Managed HSM ") for name, role in LOCAL.items() if grants in role.data_actions}
    assert giving == {"Administrator", "Crypto Officer", "Policy Administrator"}
