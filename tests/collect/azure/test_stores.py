"""Where logs can go: workspaces and storage accounts, each with its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.azure import stores
from scanner.collect.azure.stores import ACCOUNTS, NO_POLICY, POLICY, TABLES, WORKSPACES
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure.scripted import GROUP, code, listed, run

ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/st"


def test_each_store_is_asked_for_its_retention(scanned: Collected) -> None:
    assert (scanned.asked[WORKSPACES], scanned.asked[ACCOUNTS]) == (2, 2)
    assert {str(r.subject).rpartition("/")[2] for r in scanned.answers(POLICY)} == {"stlogs", "stscratch"}
    assert {str(r.subject).rpartition("/")[2] for r in scanned.answers(TABLES)} == {"logs-clinical"}


@pytest.mark.parametrize("absent", NO_POLICY)
def test_an_account_without_rules_says_so(tmp_path: Path, absent: str) -> None:
    answers = {ACCOUNTS: listed({"id": ACCOUNT}), POLICY: code(GapReason.UNSUPPORTED, absent)}
    collected, _ = run(tmp_path, answers, stores.SERVICE)
    assert collected.gaps == []
    assert [answer.error_code for answer in collected.answers(POLICY)] == [absent]


def test_rules_that_may_not_be_read_are_a_gap_of_their_account(tmp_path: Path) -> None:
    answers = {ACCOUNTS: listed({"id": ACCOUNT}), POLICY: code(GapReason.DENIED, "AuthorizationFailed")}
    collected, _ = run(tmp_path, answers, stores.SERVICE)
    assert (collected.gap.operation, collected.gap.subject) == (POLICY, ACCOUNT)
