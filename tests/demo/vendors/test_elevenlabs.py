"""The simulated ElevenLabs, in the shapes of its own SDK's models."""

from __future__ import annotations

from typing import Any

import httpx
from elevenlabs.types.get_agents_page_response_model import GetAgentsPageResponseModel
from elevenlabs.types.get_speech_history_response import GetSpeechHistoryResponse
from elevenlabs.types.privacy_config_output import PrivacyConfigOutput
from elevenlabs.types.workspace_api_key_response_model import WorkspaceApiKeyResponseModel
from elevenlabs.types.workspace_audit_logs_page_response import WorkspaceAuditLogsPageResponse

from tests.demo.vendors.running import simulated

KEY = {"xi-api-key": "elevenlabs-administrator-word"}


def wanted(model: Any) -> set[str]:  # noqa: ANN401 - a class of the SDK
    """Return the members that a model must have."""
    return {name for name, field in model.model_fields.items() if field.is_required()}


def test_the_answers_have_what_the_sdks_models_want() -> None:
    with simulated() as simulator, httpx.Client(base_url=simulator.endpoint("elevenlabs"), headers=KEY) as client:

        def read(path: str) -> Any:  # noqa: ANN401 - JSON
            return client.get(path).raise_for_status().json()

        agents = read("/v1/convai/agents")
        assert wanted(GetAgentsPageResponseModel) <= agents.keys()
        privacy = read("/v1/convai/agents/agent_reminder")["platform_settings"]["privacy"]
        assert set(privacy) <= set(PrivacyConfigOutput.model_fields)
        assert (privacy["record_voice"], privacy["retention_days"]) == (True, -1)
        (key, old) = read("/v1/service-accounts/sa_voice/api-keys")["api_keys"]
        assert wanted(WorkspaceApiKeyResponseModel) <= key.keys()
        assert (key["allowed_ips"], old["allowed_ips"], old["expires_at_unix"]) == (["192.0.2.0/24"], None, None)
        assert wanted(WorkspaceAuditLogsPageResponse) <= read("/v1/workspace/audit-logs").keys()
        assert wanted(GetSpeechHistoryResponse) <= read("/v1/history").keys()
        assert [one["name"] for one in read("/v1/convai/secrets")["secrets"]] == ["ehr token"]
        assert len(read("/v1/convai/conversations")["conversations"]) == 3
        assert read("/v1/user")["workspace_id"] == "ws_voice"
        assert read("/v1/convai/settings")["rag_retention_period_days"] == 10
        assert [one["name"] for one in read("/v1/service-accounts")["service_accounts"]] == ["voice platform"]


def test_pages_follow_each_other() -> None:
    with simulated(page_size=2) as simulator, httpx.Client(headers=KEY) as client:
        base = simulator.endpoint("elevenlabs")
        first = client.get(f"{base}/v1/history").json()
        rest = client.get(f"{base}/v1/history?start_after_history_item_id={first['last_history_item_id']}").json()
        assert (first["has_more"], len(first["history"]), rest["has_more"], len(rest["history"])) == (True, 2, False, 1)
        first = client.get(f"{base}/v1/convai/agents").json()
        rest = client.get(f"{base}/v1/convai/agents?cursor={first['next_cursor']}").json()
        assert [one["name"] for one in rest["agents"]] == ["survey"]
