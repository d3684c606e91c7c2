"""A simulated ElevenLabs: voice agents with their privacy, service accounts, what is kept, and the audit log."""

from __future__ import annotations

from datetime import timedelta

from scanner.demo.vendors.routes import Asked, Body, Refusal, Route, after, found, numbered, route, seconds
from scanner.demo.vendors.world import Agent, ApiKey, ElevenLabs, ServiceAccount


def _known(asked: Asked) -> ElevenLabs:
    world: ElevenLabs = asked.vendor
    if asked.key not in {world.admin_key, world.project_key or world.admin_key}:
        raise Refusal(401)
    return world


def _page(asked: Asked, name: str, items: list[Body]) -> Body:
    page, token = numbered(items, asked.first("cursor"), asked.size("page_size", "limit"), "cursor_")
    return {name: page, "has_more": token is not None, "next_cursor": token}


def _user(asked: Asked) -> Body:
    world = _known(asked)
    return {
        "user_id": "user_simulated",
        "workspace_id": world.workspace,
        "first_name": "Jane",
        "xi_api_key_preview": "sk_...",
        "seat_type": "workspace_admin",
        "subscription": {"tier": "enterprise"},
    }


def _agents(asked: Asked) -> Body:
    access = {"is_creator": True, "creator_name": "Jane Doe", "creator_email": "jane.doe@example.com", "role": "admin"}
    items: list[Body] = [
        {
            "agent_id": one.id,
            "name": one.name,
            "created_at_unix_secs": seconds(asked.ago(one.age_days)),
            "archived": one.archived,
            "access_info": access,
        }
        for one in _known(asked).agents
    ]
    return _page(asked, "agents", items)


def _agent(asked: Asked) -> Body:
    one: Agent = found(_known(asked).agents, "id", asked.names["agent"])
    return {
        "agent_id": one.id,
        "name": one.name,
        "conversation_config": {"agent": {"prompt": {"prompt": one.prompt}}},
        "metadata": {"created_at_unix_secs": seconds(asked.ago(one.age_days))},
        "platform_settings": {
            "archived": one.archived,
            "privacy": {
                "record_voice": one.record_voice,
                "retention_days": one.retention_days,
                "delete_transcript_and_pii": False,
                "delete_audio": False,
                "apply_to_existing_conversations": False,
                "zero_retention_mode": one.zero_retention_mode,
            },
        },
    }


def _settings(asked: Asked) -> Body:
    _known(asked)
    return {
        "can_use_mcp_servers": False,
        "rag_retention_period_days": 10,
        "conversation_embedding_retention_days": None,
        "webhooks": {},
    }


def _accounts(asked: Asked) -> Body:
    return {
        "service_accounts": [
            {
                "service_account_user_id": one.id,
                "name": one.name,
                "created_at_unix": seconds(asked.ago(one.age_days)),
                "api-keys": [_key(asked, one, key) for key in one.keys],
            }
            for one in _known(asked).accounts
        ]
    }


def _keys(asked: Asked) -> Body:
    account: ServiceAccount = found(_known(asked).accounts, "id", asked.names["account"])
    return {"api_keys": [_key(asked, account, key) for key in account.keys]}


def _key(asked: Asked, account: ServiceAccount, key: ApiKey) -> Body:
    end = key.expires_in_days
    return {
        "key_id": key.id,
        "name": key.name,
        "hint": key.id[-4:],
        "service_account_user_id": account.id,
        "created_at_unix": seconds(asked.ago(key.age_days)),
        "is_disabled": not key.active,
        "permissions": key.scopes,
        "hashed_xi_api_key": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        "allowed_ips": key.allowed_ips or None,
        "expires_at_unix": seconds(asked.now + timedelta(days=end)) if end is not None else None,
    }


def _audit_logs(asked: Asked) -> Body:
    items: list[Body] = [
        {
            "id": one.id,
            "time": seconds(asked.ago(one.days_ago)) * 1000,
            "activity_id": 1,
            "activity_name": one.kind,
            "class_name": "Entity Management",
            "status_id": 1,
            "actor": {"user": {"uid": one.actor, "email_addr": "jane.doe@example.com"}},
            "message": "said in the log",
        }
        for one in _known(asked).events
    ]
    return _page(asked, "entries", items)


def _secrets(asked: Asked) -> Body:
    items: list[Body] = [
        {"secret_id": f"secret_{i}", "name": name, "type": "stored", "used_by": {}}
        for i, name in enumerate(_known(asked).secrets)
    ]
    return {**_page(asked, "secrets", items)}


def _history(asked: Asked) -> Body:
    items: list[Body] = [
        {
            "history_item_id": f"item_{i}",
            "date_unix": seconds(asked.ago(age)),
            "text": "Jane Doe takes buprenorphine.",
            "content_type": "audio/mpeg",
        }
        for i, age in enumerate(_known(asked).history)
    ]
    page, more = after(items, "history_item_id", asked.first("start_after_history_item_id"), asked.size("page_size"))
    return {
        "history": page,
        "last_history_item_id": page[-1]["history_item_id"] if page else None,
        "has_more": more,
        "scanned_until": None,
    }


def _conversations(asked: Asked) -> Body:
    items: list[Body] = [
        {
            "agent_id": agent.id,
            "conversation_id": f"conv_{agent.id}_{i}",
            "start_time_unix_secs": seconds(asked.ago(age)),
            "call_duration_secs": 60,
            "message_count": 4,
            "status": "done",
            "transcript_summary": "Jane Doe asked about buprenorphine.",
        }
        for agent in _known(asked).agents
        for i, age in enumerate(agent.conversations)
    ]
    return _page(asked, "conversations", items)


ROUTES: tuple[Route, ...] = (
    route("elevenlabs:GetUser", "/v1/user", _user),
    route("elevenlabs:ListAgents", "/v1/convai/agents", _agents),
    route("elevenlabs:GetAgent", "/v1/convai/agents/{agent}", _agent),
    route("elevenlabs:GetConvaiSettings", "/v1/convai/settings", _settings),
    route("elevenlabs:ListServiceAccounts", "/v1/service-accounts", _accounts),
    route("elevenlabs:ListServiceAccountApiKeys", "/v1/service-accounts/{account}/api-keys", _keys),
    route("elevenlabs:ListAuditLogs", "/v1/workspace/audit-logs", _audit_logs),
    route("elevenlabs:ListSecrets", "/v1/convai/secrets", _secrets),
    route("elevenlabs:ListHistory", "/v1/history", _history),
    route("elevenlabs:ListConversations", "/v1/convai/conversations", _conversations),
)
