"""The whole answer of one scan, as one frozen tree: what every renderer is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scanner.model.control import Clause, Framework
from scanner.model.exceptions import Registered
from scanner.model.forecast import Forecast
from scanner.model.ids import Digest, Json
from scanner.model.matrix import Vendors
from scanner.model.observation import Gap, Observation
from scanner.model.period import Period
from scanner.model.proof import Proof
from scanner.model.trend import Trend
from scanner.model.verdict import ControlResult, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanInfo:
    """Who scanned what, when, with which tool and which rules."""

    id: str
    organization: str
    as_of: datetime
    """UTC; the clock against which every age is judged."""
    started: datetime
    ended: datetime
    tool_version: str
    catalogue_sha256: Digest
    estate_sha256: Digest
    principals: tuple[str, ...]
    """Who asked, as the providers name them."""
    selection: str
    """Which part of the catalogue was run, in words; ``all controls`` when it was not narrowed."""
    policy: Mapping[str, Json]
    """Thresholds that the estate file sets."""
    insecure: tuple[str, ...] = ()
    """Endpoints read over plain HTTP by explicit leave."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Controls by verdict, and findings under a waiver."""

    passed: int
    failed: int
    unknown: int
    not_applicable: int
    waived: int = 0


@dataclass(frozen=True, slots=True)
class Population:
    """Rows of one fact table in one source."""

    table: str
    rows: int
    complete: bool | None
    """Every listing of it was read to its end; None when nothing was listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSummary:
    """One scope: how much was asked of it, and what it did not tell."""

    source: str
    name: str
    """The source's name in the estate file."""
    endpoint: str
    calls: int
    gaps: int
    populations: tuple[Population, ...]


@dataclass(frozen=True, slots=True)
class ClauseCoverage:
    """A clause with the controls that bear on it. ``verdict`` is the worst of theirs, None when no control was run."""

    clause: Clause
    verdict: Verdict | None
    controls: tuple[tuple[str, Verdict], ...]
    """(control id, its verdict), by id."""


@dataclass(frozen=True, slots=True)
class PhaseCoverage:
    """A life-cycle phase of SP 800-57 with the controls of that phase."""

    phase: str
    controls: tuple[tuple[str, Verdict], ...]


@dataclass(frozen=True, slots=True)
class KeyAge:
    """One point of the chart of key ages: current material against its cryptoperiod."""

    key_id: str
    label: str
    key_type: str
    age_days: int
    limit_days: int
    limit_name: str
    """The parameter that sets the limit."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One row of the drawn key hierarchy: a node, several of a kind, or those that are not drawn."""

    kind: str
    """`certificate`, `module`, `key_store` or `key`; of stores their own kind (`object_store`); `other` when unsaid."""
    depth: int
    """0 for a root; what stands under it is one deeper."""
    id: str = ""
    """Identifier of the node; empty when the row stands for several."""
    label: str = ""
    """Name for people, or empty."""
    strength: str = ""
    """What the edge to the row above rests on: `declared`, `observed`, `proven` or `unknown`.

    Empty for a root, or where several differ.
    """
    remarks: tuple[str, ...] = ()
    """What a reader should know of it at once, in few words."""
    count: int = 1
    """How many nodes the row stands for."""
    rest: bool = False
    """The row stands for nodes that are not drawn."""


