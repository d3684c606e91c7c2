"""Keys by their address, and logs by the store they go to: the SQL over small tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.audit import AuditTrailFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, SourceId
from scanner.model.stores import DataStoreFact
from scanner.model.tables import KeyFact
from scanner.model.vaults import VaultFact
from scanner.normalize.azure import resolve
from tests.normalize.azure.examples import NIL, VAULT_ID

IN_VAULT, IN_SUBSCRIPTION = SourceId(f"azure:{NIL}:sample-vault"), SourceId(f"azure:{NIL}")
PLACE: dict[str, Any] = {"provider": "azure", "account": NIL, "region": "westus"}
STORE = f"/subscriptions/{NIL}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st"
WORKSPACE = f"/subscriptions/{NIL}/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"


def seen(name: str) -> tuple[Digest, ...]:
    return (Digest(f"sha256:{name}"),)


VAULT = VaultFact(
    source=IN_VAULT,
    evidence=seen("vault"),
    vault_id=VAULT_ID,
    kind="vault",
    uri="https://Sample-Vault.vault.azure.net/",
    **PLACE,
)
KEY = KeyFact(
    source=IN_VAULT,
    evidence=seen("key"),
    key_id=f"{VAULT_ID}/keys/Envelope",
    managed_by="customer",
    state="active",
    **PLACE,
)


def store(reference: str | None, identity: str = STORE, kind: str = "object_store") -> DataStoreFact:
    return DataStoreFact(
        source=IN_SUBSCRIPTION, evidence=seen("store"), store_id=identity, kind=kind, key_ref=reference, **PLACE
    )


def after(folder: Path, table: str, *facts: Fact) -> list[dict[str, object]]:
    write_facts(facts, folder / "facts", resolve.STATEMENTS)
    return read_facts(folder / "facts", table)


@pytest.mark.parametrize(
    "reference",
    [
        "https://sample-vault.vault.azure.net/keys/envelope",
        "https://SAMPLE-VAULT.vault.azure.net/keys/Envelope/78deebed173b48e48f55abf87ed4cf71",
    ],
)
def test_a_key_is_found_by_its_address(tmp_path: Path, reference: str) -> None:
    (row,) = after(tmp_path, "data_stores", VAULT, KEY, store(reference))
    assert (row["key_id"], row["key_managed_by"], row["key_state"]) == (KEY.key_id, "customer", "active")
    assert row["evidence"] == ["sha256:key", "sha256:store", "sha256:vault"]


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "none",
        "https://sample-vault.vault.azure.net/keys/other",
        "https://another.vault.azure.net/keys/envelope",
        "https://sample-vault.vault.azure.net/secrets/envelope",
    ],
)
def test_another_address_finds_none(tmp_path: Path, reference: str | None) -> None:
    (row,) = after(tmp_path, "data_stores", VAULT, KEY, store(reference))
    assert (row["key_id"], row["key_state"]) == (None, None)


def trail(**given: Any) -> AuditTrailFact:  # noqa: ANN401 - any column
    columns: dict[str, Any] = {
        **PLACE,
        "source": IN_VAULT,
        "evidence": seen("trail"),
        "trail_id": f"{VAULT_ID}/providers/microsoft.insights/diagnosticSettings/audit",
        "bucket": STORE.lower(),
        "bucket_id": STORE.lower(),
        "log_group_id": WORKSPACE.upper(),
    }
    return AuditTrailFact(**{**columns, **given})


STORES = (store("none"), store("none", WORKSPACE, "log_group"))


def test_logs_are_named_as_their_stores_are(tmp_path: Path) -> None:
    (row,) = after(tmp_path, "audit_trails", trail(), *STORES)
    assert (row["bucket"], row["bucket_id"], row["log_group_id"]) == (STORE, STORE, WORKSPACE)


def test_a_workspace_alone_is_no_bucket(tmp_path: Path) -> None:
    (row,) = after(tmp_path, "audit_trails", trail(bucket="none", bucket_id=WORKSPACE.lower()), *STORES)
    assert (row["bucket"], row["bucket_id"], row["log_group_id"]) == ("none", WORKSPACE, WORKSPACE)


def test_a_store_that_was_not_read_keeps_the_name_it_was_given(tmp_path: Path) -> None:
    (row,) = after(tmp_path, "audit_trails", trail(log_group_id="none"))
    assert (row["bucket"], row["bucket_id"], row["log_group_id"]) == (STORE.lower(), STORE.lower(), "none")
