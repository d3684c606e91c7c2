"""Verdicts: what the engine decided, of which subject, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scanner.model.control import Basis, Control
from scanner.model.ids import ControlId, Digest, Json


class Verdict(StrEnum):
    """The four answers. A waiver is an attribute of a FAIL, never a fifth."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Counts:
    """Subjects by verdict."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A waiver or documented alternative, in force, that covers a failed subject. The verdict stays FAIL."""

    id: str
    kind: str
    """`waiver` or `alternative`."""
    owner: str
    approver: str
    reason: str
    """Of an alternative: why the specification is not reasonable and appropriate."""
    measure: str
    """The equivalent alternative measure; empty for a waiver."""
    expires: datetime
    """UTC; last day in force. Of an alternative: the day by which it is reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A subject that failed or could not be judged."""

    control: ControlId
    subject: str
    source: str
    """Scope of the subject."""
    label: str
    """Name for people (alias), or empty."""
    verdict: Verdict
    rests_on: str
    reason: str
    """For UNKNOWN: the gap that caused it, or which facts the provider did not report."""
    observed: Mapping[str, Json]
    evidence: tuple[Digest, ...]
    waiver: Applied | None = None
    """What covers the failure, in force on the scan's as-of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdUse:
    """A parameter as this scan used it."""

    name: str
    value: Json
    default: Json
    unit: str
    basis: Basis
    """What ``value`` rests on: the organization's policy when the estate sets it."""
    default_basis: Basis
    source: str
    """Where the default comes from, in words."""
    overridden: bool
    """The estate's policy set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """One control over every subject."""

    control: Control
    verdict: Verdict
    counts: Counts
    thresholds: tuple[ThresholdUse, ...]
    findings: tuple[Finding, ...]
    """Every FAIL and UNKNOWN up to the engine's limit; ``counts`` and ``verdicts.parquet`` have all."""
    omitted: int
    """Findings beyond the limit."""
    addressable_only: bool
    """Every HIPAA clause it cites is Addressable: a failure reads "implement or document under 164.306(d)(3)"."""
    unread: str = ""
    """The gaps that touch what it reads, in words. While there is one, the control does not pass."""
    waived: int = 0
    """Failed subjects under a waiver or a documented alternative that is in force. They stay failed."""
    alternative: bool = False
    """It fails, and each failed subject is under an alternative to every HIPAA clause cited, all Addressable."""
