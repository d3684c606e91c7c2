"""The custom role that `keyaudit permissions azure` prints."""

from __future__ import annotations

import json
from typing import Any

from scanner.collect.azure import services
from scanner.collect.azure.permissions import custom_role
from scanner.collect.azure.vault import KEYS, ROTATION


def role(*names: str) -> dict[str, Any]:
    chosen = [op for op in services.operations() if not names or op.name in names]
    made: dict[str, Any] = json.loads(custom_role(chosen))
    return made


def test_the_whole_role_reads_and_does_nothing_else() -> None:
    whole = role()
    assert whole["Actions"] == sorted(whole["Actions"])
    assert [one for one in whole["Actions"] if not one.endswith("/read")] == []
    assert whole["DataActions"] == [
        "Microsoft.KeyVault/vaults/keyrotationpolicies/read",
        "Microsoft.KeyVault/vaults/keys/read",
    ]
    assert (whole["NotActions"], whole["NotDataActions"], whole["IsCustom"]) == ([], [], True)
    assert "Microsoft.KeyVault/vaults/secrets/read" in whole["Actions"]
    assert not any("getSecret" in one for one in (*whole["Actions"], *whole["DataActions"]))


def test_what_a_managed_hsm_gives_by_itself_is_told_in_words() -> None:
    assert "Microsoft.KeyVault/managedHsm/keys/read/action" in role(KEYS)["Description"]
    assert not any("managedHsm/" in one for one in (*role()["Actions"], *role()["DataActions"]))


def test_a_narrow_role_holds_what_its_operations_need() -> None:
    narrow = role(ROTATION)
    assert narrow["Actions"] == []
    assert narrow["DataActions"] == ["Microsoft.KeyVault/vaults/keyrotationpolicies/read"]
    assert role("identity:GetToken")["Description"].endswith("local role.")
