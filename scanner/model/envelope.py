"""The fact tables of envelope encryption: data keys, the places that they encrypt, and what samples of these show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKeyFact(Fact):
    """One data-encryption key (DEK) as its registry holds it, or as encrypted values name it."""

    table: ClassVar[str] = "data_keys"
    key: ClassVar[str] = "data_key_id"
    parent: ClassVar[str] = "registry_id"

    data_key_id: str = column(
        "Registry and identifier: `postgres:SOURCE:schema.table/ID`.", source="the registry", required=True
    )
    registry_id: str = column(
        "Registry that holds it: `postgres:SOURCE:schema.table`.", source="the layout", required=True
    )
    provider: str = column("`postgres` and so on.", source="the collector", required=True)
    account: str = column("Database.", source="the scan", required=True)
    registered: bool | None = column(
        "The registry has it; false: encrypted values name it and no registry does.", source="postgres:DataKeys"
    )
    tenant: str | None = column("Tenant that the registry says it is for.", source="postgres:DataKeys")
    tenants: tuple[str, ...] | None = column(
        "Tenants whose values it encrypts, sorted.", source="postgres:Usage (every row, not a sample)"
    )
    tenant_count: int | None = column("How many these are.", source="postgres:Usage")
    key_ref: str | None = column("Key-encryption key as the registry names it.", source="postgres:DataKeys")
    key_id: str | None = column(
        "The key-encryption key itself, resolved through the keys of the scan; `none`: all keys of its account and "
        "region were read, and it is not among them.",
        source="keys (derived)",
    )
    key_state: str | None = column("SP 800-57 state of that key, or `none`.", source="keys.state (derived)")
    key_managed_by: str | None = column("`customer`, `provider` or `none`.", source="keys.managed_by (derived)")
    key_strength_bits: int | None = column(
        "Security strength of that key.", unit="bits", source="keys.strength_bits (derived)"
    )
    wrapped: bool | None = column(
        "The registry keeps it in wrapped form; false: the value has the length of a plain AES key.",
        source="postgres:DataKeys octet_length",
    )
    wrapped_bytes: int | None = column("Length of what the registry keeps.", unit="bytes", source="postgres:DataKeys")
    wrap_algorithm: str | None = column(
        "As the registry names it: `kms`, `aes-kw`, `aes-kwp`, `aes-gcm`, `rsa-oaep-sha256`, ...",
        source="postgres:DataKeys",
    )
    fingerprint: str | None = column(
        "Keyed hash of the key's SHA-256 that the registry holds: HMAC-SHA-256 under the estate's salt, 128 bits.",
        source="postgres:DataKeys",
    )
    algorithm: str | None = column("`AES`.", source="postgres:DataKeys")
    length_bits: int | None = column("Key length.", unit="bits", source="postgres:DataKeys (algorithm)")
    strength_bits: int | None = column("Security strength.", unit="bits", source="SP 800-57 Part 1 Rev. 5, Table 2")
    state: str | None = column(
        "SP 800-57 key state: `pre_activation`, `active`, `suspended`, `deactivated`, `compromised`, `destroyed`.",
        source="postgres:DataKeys; SP 800-57 Part 1 Rev. 5, 7",
    )
    created_at: datetime | None = column("Creation.", unit="UTC", source="postgres:DataKeys")
    activated_at: datetime | None = column(
        "Start of its originator-usage period: activation, else creation.",
        unit="UTC",
        source="postgres:DataKeys; SP 800-57 Part 1 Rev. 5, 5.3.4",
    )
    retires: bool | None = column("It has an end of its originator-usage period.", source="postgres:DataKeys")
    retired_at: datetime | None = column(
        "That end; null as well when `retires` is false.", unit="UTC", source="postgres:DataKeys"
    )
    value_count: int | None = column(
        "Values encrypted under it now: a lower bound of its encryptions.",
        source="postgres:Usage (every row, not a sample)",
    )
    writes: bool | None = column(
        "The tables tell when each value was encrypted, and it encrypted at least one.", source="postgres:Usage"
    )
    last_write_at: datetime | None = column(
        "Newest value encrypted under it; null as well when `writes` is false.", unit="UTC", source="postgres:Usage"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeFact(Fact):
    """One place where values are kept in envelopes: an encrypted column, or the objects of a bucket."""

    table: ClassVar[str] = "envelopes"
    key: ClassVar[str] = "envelope_id"
    parent: ClassVar[str] = "source"

    envelope_id: str = column(
        "Store and column: `postgres:SOURCE:schema.table#column`, `arn:aws:s3:::bucket#objects`.",
        source="the collector",
        required=True,
    )
    store_id: str = column("Store that it is in.", source="the collector", required=True)
    kind: str = column("`column` or `objects`.", source="the collector", required=True)
    format: str | None = column(
        "`aes-256-gcm`, `aws-encryption-sdk`, `s3-encryption-client` or `none`; several of a sample are joined by a "
        "comma.",
        source="the layout; the sample",
    )
    population: int | None = column("Values there are.", source="postgres:Usage; s3:ListObjectsV2 (bounded)")
    sampled: int | None = column("Values of which the header was read.", source="the sample")
    parsed: int | None = column(
        "Of these, envelopes that were understood and name key, algorithm, nonce and tag.", source="the sample"
    )
    plaintext: int | None = column(
        "Of these, values that look like plaintext: text, JSON, an audio header, compressible.", source="the sample"
    )
    authenticated: bool | None = column(
        "Every sampled value is authenticated encryption (AES-GCM).", source="the layout; the sample"
    )
    nonce_bits: int | None = column("Shortest nonce of the sample.", unit="bits", source="the sample")
    tag_bits: int | None = column("Shortest tag of the sample.", unit="bits", source="the layout; the sample")
    nonces_repeated: int | None = column(
        "Sampled values whose nonce another sampled value under the same data key has too.", source="the sample"
    )
    names_key: bool | None = column(
        "Every sampled value names the data key, or carries it wrapped, and its algorithm.", source="the sample"
    )
    binds_tenant: bool | None = column(
        "The additional authenticated data, or the encryption context, holds the tenant.",
        source="the layout (aad); the message header",
    )
    binds_record: bool | None = column(
        "It holds the identity of the record too.", source="the layout (aad); the message header"
    )
    commits_to_key: bool | None = column(
        "No second key opens the same ciphertext to something else: the format commits to its key.",
        source="AWS Encryption SDK algorithm suite; AES-GCM alone does not",
    )
    wrapping_keys: tuple[str, ...] | None = column(
        "Key-encryption keys that the sampled values name, sorted.", source="the message header"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeSampleFact(Fact):
    """One sampled value: what its header says. Ciphertext is never kept."""

    table: ClassVar[str] = "envelope_samples"
    key: ClassVar[str] = "sample_id"
    parent: ClassVar[str] = "envelope_id"

    sample_id: str = column(
        "Envelope and keyed hash of the row's id or the object's key.", source="the sample", required=True
    )
    envelope_id: str = column("Place that it is from.", source="the sample", required=True)
    store_id: str = column("Store that it is in.", source="the sample", required=True)
    format: str | None = column("As in `envelopes`.", source="the sample")
    parsed: bool | None = column("It was understood.", source="the sample")
    plaintext: bool | None = column("It looks like plaintext.", source="the sample")
    data_key_id: str | None = column("Data key that it names, or `none` where it carries its own.", source="the sample")
    wrapping_keys: tuple[str, ...] | None = column("Key-encryption keys that it names.", source="the sample")
    algorithm: str | None = column("Algorithm, or the suite's name.", source="the sample")
    nonce_bits: int | None = column("Nonce.", unit="bits", source="the sample")
    tag_bits: int | None = column("Tag.", unit="bits", source="the sample")
    length_bytes: int | None = column("Length of the whole value.", unit="bytes", source="the sample")
