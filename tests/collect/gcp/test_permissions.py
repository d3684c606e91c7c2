"""The custom roles that `keyaudit permissions gcp` prints."""

from __future__ import annotations

import re

import yaml

from scanner.collect.gcp import kms, projects
from scanner.collect.gcp.permissions import custom_role

READ = re.compile(r"[a-z]+(\.[A-Za-z]+)+\.(get|list|getIamPolicy|verifyConnectivity|viewPublicKey)")


def test_the_whole_catalogue_needs_two_roles_that_only_read() -> None:
    own, above = yaml.safe_load_all(custom_role(projects.operations()))
    for role in (own, above):
        assert role.keys() == {"title", "description", "stage", "includedPermissions"}
        assert [one for one in role["includedPermissions"] if not READ.fullmatch(one)] == []
        assert role["includedPermissions"] == sorted(set(role["includedPermissions"]))
    # A role of a project cannot hold what only folders and organizations know.
    assert all(one.startswith("resourcemanager.") for one in above["includedPermissions"])
    assert "resourcemanager.organizations.getIamPolicy" not in own["includedPermissions"]
    assert "cloudkms.cryptoKeys.list" in own["includedPermissions"]


def test_a_narrow_plan_needs_little() -> None:
    chosen = [operation for operation in projects.operations() if operation.name in {kms.RINGS, kms.KEYS}]
    (role,) = yaml.safe_load_all(custom_role(chosen))
    assert role["includedPermissions"] == ["cloudkms.cryptoKeys.list", "cloudkms.keyRings.list"]
    assert custom_role([]) == ""
