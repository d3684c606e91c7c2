"""The fact tables of what keys protect: data stores, what the estate declares of them, and the edges to their keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStoreFact(Fact):
    """One place that holds data: bucket, database, table, log group, secret, backup vault, model, and so on."""

    table: ClassVar[str] = "data_stores"
    key: ClassVar[str] = "store_id"
    parent: ClassVar[str] = "source"

    store_id: str = column("Stable identifier: ARN, resource name or URI.", source="the listing API", required=True)
    provider: str = column("`aws`, `azure`, `gcp`, `postgres` and so on.", source="the collector", required=True)
    account: str = column("Account, subscription or project.", source="the scan", required=True)
    region: str = column("Region or location; empty for what has none.", source="the scan", required=True)
    kind: str = column(
        "`object_store`, `relational_database`, `document_database`, `graph_database`, `key_value_table`, "
        "`encrypted_table` (a table whose columns are encrypted value by value), "
        "`volume_default` (what new volumes of a region get), `secret`, `log_group`, "
        "`backup_vault`, `snapshot`, `custom_model`, `imported_model`, `guardrail`, `agent`, `knowledge_base`, "
        "`knowledge_base_source`, `prompt`, `ai_account` (what an AI service of a cloud keeps).",
        source="the collector",
        required=True,
    )
    name: str | None = column("Name for people.", source="the listing API")
    created_at: datetime | None = column("Creation.", unit="UTC", source="the listing API")
    copy_of: str | None = column(
        "Store whose data it holds again or serves (source of a replica or of a snapshot, cluster of a member), which "
        "may be gone, or `none`.",
        source="rds ReadReplicaSourceDBInstanceIdentifier, DBInstanceIdentifier; secretsmanager PrimaryRegion",
    )
    encrypted: bool | None = column(
        "Encrypted at rest. Of an object store: what is written from now on; of a backup vault: whatever it holds.",
        source="s3:GetBucketEncryption; rds StorageEncryptionType; the service's documented default",
    )
    provider_encryption: str | None = column(
        "The provider's word for how (`aws:kms:dsse`, `sse-rds`), or `none` where it has none.",
        source="s3 SSEAlgorithm; rds StorageEncryptionType; dynamodb SSEType; backup EncryptionKeyType",
    )
    key_ref: str | None = column(
        "Key as the store names it (ARN, id or alias), or `none` for a key that only the provider knows, or for none.",
        source="s3 KMSMasterKeyID; rds, secretsmanager, logs KmsKeyId; dynamodb SSEDescription; bedrock modelKmsKeyArn",
    )
    key_id: str | None = column(
        "The key itself, resolved from `key_ref` through the aliases of its account and region, or `none`.",
        source="kms:ListAliases (derived)",
    )
    key_managed_by: str | None = column(
        "`customer` or `provider`, of the key in `key_id`.", source="kms:DescribeKey KeyManager (derived)"
    )
    key_state: str | None = column("SP 800-57 state of the key in `key_id`, or `none`.", source="keys.state (derived)")
    customer_key_possible: bool | None = column(
        "The service can encrypt this kind of store under a customer-managed key.", source="the service's documentation"
    )
    ephi: bool | None = column(
        "Holds ePHI: the estate says so, or a tag does (`ephi` or `phi`; `de-identified`, `no-ephi`, `no-phi`, "
        "`public` and `synthetic` say that it does not; another value says neither).",
        source="estate file `stores:`; tag `data-classification`",
    )
    sensitivity: tuple[str, ...] | None = column(
        "Sensitive classes: `schedule_ii_v`, `behavioral_health`, `substance_use`.", source="estate file `stores:`"
    )
    tags: tuple[str, ...] | None = column("Tags as `key=value`, sorted.", source="the service's tag API")
    versioned: bool | None = column("Former versions of objects are kept.", source="s3:GetBucketVersioning")
    write_once: bool | None = column(
        "What is stored cannot be changed or removed before its time. Of an object store: by default, so that nobody "
        "has to ask for it.",
        source="s3:GetObjectLockConfiguration; backup:ListBackupVaults Locked",
    )
    write_once_mode: str | None = column(
        "`compliance` (nobody can), `governance` (whoever may take the lock away can), or `none`.",
        source="s3:GetObjectLockConfiguration; backup LockDate",
    )
    write_once_days: int | None = column(
        "Days for which it cannot, for certain: a year counts 365. 0: for none.",
        unit="days",
        source="s3 DefaultRetention; backup MinRetentionDays",
    )
    expires: bool | None = column(
        "Everything that is stored is removed after a time; false: something is kept without limit.",
        source="s3:GetBucketLifecycleConfiguration, GetBucketVersioning; logs retentionInDays",
    )
    retention_days: int | None = column(
        "After how many days the last of it; null as well when `expires` is false.",
        unit="days",
        source="s3 lifecycle Expiration, NoncurrentVersionExpiration; logs retentionInDays",
    )
    removes: bool | None = column(
        "Something that is stored is removed after a time; false: everything is kept without limit.",
        source="s3:GetBucketLifecycleConfiguration, GetBucketVersioning; logs retentionInDays",
    )
    shortest_retention_days: int | None = column(
        "After how many days the first of it; null as well when `removes` is false.",
        unit="days",
        source="s3 lifecycle Expiration, NoncurrentVersionExpiration; logs retentionInDays",
    )
    tls_only: bool | None = column(
        "Refuses unencrypted transport to everybody, for everything.",
        source="s3:GetBucketPolicy aws:SecureTransport; rds:DescribeDBParameters rds.force_ssl, "
        "require_secure_transport, tls",
    )
    access_logged: bool | None = column("Access is logged by the service.", source="s3:GetBucketLogging")
    public: bool | None = column(
        "Anybody may reach it, by its own settings: a block on the whole account is not looked at.",
        source="s3:GetBucketPolicyStatus, GetPublicAccessBlock, GetBucketOwnershipControls, GetBucketAcl; "
        "rds PubliclyAccessible",
    )
    bucket_key: bool | None = column(
        "Data keys are derived from a bucket-level key, so that not every object's use reaches the audit log.",
        source="s3 BucketKeyEnabled",
    )
    rotation_enabled: bool | None = column("The secret rotates by itself.", source="secretsmanager RotationEnabled")
    ever_rotated: bool | None = column("It did, or somebody made it.", source="secretsmanager LastRotatedDate")
    last_rotated_at: datetime | None = column(
        "Last time; null as well when `ever_rotated` is false.", unit="UTC", source="secretsmanager LastRotatedDate"
    )
    point_in_time_recovery: bool | None = column(
        "Can be restored to any instant of its backup period.",
        source="dynamodb:DescribeContinuousBackups; rds BackupRetentionPeriod",
    )
    recovery_points: int | None = column("Backups that it holds.", source="backup NumberOfRecoveryPoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStoreFact(Fact):
    """What the estate file declares of stores, by a pattern over their identifiers."""

    table: ClassVar[str] = "declared_stores"
    key: ClassVar[str] = "match"
    parent: ClassVar[str] = "source"

    match: str = column("Pattern over `store_id` (`*` and `?`).", source="estate file `stores:`", required=True)
    ephi: bool | None = column("What matches holds ePHI.", source="estate file `stores:`")
    sensitivity: tuple[str, ...] | None = column("Sensitive classes.", source="estate file `stores:`")
    matched: int | None = column("Stores that match.", source="derived")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEdgeFact(Fact):
    """An edge of the key hierarchy that the estate file declares, because no API tells it."""

    table: ClassVar[str] = "declared_edges"
    key: ClassVar[str] = "edge_id"
    parent: ClassVar[str] = "source"

    edge_id: str = column("Both patterns.", source="estate file `hierarchy:`", required=True)
    child: str = column("Pattern over keys and stores (`*` and `?`).", source="estate file `hierarchy:`", required=True)
    parent_ref: str = column("Key or module, by its identifier.", source="estate file `hierarchy:`", required=True)
    children: int | None = column("Keys and stores that match the child.", source="derived")
    parents: int | None = column(
        "Keys and modules that are the parent: 1, or 0 when it was not found.", source="derived"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingFact(Fact):
    """One edge of the key hierarchy: the child is protected by the parent, or held in it."""

    table: ClassVar[str] = "bindings"
    key: ClassVar[str] = "binding_id"
    parent: ClassVar[str] = "source"

    binding_id: str = column("Child and parent.", source="derived", required=True)
    child_id: str = column("Store, key or module.", source="derived", required=True)
    parent_id: str = column("Key or module.", source="derived", required=True)
    child_kind: str | None = column("`store`, `data_key`, `key`, `key_store` or `module`.", source="derived")
    parent_kind: str | None = column("`data_key`, `key`, `key_store`, `module` or `certificate`.", source="derived")
    strength: str | None = column(
        "`declared` in the estate file, `observed` from an API or a header, `proven` by a cryptographic call.",
        source="derived",
    )
