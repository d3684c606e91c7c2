"""Accounts of Azure OpenAI."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.azure import openai
from scanner.collect.azure.openai import ACCOUNTS
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure.scripted import code, run


def test_the_accounts_of_each_subscription_are_listed(scanned: Collected) -> None:
    assert scanned.asked[ACCOUNTS] == 2


def test_a_denied_listing_is_a_gap(tmp_path: Path) -> None:
    collected, _ = run(tmp_path, {ACCOUNTS: code(GapReason.DENIED, "AuthorizationFailed")}, openai.SERVICE)
    assert collected.why == {(ACCOUNTS, "denied", "AuthorizationFailed")}
