"""The fact tables of proof: what self-tests showed, and where the chain above each store ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestFact(Fact):
    """One self-test of one target: what real cryptographic calls showed."""

    table: ClassVar[str] = "selftests"
    key: ClassVar[str] = "selftest_id"
    parent: ClassVar[str] = "source"

    selftest_id: str = column("Test and target.", source="selftest", required=True)
    kind: str = column("Test, `ST-KMS-03`.", source="selftest", required=True)
    target: str = column("Key, token, store or module under test.", source="selftest", required=True)
    provider: str | None = column("`aws`, `pkcs11`, `postgres`, `own` and so on.", source="selftest")
    passed: bool | None = column("What must hold held in every case; null: it could not be told.", source="selftest")
    outcome: str | None = column("`pass`, `fail` or `unknown`.", source="selftest")
    detail: str | None = column("What was done and seen, in words.", source="selftest")
    cases: int | None = column("Cases tried.", source="selftest")
    calls: int | None = column("Calls made to what is under test.", source="selftest")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChainFact(Fact):
    """Where the key hierarchy above one data store leads: every way from the store upwards, walked to its end."""

    table: ClassVar[str] = "key_chains"
    key: ClassVar[str] = "store_id"
    parent: ClassVar[str] = "source"

    store_id: str = column("Data store.", source="data_stores", required=True)
    kind: str = column("Kind of the store.", source="data_stores", required=True)
    ephi: bool | None = column("It holds ePHI.", source="data_stores")
    sensitivity: tuple[str, ...] | None = column("Its sensitive classes.", source="data_stores")
    known: bool | None = column("Every edge above it is known.", source="bindings (derived)")
    keys: int | None = column("Keys above it, data keys included.", source="bindings (derived)")
    modules: tuple[str, ...] | None = column("Modules that its ways end in, sorted.", source="bindings (derived)")
    loose_ends: tuple[str, ...] | None = column(
        "Keys above it that hang on no other key and on no module, sorted.", source="bindings (derived)"
    )
    cycles: bool | None = column("A key above it is above itself.", source="bindings (derived)")
    active_level_3: bool | None = column(
        "Every way ends in a module with an active certificate of FIPS 140-3, overall level 3 or more.",
        source="modules (derived)",
    )
    hsm_tier: bool | None = column(
        "A way ends in a module of the customer's own tier (HSM cluster or token, not a shared key service) with such "
        "a certificate.",
        source="modules (derived)",
    )
    weakest: str | None = column(
        "Weakest edge on its ways: `declared`, `observed` or `proven`; `none` without edges.",
        source="bindings (derived)",
    )
