"""ElevenLabs: the privacy of each agent, the settings of the workspace, keys, the audit log, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.interface import Asking, Unit
from scanner.collect.vendors.asks import holds, listing, named, read
from scanner.collect.vendors.methods import Method, Pages, members
from scanner.model.estate import VendorSource
from scanner.model.operation import Operation, columns

NAME = "vendors.elevenlabs"
USER = "elevenlabs:GetUser"
AGENTS = "elevenlabs:ListAgents"
AGENT = "elevenlabs:GetAgent"
SETTINGS = "elevenlabs:GetConvaiSettings"
ACCOUNTS = "elevenlabs:ListServiceAccounts"
KEYS = "elevenlabs:ListServiceAccountApiKeys"
AUDIT_LOGS = "elevenlabs:ListAuditLogs"
SECRETS = "elevenlabs:ListSecrets"
HISTORY = "elevenlabs:ListHistory"
CONVERSATIONS = "elevenlabs:ListConversations"

METHODS: Mapping[str, Method] = {
    USER: Method(path="/v1/user", keep=members("user_id", "workspace_id", "seat_type")),
    AGENTS: Method(
        path="/v1/convai/agents",
        items="agents",
        pages=Pages.CURSOR,
        keep=members("agent_id", "name", "created_at_unix_secs", "archived"),
    ),
    AGENT: Method(
        path="/v1/convai/agents/{agent}",
        # An agent's prompt, its voice and its tools say more than an audit may keep.
        keep={
            **members("agent_id", "name"),
            "platform_settings": {
                "archived": None,
                "privacy": members(
                    *("record_voice", "retention_days", "delete_transcript_and_pii", "delete_audio"),
                    *("apply_to_existing_conversations", "zero_retention_mode"),
                ),
            },
        },
    ),
    SETTINGS: Method(
        path="/v1/convai/settings", keep=members("rag_retention_period_days", "conversation_embedding_retention_days")
    ),
    ACCOUNTS: Method(
        path="/v1/service-accounts",
        items="service_accounts",
        keep=members("service_account_user_id", "name", "created_at_unix"),
    ),
    KEYS: Method(
        path="/v1/service-accounts/{account}/api-keys",
        items="api_keys",
        keep=members(
            *("key_id", "name", "hint", "service_account_user_id", "created_at_unix", "is_disabled", "permissions"),
            # The hash is dropped, and the evidence says so.
            *("hashed_xi_api_key", "allowed_ips", "expires_at_unix"),
        ),
    ),
    AUDIT_LOGS: Method(
        path="/v1/workspace/audit-logs",
        items="entries",
        pages=Pages.CURSOR,
        query={"limit": "100"},
        keep={
            **members("id", "time", "activity_id", "activity_name", "class_name", "status_id"),
            "actor": {"user": members("uid")},
        },
    ),
    SECRETS: Method(
        path="/v1/convai/secrets", items="secrets", pages=Pages.CURSOR, keep=members("secret_id", "name", "type")
    ),
    HISTORY: Method(
        path="/v1/history",
        items="history",
        pages=Pages.HISTORY,
        limit=1000,
        keep=members("history_item_id", "date_unix"),
        by_project=True,
    ),
    CONVERSATIONS: Method(
        path="/v1/convai/conversations",
        items="conversations",
        pages=Pages.CURSOR,
        keep=members("conversation_id", "agent_id", "start_time_unix_secs"),
        by_project=True,
    ),
}

_RESOURCES = columns(
    "vendor_resources",
    *("*", "scope_id", "kind", "holds_content", "zero_retention", "present", "items", "oldest_at", "newest_at"),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=USER,
        permissions=("elevenlabs: user_read",),
        feeds=(*columns("ai_services", "*", "name"), *columns("vendor_scopes", "*", "kind", "name")),
        purpose="which workspace the key belongs to",
        always=True,
    ),
    Operation(
        name=AGENTS,
        permissions=("elevenlabs: convai_read",),
        feeds=(
            *columns("vendor_scopes", "*", "kind", "name", "active", "created_at"),
            *columns("ai_services", "retained_by_provider", "retention_exceptions"),
        ),
        purpose="the population of voice agents",
    ),
    Operation(
        name=AGENT,
        permissions=("elevenlabs: convai_read",),
        feeds=(
            *columns("vendor_scopes", "retention_mode", "zero_retention", "records_audio", "expires", "retention_days"),
            *columns("ai_services", "retained_by_provider", "retention_exceptions"),
            "vendor_resources.zero_retention",
        ),
        needs=(AGENTS,),
        purpose="what each agent records and how long it is kept; its prompt is not kept",
    ),
    Operation(
        name=SETTINGS,
        permissions=("elevenlabs: convai_read",),
        feeds=columns("vendor_scopes", "expires", "retention_days"),
        purpose="how long the workspace keeps indexes of documents and of conversations",
    ),
    Operation(
        name=ACCOUNTS,
        permissions=("elevenlabs: workspace_read",),
        feeds=columns("credentials", "*", "principal"),
        kinds=("credentials.api_key",),
        purpose="the population of service accounts",
    ),
    Operation(
        name=KEYS,
        permissions=("elevenlabs: workspace_read",),
        feeds=columns(
            "credentials",
            *("*", "kind", "name", "hint", "active", "created_at", "expires", "expires_at", "service"),
            "network_bound",
        ),
        kinds=("credentials.api_key",),
        needs=(ACCOUNTS,),
        drop=("/api_keys/*/hashed_xi_api_key",),
        purpose="age and end of the keys of service accounts; their hashes are not kept",
    ),
    Operation(
        name=AUDIT_LOGS,
        permissions=("elevenlabs: audit_log_read",),
        feeds=(
            "vendor_scopes.audit_log",
            *columns("vendor_events", "*", "name", "subject_ref", "occurred_at", "principal"),
        ),
        purpose="whether changes are recorded, and which there were",
    ),
    Operation(
        name=SECRETS,
        permissions=("elevenlabs: convai_read",),
        feeds=columns("vendor_resources", "*", "kind", "holds_content", "present", "items"),
        kinds=("vendor_resources.secret",),
        purpose="how many secrets the workspace keeps for its agents: names, never values",
    ),
    Operation(
        name=HISTORY,
        permissions=("elevenlabs: speech_history_read",),
        feeds=(*_RESOURCES, "ai_services.retained_by_provider"),
        kinds=("vendor_resources.history_item",),
        purpose="how many spoken texts are kept, and since when: no text, no sound",
    ),
    Operation(
        name=CONVERSATIONS,
        permissions=("elevenlabs: convai_read",),
        feeds=(*_RESOURCES, "ai_services.retained_by_provider"),
        kinds=("vendor_resources.conversation",),
        needs=(AGENTS,),
        purpose="how many conversations each agent keeps, and since when: no transcript, no sound",
    ),
)


def scope_id(agent: str) -> str:
    """Return the identifier of an agent among scopes."""
    return f"elevenlabs:{agent}"


def collect(asking: Asking, source: VendorSource) -> Iterator[Unit]:
    """Read a workspace. Yields no further units."""
    del source  # one key reads everything; the second one, where there is one, is told to the transport
    asking.call(USER, {}, check=holds("workspace_id", str))
    asking.call(SETTINGS, {})
    read(asking, METHODS, (AUDIT_LOGS, SECRETS, HISTORY, CONVERSATIONS))

    def agent(name: str) -> None:
        asking.call(AGENT, {"agent": name}, subject=scope_id(name), check=holds("agent_id", str))

    def account(name: str) -> None:
        for _ in listing(asking, METHODS, KEYS, {"account": name}, subject=scope_id(name)):
            pass

    asking.each(agent, named(listing(asking, METHODS, AGENTS), "agent_id"))
    asking.each(account, named(listing(asking, METHODS, ACCOUNTS), "service_account_user_id"))
    yield from ()
