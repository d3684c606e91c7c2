"""What holds keys in a subscription, and that each becomes a scope of its own."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.azure import vaults
from scanner.collect.azure.shapes import UNREGISTERED
from scanner.collect.azure.vaults import HSMS, VAULTS
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure.scripted import HSM_ID, SUBSCRIPTION, VAULT_ID, code, listed, run
from tests.demo.azure.composing import CLINICAL, RESEARCH


def test_each_vault_and_managed_hsm_is_a_scope_of_its_own(scanned: Collected) -> None:
    scopes = {(r.source, r.account, r.region) for r in scanned.records if r.collector == "azure.vault"}
    assert scopes == {
        (f"azure:{CLINICAL}:kv-clinical", CLINICAL, "eastus2"),
        (f"azure:{CLINICAL}:hsm-clinical", CLINICAL, "eastus2"),
        (f"azure:{RESEARCH}:kv-legacy", RESEARCH, "westus3"),
        (f"azure:{RESEARCH}:kv-sealed", RESEARCH, "eastus2"),
        (f"azure:{RESEARCH}:kv-walled", RESEARCH, "eastus2"),
    }


def test_a_listing_is_read_page_by_page(tmp_path: Path) -> None:
    first = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults"
    pages: dict[Json, dict[str, Json]] = {None: {**listed({"id": VAULT_ID}), "nextLink": f"{first}?$skiptoken=2"}}
    collected, provider = run(
        tmp_path,
        {VAULTS: lambda params: pages.get(params.get("nextLink"), listed({"id": f"{VAULT_ID}2"}))},
        vaults.SERVICE,
    )
    assert [params.get("nextLink") for operation, params in provider.asked if operation == VAULTS] == [
        None,
        f"{first}?$skiptoken=2",
    ]
    assert {unit.rpartition(".kv")[2] for unit in collected.units if unit.endswith(".vault")} == {".vault", "2.vault"}


def test_a_managed_hsm_called_like_a_vault_keeps_a_scope(tmp_path: Path) -> None:
    answers = {VAULTS: listed({"id": VAULT_ID}), HSMS: listed({"id": HSM_ID.replace("/hsm", "/kv")})}
    collected, _ = run(tmp_path, answers, vaults.SERVICE)
    sources = {record.source for record in collected.records if record.collector == "azure.vault"}
    assert sources == {f"azure:{SUBSCRIPTION}:kv", f"azure:{SUBSCRIPTION}:kv-managed_hsm"}


def test_a_subscription_without_the_service_has_no_vault(tmp_path: Path) -> None:
    unregistered = code(GapReason.FAILED, UNREGISTERED)
    collected, _ = run(tmp_path, {VAULTS: unregistered, HSMS: unregistered}, vaults.SERVICE)
    assert collected.gaps == []
    assert {answer.error_code for answer in collected.answers(VAULTS)} == {UNREGISTERED}


def test_a_denied_listing_is_a_gap_of_the_subscription(tmp_path: Path) -> None:
    collected, _ = run(tmp_path, {VAULTS: code(GapReason.DENIED, "AuthorizationFailed")}, vaults.SERVICE)
    gap = collected.gap
    assert (gap.source, gap.operation, gap.subject) == (f"azure:{SUBSCRIPTION}", VAULTS, None)
