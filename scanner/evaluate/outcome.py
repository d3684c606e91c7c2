"""From verdict codes to results: counts, findings with their reasons, and the verdict file.

Everything here is fixed SQL: no text of a control reaches this connection, only names of columns that were
checked against the fact tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scanner.evaluate.columns import Checked, decision_columns
from scanner.evaluate.sql import CODES, Plan
from scanner.model.facts import columns_of
from scanner.model.ids import ControlId, Digest, Json
from scanner.model.observation import Gap
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME
from scanner.model.verdict import ControlResult, Counts, Finding, ThresholdUse, Verdict

MAX_GAPS_NAMED = 3
UNSTATED = "neither the pass nor the fail condition holds"


@dataclass(frozen=True, slots=True)
class Seen:
    """What could not be read, and which columns each operation feeds."""

    gaps: Sequence[Gap]
    operations: Sequence[Operation]

    def of(self, control_columns: frozenset[str]) -> list[Gap]:
        """Return the gaps that touch a set of columns, those of operations that everything needs included."""
        names = {op.name for op in self.operations if op.always or control_columns.intersection(op.feeds)}
        return [gap for gap in self.gaps if gap.operation in names]

    def populations(self, table: str) -> list[Gap]:
        """Return the gaps that leave a whole scope of ``table`` unlisted or unreached."""
        names = {op.name for op in self.operations if op.always or f"{table}.*" in op.feeds}
        return [gap for gap in self.gaps if gap.subject is None and gap.operation in names]


@dataclass(frozen=True, slots=True)
class Concluded:
    """A control's result, with the SELECT that gives its part of the verdict file."""

    result: ControlResult
    select: str


def explain(gap: Gap) -> str:
    """Return a gap in one line: ``kms:GetKeyRotationStatus denied (AccessDeniedException)``."""
    code = f" ({gap.error_code})" if gap.error_code else ""
    return f"{gap.operation} {gap.reason.value}{code}"


def conclude(
    db: duckdb.DuckDBPyConnection,
    plan: Plan,
    index: int,
    seen: Seen,
    *,
    thresholds: tuple[ThresholdUse, ...],
    addressable_only: bool,
    most: int,
) -> Concluded:
    """Return the result of one control."""
    checked = plan.controls[index]
    columns = decision_columns(checked.control)
    gaps = seen.of(columns)
    _tabulate_gaps(db, plan, index, gaps, seen.populations(plan.table))
    select = _rows(plan, index, checked)
    counts = _counts(db, plan, index)
    findings = _findings(db, select, checked, most)
    failed_and_unknown = counts.failed + counts.unknown
    verdict = _verdict(counts, touched=bool(gaps), listed=_listed(db, plan.table))
    result = ControlResult(
        control=checked.control,
        verdict=verdict,
        counts=counts,
        thresholds=thresholds,
        findings=findings,
        omitted=failed_and_unknown - len(findings),
        addressable_only=addressable_only,
        unread=_few({explain(gap) for gap in gaps}),
    )
    return Concluded(result, select)


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
    row = db.execute("SELECT count(*) FROM coverage WHERE listed_table = $table", {"table": table}).fetchone()
    return bool(row and row[0])


def _tabulate_gaps(
    db: duckdb.DuckDBPyConnection, plan: Plan, index: int, gaps: Sequence[Gap], populations: Sequence[Gap]
) -> None:
    """Make the tables of reasons that the SELECT of a control joins."""
    about: dict[str, set[str]] = {}
    scopes: dict[str, set[str]] = {}
    for gap in gaps:
        if gap.subject is not None:
            about.setdefault(gap.subject, set()).add(explain(gap))
        else:
            scopes.setdefault(gap.source, set()).add(explain(gap))
    unlisted: dict[str, tuple[set[str], set[str]]] = {}
    for gap in populations:
        reasons, evidence = unlisted.setdefault(gap.source, (set(), set()))
        reasons.add(explain(gap))
        evidence.add(gap.id)
    name = f"{plan.table}_{index}"
    undecided = plan.controls[index].control.undecided or UNSTATED
    _table(db, f"undecided_{name}", [("", undecided, [])])
    _table(db, f"about_{name}", [(key, _few(reasons), []) for key, reasons in about.items()])
    _table(db, f"scope_{name}", [(key, _few(reasons), []) for key, reasons in scopes.items()])
    _table(db, f"unlisted_{name}", [(key, _few(r), sorted(e)) for key, (r, e) in sorted(unlisted.items())])


def _few(reasons: set[str]) -> str:
    listed = sorted(reasons)
    more = f" and {len(listed) - MAX_GAPS_NAMED} more" if len(listed) > MAX_GAPS_NAMED else ""
    return "; ".join(listed[:MAX_GAPS_NAMED]) + more


def _table(db: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[str, str, list[str]]]) -> None:
    db.execute(f'CREATE TABLE "{name}" (id VARCHAR, reason VARCHAR, evidence VARCHAR[])')
    for start in range(0, len(rows), 1000):
        part = rows[start : start + 1000]
        db.execute(
            f'INSERT INTO "{name}" SELECT unnest($ids), unnest($reasons), unnest(CAST($evidence AS VARCHAR[][]))',
            {"ids": [r[0] for r in part], "reasons": [r[1] for r in part], "evidence": [r[2] for r in part]},
        )


