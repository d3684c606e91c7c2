"""From the report to what the templates show: groups, words and bounds. It adds no fact."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scanner.model.control import Citation, Clause, Control, Framework, Related
from scanner.model.facts import columns_of
from scanner.model.ids import Digest, Json
from scanner.model.observation import Gap
from scanner.model.report import ClauseCoverage, Report, SourceSummary
from scanner.model.tables import BY_NAME
from scanner.model.verdict import ControlResult, Finding, ThresholdUse, Verdict
from scanner.render import words
from scanner.render.finding import Filters, filters
from scanner.render.text import value_text

HIPAA = "hipaa-164.312"
SUBJECTS_OF_GAPS = 3
_PLACEHOLDER = {"keys": "--key-id KEY", "key_stores": "--custom-key-store-id STORE"}
"""What a remedy says where the id of a row of the table belongs."""
_SHELL_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/_.-]{0,299}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a long list is shown."""

    subjects: int
    """Findings of one verdict under one control."""
    evidence: int
    gaps: int
    sources: int
    stores: int = 40
    findings: int = 400
    """Findings at all: the more controls have some, the fewer are shown of each. A page costs memory and time."""


PRINT = Bounds(subjects=12, evidence=6, gaps=40, sources=100)
SCREEN = Bounds(subjects=200, evidence=30, gaps=500, sources=1_000, stores=200, findings=5_000)
LEAST = 3
"""Findings of one verdict under one control that are shown in any case."""


@dataclass(frozen=True, slots=True)
class Cited:
    """The clauses of one framework that a control bears on."""

    title: str
    clauses: tuple[tuple[Citation, Clause | None], ...]


