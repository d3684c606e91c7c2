"""The fact tables of people and workloads: credentials, identity policies, and findings of access analyzers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFact(Fact):
    """One long-lived way to authenticate: access key, password, API key."""

    table: ClassVar[str] = "credentials"
    key: ClassVar[str] = "credential_id"
    parent: ClassVar[str] = "source"

    credential_id: str = column("Principal, kind and number; never the secret.", source="the collector", required=True)
    account: str = column("Account.", source="the scan", required=True)
    provider: str = column("`aws`, `openai` and so on.", source="the collector", required=True)
    principal: str | None = column("Whose it is.", source="iam:GetCredentialReport arn")
    kind: str | None = column(
        "`access_key`, `password`, `root_access_key`, `root_password`, `service_api_key`; at an AI vendor "
        "`admin_api_key` or `api_key`.",
        source="iam:GetCredentialReport; iam:ListServiceSpecificCredentials",
    )
    active: bool | None = column(
        "Can be used.", source="access_key_N_active, password_enabled; iam:GetAccountSummary AccountPasswordPresent"
    )
    created_at: datetime | None = column("Creation or last change.", unit="UTC", source="access_key_N_last_rotated")
    used: bool | None = column("Was ever used.", source="access_key_N_last_used_date")
    last_used_at: datetime | None = column(
        "Last use; null as well when `used` is false.", unit="UTC", source="access_key_N_last_used_date"
    )
    expires: bool | None = column("Ends by itself.", source="iam:ListServiceSpecificCredentials ExpirationDate")
    expires_at: datetime | None = column("When.", unit="UTC", source="ExpirationDate")
    mfa: bool | None = column("Its principal has a second factor.", source="iam:GetCredentialReport mfa_active")
    service: str | None = column("Service that it is bound to, or `any`.", source="ServiceName")
    network_bound: bool | None = column("Works from named addresses only.", source="elevenlabs allowed_ips")
    name: str | None = column("Name for people.", source="openai, anthropic, elevenlabs name; deepgram comment")
    hint: str | None = column(
        "What the vendor shows of the key itself, so that it can be told from others; the id of an access key of AWS.",
        source="openai redacted_value; anthropic partial_key_hint; elevenlabs hint; iam:ListAccessKeys AccessKeyId",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPolicyFact(Fact):
    """One policy of identities that allows something on keys."""

    table: ClassVar[str] = "identity_policies"
    key: ClassVar[str] = "policy_id"
    parent: ClassVar[str] = "source"

    policy_id: str = column(
        "ARN, or owner and name of an inline policy.", source="iam:GetAccountAuthorizationDetails", required=True
    )
    account: str = column("Account.", source="the scan", required=True)
    name: str | None = column("Name.", source="iam:GetAccountAuthorizationDetails")
    provider_managed: bool | None = column("Written by the provider.", source="the policy's ARN")
    attached_to: tuple[str, ...] | None = column(
        "Users, groups and roles that have it, sorted.", source="iam:GetAccountAuthorizationDetails"
    )
    attached: bool | None = column("At least one has it.", source="iam:GetAccountAuthorizationDetails")
    allows_decrypt: bool | None = column(
        "Allows Decrypt, ReEncryptFrom, DeriveSharedSecret or Decapsulate on some key.", source="the policy document"
    )
    decrypts_any_key: bool | None = column(
        "… on every key of the account in some region, by a wildcard resource, without a condition that narrows it.",
        source="the policy document",
    )
    administers_any_key: bool | None = column(
        "Allows to administer every key of the account in some region, without a condition that narrows it.",
        source="the policy document",
    )
    uses_not_action: bool | None = column(
        "An Allow statement uses NotAction or NotResource.", source="the policy document"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFindingFact(Fact):
    """One finding of the provider's access analyzer about a key or a store."""

    table: ClassVar[str] = "access_findings"
    key: ClassVar[str] = "finding_id"
    parent: ClassVar[str] = "source"

    finding_id: str = column("Id.", source="access-analyzer:ListFindingsV2", required=True)
    account: str = column("Account.", source="the scan", required=True)
    region: str = column("Region.", source="the scan", required=True)
    resource_id: str | None = column("What it is about.", source="ListFindingsV2 resource")
    resource_kind: str | None = column("`key`, `object_store`, `secret`, `role` or `other`.", source="resourceType")
    finding_kind: str | None = column("`external_access`, `unused_access`, `internal_access`.", source="findingType")
    status: str | None = column("`active`, `archived` or `resolved`.", source="ListFindingsV2 status")
    analyzer: str | None = column("Analyzer.", source="access-analyzer:ListAnalyzers")
    created_at: datetime | None = column("First seen.", unit="UTC", source="ListFindingsV2 createdAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessAnalyzerFact(Fact):
    """Whether an external-access analyzer watches an account and region."""

    table: ClassVar[str] = "access_analyzers"
    key: ClassVar[str] = "scope_id"
    parent: ClassVar[str] = "source"

    scope_id: str = column("The scope, as in `source`.", source="the scan", required=True)
    account: str = column("Account.", source="the scan", required=True)
    region: str = column("Region.", source="the scan", required=True)
    watched: bool | None = column(
        "An active analyzer of external access is there, or one of the account's Organization in another account that "
        "was read. Null where such a one may or may not be of the same Organization.",
        source="access-analyzer:ListAnalyzers type, status; audit_trails",
    )
    organization_wide: bool | None = column(
        "An active one here watches the whole Organization.", source="access-analyzer:ListAnalyzers type"
    )
