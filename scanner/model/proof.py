"""What the report tells of envelopes and self-tests: samples, with the count of the whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Registry:
    """The data keys of one registry. ``None`` means not known."""

    registry_id: str
    data_keys: int
    active: int
    unregistered: int
    """Named by values, and not in the registry."""
    tenants: int
    oldest_active_days: int | None
    """Days since activation of the oldest active one, at the instant of the scan."""
    values: int | None
    """Values under all of them."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One place of encrypted values. ``None`` means not known, or not sampled."""

    envelope_id: str
    format: str | None
    population: int | None
    sampled: int | None
    parsed: int | None
    plaintext: int | None
    nonces_repeated: int | None
    binds_tenant: bool | None
    commits_to_key: bool | None


@dataclass(frozen=True, slots=True)
class Proven:
    """What one self-test showed."""

    test: str
    target: str
    outcome: str
    """`pass`, `fail` or `unknown`."""
    detail: str
    cases: int | None
    calls: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Data keys, envelopes and self-tests."""

    registries: tuple[Registry, ...] = ()
    registries_omitted: int = 0
    envelopes: tuple[Envelope, ...] = ()
    envelopes_omitted: int = 0
    tests: tuple[Proven, ...] = ()
    """Those that failed first, then those that are unknown."""
    tests_omitted: int = 0
    passed: int = 0
    failed: int = 0
    unknown: int = 0
