"""From the report to what the templates show: groups, words and bounds. It adds no fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.control import Basis, Citation, Framework
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.report import ClauseCoverage, Report
from scanner.model.tables import TABLES
from scanner.model.verdict import ControlResult, Finding, ThresholdUse, Verdict

SEVERITIES = ("critical", "high", "medium", "low")
VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.PASS: "PASS",
    Verdict.FAIL: "FAIL",
    Verdict.UNKNOWN: "UNKNOWN",
    Verdict.NOT_APPLICABLE: "NOT APPLICABLE",
}
BASIS_WORDS: Mapping[Basis, str] = {
    Basis.LAW: "the cited law's own text",
    Basis.INTERPRETATION: "our interpretation of the cited law",
    Basis.NIST_SHALL: 'a NIST "shall" or approval status (voluntary for a private entity)',
    Basis.NIST_SUGGESTED: "a value that NIST suggests",
    Basis.PROVIDER: "a limit or default that the provider documents",
    Basis.POLICY: "the organization's policy",
    Basis.JUDGEMENT: "the judgement of this catalogue's authors",
}
RESTS_WORDS: Mapping[str, str] = {
    "observed": "observed: an API said so",
    "proven": "proven: a cryptographic call showed it",
    "attested": "attested: a document says so",
}
ALTERNATIVE = "Gap: implement, or document under 45 CFR 164.306(d)(3)"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a long list is printed."""

    subjects: int
    gaps: int


PRINT = Bounds(subjects=12, gaps=60)
SCREEN = Bounds(subjects=1_000, gaps=2_000)


@dataclass(frozen=True, slots=True)
class Section:
    """One control in the findings."""

    result: ControlResult
    word: str
    consequence: str
    """What a failure asks for, in words, or empty."""
    clauses: tuple[tuple[Citation, str], ...]
    """(citation, its rule)"""
    failed: tuple[Finding, ...]
    unknown: tuple[Finding, ...]
    failed_more: int
    unknown_more: int


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps of one source, operation and reason."""

    source: str
    operation: str
    reason: str
    code: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything the templates read."""

    report: Report
    bounds: Bounds
    risks: tuple[ControlResult, ...]
    sections: tuple[Section, ...]
    quiet: tuple[ControlResult, ...]
    """Controls that passed or did not apply, with nothing unknown."""
    unassessed: tuple[ControlResult, ...]
    gap_groups: tuple[GapGroup, ...]
    hipaa: tuple[Framework, tuple[ClauseCoverage, ...]] | None
    frameworks: tuple[tuple[Framework, tuple[ClauseCoverage, ...]], ...]
    thresholds: tuple[tuple[ThresholdUse, tuple[str, ...]], ...]
    columns: Mapping[str, tuple[str, str]]
    """Column name to (meaning, unit), for the glossary of observed values."""


def build(report: Report, bounds: Bounds) -> View:
    """Return the view of a report."""
    rules = {clause.ref: clause.rule for framework, _ in report.clauses for clause in framework.clauses}
    loud = [r for r in report.results if r.counts.failed or r.counts.unknown or r.verdict is Verdict.UNKNOWN]
    return View(
        report=report,
        bounds=bounds,
        risks=tuple(sorted((r for r in loud if r.verdict is Verdict.FAIL), key=_by_severity)),
        sections=tuple(_section(r, rules, bounds) for r in sorted(loud, key=_by_verdict)),
        quiet=tuple(r for r in report.results if r not in loud),
        unassessed=tuple(r for r in loud if r.counts.unknown or r.verdict is Verdict.UNKNOWN),
        gap_groups=_gap_groups(report),
        hipaa=next((pair for pair in report.clauses if pair[0].id == "hipaa-164.312"), None),
        frameworks=tuple(pair for pair in report.clauses if pair[0].id != "hipaa-164.312"),
        thresholds=_thresholds(report),
        columns=_columns(report),
    )


def _by_severity(result: ControlResult) -> tuple[int, str]:
    return SEVERITIES.index(result.control.severity.value), result.control.id


def _by_verdict(result: ControlResult) -> tuple[bool, int, str]:
    return result.verdict is not Verdict.FAIL, *_by_severity(result)


def _section(result: ControlResult, rules: Mapping[str, str], bounds: Bounds) -> Section:
    failed = [f for f in result.findings if f.verdict is Verdict.FAIL]
    unknown = [f for f in result.findings if f.verdict is Verdict.UNKNOWN]
    return Section(
        result=result,
        word=VERDICT_WORDS[result.verdict],
        consequence=ALTERNATIVE if result.verdict is Verdict.FAIL and result.addressable_only else "",
        clauses=tuple((c, rules.get(c.ref, "")) for c in result.control.citations),
        failed=tuple(failed[: bounds.subjects]),
        unknown=tuple(unknown[: bounds.subjects]),
        failed_more=max(0, result.counts.failed - bounds.subjects),
        unknown_more=max(0, result.counts.unknown - bounds.subjects),
    )


def _gap_groups(report: Report) -> tuple[GapGroup, ...]:
    counts = Counter((g.source, g.operation, g.reason.value, g.error_code) for g in report.gaps)
    details = {(g.source, g.operation, g.reason.value, g.error_code): g.detail for g in reversed(report.gaps)}
    return tuple(GapGroup(*key, count, details[key]) for key, count in sorted(counts.items()))


def _thresholds(report: Report) -> tuple[tuple[ThresholdUse, tuple[str, ...]], ...]:
    used: dict[str, tuple[ThresholdUse, list[str]]] = {}
    for result in report.results:
        for use in result.thresholds:
            used.setdefault(use.name, (use, []))[1].append(result.control.id)
    return tuple((use, tuple(ids)) for _, (use, ids) in sorted(used.items()))


def _columns(report: Report) -> dict[str, tuple[str, str]]:
    shown = {name for result in report.results for name in result.control.observe}
    known: dict[str, tuple[str, str]] = {}
    for table in TABLES:
        for column in columns_of(table):
            if column.name in shown:
                known.setdefault(column.name, (column.doc.replace("`", ""), column.unit))
    return dict(sorted(known.items()))


def threshold_text(value: Json, unit: str) -> str:
    """Return a threshold's value with its unit."""
    shown = ", ".join(str(item) for item in value) or "none" if isinstance(value, list) else str(value)
    return f"{shown} {unit}".strip()
