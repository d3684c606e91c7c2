"""Accounts of Azure OpenAI to rows: what each keeps of prompts and answers, and under which key.

Abuse monitoring keeps prompts and answers for a time unless Microsoft has turned that off for the account: then, and
only then, its capabilities name ContentLogging with the value `false` (learn.microsoft.com, Azure OpenAI "Data,
privacy, and security" and "Abuse monitoring").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.azure.names import key_uri
from scanner.normalize.azure.networks import public
from scanner.normalize.azure.stores import NONE, store
from scanner.normalize.reading import Object, child, flag, given, moment, text
from scanner.normalize.records import Records

ACCOUNTS = "cognitiveservices:Accounts_List"
KINDS = frozenset({"openai", "aiservices"})
"""Kinds of accounts that serve models of OpenAI; other kinds are other services."""

_PROVIDER = "microsoft.cognitiveservices"
_CUSTOMER = "microsoft.keyvault"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the accounts of a subscription, each as a service and as a store."""
    unit = Records(records)
    if not unit.asked(ACCOUNTS):
        return
    listing = unit.listing(ACCOUNTS, None, "value", identity="id")
    # One of a kind that is not told may be one.
    chosen = [one for one in listing.items if (text(one[1], "kind") or "openai").lower() in KINDS]
    found = {str(item["id"]): (page, item) for page, item in reversed(chosen)}
    for identity, (page, item) in sorted(found.items()):
        yield _service(unit, identity, page, item)
        yield _store(unit, identity, page, item)
    for table in (AiServiceFact, DataStoreFact):
        yield unit.coverage(table, ACCOUNTS, unit.source, None, len(found), complete=listing.complete, among=True)


def _service(unit: Records, identity: str, page: Observation, item: Object) -> AiServiceFact:
    row = AiServiceFact(
        source=unit.source,
        evidence=(page.id,),
        service_id=identity,
        provider="azure",
        account=page.account,
        region=text(item, "location") or "",
        name=text(item, "name"),
        store_id=identity,
    )
    properties = child(item, "properties")
    if properties is None:
        return row
    kept = _monitored(properties)
    return replace(
        row,
        retention_mode=None if kept is None else "abuse_monitoring" if kept else "modified_abuse_monitoring",
        retained_by_provider=kept,
        retention_exceptions=(),
        stores_conversations=_unless(properties, "storedCompletionsDisabled"),
        local_keys=_unless(properties, "disableLocalAuth"),
        public_network=public(properties),
        # Its resource logs tell of requests, and never hold what was asked and answered (learn.microsoft.com,
        # "Monitor Azure OpenAI"); a gateway before it may keep them, and is not read.
        prompts_logged=False,
        logs_text=False,
        logs_audio=False,
        log_bucket_id="none",
        log_group_id="none",
        large_data_bucket_id="none",
    )


def _monitored(properties: Object) -> bool | None:
    """Tell whether prompts and answers may be kept for abuse monitoring."""
    capabilities = properties.get("capabilities")
    if not isinstance(capabilities, list):
        return None
    named = [child({"": one}, "") for one in capabilities]
    values = [text(one, "value") for one in named if text(one, "name") == "ContentLogging"]
    if None in named or None in values:
        return None
    return not any(value.lower() == "false" for value in values if value)


def _unless(properties: Object, name: str) -> bool | None:
    """Return the contrary of a switch that is off unless it is set."""
    if not given(properties, name):
        return True
    value = flag(properties, name)
    return None if value is None else not value


def _store(unit: Records, identity: str, page: Observation, item: Object) -> DataStoreFact:
    properties = child(item, "properties")
    row = replace(
        store(unit, identity, "ai_account", page, item),
        created_at=moment(child(item, "systemData"), "createdAt") or moment(properties, "dateCreated"),
        # Every request is authenticated, by a token or by a key.
        public=False,
    )
    if properties is None:
        return row
    encryption = child(properties, "encryption")
    if not given(properties, "encryption"):
        return replace(row, provider_encryption=NONE, key_ref=NONE)
    source = text(encryption, "keySource")
    return replace(row, provider_encryption=source, key_ref=_key_ref(source or "", encryption))


def _key_ref(source: str, encryption: Object | None) -> str | None:
    if source.lower() == _PROVIDER:
        return NONE
    named = child(encryption, "keyVaultProperties")
    # Without a word on the source, a key that is named is the one.
    if source.lower() not in {_CUSTOMER, ""}:
        return None
    return key_uri(text(named, "keyVaultUri"), text(named, "keyName"), text(named, "keyVersion"))
