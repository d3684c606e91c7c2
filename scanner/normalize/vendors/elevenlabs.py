"""Answers of ElevenLabs to rows: the workspace, its voice agents, keys of service accounts, and what is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.vendors import VendorEventFact, VendorResourceFact, VendorScopeFact
from scanner.normalize.reading import Object, child, flag, text
from scanner.normalize.records import Records
from scanner.normalize.vendors.shared import (
    CONTRACT,
    NONE,
    Kept,
    Place,
    any_of,
    covered,
    credential,
    each_covered,
    ends,
    listed_resource,
    opposite,
    resource,
    scope,
    service,
    unix,
)

VENDOR = "elevenlabs"
USER = "elevenlabs:GetUser"
AGENTS = "elevenlabs:ListAgents"
AGENT = "elevenlabs:GetAgent"
SETTINGS = "elevenlabs:GetConvaiSettings"
ACCOUNTS = "elevenlabs:ListServiceAccounts"
KEYS = "elevenlabs:ListServiceAccountApiKeys"
AUDIT_LOGS = "elevenlabs:ListAuditLogs"
HISTORY = Kept("history_item", "elevenlabs:ListHistory", "history", "date_unix")
SECRETS = Kept("secret", "elevenlabs:ListSecrets", "secrets", "created_at", holds_content=False)
CONVERSATIONS = Kept("conversation", "elevenlabs:ListConversations", "conversations", "start_time_unix_secs")
_ZERO, _KEPT = "zero_retention", "kept"
_NO_LIMIT = -1
_DEFAULT_DAYS = 30
"""Of indexes made from conversations, where the workspace sets nothing (elevenlabs SDK, settings)."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one workspace at ElevenLabs."""
    unit = Records(records)
    if unit.first is None:
        return
    place = Place(unit, VENDOR)
    listing = unit.listing(AGENTS, None, "agents", identity="agent_id")
    agents = [_agent(place, item) for _, item in listing.items]
    yield from _workspace(place, agents, complete=listing.complete)
    yield from agents
    yield from covered(place, VendorScopeFact, AGENTS, len(agents), complete=listing.complete)
    yield from _credentials(place)
    yield from _events(place)
    yield from listed_resource(place, HISTORY, str(unit.source), None)
    yield from listed_resource(place, SECRETS, str(unit.source), None)
    yield from _conversations(place, agents, complete=listing.complete)


def _agent(place: Place, item: Object) -> VendorScopeFact:
    unit, name = place.unit, place.id(str(item["agent_id"]))
    found = child({"": unit.response(AGENT, name)}, "")
    privacy = child(child(found, "platform_settings"), "privacy")
    zero = flag(privacy, "zero_retention_mode")
    days = privacy.get("retention_days") if privacy is not None else None
    limited = isinstance(days, int) and not isinstance(days, bool) and days >= 0
    evidence = (*unit.ids(AGENTS), *unit.ids(AGENT, name))
    return replace(
        scope(place, name, "agent", evidence),
        name=text(item, "name"),
        active=not item["archived"] if isinstance(item.get("archived"), bool) else None,
        created_at=unix(item, "created_at_unix_secs"),
        retention_mode=None if zero is None else _ZERO if zero else _KEPT,
        zero_retention=zero,
        records_audio=flag(privacy, "record_voice"),
        expires=True if limited else False if days == _NO_LIMIT and not isinstance(days, bool) else None,
        retention_days=days if limited and isinstance(days, int) else None,
    )


