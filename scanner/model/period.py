"""An audit period: what was so on every day of it, and of which days nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scanner.model.control import Severity
from scanner.model.ids import ControlId, Digest
from scanner.model.verdict import Counts, Verdict


class DayState(StrEnum):
    """One day of one subject."""

    IN = "in"
    """In compliance, by evidence that covers the whole day."""
    OUT = "out"
    """Out of compliance at some instant of the day."""
    UNKNOWN = "unknown"
    """Nothing tells."""
    ABSENT = "absent"
    """The subject was not there, or did not apply."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row of one state, first and last included."""

    first: date
    last: date
    state: DayState
    why: str = ""
    """What it rests on, or what is missing, in words."""

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One key, one log, or one control over the period."""

    id: str
    label: str
    """Name for people, or empty."""
    stretches: tuple[Stretch, ...]
    """They cover the period without a gap."""
    verdict: Verdict
    """FAIL when a day was out; else UNKNOWN when one is unknown; PASS when every day that applied was in."""
    days_in: int
    days_out: int
    days_unknown: int
    evidence: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine(Line):
    """A key against its cryptoperiod."""

    source: str
    key_type: str
    limit_days: int
    """Originator-usage period, as the thresholds of the scan have it."""
    limit_name: str
    rotations: tuple[datetime, ...]
    """Within the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine(Line):
    """The record of key events in one scope."""


@dataclass(frozen=True, slots=True)
class Outage:
    """From a scan that saw a control fail to the next that saw it mended."""

    first: date
    """It may be before the period: then it reaches into it."""
    mended: date | None
    """None: no scan saw it mended."""
    days: int
    """Of the period, at most: the days from ``first`` on, without that of ``mended``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine(Line):
    """A control, by the scans of the period."""

    control: ControlId
    severity: Severity
    scans: int
    """Scans of the period that judged it."""
    outages: tuple[Outage, ...]
    """By time."""
    out_at_most_days: int
    """Their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The whole audit period."""

    first: date
    last: date
    """Included; days are of UTC."""
    as_of: datetime
    """Of the latest scan: nothing is known of the days after it."""
    scans: tuple[tuple[str, datetime], ...]
    """(id, as-of) of the scans of its days, this one included if it is one."""
    days_without_scan: int
    keys: tuple[KeyLine, ...]
    """The worst first; so are logs and controls."""
    keys_by_verdict: Counts
    """Of all keys, those that are omitted included."""
    keys_omitted: int
    keys_unjudged: int
    """Keys without a type or a limit that is known."""
    logs: tuple[LogLine, ...]
    controls: tuple[ControlLine, ...]
