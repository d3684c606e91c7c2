"""How a database keeps its envelopes: which table holds the data keys, which columns hold what they encrypt.

Written by the user in a small YAML file (`scanner/estate/layout.py` reads it), and recorded with the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EnvelopeFormat(StrEnum):
    """How one encrypted value is made."""

    AES_GCM = "aes-256-gcm"
    """Ciphertext, nonce and key id in columns of their own; the 128-bit tag follows the ciphertext."""
    AWS_ENCRYPTION_SDK = "aws-encryption-sdk"
    """A message that describes itself: the column holds all of it."""


@dataclass(frozen=True, slots=True)
class TableName:
    """A table with its schema, as PostgreSQL knows them (case-sensitive, not quoted)."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return ``schema.name``."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTable:
    """The registry of data keys. Empty names: the registry has no such column."""

    table: TableName
    id: str
    """Column of the data key's identifier, which encrypted rows refer to."""
    tenant: str
    wrapped: str
    """Column (bytea) of the data key, wrapped by its key-encryption key."""
    key: str
    """Column that names the key-encryption key: ARN, alias or URI."""
    created: str
    activated: str = ""
    retired: str = ""
    state: str = ""
    """Column of the state: a word of SP 800-57 (`active`, `deactivated`, ...), or the registry's own."""
    algorithm: str = ""
    wrap_algorithm: str = ""
    fingerprint: str = ""
    """Column of the SHA-256 of the plain data key, in hex: a data key that leaked is told by it."""
    context: tuple[tuple[str, str], ...] = ()
    """Encryption context of the wrapping: (name, template over columns of this table, `{tenant_id}`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedColumn:
    """One encrypted value of each row of a table."""

    name: str
    """What the value is called; of a self-describing format it is the column."""
    format: EnvelopeFormat
    ciphertext: str
    nonce: str = ""
    """Column of the nonce; empty: it is the first 12 bytes of the ciphertext."""
    key: str = ""
    """Column of the data key's identifier; empty in a self-describing format."""
    aad: str = ""
    """Template of the additional authenticated data, `v1|{tenant_id}|{id}`, as UTF-8; empty: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedTable:
    """A table with encrypted columns."""

    table: TableName
    id: str
    tenant: str
    updated: str = ""
    """Column of the instant at which a row was last encrypted; empty: there is none."""
    columns: tuple[EncryptedColumn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The whole file."""

    keys: KeyTable
    tables: tuple[EncryptedTable, ...]
    canary_tenants: tuple[str, ...] = ()
    """Tenants whose rows are made up: the only ones that self-tests open."""


def columns_in(template: str) -> tuple[str, ...]:
    """Return the columns that a template names, in order, each once. Braces are doubled to stand for themselves."""
    import string

    return tuple(dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(template) if name))
