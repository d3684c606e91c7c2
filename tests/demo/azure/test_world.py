"""The world's section of Azure: what it refuses, and how its names resolve."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.azure.world import AzureWorld
from tests.demo.azure.composing import CLINICAL, composed, told

SUBSCRIPTION = {"id": CLINICAL, "name": "clinical"}
VAULT = {"name": "kv-a", "subscription": "clinical", "group": "rg"}
STORE = {"name": "stone", "subscription": "clinical", "group": "rg"}
HSM = {**VAULT, "name": "hsm-a"}


def test_the_reference_section_holds_what_the_issue_asks_for(world: AzureWorld) -> None:
    assert [one.name for one in world.containers][-1] == "hsm-clinical"
    assert len(world.resources) == len(world.containers) + 7
    assert world.subscription("clinical") == CLINICAL
    assert world.container("hsm-clinical") is world.managed_hsms[0]
    assert world.principal("keyaudit") is world.scanner
    assert world.principal("voice-app").id != world.principal("key-admins").id


def test_ids_are_the_same_on_every_run(world: AzureWorld) -> None:
    other = composed()
    assert [one.id for one in other.principals] == [one.id for one in world.principals]
    assert [one.id for one in other.roles] == [one.id for one in world.roles]


def test_a_world_may_be_empty() -> None:
    empty = AzureWorld.model_validate({})
    assert (empty.resources, empty.endpoints.arm) == ([], "management.azure.com")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"vaults": [{**VAULT, "subscription": "nowhere"}]}, "nowhere"),
        ({"vaults": [{**VAULT, "policies": [{"principal": "nobody"}]}]}, "nobody"),
        ({"vaults": [{**VAULT, "diagnostics": [{"workspace": "logs"}]}]}, "logs"),
        ({"vaults": [{**VAULT, "diagnostics": [{"storage": "blobs"}]}]}, "blobs"),
        ({"managed_hsms": [{**HSM, "admins": ["nobody"]}]}, "nobody"),
        ({"managed_hsms": [{**HSM, "assignments": [{"role": "King", "principal": "keyaudit"}]}]}, "King"),
        (
            {"managed_hsms": [{**HSM, "assignments": [{"role": "Managed HSM Backup User", "principal": "nobody"}]}]},
            "nobody",
        ),
        ({"assignments": [{"role": "King", "principal": "keyaudit"}]}, "King"),
        ({"assignments": [{"role": "Owner", "principal": "nobody"}]}, "nobody"),
        ({"assignments": [{"role": "Owner", "principal": "keyaudit", "at": {"vault": "kv-z"}}]}, "kv-z"),
        ({"assignments": [{"role": "Owner", "principal": "keyaudit", "at": {"subscription": "s"}}]}, "s"),
        ({"accounts": [{**VAULT, "key": "kv-a/lost/newest"}]}, "kv-a/lost"),
        ({"storage": [{**STORE, "key": "kv-a/lost"}]}, "kv-a/lost"),
    ],
)
def test_what_points_at_nothing_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=f"no such thing in this world: {named}"):
        AzureWorld.model_validate({"subscriptions": [SUBSCRIPTION], "vaults": [VAULT], **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"subscriptions": [SUBSCRIPTION, SUBSCRIPTION]},
        {"vaults": [VAULT, {**VAULT, "name": "KV-A"}]},
        {"managed_hsms": [VAULT]},
        {"workspaces": [VAULT, VAULT]},
        {"storage": [STORE, STORE]},
        {"principals": [{"name": "one"}, {"name": "one"}]},
    ],
)
def test_what_is_there_twice_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="there twice"):
        AzureWorld.model_validate({"subscriptions": [SUBSCRIPTION], "vaults": [VAULT], **changes})


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        composed(kings=[])


def test_every_defect_of_the_reference_section_is_named() -> None:
    planted = [
        one for section in ("vaults", "accounts", "dedicated_hsms") for one in told()[section] if "defect" in one
    ]
    assert len(planted) == 5
