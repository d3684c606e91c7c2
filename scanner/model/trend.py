"""What a series of scans shows: trend by clause and by control, time to remediate, what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scanner.model.control import Severity
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendScan:
    """One scan on the axis of time."""

    id: str
    as_of: datetime
    """UTC."""
    failed: int
    """Controls, of those that the trend tells of."""
    unknown: int
    passed: int
    not_applicable: int
    findings: int
    """Failed subjects, counted once for each control that they fail."""
    waived: int
    """Of these, under a waiver or a documented alternative in force. They stay failed."""
    by_severity: tuple[tuple[Severity, int], ...]
    """``findings`` by severity, the worst first, each severity once."""
    catalogue_changed: bool
    """The controls, or the selection of them, are not those of the scan before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A control or a clause over the scans: one verdict for each, None where it was not judged."""

    name: str
    """Control id, or clause."""
    title: str
    verdicts: tuple[Verdict | None, ...]
    """Of a clause: the worst of the controls that cite it."""
    failed: tuple[int | None, ...]
    """Failed subjects, or failed controls of a clause."""
    severity: Severity | None = None
    """Of a control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """How long findings of one severity stayed open. Days count between the as-of of scans."""

    severity: Severity
    fixed: int
    """Times that a finding was seen to fail and later seen mended, within the series."""
    mean_days: float | None
    """From the first scan that saw it to the first that saw it mended; None when none was."""
    longest_days: float | None
    open: int
    """Findings that fail in the last scan."""
    oldest_open_days: float | None
    """At least: a finding of the first scan may be older."""
    untold: int = 0
    """Findings that failed before, and of which the last scan does not tell: neither open nor mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """A finding that was mended and came back."""

    control: ControlId
    subject: str
    source: str
    label: str
    """Name for people, or empty."""
    times: int
    """How often it began."""
    first_seen: datetime
    last_seen: datetime
    """As-of of the last scan in which it failed."""
    open: bool
    """It fails in the last scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The whole series, in the order of time."""

    series: str
    scans: tuple[TrendScan, ...]
    clauses: tuple[tuple[str, tuple[Track, ...]], ...]
    """(title of the framework, its clauses), law first. A clause that no control of the series cites is left out."""
    controls: tuple[Track, ...]
    """The worst of the last scan first, those that it did not judge last."""
    remediation: tuple[Remediation, ...]
    """Each severity, the worst first."""
    recurring: tuple[Recurring, ...]
    """What came back most often first."""
    recurring_omitted: int = 0
