"""Where a vault is: its ARM id from the listings that the caller may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from scanner.collect.azure.transport import Hub
from scanner.collect.interface import Reply
from scanner.demo.aws.faults import Fault
from scanner.demo.azure.simulator import AzureSimulator
from scanner.model.ids import Json
from scanner.selftest.azure_place import LOOKUPS, MOST_PAGES, body_of, find
from tests.collect.azure.running import a_source
from tests.collect.fakes import Clock
from tests.demo.azure.composing import CLINICAL
from tests.selftest.azure_world import HSM, HSM_KEYS, KEYS, VAULT, a_test, logged_in, running

RESEARCH = "0a2e0000-4e5e-4000-8000-000000000002"
PLACE, HSM_PLACE = KEYS.removesuffix("/keys"), HSM_KEYS.removesuffix("/keys")


@pytest.fixture(scope="module")
def simulator() -> Iterator[AzureSimulator]:
    with running() as azure:
        yield azure


@pytest.fixture
def azure(simulator: AzureSimulator) -> Iterator[AzureSimulator]:
    with logged_in(simulator):
        yield simulator


def place(azure: AzureSimulator, test: Mapping[str, Any], **source: Any) -> str:  # noqa: ANN401 - fields
    given = a_source(azure, **source)
    transport = Hub(given, LOOKUPS).transport()
    try:
        return find(transport, given, a_test(**test), Clock().outside())
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("test", "source", "expected"),
    [
        ({}, {}, PLACE),
        ({"vault": VAULT.upper()}, {"subscriptions": (CLINICAL,)}, PLACE),
        ({"vault": HSM, "managed_hsm": True}, {}, HSM_PLACE),
        ({"vault": HSM}, {}, ""),
        ({"vault": "kv-nowhere"}, {}, ""),
        ({}, {"subscriptions": (RESEARCH,)}, ""),
    ],
)
def test_a_vault_is_found_on_any_page_of_any_subscription(
    azure: AzureSimulator, test: dict[str, Any], source: dict[str, Any], expected: str
) -> None:
    assert place(azure, test, **source) == expected


@pytest.mark.parametrize("operation", ["subscriptions:Subscriptions_List", "keyvault:Vaults_ListBySubscription"])
@pytest.mark.parametrize("kind", ["deny", "error"])
def test_what_may_not_be_listed_is_not_found(azure: AzureSimulator, operation: str, kind: Any) -> None:  # noqa: ANN401
    azure.faults.add(Fault(kind, operation))
    assert place(azure, {}) == ""


def test_a_listing_without_end_is_left() -> None:
    class Endless:
        asked = 0

        def send(self, _: str, params: Mapping[str, Json]) -> Reply:
            self.asked += 1
            return Reply(200, "", {"value": [], "nextLink": f"page {self.asked}"})

    endless: Any = Endless()
    source: Any = a_source
    given = source(type("Simulator", (), {"proxy_url": "", "ca_bundle_path": ""}), subscriptions=(CLINICAL,))
    assert find(endless, given, a_test(), Clock().outside()) == ""
    assert endless.asked == MOST_PAGES


def test_an_answer_that_is_no_object_holds_nothing() -> None:
    assert body_of(["text"]) == {}
