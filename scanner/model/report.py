"""The whole answer of one scan, as one frozen tree: what every renderer is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scanner.model.control import Clause, Framework
from scanner.model.ids import Digest, Json
from scanner.model.observation import Gap
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