def _rows(plan: Plan, index: int, checked: Checked) -> str:
    """Return the SELECT of every verdict of one control, in the order of the verdict file."""
    table = BY_NAME[plan.table]
    own = {c.name for c in columns_of(table)}
    names = plan.names(checked)
    name = f"{plan.table}_{index}"
    label = 's."name"' if "name" in own else "''"
    keys = sorted({table.key, *(r.to for r in checked.control.related)})
    about = " ".join(f'LEFT JOIN "about_{name}" a{i} ON a{i}.id = s."{key}"' for i, key in enumerate(keys))
    reasons = ", ".join(["g.reason", *(f"a{i}.reason" for i in range(len(keys)))])
    reason = (
        f"CASE WHEN v.{plan.code(index)} = 2 THEN coalesce(nullif(concat_ws('; ', {reasons}), ''), "
        f"{_missing(checked, names, name)}) ELSE '' END"
    )
    judged = (
        f"SELECT s.\"{table.key}\" AS subject, s.source AS source, coalesce({label}, '') AS label, "
        f"v.{plan.code(index)} AS code, {reason} AS reason, {_observed(plan, checked, names)} AS observed, "
        f's.evidence AS evidence FROM "{plan.table}" s JOIN "{plan.verdicts}" v ON s.rowid = v.row_ '
        f'LEFT JOIN "scope_{name}" g ON g.id = s.source {about} ORDER BY s.rowid'
    )
    scopes = (
        "SELECT id AS subject, id AS source, '' AS label, 2 AS code, reason, '{}' AS observed, evidence "
        f'FROM "unlisted_{name}" ORDER BY id'
    )
    return f"(({judged}) UNION ALL ({scopes}))"


def _missing(checked: Checked, names: dict[str, str], name: str) -> str:
    undecided = f'(SELECT reason FROM "undecided_{name}")'
    columns = sorted(checked.decided_by)
    if not columns:
        return undecided
    parts = ", ".join(f"CASE WHEN {_place(c, names)} IS NULL THEN '{c}' END" for c in columns)
    return f"coalesce('not reported: ' || nullif(concat_ws(', ', {parts}), ''), {undecided})"


def _place(column: str, names: dict[str, str]) -> str:
    return f"v.{names[column]}" if column in names else f's."{column}"'


def _observed(plan: Plan, checked: Checked, names: dict[str, str]) -> str:
    types = {c.name: c.sql_type for c in columns_of(BY_NAME[plan.table])}
    types |= {r.name: _related_type(r.table, r.value) for r in checked.control.related}
    if not checked.control.observe:
        return "'{}'"
    parts = []
    for column in checked.control.observe:
        place = _place(column, names)
        if types[column] == "TIMESTAMP":
            place = f"strftime({place}, '%Y-%m-%dT%H:%M:%SZ')"
        parts.append(f'"{column}" := {place}')
    return f"CAST(to_json(struct_pack({', '.join(parts)})) AS VARCHAR)"


def _related_type(table: str, value: str) -> str:
    return next((c.sql_type for c in columns_of(BY_NAME[table]) if c.name == value), "")


def _counts(db: duckdb.DuckDBPyConnection, plan: Plan, index: int) -> Counts:
    found = dict(
        db.execute(
            f'SELECT {plan.code(index)}, count(*) FROM "{plan.verdicts}" GROUP BY ALL '
            f'UNION ALL SELECT -1, count(*) FROM "unlisted_{plan.table}_{index}"'
        ).fetchall()
    )
    return Counts(found.get(0, 0), found.get(1, 0), found.get(2, 0) + found.get(-1, 0), found.get(3, 0))


def _findings(db: duckdb.DuckDBPyConnection, select: str, checked: Checked, most: int) -> tuple[Finding, ...]:
    control = checked.control
    rows = db.execute(
        f"SELECT subject, source, label, code, reason, observed, evidence FROM {select} "
        f"WHERE code IN (1, 2) ORDER BY code, subject, source LIMIT {int(most)}"
    ).fetchall()
    return tuple(
        Finding(
            control=ControlId(control.id),
            subject=subject,
            source=source,
            label=label,
            verdict=CODES[code],
            rests_on=control.rests_on.value,
            reason=reason,
            observed=_object(observed),
            evidence=tuple(Digest(one) for one in evidence),
        )
        for subject, source, label, code, reason, observed, evidence in rows
    )


def _object(text: str) -> dict[str, Json]:
    value = json.loads(text)
    return value if isinstance(value, dict) else {}


def export(db: duckdb.DuckDBPyConnection, concluded: Sequence[Concluded], path: Path) -> None:
    """Write ``verdicts.parquet``: every verdict of every subject, by control and subject."""
    codes = " ".join(f"WHEN {i} THEN '{verdict.value}'" for i, verdict in enumerate(CODES))
    parts = [
        f"SELECT '{one.result.control.id}' AS control_id, subject, CASE code {codes} END AS verdict, "
        f"'{one.result.control.rests_on.value}' AS rests_on, reason, observed, evidence, source FROM {one.select}"
        for one in concluded
    ]
    empty = (
        "SELECT NULL::VARCHAR AS control_id, NULL::VARCHAR AS subject, NULL::VARCHAR AS verdict, "
        "NULL::VARCHAR AS rests_on, NULL::VARCHAR AS reason, NULL::VARCHAR AS observed, NULL::VARCHAR[] AS evidence, "
        "NULL::VARCHAR AS source WHERE false"
    )
    partial = path.with_name(f".{path.name}.partial")
    target = str(partial).replace("'", "''")
    db.execute(f"COPY ({' UNION ALL '.join(parts) or empty}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    partial.replace(path)