@dataclass(frozen=True, slots=True)
class Subjects:
    """Findings of one verdict, as many as are shown, and how many more there are."""

    shown: tuple[Finding, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Section:
    """One control in the findings."""

    result: ControlResult
    consequence: str
    """What a failure asks for, in words, or empty."""
    law: tuple[Cited, ...]
    standards: tuple[Cited, ...]
    remedy: tuple[tuple[str, str], ...]
    failed: Subjects
    unknown: Subjects


@dataclass(frozen=True, slots=True)
class Unassessed:
    """A control with something unknown, and why in few words."""

    result: ControlResult
    reason: str
    more: int
    """Other reasons."""


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps of one source, operation and reason."""

    source: str
    operation: str
    reason: str
    code: str
    count: int
    detail: str
    """What was said the first time."""
    subjects: tuple[str, ...]
    """The first few."""
    subjects_more: int


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A part of the catalogue under its phase of SP 800-57."""

    phase: str
    part: str
    controls: tuple[tuple[str, Verdict], ...]


@dataclass(frozen=True, slots=True)
class Term:
    """An observed value, explained."""

    name: str
    meaning: str
    unit: str
    table: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything the templates read beside the report."""

    bounds: Bounds
    risks: tuple[ControlResult, ...]
    unassessed: tuple[Unassessed, ...]
    sections: tuple[Section, ...]
    quiet: tuple[ControlResult, ...]
    """Controls that passed or did not apply, with nothing unknown."""
    gap_groups: tuple[GapGroup, ...]
    silent: tuple[SourceSummary, ...]
    """Sources that gave no answer at all."""
    sources: tuple[SourceSummary, ...]
    """Those with gaps first."""
    hipaa: tuple[Framework, tuple[ClauseCoverage, ...]] | None
    frameworks: tuple[tuple[Framework, tuple[ClauseCoverage, ...]], ...]
    phases: tuple[PhaseRow, ...]
    phases_empty: tuple[str, ...]
    """Parts of the catalogue of which no control was run."""
    thresholds: tuple[tuple[ThresholdUse, tuple[str, ...]], ...]
    policy_unused: tuple[str, ...]
    """Thresholds that the estate file sets and no control of this scan uses."""
    terms: tuple[Term, ...]
    filters: Filters
    unlisted: int
    """Findings that are only counted."""
    raw: Mapping[Digest, str]
    """Answers that are in the page itself, and the operation of each."""


def build(report: Report, bounds: Bounds) -> View:
    """Return the view of a report."""
    loud = sorted((r for r in report.results if _is_loud(r)), key=_by_verdict)
    clauses = {(f.id, clause.ref): clause for f, _ in report.clauses for clause in f.clauses}
    titles = {f.id: f.title for f, _ in report.clauses}
    thresholds = _thresholds(report.results)
    sample = _sample(loud, bounds)
    sections = tuple(_section(r, clauses, titles, sample) for r in loud)
    return View(
        bounds=bounds,
        risks=tuple(r for r in loud if r.verdict is Verdict.FAIL),
        unassessed=tuple(_unassessed(r) for r in loud if r.counts.unknown or r.verdict is Verdict.UNKNOWN),
        sections=sections,
        quiet=tuple(r for r in report.results if not _is_loud(r)),
        gap_groups=_gap_groups(report.gaps),
        silent=tuple(s for s in report.sources if not s.calls),
        sources=tuple(sorted(report.sources, key=lambda s: (not s.gaps, s.source))),
        hipaa=next((pair for pair in report.clauses if pair[0].id == HIPAA), None),
        frameworks=tuple(pair for pair in report.clauses if pair[0].id != HIPAA),
        phases=_phases(report),
        phases_empty=tuple(sorted(words.PHASES.keys() - {p.phase for p in report.phases})),
        thresholds=thresholds,
        policy_unused=tuple(sorted(report.scan.policy.keys() - {use.name for use, _ in thresholds})),
        terms=_terms(report.results),
        filters=filters(report),
        unlisted=sum(section.failed.more + section.unknown.more for section in sections),
        raw={one.id: one.operation for one in report.observations},
    )


def _is_loud(result: ControlResult) -> bool:
    return bool(result.counts.unknown) or result.verdict in {Verdict.FAIL, Verdict.UNKNOWN}


def _by_verdict(result: ControlResult) -> tuple[bool, int, str]:
    control = result.control
    return result.verdict is not Verdict.FAIL, words.SEVERITIES.index(control.severity), control.id


def _unassessed(result: ControlResult) -> Unassessed:
    reasons = Counter(f.reason for f in result.findings if f.verdict is Verdict.UNKNOWN)
    if not reasons:
        return Unassessed(result, result.unread or "nothing of its kind was listed", 0)
    return Unassessed(result, reasons.most_common(1)[0][0], len(reasons) - 1)


def _sample(loud: Iterable[ControlResult], bounds: Bounds) -> int:
    """Return how many findings of one verdict under one control are shown."""
    groups = sum((result.counts.failed > 0) + (result.counts.unknown > 0) for result in loud)
    return min(bounds.subjects, max(LEAST, bounds.findings // max(1, groups)))


def _section(
    result: ControlResult,
    clauses: Mapping[tuple[str, str], Clause],
    titles: Mapping[str, str],
    sample: int,
) -> Section:
    cited = [(c, clauses.get((c.framework, c.ref))) for c in result.control.citations]
    return Section(
        result=result,
        consequence=_consequence(result),
        law=_cited([pair for pair in cited if pair[1] and pair[1].binding], titles),
        standards=_cited([pair for pair in cited if not (pair[1] and pair[1].binding)], titles),
        remedy=_remedy(result),
        failed=_subjects(result, Verdict.FAIL, result.counts.failed, sample),
        unknown=_subjects(result, Verdict.UNKNOWN, result.counts.unknown, sample),
    )


def _consequence(result: ControlResult) -> str:
    if result.verdict is not Verdict.FAIL or not result.addressable_only:
        return ""
    return words.DECIDED if result.alternative else words.ALTERNATIVE


def _cited(cited: Iterable[tuple[Citation, Clause | None]], titles: Mapping[str, str]) -> tuple[Cited, ...]:
    groups: defaultdict[str, list[tuple[Citation, Clause | None]]] = defaultdict(list)
    for citation, clause in cited:
        groups[citation.framework].append((citation, clause))
    return tuple(Cited(titles.get(name, name).partition(",")[0], tuple(pairs)) for name, pairs in groups.items())


def _subjects(result: ControlResult, verdict: Verdict, count: int, sample: int) -> Subjects:
    shown = tuple(f for f in result.findings if f.verdict is verdict)[:sample]
    return Subjects(shown, max(0, count - len(shown)))


def _remedy(result: ControlResult) -> tuple[tuple[str, str], ...]:
    """Return the remedies, with the id in the command when one subject failed and its id is harmless in a shell."""
    control = result.control
    mark = _PLACEHOLDER.get(control.table, "")
    failed = [f.subject for f in result.findings if f.verdict is Verdict.FAIL]
    if not mark or len(failed) != 1 or result.counts.failed != 1 or not _SHELL_SAFE.fullmatch(failed[0]):
        return control.remedy
    option = mark.partition(" ")[0]
    exact = re.compile(rf"{re.escape(mark)}\b(?!_)")
    return tuple((who, exact.sub(f"{option} {failed[0]}", what)) for who, what in control.remedy)


def _gap_groups(gaps: Sequence[Gap]) -> tuple[GapGroup, ...]:
    groups: defaultdict[tuple[str, str, str, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        groups[gap.source, gap.operation, gap.reason.value, gap.error_code].append(gap)
    return tuple(_gap_group(key, members) for key, members in sorted(groups.items()))


def _gap_group(key: tuple[str, str, str, str], members: Sequence[Gap]) -> GapGroup:
    subjects = sorted({gap.subject for gap in members if gap.subject is not None})
    few = tuple(subjects[:SUBJECTS_OF_GAPS])
    return GapGroup(*key, len(members), members[0].detail, few, len(subjects) - len(few))


def by_verdict(controls: Iterable[tuple[str, Verdict]]) -> list[tuple[Verdict, list[str]]]:
    """Group controls by verdict, worst first."""
    groups: defaultdict[Verdict, list[str]] = defaultdict(list)
    for control, verdict in controls:
        groups[verdict].append(control)
    return [(verdict, groups[verdict]) for verdict in words.VERDICTS if verdict in groups]


def _phases(report: Report) -> tuple[PhaseRow, ...]:
    order = [*words.PHASES]
    rows = [PhaseRow(words.PHASES.get(p.phase, words.NO_PHASE), p.phase, p.controls) for p in report.phases]
    return tuple(sorted(rows, key=lambda row: order.index(row.part) if row.part in order else len(order)))


def _thresholds(results: Iterable[ControlResult]) -> tuple[tuple[ThresholdUse, tuple[str, ...]], ...]:
    used: dict[str, tuple[ThresholdUse, list[str]]] = {}
    for result in results:
        for use in result.thresholds:
            # The default and its source belong to the control: two that differ are two lines.
            used.setdefault(repr((use.name, use)), (use, []))[1].append(result.control.id)
    return tuple((use, tuple(ids)) for _, (use, ids) in sorted(used.items()))


def _terms(results: Iterable[ControlResult]) -> tuple[Term, ...]:
    """Explain each observed value, by the table that the control judges: the same name may mean another thing."""
    found = {term for result in results for term in _terms_of(result.control)}
    return tuple(sorted(found, key=lambda term: (term.name, term.table, term.meaning)))


def _terms_of(control: Control) -> Iterable[Term]:
    known = {c.name: (c.doc, c.unit) for c in columns_of(BY_NAME[control.table])}
    known |= {related.name: (_related(related), "") for related in control.related}
    for name in control.observe:
        meaning, unit = known[name]
        yield Term(name, meaning, unit, control.table)


def _related(related: Related) -> str:
    question = words.AGGREGATES[related.aggregate]
    where = f" `{related.where}`" if related.where else ""
    between = "" if not where else " meets" if related.aggregate in {"any", "all"} else " with"
    value = f" `{related.value}`" if related.value else ""
    return f"{question}{value} of the subject's `{related.table}`{between}{where}."


def threshold_text(value: Json, unit: str) -> str:
    """Return a threshold's value with its unit."""
    return f"{value_text(value)} {unit}".strip()
