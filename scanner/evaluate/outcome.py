"""From verdict codes to results: counts, findings with their reasons, and each control's verdict.

Everything here is fixed SQL: no text of a control is run as SQL on this connection, only names of columns that were
checked against the fact tables. The fact files are read where they lie, one pass for each subject table.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from scanner.evaluate.columns import Checked
from scanner.evaluate.judged import gathered, judged
from scanner.evaluate.reasons import Touched, unlisted
from scanner.evaluate.sql import CODES, ROW, Plan
from scanner.model.ids import Digest
from scanner.model.verdict import Applied, ControlResult, Counts, Finding, ThresholdUse, Verdict


@dataclass(frozen=True, slots=True)
class About:
    """What a result says of its control beside the verdicts."""

    thresholds: tuple[ThresholdUse, ...]
    addressable_only: bool
    waived: int = 0
    alternative: bool = False


def conclude(
    db: duckdb.DuckDBPyConnection,
    plan: Plan,
    touched: Sequence[Touched],
    about: Sequence[About],
    most: int,
    *,
    absent: bool = False,
    applied: Mapping[str, Applied] | None = None,
) -> list[ControlResult]:
    """Return the results of the controls over one subject table, in the plan's order.

    ``absent``: the estate has no source that could fill the table, so that there is nothing to look at. A gap of
    another source that the controls read, such as a register that nobody wrote, then leaves nothing open.
    ``applied``: the exceptions that cover failures, by id.
    """
    listed = absent or _listed(db, plan.table)
    lacking = {one.unlisted: _unlisted(db, plan.table, one.unlisted) for one in touched}
    found = _found(db, plan)
    codes = (CODES.index(Verdict.FAIL), CODES.index(Verdict.UNKNOWN))
    some = any(number for i, number in enumerate(found) if i % len(CODES) in codes)
    findings = _findings(db, plan, touched, most, applied or {}) if some else defaultdict(list)
    results = []
    for index, checked in enumerate(plan.controls):
        missing = lacking[touched[index].unlisted]
        counts = _counts(found, index, len(missing))
        # A row that is there all the same was judged, and what touches it counts.
        unread = "" if absent and not (counts.passed or counts.failed or counts.unknown) else touched[index].unread
        shown = _first(most, [*findings[index], *(_scope_finding(checked, row) for row in missing)])
        result = ControlResult(
            control=checked.control,
            verdict=_verdict(counts, touched=bool(unread), listed=listed),
            counts=counts,
            thresholds=about[index].thresholds,
            findings=shown,
            omitted=counts.failed + counts.unknown - len(shown),
            addressable_only=about[index].addressable_only,
            unread=unread,
            waived=about[index].waived,
            alternative=about[index].alternative,
        )
        results.append(result)
    return results


def _verdict(counts: Counts, *, touched: bool, listed: bool) -> Verdict:
    if counts.failed:
        return Verdict.FAIL
    if counts.unknown or touched:
        # A gap that touches what the control reads keeps it from passing, even when no row's verdict hangs on it.
        return Verdict.UNKNOWN
    if counts.passed:
        return Verdict.PASS
    # Nothing applies: that is an answer only when everything was looked at.
    return Verdict.NOT_APPLICABLE if listed else Verdict.UNKNOWN


def _listed(db: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(db.execute("SELECT 1 FROM coverage WHERE listed_table = $table LIMIT 1", {"table": table}).fetchall())


def _found(db: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[int, ...]:
    """Return how many subjects have each verdict, control by control, the verdicts by their codes."""
    numbers = (
        f"count(*) FILTER ({plan.code(index)} = {code})"
        for index in range(len(plan.controls))
        for code in range(len(CODES))
    )
    ((*found,),) = db.execute(f'SELECT {", ".join(numbers)} FROM "{plan.verdicts}"').fetchall()
    return tuple(found)


def _counts(found: Sequence[int], index: int, unlisted: int) -> Counts:
    passed, failed, unknown, not_applicable = found[index * len(CODES) :][: len(CODES)]
    return Counts(passed, failed, unknown + unlisted, not_applicable)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Something of the population that was not listed."""

    subject: str
    source: str
    reason: str
    evidence: tuple[Digest, ...]


def _unlisted(db: duckdb.DuckDBPyConnection, table: str, number: int) -> list[_Scope]:
    rows = db.execute(
        f'SELECT subject, source, reason, evidence FROM "{unlisted(table, number)}" ORDER BY subject, source'
    ).fetchall()
    return [_Scope(subject, source, reason, tuple(evidence)) for subject, source, reason, evidence in rows]


def _scope_finding(checked: Checked, scope: _Scope) -> Finding:
    return Finding(
        control=checked.control.id,
        subject=scope.subject,
        source=scope.source,
        label="",
        verdict=Verdict.UNKNOWN,
        rests_on=checked.control.rests_on.value,
        reason=scope.reason,
        observed={},
        evidence=scope.evidence,
    )


def _first(most: int, findings: list[Finding]) -> tuple[Finding, ...]:
    findings.sort(key=lambda finding: (CODES.index(finding.verdict), finding.subject, finding.source))
    return tuple(findings[:most])


def _findings(
    db: duckdb.DuckDBPyConnection,
    plan: Plan,
    touched: Sequence[Touched],
    most: int,
    applied: Mapping[str, Applied],
) -> defaultdict[int, list[Finding]]:
    """Return the first failed and unknown subjects of each control. The rows of a fact file are sorted by subject."""
    picks = " UNION ALL ".join(
        f'(SELECT {ROW}, {index} AS control FROM "{plan.verdicts}" WHERE {plan.code(index)} IN (1, 2) '
        f"ORDER BY {plan.code(index)}, {ROW} LIMIT {int(most)})"
        for index in range(len(plan.controls))
    )
    db.execute(f"CREATE OR REPLACE TEMP TABLE picked AS {picks}")
    db.execute(
        f'CREATE OR REPLACE TEMP TABLE picked_rows AS FROM "{gathered(plan)}" WHERE {ROW} IN (SELECT {ROW} FROM picked)'
    )
    rows = db.execute(
        f"SELECT j.control, subject, source, label, code, reason, observed, evidence, waiver "
        f"FROM ({judged(plan, touched, 'picked_rows')}) j JOIN picked p ON p.{ROW} = j.{ROW} AND p.control = j.control"
    ).fetchall()
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for control, subject, source, label, code, reason, observed, evidence, waiver in rows:
        checked = plan.controls[control]
        finding = Finding(
            control=checked.control.id,
            subject=subject,
            source=source,
            label=label,
            verdict=CODES[code],
            rests_on=checked.control.rests_on.value,
            reason=reason,
            observed=json.loads(observed),
            evidence=tuple(evidence),
            waiver=applied.get(waiver),
        )
        found[control].append(finding)
    return found
