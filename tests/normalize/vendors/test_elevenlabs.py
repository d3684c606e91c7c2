"""ElevenLabs' answers to rows: what agents record, what is kept, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.model.vendors import VendorEventFact, VendorResourceFact, VendorScopeFact
from scanner.normalize.vendors.elevenlabs import (
    ACCOUNTS,
    AGENT,
    AGENTS,
    AUDIT_LOGS,
    CONVERSATIONS,
    HISTORY,
    KEYS,
    SETTINGS,
    normalize,
)
from tests.normalize.builders import missed, rows
from tests.normalize.vendors.records import changed, each, noon, of, without

INTAKE, REMINDER, SURVEY = (f"elevenlabs:agent_{name}" for name in ("intake", "reminder", "survey"))
WORKSPACE = "elevenlabs:elevenlabs-main"


def of_kind(kind: Any, records: list[Record] | tuple[Record, ...] | None = None) -> dict[str, Any]:  # noqa: ANN401 - a table
    """Return the rows of a table by their keys."""
    found = rows(list(normalize(of("elevenlabs") if records is None else records)), kind)
    return {getattr(row, kind.key): row for row in found}


def privacy(**members: Json) -> list[Record]:
    return changed(of("elevenlabs"), AGENT, lambda body: {**body, "platform_settings": {"privacy": members}})


def test_nothing_comes_of_nothing() -> None:
    assert list(normalize([])) == []


def test_each_agent_records_and_keeps_what_it_is_set_to() -> None:
    agents = of_kind(VendorScopeFact)
    assert {
        name: (row.zero_retention, row.records_audio, row.expires, row.retention_days)
        for name, row in agents.items()
        if row.kind == "agent"
    } == {
        INTAKE: (True, False, True, 0),
        REMINDER: (False, True, False, None),
        SURVEY: (False, True, True, 14),
    }
    (workspace,) = [row for row in agents.values() if row.kind == "organization"]
    assert (workspace.retention_mode, workspace.zero_retention) == ("contract", None)
    assert (agents[REMINDER].retention_mode, agents[REMINDER].created_at) == ("kept", noon(2026, 1, 16))


@pytest.mark.parametrize(
    ("given", "expires", "days"),
    [
        ({"retention_days": -1}, False, None),
        ({"retention_days": 0}, True, 0),
        ({"retention_days": -2}, None, None),
        ({"retention_days": True}, None, None),
        ({"retention_days": "30"}, None, None),
        ({}, None, None),
    ],
)
def test_a_retention_of_minus_one_is_without_limit(
    given: dict[str, Json], expires: bool | None, days: int | None
) -> None:
    row = of_kind(VendorScopeFact, privacy(**given))[SURVEY]
    assert (row.expires, row.retention_days, row.zero_retention, row.records_audio) == (expires, days, None, None)


def test_the_workspace_keeps_what_lies_there_and_is_never_known_to_keep_nothing() -> None:
    (row,) = of_kind(AiServiceFact).values()
    assert (row.name, row.retained_by_provider) == ("ws_voice", True)
    assert row.retention_exceptions == ("agent_reminder=kept", "agent_survey=kept")
    quiet = tuple(privacy(zero_retention_mode=True))
    for kept in (HISTORY, CONVERSATIONS):
        quiet = tuple(
            changed(quiet, kept.operation, lambda body, name=kept.items: {**body, name: []})  # type: ignore[misc] # a default of its own
        )
    (row,) = of_kind(AiServiceFact, quiet).values()
    assert (row.retained_by_provider, row.retention_exceptions) == (None, ())


def test_an_agent_that_was_denied_is_not_known() -> None:
    records = [*without(of("elevenlabs"), AGENT, SURVEY), missed(AGENT, subject=SURVEY)]
    row = of_kind(VendorScopeFact, records)[SURVEY]
    assert (row.zero_retention, row.records_audio, row.expires, row.active) == (None, None, None, True)
    (service,) = of_kind(AiServiceFact, records).values()
    assert service.retention_exceptions is None
    silent = changed(of("elevenlabs"), AGENTS, each("agents", archived="gone"))
    assert of_kind(VendorScopeFact, silent)[SURVEY].active is None


@pytest.mark.parametrize(
    ("days", "expires", "kept"),
    [(None, True, 30), (7, True, 7), ("7", None, None), (True, None, None), (-1, None, None)],
)
def test_indexes_of_conversations_end_by_default(days: Json, expires: bool | None, kept: int | None) -> None:
    records = changed(of("elevenlabs"), SETTINGS, lambda _: {"conversation_embedding_retention_days": days})
    row = of_kind(VendorScopeFact, records)[WORKSPACE]
    assert (row.expires, row.retention_days) == (expires, kept)
    denied = [*without(of("elevenlabs"), SETTINGS), missed(SETTINGS)]
    assert of_kind(VendorScopeFact, denied)[WORKSPACE].expires is None


def test_keys_of_service_accounts() -> None:
    keys = of_kind(CredentialFact)
    new, old = keys["elevenlabs:key_voice"], keys["elevenlabs:key_voice_old"]
    assert (new.kind, new.principal, new.active, new.network_bound) == ("api_key", "sa_voice", True, True)
    assert (new.expires_at, new.hint) == (noon(2026, 8, 14), "oice")
    assert (old.expires, old.network_bound) == (False, False)
    silent = changed(of("elevenlabs"), KEYS, each("api_keys", allowed_ips="gone", expires_at_unix="gone"))
    row = of_kind(CredentialFact, silent)["elevenlabs:key_voice"]
    assert (row.network_bound, row.expires) == (None, None)
    denied = [*without(of("elevenlabs"), ACCOUNTS), missed(ACCOUNTS)]
    assert of_kind(CredentialFact, denied) == {}


def test_the_audit_log_shows_that_it_is_on() -> None:
    (row,) = of_kind(VendorEventFact).values()
    assert (row.name, row.principal, row.occurred_at) == ("API Key Creation", "user_owner", noon(2026, 5, 16))
    assert of_kind(VendorScopeFact)[WORKSPACE].audit_log is True
    empty = changed(of("elevenlabs"), AUDIT_LOGS, lambda body: {**body, "entries": []})
    assert of_kind(VendorScopeFact, empty)[WORKSPACE].audit_log is None


def test_what_lies_there_is_counted_for_each_agent() -> None:
    kept = of_kind(VendorResourceFact)
    assert {name: row.items for name, row in kept.items()} == {
        f"{WORKSPACE}/history_item": 3,
        f"{WORKSPACE}/secret": 1,
        f"{INTAKE}/conversation": 0,
        f"{REMINDER}/conversation": 3,
        f"{SURVEY}/conversation": 0,
    }
    assert (kept[f"{INTAKE}/conversation"].zero_retention, kept[f"{INTAKE}/conversation"].present) == (True, False)
    assert kept[f"{WORKSPACE}/secret"].holds_content is False
    gone = changed(of("elevenlabs"), CONVERSATIONS.operation, each("conversations", agent_id="agent_deleted"))
    row = of_kind(VendorResourceFact, gone)["elevenlabs:agent_deleted/conversation"]
    assert (row.items, row.zero_retention) == (3, None)


def test_a_listing_that_was_denied_counts_nothing() -> None:
    records = [*without(of("elevenlabs"), CONVERSATIONS.operation), missed(CONVERSATIONS.operation)]
    kept = of_kind(VendorResourceFact, records)
    assert {kept[f"{name}/conversation"].present for name in (INTAKE, REMINDER, SURVEY)} == {None}
    coverage = of_kind(CoverageFact, records)
    assert not coverage[f"vendor_resources {WORKSPACE} {CONVERSATIONS.operation}"].complete
    none = without(of("elevenlabs"), CONVERSATIONS.operation)
    assert not any(name.endswith("/conversation") for name in of_kind(VendorResourceFact, none))
