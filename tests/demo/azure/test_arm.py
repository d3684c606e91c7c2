"""Resource Manager: subscriptions, groups, and how it speaks."""

from __future__ import annotations

import pytest

from scanner.demo.azure.arm import enabled, rules
from scanner.demo.azure.simulator import AzureSimulator
from scanner.demo.azure.world_parts import Network
from tests.demo.azure.composing import CLINICAL, KEYS, RESEARCH, VAULTS, ArmClient

HIDDEN = "0a2e0000-0bad-4000-8000-000000000003"


def code(arm: ArmClient, path: str, version: str = "2022-12-01") -> tuple[int, str]:
    response = arm.send(path, version)
    return response.status_code, response.json()["error"]["code"]


def test_only_subscriptions_that_are_seen_are_listed(arm: ArmClient, azure: AzureSimulator) -> None:
    told = arm.every("/subscriptions", "2022-12-01")
    assert [(one["subscriptionId"], one["displayName"], one["state"]) for one in told] == [
        (CLINICAL, "clinical", "Enabled"),
        (RESEARCH, "research", "Enabled"),
    ]
    assert {one["tenantId"] for one in told} == {azure.layer.world.tenant}
    assert arm.get(f"/subscriptions/{CLINICAL}", "2022-12-01") == told[0]


def test_tenants_and_groups(arm: ArmClient, azure: AzureSimulator) -> None:
    assert arm.every("/tenants", "2022-12-01")[0]["tenantId"] == azure.layer.world.tenant
    groups = arm.every(f"/subscriptions/{CLINICAL}/resourceGroups", "2021-04-01")
    assert [one["name"] for one in groups] == ["rg-ai", "rg-hsm", "rg-keys", "rg-logs"]


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        (f"/subscriptions/{HIDDEN}", "2022-12-01", (404, "SubscriptionNotFound")),
        (f"/subscriptions/{HIDDEN}/providers/Microsoft.KeyVault/vaults", "2022-12-01", (404, "SubscriptionNotFound")),
        (KEYS.replace("rg-keys", "rg-none") + "/vaults", "2022-12-01", (404, "ResourceGroupNotFound")),
        (f"{KEYS}/vaults/kv-none", "2022-12-01", (404, "ResourceNotFound")),
        ("/subscriptions/x/providers/Microsoft.Unheard/of", "2022-12-01", (404, "InvalidResourceType")),
        (VAULTS, "", (400, "MissingApiVersionParameter")),
        (VAULTS, "latest", (400, "InvalidApiVersionParameter")),
    ],
)
def test_what_is_not_there_and_what_is_not_said(
    arm: ArmClient, path: str, version: str, expected: tuple[int, str]
) -> None:
    assert code(arm, path, version) == expected


def test_answers_have_ids(arm: ArmClient) -> None:
    headers = arm.send(VAULTS).headers
    assert headers["x-ms-request-id"] == headers["x-ms-correlation-request-id"]
    assert headers["Date"] == "Wed, 25 Nov 2026 12:00:00 GMT"


def test_private_endpoints_have_states(azure: AzureSimulator) -> None:
    told = azure.layer.arm.connections("/a/providers/b", Network(private_endpoints=1, pending_endpoints=2), "T")
    states = [one["properties"]["privateLinkServiceConnectionState"]["status"] for one in told]
    assert states == ["Approved", "Pending", "Pending"]


def test_network_rules_are_absent_or_whole() -> None:
    assert rules(Network()) is None
    told = rules(Network(default="Deny", trusted_services=False, addresses=["192.0.2.0/24"], subnets=["/s"]))
    assert told == {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [{"value": "192.0.2.0/24"}],
        "virtualNetworkRules": [{"id": "/s", "ignoreMissingVnetServiceEndpoint": False}],
    }
    assert (enabled(True), enabled(False)) == ("Enabled", "Disabled")
