"""The report of a scan, put together from results, facts and gaps. It judges nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from scanner.evaluate.cited import observations
from scanner.evaluate.inventory import inventory
from scanner.evaluate.registered import registered
from scanner.evaluate.store import naive_utc, query
from scanner.model.control import Catalogue, Framework
from scanner.model.ids import Digest
from scanner.model.observation import Gap, Record
from scanner.model.report import (
    ClauseCoverage,
    KeyAge,
    PhaseCoverage,
    Population,
    Report,
    ScanInfo,
    SourceSummary,
    Totals,
)
from scanner.model.verdict import ControlResult, Verdict

MAX_AGES = 40
"""Bars of the chart of key ages; the rest is counted."""

_WORST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE)

CRYPTOPERIODS: Mapping[str, str] = {
    "symmetric_data_encryption": "dek_max_days",
    "symmetric_key_wrapping": "kek_max_days",
    "symmetric_authentication": "authentication_max_days",
    "private_signature": "signature_max_days",
    "private_key_transport": "establishment_max_days",
    "private_key_agreement": "establishment_max_days",
    "private_key_encapsulation": "establishment_max_days",
}
"""SP 800-57 key type to the parameter that holds its originator-usage period."""


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the verdict that a group stands for: FAIL before UNKNOWN before PASS before NOT_APPLICABLE."""
    found = set(verdicts)
    return next((v for v in _WORST if v in found), None)


def totals(results: Sequence[ControlResult]) -> Totals:
    """Count controls by verdict."""
    count = {v: sum(r.verdict is v for r in results) for v in Verdict}
    waived = sum(r.waived for r in results)
    return Totals(
        count[Verdict.PASS], count[Verdict.FAIL], count[Verdict.UNKNOWN], count[Verdict.NOT_APPLICABLE], waived
    )


def clause_coverage(framework: Framework, results: Sequence[ControlResult]) -> tuple[ClauseCoverage, ...]:
    """Return every clause of a framework with the controls that cite it."""
    citing: defaultdict[str, list[tuple[str, Verdict]]] = defaultdict(list)
    for result in results:
        for citation in result.control.citations:
            if citation.framework == framework.id:
                citing[citation.ref].append((str(result.control.id), result.verdict))
    return tuple(
        ClauseCoverage(clause, worst(v for _, v in citing[clause.ref]), tuple(sorted(citing[clause.ref])))
        for clause in framework.clauses
    )


def phase_coverage(results: Sequence[ControlResult]) -> tuple[PhaseCoverage, ...]:
    """Return the life-cycle phases with their controls, in catalogue order."""
    phases: dict[str, list[tuple[str, Verdict]]] = {}
    for result in results:
        phases.setdefault(result.control.phase, []).append((str(result.control.id), result.verdict))
    return tuple(PhaseCoverage(phase, tuple(controls)) for phase, controls in phases.items())


def assemble(
    scan: ScanInfo,
    *,
    catalogue: Catalogue,
    results: Sequence[ControlResult],
    gaps: Sequence[Gap],
    calls: Mapping[str, tuple[str, str, int]],
    facts: Path,
    as_of: datetime,
    find: Callable[[Collection[Digest]], Iterable[Record]] | None = None,
    raw: bool = True,
) -> Report:
    """Build the report. ``calls`` gives per source: its name in the estate, the endpoint, the number of answers.

    ``find`` gives records of the evidence by their ids: when answers came and, if ``raw``, the raw answers behind the
    findings that are shown first.
    """
    exceptions, more = registered(facts)
    ages, omitted, unknown = key_ages(facts, limits(results), as_of)
    return Report(
        scan=scan,
        totals=totals(results),
        results=tuple(results),
        gaps=tuple(sorted(gaps, key=lambda g: (g.source, g.operation, g.subject or "", g.id))),
        sources=tuple(_sources(gaps, calls, facts)),
        clauses=tuple((f, clause_coverage(f, results)) for f in catalogue.frameworks),
        phases=phase_coverage(results),
        key_ages=ages,
        key_ages_omitted=omitted,
        key_ages_unknown=unknown,
        inventory=inventory(facts, as_of, find),
        exceptions=exceptions,
        exceptions_omitted=more,
        observations=observations(results, find) if find and raw else (),
    )


def limits(results: Sequence[ControlResult]) -> dict[str, int]:
    """Return the limits in days that this scan used, by parameter name."""
    return {
        use.name: use.value
        for result in results
        for use in result.thresholds
        if use.unit == "days" and isinstance(use.value, int)
    }


def key_ages(facts: Path, days: Mapping[str, int], as_of: datetime) -> tuple[tuple[KeyAge, ...], int, int]:
    """Return the oldest key materials against their limits, how many more there are, how many are not known."""
    known = {kind: (days[name], name) for kind, name in CRYPTOPERIODS.items() if name in days}
    rows = query(
        """SELECT key_id, name, key_type, date_diff('day', material_since, $as_of) AS age
           FROM read_parquet($path)
           WHERE managed_by IS DISTINCT FROM 'provider'
             AND state IS DISTINCT FROM 'destroyed' AND state IS DISTINCT FROM 'deactivated'
           ORDER BY age DESC NULLS LAST, key_id""",
        {"path": str(facts / "keys.parquet"), "as_of": naive_utc(as_of)},
    ).fetchall()
    judged = [row for row in rows if row[3] is not None and row[2] in known]
    ages = tuple(KeyAge(key, name or "", kind, age, *known[kind]) for key, name, kind, age in judged[:MAX_AGES])
    return ages, max(0, len(judged) - MAX_AGES), len(rows) - len(judged)


def _sources(gaps: Sequence[Gap], calls: Mapping[str, tuple[str, str, int]], facts: Path) -> list[SourceSummary]:
    gap_count: defaultdict[str, int] = defaultdict(int)
    names: dict[str, tuple[str, str, int]] = dict(calls)
    for gap in gaps:
        gap_count[gap.source] += 1
        names.setdefault(gap.source, (gap.source_name, gap.endpoint, 0))
    populations = _populations(facts)
    return [
        SourceSummary(
            source=source,
            name=name,
            endpoint=endpoint,
            calls=count,
            gaps=gap_count[source],
            populations=tuple(populations.get(source, ())),
        )
        for source, (name, endpoint, count) in sorted(names.items())
    ]


def _populations(facts: Path) -> dict[str, list[Population]]:
    found: dict[str, list[Population]] = {}
    rows = query(
        """SELECT source, listed_table, sum(row_count)::BIGINT, bool_and(complete)
           FROM read_parquet($path) GROUP BY ALL ORDER BY ALL""",
        {"path": str(facts / "coverage.parquet")},
    ).fetchall()
    for source, table, count, complete in rows:
        found.setdefault(source, []).append(Population(table, count, complete))
    return found
