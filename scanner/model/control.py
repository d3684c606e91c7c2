"""A control: what must hold, of which rows, on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scanner.model.ids import ControlId, Digest, Json


class Severity(StrEnum):
    """How bad a failure is, by the catalogue's judgement."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Basis(StrEnum):
    """What a threshold rests on. A report that mixes these misleads an auditor."""

    LAW = "law"
    """The cited text itself."""
    INTERPRETATION = "interpretation"
    """Our reading of the law."""
    NIST_SHALL = "nist_shall"
    """A NIST "shall" or approval status in the cited publication; voluntary for a private entity."""
    NIST_SUGGESTED = "nist_suggested"
    """A NIST "should" or suggested value."""
    PROVIDER = "provider"
    """A limit or default that a provider documents."""
    POLICY = "policy"
    """Policy of the organization (reference values ship as defaults)."""
    JUDGEMENT = "judgement"
    """Judgement of this catalogue's authors."""


class RestsOn(StrEnum):
    """On what a verdict rests."""

    OBSERVED = "observed"
    PROVEN = "proven"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause that the control bears on."""

    framework: str
    """File name in ``controls/frameworks`` without ``.yaml``."""
    ref: str
    """The clause, ``164.312(a)(2)(iv)``."""
    mapping: str = ""
    """For SP 800-53: ``nist`` when NIST's own crosswalk has it for one of the HIPAA cites, else ``author``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named threshold, ``$kek_max_days`` in the expressions."""

    name: str
    default: Json
    unit: str
    basis: Basis
    source: str
    """Where the default comes from, in words."""


@dataclass(frozen=True, slots=True)
class Related:
    """A count, quantifier or extreme over another table: the one way to speak of other rows.

    Known only when the listing of the other table was complete for the subject (``coverage``) and no
    row of it is unknown, except where the rows that were read decide alone: one true row makes an
    ``any`` true, however much is missing.
    """

    name: str
    """How the expressions call it."""
    aggregate: str
    """``count``, ``any``, ``all``, ``min`` or ``max``."""
    table: str
    on: str
    """Column of the other table that must equal ``to``."""
    to: str
    """Column of the subject table."""
    where: str = ""
    """Which rows count; for ``all``: what every row must meet."""
    value: str = ""
    """Column of which ``min`` or ``max`` is taken."""


@dataclass(frozen=True, slots=True)
class Example:
    """Rows with the verdict that each must get: the control's own tests."""

    name: str
    rows: tuple[dict[str, Json], ...]
    expect: tuple[tuple[str, str], ...]
    """(subject, verdict)"""
    related: tuple[tuple[str, tuple[dict[str, Json], ...]], ...] = ()
    """(table, rows); a table that is named is completely listed."""
    unlisted: tuple[str, ...] = ()
    """Tables whose listing failed."""
    parameters: tuple[tuple[str, Json], ...] = ()
    as_of: str = ""
    """RFC 3339; the fixed clock of the examples when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control, one file."""

    id: ControlId
    title: str
    statement: str
    severity: Severity
    phase: str
    """Life-cycle phase, the name of its folder."""
    citations: tuple[Citation, ...]
    basis: Basis
    parameters: tuple[Parameter, ...]
    table: str
    """Fact table whose rows are the subjects."""
    related: tuple[Related, ...]
    applies: str
    pass_when: str
    fail_when: str
    observe: tuple[str, ...]
    """Columns and related names shown as the observed values."""
    rests_on: RestsOn
    rationale: str
    undecided: str
    """Why a subject is unknown of which every fact is known and neither condition holds, or empty."""
    remedy: tuple[tuple[str, str], ...]
    """(provider or ``any``, what to do)"""
    examples: tuple[Example, ...]
    path: str
    digest: Digest
    """Of the file."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a framework."""

    ref: str
    title: str
    rule: str
    """``Required``, ``Addressable``, ``Standard``, or empty outside HIPAA."""
    text: str
    binding: bool
    """Law that binds a covered entity or business associate; false for NIST's publications."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A law or standard, as a list of clauses."""

    id: str
    title: str
    version: str
    note: str
    clauses: tuple[Clause, ...]
    crosswalk: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(HIPAA clause, SP 800-53 controls) as NIST's SP 800-66r2 crosswalk has it."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The controls that can be run, with the frameworks they cite."""

    controls: tuple[Control, ...]
    frameworks: tuple[Framework, ...]
    digest: Digest
    """Over all files, in order."""