@dataclass(frozen=True, slots=True)
class LooseStores:
    """Data stores that hang on no key of which anything is known."""

    why: str
    """`provider` (a key that only the provider knows), `unencrypted`, `unknown`."""
    count: int
    ephi: int
    ephi_unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Who protects whom, from the certificate down to the stores: samples, with the count of the whole."""

    branches: tuple[Branch, ...] = ()
    """In the order in which a tree is drawn."""
    edges: tuple[tuple[str, int], ...] = ()
    """Strength of an edge, and how many of all edges have it."""
    keys: int = 0
    keys_unplaced: int = 0
    """Keys of which it is not known in which module they are used."""
    loose: tuple[LooseStores, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleGroup:
    """Cryptographic modules that differ in nothing but where they are. ``None`` means not known."""

    names: tuple[str, ...]
    """Identifiers of the first few."""
    count: int
    keys: int
    """Keys that are used in them."""
    product: str | None = None
    kind: str | None = None
    embodiment: str | None = None
    version: str | None = None
    state: str | None = None
    approved_mode: bool | None = None
    certificate: int | None = None
    """Number of the best certificate; 0 when there is none."""
    certificate_name: str | None = None
    standard: str | None = None
    level: int | None = None
    status: str | None = None
    interim: bool | None = None
    sunset_at: datetime | None = None
    reading_at: datetime | None = None
    reading_source: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """When what a store holds is removed. ``None`` means not known."""

    removes: bool | None = None
    shortest_days: int | None = None
    expires: bool | None = None
    longest_days: int | None = None
    write_once: bool | None = None
    write_once_mode: str | None = None
    write_once_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreKind:
    """Data stores of one kind, counted by what encrypts them."""

    kind: str
    count: int
    ephi: int
    ephi_unknown: int
    customer: int
    """Under a customer-managed key."""
    provider: int
    """Under a key of the provider."""
    unencrypted: int
    unknown: int
    """Neither is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One data store with its key. ``None`` means not known."""

    store_id: str
    name: str | None
    kind: str
    ephi: bool | None
    sensitivity: tuple[str, ...] | None
    encrypted: bool | None
    key_id: str | None
    """Identifier, or `none`."""
    key_name: str | None
    key_managed_by: str | None
    key_state: str | None
    retention: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """One audit log with the places that keep it. ``None`` means not known."""

    trail_id: str
    name: str | None
    logging: bool | None
    validated: bool | None
    multi_region: bool | None
    bucket: str | None
    """Name, or `none`."""
    bucket_retention: Retention | None
    """None when the bucket was not read."""
    log_group_id: str | None
    """Identifier, or `none`."""
    log_group_retention: Retention | None
    """None when the log group was not read."""


@dataclass(frozen=True, slots=True)
class LogGroups:
    """Log groups that keep what they hold equally long."""

    removes: bool | None
    shortest_days: int | None
    count: int
    ephi: int
    ephi_unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What the fact tables say of modules, stores and logs: samples, with the count of the whole. It judges nothing."""

    hierarchy: Hierarchy = field(default_factory=Hierarchy)
    modules: tuple[ModuleGroup, ...] = ()
    modules_omitted: int = 0
    """Groups that are not listed."""
    store_kinds: tuple[StoreKind, ...] = ()
    stores: tuple[Store, ...] = ()
    """Those with ePHI first, then those of which that is not known; of these the least protected first."""
    stores_omitted: int = 0
    trails: tuple[Trail, ...] = ()
    trails_omitted: int = 0
    log_groups: tuple[LogGroups, ...] = ()
    log_groups_omitted: int = 0
    """Groups of log groups that are not listed."""
    proof: Proof = field(default_factory=Proof)
    vendors: Vendors = field(default_factory=Vendors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a reader is told. Renderers add no fact of their own."""

    scan: ScanInfo
    totals: Totals
    results: tuple[ControlResult, ...]
    """In catalogue order: by phase, then id."""
    gaps: tuple[Gap, ...]
    sources: tuple[SourceSummary, ...]
    clauses: tuple[tuple[Framework, tuple[ClauseCoverage, ...]], ...]
    phases: tuple[PhaseCoverage, ...]
    key_ages: tuple[KeyAge, ...]
    """Every customer key whose material age is known, oldest first, up to the report's limit."""
    key_ages_omitted: int
    key_ages_unknown: int
    """Customer keys whose material age or limit is not known."""
    inventory: Inventory = field(default_factory=Inventory)
    exceptions: tuple[Registered, ...] = ()
    """Waivers and documented alternatives, those that cover nothing first."""
    exceptions_omitted: int = 0
    observations: tuple[Observation, ...] = ()
    """The raw answers that the first findings of each control cite, in the order in which they are cited."""
    forecast: Forecast | None = None
    """What comes due after the scan; None when nobody looked."""
    trend: Trend | None = None
    """The series that the scan belongs to, this one last; None without a store of earlier scans."""
    period: Period | None = None
    """The audit period that was asked for."""
