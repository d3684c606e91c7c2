"""Scans over time: what is kept of each, and the series that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scanner.model.control import Severity
from scanner.model.ids import ControlId, Digest, Json
from scanner.model.report import Totals
from scanner.model.verdict import Counts, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """One scan, as a series keeps it."""

    id: str
    series: str
    """Scans that can be compared have the same one: the profile's name, or the organization's."""
    organization: str
    as_of: datetime
    """UTC; the clock against which every age was judged."""
    started: datetime
    ended: datetime
    tool_version: str
    catalogue_sha256: Digest
    estate_sha256: Digest
    selection: str
    """Which part of the catalogue was run, in words."""
    totals: Totals
    gaps: int
    checkpoint: Digest | None = None
    """Of its package's manifest; None while there is no package."""
    checkpoint_number: int | None = None
    """Place of the package in its chain, from 1."""

    @property
    def partial(self) -> bool:
        """Only some sources of the estate were read: what passed there may fail in the others."""
        return any(part.startswith("sources ") for part in self.selection.split("; "))


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlState:
    """One control in one scan."""

    id: ControlId
    title: str
    severity: Severity
    phase: str
    clauses: tuple[tuple[str, str], ...]
    """(framework, clause) that it cites, sorted."""
    verdict: Verdict
    counts: Counts
    waived: int
    """Failed subjects under a waiver or a documented alternative that is in force."""
    unread: bool
    """A gap touches what it reads."""
    digest: Digest
    """Of the control's file."""
    thresholds: tuple[tuple[str, Json], ...]
    """(parameter, value as used), sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingState:
    """A subject that failed, or is unknown, in one scan."""

    control: ControlId
    subject: str
    source: str
    label: str
    """Name for people, or empty."""
    verdict: Verdict
    rests_on: str
    reason: str
    observed: Mapping[str, Json]
    waiver: str = ""
    """Id of the waiver or alternative in force that covers it, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """A key in one scan: what trends and audit periods need of it. ``None`` means not known."""

    key_id: str
    source: str
    provider: str
    name: str | None
    managed_by: str | None
    key_type: str | None
    """SP 800-57 key type."""
    state: str | None
    """SP 800-57 key state."""
    created_at: datetime | None
    material_since: datetime | None
    """Start of the originator-usage period of the current material."""
    rotation_enabled: bool | None
    rotation_period_days: int | None
    expires: bool | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingState:
    """Whether key events of one scope were recorded, in one scan. ``None`` means not known."""

    scope: str
    """Account and region, project, or vault, as in ``audit_scopes``."""
    management_recorded: bool | None
    """Events that administer keys."""
    use_recorded: bool | None
    """Events that use keys."""


@dataclass(frozen=True, slots=True)
class ScopeState:
    """A scope (account and region, project, vault, register) that gave an answer in one scan."""

    source: str
    name: str
    """The source's name in the estate file."""
    whole: bool
    """No gap, and every listing was read to its end."""
    keys_listed: bool | None
    """The listing of its keys was read to its end; None where none is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One scan as history sees it: what two scans are compared by, and what the store keeps."""

    scan: ScanRecord
    controls: tuple[ControlState, ...]
    """By id."""
    findings: tuple[FindingState, ...]
    """Every failed and unknown subject, by control, subject and source."""
    keys: tuple[KeyState, ...]
    """By id and source."""
    keys_complete: bool | None
    """Every listing of keys was read to its end; None when nothing was listed."""
    logging: tuple[LoggingState, ...]
    """By scope."""
    settled: Mapping[tuple[str, str, str], Verdict] | None = None
    """(control, subject, source) of what passed or did not apply; None when the scan comes from the store, which keeps
    no such rows."""
    scopes: Mapping[str, ScopeState] | None = None
    """By source, those that gave an answer; None when that is not known."""


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """One control in one scan of a series."""

    scan: int
    """Place in :attr:`History.scans`."""
    verdict: Verdict
    failed: int
    unknown: int
    waived: int
    digest: Digest
    """Of the control's file."""
    unread: bool = False
    """A gap touches what it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlHistory:
    """One control over a series. A scan without a point did not run it."""

    id: ControlId
    title: str
    severity: Severity
    phase: str
    clauses: tuple[tuple[str, str], ...]
    points: tuple[ControlPoint, ...]


@dataclass(frozen=True, slots=True)
class FindingPoint:
    """A finding in one scan of a series."""

    scan: int
    """Place in :attr:`History.scans`."""
    verdict: Verdict
    """FAIL or UNKNOWN."""
    waiver: str
    """Id of what covers it, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingHistory:
    """A subject that failed or was unknown at least once, under one control, over a series."""

    control: ControlId
    subject: str
    source: str
    label: str
    points: tuple[FindingPoint, ...]
    """Only scans in which it was a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistory:
    """A key over a series."""

    key_id: str
    source: str
    points: tuple[tuple[int, KeyState], ...]
    """(place in :attr:`History.scans`, state), only scans that saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A series of scans."""

    scans: tuple[ScanRecord, ...] = ()
    """By as-of, then id."""
    controls: tuple[ControlHistory, ...] = ()
    """By id."""
    findings: tuple[FindingHistory, ...] = ()
    """By control, subject and source."""
    keys: tuple[KeyHistory, ...] = ()
    """By id and source."""
    logging: tuple[tuple[int, tuple[LoggingState, ...]], ...] = ()
    """(place in ``scans``, every scope)"""
    scopes: tuple[tuple[int, tuple[ScopeState, ...]], ...] = ()
    """(place in ``scans``, every scope that gave an answer, by source); a scan of which that is not known is left
    out."""