def _workspace(place: Place, agents: Sequence[VendorScopeFact], *, complete: bool) -> Iterator[Fact]:
    unit = place.unit
    me = child({"": unit.response(USER)}, "")
    used = [one for one in agents if one.active is not False]
    kept = [opposite(one.zero_retention) for one in used]
    seen = any(unit.listing(one.operation, None, one.items).items for one in (HISTORY, CONVERSATIONS))
    exceptions = sorted(one.scope_id.partition(":")[2] for one in used if one.zero_retention is False)
    known = complete and None not in kept
    name = text(me, "workspace_id")
    proof = (p for one in agents for p in one.evidence)
    yield replace(
        service(place, name, (*unit.ids(USER), *unit.ids(HISTORY.operation), *proof)),
        # Speech is kept or not as each request says, which no setting tells: so it is never known that nothing is.
        retained_by_provider=True if seen or any_of(kept) else None,
        retention_exceptions=tuple(f"{one}={_KEPT}" for one in exceptions) if known else None,
    )
    yield from covered(place, AiServiceFact, USER, 1, complete=True)
    log, days = unit.listing(AUDIT_LOGS, None, "entries"), _index_days(unit)
    yield replace(
        scope(place, str(unit.source), "organization", (*unit.ids(USER), *unit.ids(SETTINGS), *unit.ids(AUDIT_LOGS))),
        name=name,
        active=True,
        expires=None if days is None else True,
        retention_days=days,
        # Agents have settings. Whether speech and its texts are kept, each request says, and in the end the contract.
        retention_mode=CONTRACT,
        audit_log=True if log.items else None,
    )
    yield from covered(place, VendorScopeFact, USER, 1, complete=True)


def _index_days(unit: Records) -> int | None:
    """Return how long the workspace keeps the indexes that it makes from conversations; None: not known."""
    found = child({"": unit.response(SETTINGS)}, "")
    if found is None:
        return None
    value = found.get("conversation_embedding_retention_days")
    if value is None:
        return _DEFAULT_DAYS
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _credentials(place: Place) -> Iterator[Fact]:
    unit = place.unit
    accounts = unit.listing(ACCOUNTS, None, "service_accounts", identity="service_account_user_id")
    names = [place.id(str(item["service_account_user_id"])) for _, item in accounts.items]
    count = 0
    for name in names:
        listing = unit.listing(KEYS, name, "api_keys", identity="key_id")
        count += len(listing.items)
        for page, item in listing.items:
            end = ends(item, "expires_at_unix", counted=True)
            addresses = item.get("allowed_ips")
            yield replace(
                credential(place, str(item["key_id"]), (page.id, *unit.ids(ACCOUNTS))),
                principal=name.partition(":")[2],
                kind="api_key",
                name=text(item, "name"),
                hint=text(item, "hint"),
                active=opposite(flag(item, "is_disabled")),
                created_at=unix(item, "created_at_unix"),
                expires=end.expires,
                expires_at=end.at,
                service="any",
                network_bound=bool(addresses) if isinstance(addresses, list) or "allowed_ips" in item else None,
            )
    yield from each_covered(place, CredentialFact, KEYS, count, names, complete=accounts.complete)


def _events(place: Place) -> Iterator[Fact]:
    listing = place.unit.listing(AUDIT_LOGS, None, "entries", identity="id")
    for page, item in listing.items:
        yield VendorEventFact(
            source=place.unit.source,
            evidence=(page.id,),
            event_id=place.id(str(item["id"])),
            provider=VENDOR,
            account=place.account,
            name=text(item, "activity_name"),
            subject_ref=NONE,
            # The log is in the form of OCSF, whose instants are milliseconds.
            occurred_at=unix(item, "time", per_second=1000),
            principal=text(child(child(item, "actor"), "user"), "uid") or NONE,
        )
    yield from covered(place, VendorEventFact, AUDIT_LOGS, len(listing.items), complete=listing.complete)


def _conversations(place: Place, agents: Sequence[VendorScopeFact], *, complete: bool) -> Iterator[Fact]:
    """Yield what each agent keeps. Of one that is not listed (any more) there may be some all the same."""
    unit = place.unit
    if not unit.asked(CONVERSATIONS.operation):
        return
    listing = unit.listing(CONVERSATIONS.operation, None, CONVERSATIONS.items, identity="agent_id")
    kept: defaultdict[str, list[Object]] = defaultdict(list)
    for _, item in listing.items:
        kept[place.id(str(item["agent_id"]))].append(item)
    zero = {one.scope_id: one.zero_retention for one in agents}
    for name in sorted({*zero, *kept}):
        yield resource(
            place,
            CONVERSATIONS,
            name,
            kept[name],
            whole=listing.complete,
            zero_retention=zero.get(name),
            evidence=unit.ids(CONVERSATIONS.operation),
        )
    rows = len({*zero, *kept})
    yield from covered(place, VendorResourceFact, CONVERSATIONS.operation, rows, complete=listing.complete and complete)
