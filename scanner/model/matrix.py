"""What the report tells of AI vendors: what they keep, under whose key, and what the contract says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """Things of one kind that lie at a vendor because somebody stored them."""

    kind: str
    present: bool | None
    items: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRow:
    """One organization, project, workspace or agent at a vendor. ``None`` means not known, or not told by its API."""

    scope_id: str
    provider: str
    kind: str
    name: str | None
    active: bool | None
    retention_mode: str | None
    zero_retention: bool | None
    records_audio: bool | None
    expires: bool | None
    retention_days: int | None
    model_improvement: bool | None
    customer_key_possible: bool | None
    customer_key: bool | None
    key_ref: str | None
    stored: tuple[Stored, ...] = ()
    """Empty: nothing was asked about."""
    keys: int = 0
    """Keys of the vendor for it that can be used, or of which that is not known."""
    oldest_key_days: int | None = None
    contract: str | None = None
    """`covered`, `not_in_force` or `none`; None: the register does not tell."""
    exceptions: tuple[str, ...] = ()
    """Parts of a cloud's service whose own setting is another one, as `part=mode`."""
    checked_at: datetime | None = None
    """When the last of the answers behind it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise of a contract in force, against the settings of what it covers."""

    agreement_id: str
    vendor: str
    promise: str
    """`zero_retention`, `nothing_stored`, `no_training`, `prompts` or `audio`."""
    days: int | None
    """Of `prompts` and `audio`: kept for so long at most."""
    kept: int
    broken: int
    unknown: int
    breaking: tuple[str, ...]
    """The first that break it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """The vendor matrix, and promises against settings."""

    rows: tuple[VendorRow, ...] = ()
    rows_omitted: int = 0
    promises: tuple[Promise, ...] = ()
    promises_omitted: int = 0
