"""What a vault holds at one instant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scanner.demo.azure.safe import Safe, length, stamp
from scanner.demo.azure.wire import Refused
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import Vault
from tests.demo.azure.composing import NOW


def a_safe(world: AzureWorld, name: str = "kv-clinical") -> Safe:
    return Safe(world.container(name), world, NOW)


def test_versions_are_in_the_order_in_which_they_were_made(world: AzureWorld) -> None:
    kept = a_safe(world).find("ENVELOPE")
    assert [(NOW - one.made).days for one in kept.versions] == [400, 210, 120, 30]
    assert kept.newest.expires == NOW + timedelta(days=700)
    assert kept.versions[0].expires is None


def test_versions_are_the_same_on_every_run(world: AzureWorld) -> None:
    one, other = a_safe(world).find("envelope"), a_safe(world).find("envelope")
    assert [v.id for v in one.versions] == [v.id for v in other.versions]


def test_a_deleted_key_is_found_among_the_deleted_only(world: AzureWorld) -> None:
    safe = a_safe(world)
    assert safe.find("retired", deleted=True).deleted == NOW - timedelta(days=10)
    for name, deleted in (("retired", False), ("envelope", True), ("none", False)):
        with pytest.raises(Refused) as refused:
            safe.find(name, deleted=deleted)
        assert (refused.value.status, refused.value.code) == (404, "KeyNotFound")


def test_a_version_is_found_by_its_id(world: AzureWorld) -> None:
    safe = a_safe(world)
    kept = safe.find("envelope")
    assert safe.version(kept, kept.versions[1].id) is kept.versions[1]
    assert safe.version(kept, "") is kept.newest
    with pytest.raises(Refused, match="was not found"):
        safe.version(kept, "0" * 32)


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({}, "Recoverable"),
        ({"purge_protection": False}, "Recoverable+Purgeable"),
        ({"soft_delete_days": 7}, "CustomizedRecoverable"),
        ({"soft_delete_days": 7, "purge_protection": False}, "CustomizedRecoverable+Purgeable"),
        ({"soft_delete": False}, "Purgeable"),
    ],
)
def test_how_far_a_deletion_can_be_undone(world: AzureWorld, given: dict[str, Any], level: str) -> None:
    vault = Vault.model_validate({"name": "kv-x", "subscription": "clinical", "group": "g", **given})
    assert Safe(vault, world, NOW).recovery == level


@pytest.mark.parametrize(
    ("key", "actions", "attributes"),
    [
        ("envelope", [("timeAfterCreate", "Rotate"), ("timeBeforeExpiry", "Notify")], {"expiryTime": "P2Y"}),
        ("openai", [("timeBeforeExpiry", "Rotate"), ("timeBeforeExpiry", "Notify")], {"expiryTime": "P1Y"}),
        ("consent", [("timeBeforeExpiry", "Notify")], {}),
    ],
)
def test_rotation_policies(
    world: AzureWorld, key: str, actions: list[tuple[str, str]], attributes: dict[str, str]
) -> None:
    safe = a_safe(world)
    policy = safe.policy(safe.find(key))
    assert [(next(iter(one["trigger"])), one["action"]["type"]) for one in policy["lifetimeActions"]] == actions
    assert {name: v for name, v in policy["attributes"].items() if name == "expiryTime"} == attributes


def test_a_policy_may_do_nothing_at_all(world: AzureWorld) -> None:
    rotation = {"notify_before": ""}
    given = {"name": "kv-x", "subscription": "clinical", "group": "g", "keys": [{"name": "k", "rotation": rotation}]}
    safe = Safe(Vault.model_validate(given), world, NOW)
    assert safe.policy(safe.find("k"))["lifetimeActions"] == []


def test_a_new_version_expires_as_the_policy_says(world: AzureWorld) -> None:
    safe = a_safe(world)
    assert safe.rotate(safe.find("envelope")).expires == NOW + timedelta(days=730)
    assert safe.rotate(safe.find("consent")).expires is None
    assert safe.find("envelope").newest.made == NOW


@pytest.mark.parametrize(("duration", "days"), [("P2Y", 730), ("P18M", 540), ("P90D", 90), ("P1Y2W", 379)])
def test_how_long_a_duration_is(duration: str, days: int) -> None:
    assert length(duration) == days


def test_addresses_are_those_of_the_cloud(world: AzureWorld) -> None:
    assert a_safe(world).id.endswith("/providers/Microsoft.KeyVault/vaults/kv-clinical")
    assert a_safe(world, "hsm-clinical").id.endswith("/providers/Microsoft.KeyVault/managedHSMs/hsm-clinical")
    assert a_safe(world, "hsm-clinical").host == "hsm-clinical.managedhsm.azure.net"
    assert stamp(NOW) == "2026-11-25T12:00:00.0000000Z"


def test_a_key_of_a_certificate_says_so(world: AzureWorld) -> None:
    given = {"name": "kv-x", "subscription": "clinical", "group": "g", "keys": [{"name": "k", "cert": True}]}
    safe = Safe(Vault.model_validate(given), world, NOW)
    assert safe.extras(safe.find("k")) == {"managed": True}
