"""The fact table of AI services: what they keep of prompts and answers, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class AiServiceFact(Fact):
    """One AI service in one scope: a region of a cloud, or an organization or project at a vendor."""

    table: ClassVar[str] = "ai_services"
    key: ClassVar[str] = "service_id"
    parent: ClassVar[str] = "source"

    service_id: str = column("Identifier of the service in its scope.", source="the collector", required=True)
    provider: str = column("`aws`, `azure`, `openai` and so on.", source="the collector", required=True)
    account: str = column("Account, subscription or organization.", source="the scan", required=True)
    region: str = column("Region, or empty.", source="the scan", required=True)
    name: str | None = column("Name for people.", source="the collector")
    retention_mode: str | None = column(
        "The provider's word for what it keeps.", source="bedrock:GetAccountDataRetention mode"
    )
    retained_by_provider: bool | None = column(
        "The setting lets the provider or the model's maker keep prompts or answers, here or in a project that has its "
        "own; false: zero retention everywhere; null as well where the setting leaves it to each model.",
        source="bedrock:GetAccountDataRetention mode, bedrock:ListProjects dataRetention; "
        "docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html",
    )
    retention_exceptions: tuple[str, ...] | None = column(
        "Projects whose own setting is another than the one of the whole scope, as `project=mode`, sorted.",
        source="bedrock:ListProjects dataRetention",
    )
    retention_set_at: datetime | None = column("Last change of it.", unit="UTC", source="updatedAt")
    prompts_logged: bool | None = column(
        "Prompts and answers are written to a log of the customer's own.",
        source="bedrock:GetModelInvocationLoggingConfiguration",
    )
    logs_text: bool | None = column("Text is among what is logged.", source="textDataDeliveryEnabled")
    logs_audio: bool | None = column("Audio is among what is logged.", source="audioDataDeliveryEnabled")
    log_bucket_id: str | None = column("Bucket of that log among data stores, or `none`.", source="s3Config")
    log_group_id: str | None = column("Log group of that log among data stores, or `none`.", source="cloudWatchConfig")
    large_data_bucket_id: str | None = column(
        "Bucket that gets what is too large for the log group, or `none`.", source="largeDataDeliveryS3Config"
    )
    stores_conversations: bool | None = column(
        "Requests can have their prompts and answers kept in the service: stored completions, threads, files.",
        source="Microsoft.CognitiveServices storedCompletionsDisabled",
    )
    local_keys: bool | None = column(
        "API keys are accepted beside identities.", source="Microsoft.CognitiveServices disableLocalAuth"
    )
    public_network: bool | None = column(
        "It answers to any address of the Internet (whoever asks must still authenticate).",
        source="Microsoft.CognitiveServices publicNetworkAccess, networkAcls",
    )
    store_id: str | None = column(
        "What it keeps, among data stores, or `none`.", source="Microsoft.CognitiveServices Accounts_List id"
    )
