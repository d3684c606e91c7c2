"""Which subscriptions are read, as whom, and what becomes of those that cannot be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.azure.accounts import SUBSCRIPTIONS, TOKEN, principal_of
from scanner.collect.azure.vaults import HSMS, VAULTS
from scanner.demo.aws.faults import Fault
from scanner.demo.azure.simulator import AzureSimulator
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure import scripted
from tests.collect.azure.running import a_source, collect
from tests.collect.fakes import Clock
from tests.demo.azure.composing import CLINICAL, RESEARCH

HIDDEN = "0a2e0000-0bad-4000-8000-000000000003"
FEW = frozenset({TOKEN, SUBSCRIPTIONS, VAULTS, HSMS})


def run(azure: AzureSimulator, folder: Path, **given: Any) -> Collected:  # noqa: ANN401 - any field of AzureSource
    return collect(folder, a_source(azure, **given), azure.environ, wanted=FEW)


def accounts(collected: Collected) -> set[str]:
    return {record.account for record in collected.records} - {""}


def test_all_that_the_credential_sees_is_read(azure: AzureSimulator, tmp_path: Path) -> None:
    collected = run(azure, tmp_path)
    assert accounts(collected) == {CLINICAL, RESEARCH}
    assert collected.gaps == []
    # Only what the plan needs is asked.
    assert set(collected.asked) == FEW


def test_every_record_says_who_asked_and_by_which_credential(azure: AzureSimulator, tmp_path: Path) -> None:
    collected = run(azure, tmp_path)
    (principal,) = {record.principal for record in collected.records if record.account}
    assert principal.startswith("object ")
    assert principal.endswith("by EnvironmentCredential")
    assert azure.environ["AZURE_CLIENT_ID"] in principal
    assert azure.environ["AZURE_CLIENT_SECRET"] not in (tmp_path / "azure.main.accounts.jsonl").read_text()


def test_only_the_subscriptions_that_are_named_are_read(azure: AzureSimulator, tmp_path: Path) -> None:
    collected = run(azure, tmp_path, subscriptions=(CLINICAL.upper(),))
    assert accounts(collected) == {CLINICAL}
    assert collected.gaps == []


def test_a_subscription_that_nobody_sees_is_a_gap(azure: AzureSimulator, tmp_path: Path) -> None:
    collected = run(azure, tmp_path, subscriptions=(CLINICAL, HIDDEN))
    assert accounts(collected) == {CLINICAL}
    gap = collected.gap
    assert (gap.operation, gap.reason, gap.error_code) == (SUBSCRIPTIONS, GapReason.DENIED, "SubscriptionNotSeen")
    assert HIDDEN in gap.detail


def test_a_denied_listing_is_a_gap_and_says_nothing_of_the_named_ones(azure: AzureSimulator, tmp_path: Path) -> None:
    azure.faults.add(Fault("deny", SUBSCRIPTIONS))
    collected = run(azure, tmp_path, subscriptions=(HIDDEN,))
    assert {code for _, _, code in collected.why} == {"AuthorizationFailed"}
    assert accounts(collected) == set()


def test_a_throttled_listing_is_asked_again(azure: AzureSimulator, tmp_path: Path) -> None:
    azure.faults.add(Fault("throttle", SUBSCRIPTIONS, times=2))
    clock = Clock()
    collected = collect(tmp_path, a_source(azure), azure.environ, wanted=FEW, clock=clock)
    assert collected.gaps == []
    assert len(clock.waits) == 2


def test_a_wrong_secret_is_no_clean_scan(azure: AzureSimulator, tmp_path: Path) -> None:
    wrong = {**azure.environ, "AZURE_CLIENT_SECRET": "wrong"}
    collected = collect(tmp_path, a_source(azure), wrong, wanted=FEW)
    assert {reason for _, reason, _ in collected.why} == {"denied"}
    assert collected.answers() == []


@pytest.mark.parametrize("state", [None, "Deleted"])
def test_no_subscription_at_all_is_no_clean_scan(tmp_path: Path, state: str | None) -> None:
    found = [{"subscriptionId": "gone", "state": state}] if state else []
    collected, provider = scripted.run(tmp_path, {SUBSCRIPTIONS: scripted.listed(*found)})
    assert collected.why == {(SUBSCRIPTIONS, "denied", "NoSubscription")}
    assert provider.operations() == [TOKEN, SUBSCRIPTIONS]


def test_a_disabled_subscription_is_read_and_each_once(tmp_path: Path) -> None:
    twice = [{"subscriptionId": one, "state": "Disabled"} for one in ("a-1", "A-1")]
    collected, _ = scripted.run(tmp_path, {SUBSCRIPTIONS: scripted.listed(*twice)})
    assert accounts(collected) == {"a-1"}
    assert collected.gaps == []


@pytest.mark.parametrize("answer", [{}, {"way": "AzureCliCredential"}, {"way": "", "tenant": "t"}])
def test_a_token_that_does_not_say_whose_it_is_ends_the_scan_of_the_source(tmp_path: Path, answer: Json) -> None:
    collected, _ = scripted.run(tmp_path, {TOKEN: answer})
    assert collected.why == {(TOKEN, "malformed", "")}


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"way": "AzureCliCredential", "tenant": "t", "object": "o"}, "object o, tenant t by AzureCliCredential"),
        ({"tenant": "t"}, ""),
        ({"way": "AzureCliCredential"}, ""),
        ({}, ""),
    ],
)
def test_who_asks_in_one_line(answer: dict[str, Any], line: str) -> None:
    assert principal_of(answer) == line


def test_a_missing_sdk_says_what_to_install(
    azure: AzureSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "scanner.collect.azure.transport", raising=False)
    monkeypatch.setitem(sys.modules, "azure.core", None)
    collected = run(azure, tmp_path)
    gap = collected.gaps[0]
    assert (gap.reason, gap.error_code) == (GapReason.UNSUPPORTED, "MissingExtra")
    assert 'pip install "keyaudit[azure]"' in gap.detail
