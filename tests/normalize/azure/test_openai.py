"""Accounts of Azure OpenAI, as services and as stores."""

from __future__ import annotations

import pytest

from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.azure.openai import ACCOUNTS, normalize
from tests.normalize.azure.builders import changed, listed, missed, rows
from tests.normalize.azure.examples import NIL

ID = f"/subscriptions/{NIL}/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/openai"
UNDER_KEY: Json = {
    "keySource": "Microsoft.KeyVault",
    "keyVaultProperties": {
        "keyName": "openai",
        "keyVersion": "1a",
        "keyVaultUri": "https://kv.vault.azure.net/",
        "identityClientId": NIL,
    },
}
ACCOUNT: dict[str, Json] = {
    "id": ID,
    "name": "openai",
    "kind": "OpenAI",
    "location": "eastus2",
    "systemData": {"createdAt": "2025-01-02T03:04:05.0000000Z"},
    "properties": {
        "capabilities": [{"name": "VirtualNetworks"}, {"name": "ContentLogging", "value": "false"}],
        "encryption": UNDER_KEY,
        "storedCompletionsDisabled": True,
        "disableLocalAuth": True,
        "publicNetworkAccess": "Disabled",
    },
}


def service(**properties: Json) -> AiServiceFact:
    (row,) = rows(normalize, AiServiceFact, listed(ACCOUNTS, changed(ACCOUNT, **properties)))
    assert isinstance(row, AiServiceFact)
    return row


def store(**properties: Json) -> DataStoreFact:
    (row,) = rows(normalize, DataStoreFact, listed(ACCOUNTS, changed(ACCOUNT, **properties)))
    assert isinstance(row, DataStoreFact)
    return row


def test_an_account_that_keeps_nothing() -> None:
    row = service()
    assert (row.service_id, row.store_id, row.region, row.provider) == (ID, ID, "eastus2", "azure")
    assert (row.retention_mode, row.retained_by_provider) == ("modified_abuse_monitoring", False)
    assert (row.stores_conversations, row.local_keys, row.public_network) == (False, False, False)
    # Which of its requests are logged with their text, the account does not tell.
    assert (row.prompts_logged, row.logs_text, row.log_bucket_id) == (False, False, "none")


@pytest.mark.parametrize(
    ("capabilities", "kept"),
    [
        ([], True),
        ([{"name": "ContentLogging", "value": "true"}], True),
        ([{"name": "ContentLogging", "value": "False"}], False),
        ([{"name": "ContentLogging"}], None),
        (["ContentLogging"], None),
        (None, None),
        ("ContentLogging", None),
    ],
)
def test_whether_prompts_are_kept_for_abuse_monitoring(capabilities: Json, kept: bool | None) -> None:
    row = service(capabilities=capabilities)
    assert row.retained_by_provider is kept
    assert (row.retention_mode is None) is (kept is None)


@pytest.mark.parametrize(("value", "known"), [(None, True), (False, True), (True, False), ("yes", None)])
def test_a_switch_that_is_off_unless_it_is_set(value: Json, known: bool | None) -> None:
    row = service(storedCompletionsDisabled=value, disableLocalAuth=value)
    assert (row.stores_conversations, row.local_keys) == (known, known)


@pytest.mark.parametrize(
    ("encryption", "reference", "word"),
    [
        (UNDER_KEY, "https://kv.vault.azure.net/keys/openai/1a", "Microsoft.KeyVault"),
        (None, "none", "none"),
        ({"keySource": "Microsoft.CognitiveServices"}, "none", "Microsoft.CognitiveServices"),
        ({"keySource": "Microsoft.KeyVault"}, None, "Microsoft.KeyVault"),
        ({"keySource": "Elsewhere", "keyVaultProperties": {}}, None, "Elsewhere"),
        (
            {"keyVaultProperties": {"keyName": "k", "keyVaultUri": "https://kv.vault.azure.net"}},
            "https://kv.vault.azure.net/keys/k",
            None,
        ),
        ("Microsoft.KeyVault", None, None),
    ],
)
def test_the_key_of_an_account(encryption: Json, reference: str | None, word: str | None) -> None:
    row = store(encryption=encryption)
    assert (row.key_ref, row.provider_encryption, row.encrypted) == (reference, word, True)
    assert (row.kind, row.customer_key_possible, row.public) == ("ai_account", True, False)


@pytest.mark.parametrize(("kind", "count"), [("OpenAI", 1), ("AIServices", 1), ("SpeechServices", 0), (None, 1)])
def test_only_accounts_that_serve_models_count(kind: Json, count: int) -> None:
    records = (listed(ACCOUNTS, {**ACCOUNT, "kind": kind}),)
    assert len(rows(normalize, AiServiceFact, *records)) == count
    covered = {(c.listed_table, c.row_count, c.complete) for c in rows(normalize, CoverageFact, *records)}
    assert covered == {("ai_services", count, True), ("data_stores", count, True)}


def test_an_account_without_properties_tells_nothing() -> None:
    record = listed(ACCOUNTS, {"id": ID})
    (row,) = rows(normalize, AiServiceFact, record)
    assert (row.retained_by_provider, row.local_keys, row.public_network) == (None, None, None)
    (kept,) = rows(normalize, DataStoreFact, record)
    assert (kept.key_ref, kept.provider_encryption) == (None, None)


def test_a_denied_listing_is_not_whole() -> None:
    assert {c.complete for c in rows(normalize, CoverageFact, missed(ACCOUNTS))} == {False}
    assert list(normalize(())) == []
