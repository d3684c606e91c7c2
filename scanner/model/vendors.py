"""The fact tables of AI vendors: their projects and settings, what they keep, and the keys that customers lend them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorScopeFact(Fact):
    """One organization at an AI vendor, or one part of it that has settings of its own: project, workspace, agent."""

    table: ClassVar[str] = "vendor_scopes"
    key: ClassVar[str] = "scope_id"
    parent: ClassVar[str] = "source"

    scope_id: str = column("Vendor and identifier there.", source="the listing API", required=True)
    provider: str = column("`openai`, `anthropic`, `elevenlabs`, `deepgram`.", source="the collector", required=True)
    account: str = column("Organization, or the name of the source.", source="the scan", required=True)
    kind: str = column("`organization`, `project`, `workspace` or `agent`.", source="the collector", required=True)
    name: str | None = column("Name for people.", source="the listing API")
    active: bool | None = column("In use: not archived.", source="openai status; anthropic archived_at")
    created_at: datetime | None = column("Creation.", unit="UTC", source="the listing API")
    retention_mode: str | None = column(
        "The vendor's word for what it keeps, that of the organization where the project says so; `contract` where no "
        "API tells.",
        source="openai data_retention type; elevenlabs zero_retention_mode; deepgram mip_opt_out",
    )
    zero_retention: bool | None = column(
        "By its setting the vendor keeps nothing of what is asked and answered. Resources that somebody stores on "
        "purpose are rows of `vendor_resources`. Null where only a contract tells.",
        source="openai data_retention type; elevenlabs privacy.zero_retention_mode; deepgram mip_opt_out",
    )
    records_audio: bool | None = column("Voices are recorded.", source="elevenlabs privacy.record_voice")
    expires: bool | None = column(
        "What is kept of conversations is removed after a time; of an organization: the indexes made from them.",
        source="elevenlabs privacy.retention_days; conversation_embedding_retention_days of the settings",
    )
    retention_days: int | None = column(
        "After how many days; null as well when `expires` is false.",
        unit="days",
        source="elevenlabs privacy.retention_days",
    )
    model_improvement: bool | None = column(
        "The vendor may use what is sent to improve its models.", source="deepgram mip_opt_out"
    )
    residency: str | None = column(
        "The vendor's word for where data is stored.", source="openai residency; anthropic data_residency.workspace_geo"
    )
    inference_places: tuple[str, ...] | None = column(
        "Where requests may be answered, sorted.", source="anthropic data_residency.allowed_inference_geos"
    )
    customer_key_possible: bool | None = column(
        "The vendor can encrypt what it stores of it under a key of the customer.",
        source="openai external_keys; anthropic external_keys",
    )
    customer_key: bool | None = column("It does.", source="openai external_key_id; anthropic external_key_id")
    key_ref: str | None = column(
        "That key, as the vendor names it (ARN, URI or resource name), or `none`.",
        source="openai external_keys kms_arn, vault_uri, kms_key_name; anthropic provider_config",
    )
    audit_log: bool | None = column(
        "Of an organization: changes to keys and settings are recorded and can be read.",
        source="openai audit_logs; anthropic compliance_settings; elevenlabs audit-logs",
    )
    administrators: int | None = column("People who may administer it.", source="deepgram members scopes")
    certificates: int | None = column("Client certificates in force.", source="openai certificates")
    certificates_expire_at: datetime | None = column(
        "End of the first of them; null as well without any.",
        unit="UTC",
        source="openai certificates certificate_details.expires_at",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorResourceFact(Fact):
    """What of one kind lies at a vendor because somebody stored it: zero retention does not cover it."""

    table: ClassVar[str] = "vendor_resources"
    key: ClassVar[str] = "resource_id"
    parent: ClassVar[str] = "source"

    resource_id: str = column("Scope and kind.", source="the collector", required=True)
    provider: str = column("As in `vendor_scopes`.", source="the collector", required=True)
    account: str = column("As in `vendor_scopes`.", source="the scan", required=True)
    scope_id: str = column("Project, workspace or agent, or the source.", source="the collector", required=True)
    kind: str = column(
        "`file`, `vector_store`, `batch`, `fine_tuning_job`, `stored_completion`, `history_item`, `conversation`, "
        "`request_log`, `secret`.",
        source="the collector",
        required=True,
    )
    holds_content: bool | None = column(
        "Such a thing holds words or voices, and not only that something was asked.", source="the vendor's API"
    )
    zero_retention: bool | None = column("Its scope is set to zero retention.", source="vendor_scopes.zero_retention")
    present: bool | None = column("There is at least one.", source="the listing API")
    items: int | None = column("How many; null where the listing is not whole.", source="the listing API")
    oldest_at: datetime | None = column("Creation of the oldest that was seen.", unit="UTC", source="the listing API")
    newest_at: datetime | None = column("… of the newest.", unit="UTC", source="the listing API")
    endless: int | None = column(
        "How many of them have no end date; null where the vendor gives none, or the listing is not whole.",
        source="openai, anthropic expires_at",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalKeyFact(Fact):
    """One key of the customer that a vendor was told of."""

    table: ClassVar[str] = "external_keys"
    key: ClassVar[str] = "external_key_id"
    parent: ClassVar[str] = "source"

    external_key_id: str = column("Vendor and identifier there.", source="the listing API", required=True)
    provider: str = column("As in `vendor_scopes`.", source="the collector", required=True)
    account: str = column("As in `vendor_scopes`.", source="the scan", required=True)
    name: str | None = column("Name for people.", source="openai name; anthropic display_name")
    cloud: str | None = column("`aws`, `azure`, `gcp` or `oci`.", source="openai type; anthropic provider_config.type")
    key_ref: str | None = column(
        "The key: ARN, URI or resource name.",
        source="openai kms_arn, vault_uri, kms_key_name; anthropic provider_config",
    )
    purpose: str | None = column("`ekm`, `psp_decryption`; `encryption` where there is one.", source="openai purpose")
    attached: bool | None = column(
        "Something is encrypted under it.", source="openai api_project_ids; anthropic attachment"
    )
    residency: str | None = column("The vendor's word for where it is used.", source="openai region; anthropic geo")
    created_at: datetime | None = column("When it was told.", unit="UTC", source="the listing API")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEventFact(Fact):
    """One change at a vendor to a key, a certificate or a project, read from its audit log."""

    table: ClassVar[str] = "vendor_events"
    key: ClassVar[str] = "event_id"
    parent: ClassVar[str] = "source"

    event_id: str = column("Vendor and id of the event.", source="the audit log", required=True)
    provider: str = column("As in `vendor_scopes`.", source="the collector", required=True)
    account: str = column("As in `vendor_scopes`.", source="the scan", required=True)
    name: str | None = column(
        "The vendor's name of it, `external_key.removed`.", source="openai type; elevenlabs activity_name"
    )
    subject_ref: str | None = column("What it is about, by the vendor's id, or `none`.", source="openai audit_logs")
    occurred_at: datetime | None = column("When.", unit="UTC", source="openai effective_at; elevenlabs time")
    principal: str | None = column(
        "Who, by the vendor's id of the key or the user, or `none`.", source="openai actor; elevenlabs actor"
    )


TABLES: tuple[type[Fact], ...] = (VendorScopeFact, VendorResourceFact, ExternalKeyFact, VendorEventFact)
"""In the order in which they are printed and written."""
