"""The least rights of self-tests at each provider."""

from __future__ import annotations

import json

import pytest

from scanner.selftest.permissions import CANARIES, CHANGES, GCP, HSM, KEYS, OBJECTS, VAULT, iam_policy, policies
from scanner.selftest.record import operations


def test_every_action_is_allowed_on_the_named_keys_and_changes_on_canaries_alone() -> None:
    policy = json.loads(iam_policy(operations()))
    found = {one["Sid"]: (one["Resource"], set(one["Action"])) for one in policy["Statement"]}
    assert found["KeyauditSelftestObjects"] == (OBJECTS, {"s3:ListBucket", "s3:GetObject"})
    assert found["KeyauditSelftestChange"] == (CANARIES, set(CHANGES))
    assert found["KeyauditSelftestUse"][0] == KEYS
    assert found["KeyauditSelftestAudit"] == ("*", {"cloudtrail:LookupEvents"})
    declared = {action for operation in operations() for action in operation.permissions}
    assert set().union(*(actions for _, actions in found.values())) == declared


def test_what_needs_no_rights_of_aws_gives_no_statement() -> None:
    own = [one for one in operations() if one.name.startswith("selftest:ST-MOD")]
    assert json.loads(iam_policy(own)) == {"Version": "2012-10-17", "Statement": []}


def test_every_provider_has_its_own_documents() -> None:
    told = json.loads(policies(operations()))
    assert told.keys() == {"aws", "azure", "gcp"}
    assert told["aws"] == json.loads(iam_policy(operations()))
    use, change, find = told["azure"]["roles"]
    vault = "Microsoft.KeyVault/vaults/keys"
    assert use["DataActions"] == [f"{vault}/read", f"{vault}/unwrap/action", f"{vault}/wrap/action"]
    assert set(change["DataActions"]) == {
        *(f"{vault}/rotate/action", f"{vault}/update/action", f"{vault}/delete", f"{vault}/recover/action")
    }
    assert use["Actions"] == change["Actions"] == find["DataActions"] == []
    assert "Microsoft.KeyVault/vaults/read" in find["Actions"]
    local_use, local_change = told["azure"]["managed_hsm_roles"]
    assert "Microsoft.KeyVault/managedHsm/keys/unwrap/action" in local_use["dataActions"]
    assert "Microsoft.KeyVault/managedHsm/keys/deletedKeys/recover/action" in local_change["dataActions"]
    google_use, google_change = told["gcp"]["roles"]
    assert google_use["includedPermissions"] == [
        *("cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToEncrypt"),
        "cloudkms.cryptoKeys.get",
    ]
    assert "cloudkms.cryptoKeyVersions.destroy" in google_change["includedPermissions"]


def test_nobody_may_purge_export_or_read_what_is_not_named() -> None:
    text = policies(operations())
    assert not [word for word in ("purge", "export", "release", "backup", "/*", "setIamPolicy") if word in text]


def test_what_changes_nothing_needs_no_right_to_change() -> None:
    plain = [one for one in operations() if one.name == "selftest:ST-KMS-01"]
    told = json.loads(policies(plain))
    assert [role["Name"] for role in told["azure"]["roles"]] == [
        "keyaudit self-tests: use",
        "keyaudit self-tests: find",
    ]
    assert [role["title"] for role in told["gcp"]["roles"]] == ["keyaudit self-tests: use"]
    assert json.loads(policies(one for one in operations() if one.name.startswith("selftest:ST-MOD"))) == {}


@pytest.mark.parametrize("rights", [VAULT, HSM, GCP], ids=["vault", "managed HSM", "gcp"])
def test_every_action_of_a_key_has_its_like_elsewhere(rights: dict[str, tuple[str, ...]]) -> None:
    needed = {a for one in operations() for a in one.permissions if a.startswith("kms:")}
    # Moving a key from one to another is unwrapping and wrapping there.
    assert set(rights) == needed - {"kms:ReEncryptFrom", "kms:ReEncryptTo"}
    assert all(rights.values())
