"""What a series of scans shows: trend by clause and by control, time to remediate, what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scanner.model.control import Severity
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class TrendScan:
    """One scan on the axis of time."""

    id: str
    as_of: datetime
    failed: int
    """Controls."""
    unknown: int
    passed: int
    findings: int
    """Failed subjects."""
    waived: int
    catalogue_changed: bool
    """The controls are not those of the scan before."""


@dataclass(frozen=True, slots=True)
class Track:
    """A control or a clause over the scans: one verdict for each, None where it was not judged."""

    name: str
    """Control id, or clause."""
    title: str
    verdicts: tuple[Verdict | None, ...]
    failed: tuple[int | None, ...]
    """Failed subjects, or failed controls of a clause."""


@dataclass(frozen=True, slots=True)
class Remediation:
    """How long findings of one severity stayed open. Days count between the as-of of scans."""

    severity: Severity
    fixed: int
    """Findings that began and ended within the series."""
    mean_days: float | None
    """From the first scan that saw it to the first that saw it mended; None when none was."""
    longest_days: float | None
    open: int
    """Findings that fail in the last scan."""
    oldest_open_days: float | None
    """At least: a finding of the first scan may be older."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """A finding that was mended and came back."""

    control: ControlId
    subject: str
    label: str
    times: int
    """How often it began."""
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The whole series, in the order of time."""

    series: str
    scans: tuple[TrendScan, ...]
    clauses: tuple[tuple[str, tuple[Track, ...]], ...]
    """(title of the framework, its clauses)"""
    controls: tuple[Track, ...]
    remediation: tuple[Remediation, ...]
    recurring: tuple[Recurring, ...]
    recurring_omitted: int = 0
