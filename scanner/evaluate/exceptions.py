"""Which failures waivers and documented alternatives cover, counted when the controls were judged.

A verdict never changes by it. The tables of exceptions are completed here, from the verdicts, and written anew; the
controls over them are judged after that. Text of a register reaches SQL as values only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path

import duckdb

from scanner.evaluate.columns import Checked, rested_on
from scanner.evaluate.outcome import About
from scanner.evaluate.reasons import Seen
from scanner.evaluate.sql import CODES, ROW, Plan
from scanner.evaluate.store import quoted, save_table
from scanner.model.exceptions import ALTERNATIVE, AddressableSpecificationFact, ExceptionFact
from scanner.model.facts import columns_of
from scanner.model.tables import BY_NAME
from scanner.model.verdict import Applied, Verdict

FAIL, UNKNOWN = CODES.index(Verdict.FAIL), CODES.index(Verdict.UNKNOWN)
ADDRESSABLE = "Addressable"
_GIVEN = """
CREATE TEMP TABLE given AS SELECT exception_id AS id, kind, clause, in_force AND ends_at IS NOT NULL AS in_force,
    ends_at, scope, subjects,
    unnest(controls) AS control FROM read_parquet($path)
"""
_MATCHED = f"""
CREATE TEMP TABLE matched (id VARCHAR, control VARCHAR, clause VARCHAR, in_force BOOLEAN, ends_at TIMESTAMP,
    {ROW} BIGINT)
"""


@dataclass(frozen=True, slots=True)
class Covers:
    """What exceptions say of the verdicts."""

    plans: tuple[Plan, ...]
    """Those given, each with the controls of which failures are covered."""
    applied: Mapping[str, Applied] = field(default_factory=dict)
    """The exceptions in force, by id."""
    waived: Mapping[str, int] = field(default_factory=dict)
    """Control to how many of its failed subjects are covered."""
    alternative: frozenset[str] = frozenset()
    """Controls of which each failed subject is under an alternative to every Addressable clause that they cite."""

    def about(self, checked: Checked, about: About) -> About:
        """Return what a result says of a control, with what exceptions cover of it."""
        name = str(checked.control.id)
        alternative = about.addressable_only and name in self.alternative
        return replace(about, waived=self.waived.get(name, 0), alternative=alternative)


@dataclass(frozen=True, slots=True)
class Ground:
    """What verdicts are held against."""

    facts: Path
    seen: Seen
    absent: frozenset[str]
    rules: Mapping[str, str]
    """HIPAA clause to its rule."""
    registered: bool
    """There is a register of alternatives."""

    def addressable(self, checked: Checked) -> tuple[str, ...]:
        """Return the Addressable clauses of HIPAA that a control cites, sorted."""
        cited = {c.ref for c in checked.control.citations if c.framework.startswith("hipaa-")}
        return tuple(sorted(ref for ref in cited if self.rules.get(ref) == ADDRESSABLE))


@dataclass(frozen=True, slots=True)
class _Tallied:
    """What one control found."""

    clauses: tuple[str, ...]
    failed: int
    open: bool
    """A subject is unknown, or something was not read: it may have more failures."""


def cover(db: duckdb.DuckDBPyConnection, plans: Sequence[Plan], ground: Ground) -> Covers:
    """Match exceptions to failures, and write the fact files of exceptions and of addressable specifications anew."""
    ((given, listed),) = db.execute(
        "SELECT (SELECT count(*) FROM read_parquet($path)), "
        "(SELECT count(*) FROM coverage WHERE listed_table = 'addressable_specifications')",
        {"path": str(ground.facts / "exceptions.parquet")},
    ).fetchall()
    if not given and not listed:
        return Covers(tuple(plans))
    db.execute(f"CREATE TEMP VIEW coverage_rows AS FROM read_parquet({quoted(ground.facts / 'coverage.parquet')})")
    tallied = {str(c.control.id): one for plan in plans for c, one in _tallied(db, plan, ground)}
    _match(db, plans, ground)
    _write_specifications(db, tallied, ground)
    if not given:
        return Covers(tuple(plans))
    _write_exceptions(db, tallied, ground.facts)
    alternative = frozenset(_alternative(db, tallied))
    return Covers(tuple(_pivot(db, plan) for plan in plans), _applied(db, ground.facts), _waived(db), alternative)


def _tallied(db: duckdb.DuckDBPyConnection, plan: Plan, ground: Ground) -> Iterable[tuple[Checked, _Tallied]]:
    numbers = ", ".join(
        f"count(*) FILTER ({plan.code(i)} = {FAIL}), count(*) FILTER ({plan.code(i)} = {UNKNOWN})"
        for i in range(len(plan.controls))
    )
    ((rows, *found),) = db.execute(f'SELECT count(*), {numbers} FROM "{plan.verdicts}"').fetchall()
    ((listed, complete),) = db.execute(
        "SELECT count(*), coalesce(bool_and(complete), false) FROM coverage WHERE listed_table = $table",
        {"table": plan.table},
    ).fetchall()
    missed = {gap.operation for gap in ground.seen.gaps}
    nothing = plan.table in ground.absent and not rows
    for i, checked in enumerate(plan.controls):
        failed, unknown = found[2 * i : 2 * i + 2]
        unread = not listed or not complete or bool(missed & ground.seen.touching(rested_on(checked)))
        yield checked, _Tallied(ground.addressable(checked), failed, bool(unknown) or (unread and not nothing))


def _match(db: duckdb.DuckDBPyConnection, plans: Sequence[Plan], ground: Ground) -> None:
    """Make the table of (exception, control, failed subject)."""
    db.execute(_GIVEN, {"path": str(ground.facts / "exceptions.parquet")})
    db.execute(_MATCHED)
    named = {control for (control,) in db.execute("SELECT DISTINCT control FROM given").fetchall()}
    for plan in plans:
        key = BY_NAME[plan.table].key
        for i, checked in enumerate(plan.controls):
            if checked.control.id in named:
                db.execute(
                    f"INSERT INTO matched SELECT DISTINCT g.id, g.control, g.clause, g.in_force, g.ends_at, s.{ROW} "
                    "FROM (SELECT * EXCLUDE (subjects), unnest(subjects) AS pattern FROM given "
                    f"WHERE control = $control AND (kind <> '{ALTERNATIVE}' OR list_contains($clauses, clause))) g "
                    f'JOIN (SELECT s.* FROM "{plan.table}" s JOIN "{plan.verdicts}" v ON v.{ROW} = s.{ROW} '
                    f"WHERE v.{plan.code(i)} = {FAIL}) s "
                    f'ON s."{key}" GLOB {_glob("g.pattern")} AND s.source GLOB {_glob("g.scope")}',
                    {"control": str(checked.control.id), "clauses": list(ground.addressable(checked))},
                )
    db.execute(
        f"CREATE TEMP TABLE chosen AS SELECT control, {ROW}, first(id ORDER BY ends_at DESC, id) AS id "
        f"FROM matched WHERE in_force GROUP BY control, {ROW}"
    )


def _glob(pattern: str) -> str:
    """Return SQL for a pattern of * and ? alone."""
    return rf"replace(replace({pattern}, '\', '\\'), '[', '[[]')"


def _write_exceptions(db: duckdb.DuckDBPyConnection, tallied: Mapping[str, _Tallied], facts: Path) -> None:
    undecided = [control for control, one in tallied.items() if one.open]
    path = facts / ExceptionFact.table
    names = ", ".join(f'e."{c.name}"' for c in columns_of(ExceptionFact) if not c.name.endswith("_count"))
    db.execute(
        f'CREATE OR REPLACE TABLE "{ExceptionFact.table}" AS SELECT {names}, '
        "CASE WHEN m.rows > 0 OR (list_has_all($run, e.controls) AND NOT list_has_any($open, e.controls)) "
        "THEN coalesce(m.rows, 0) END AS matched_count, coalesce(c.rows, 0) AS covered_count "
        "FROM read_parquet($path) e "
        "LEFT JOIN (SELECT id, count(*) AS rows FROM matched GROUP BY id) m ON m.id = e.exception_id "
        "LEFT JOIN (SELECT id, count(*) AS rows FROM chosen GROUP BY id) c ON c.id = e.exception_id",
        {"run": list(tallied), "open": undecided, "path": f"{path}.parquet"},
    )
    save_table(db, ExceptionFact, path.with_suffix(".parquet"))


def _write_specifications(db: duckdb.DuckDBPyConnection, tallied: Mapping[str, _Tallied], ground: Ground) -> None:
    citing: defaultdict[str, list[str]] = defaultdict(list)
    for control, one in sorted(tallied.items()):
        for clause in one.clauses:
            citing[clause].append(control)
    table = AddressableSpecificationFact.table
    columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in columns_of(AddressableSpecificationFact))
    db.execute(f'CREATE OR REPLACE TABLE "{table}" ({columns})')
    for clause, controls in sorted(citing.items()):
        failed, unsettled = sum(tallied[c].failed for c in controls), any(tallied[c].open for c in controls)
        ((decided,),) = db.execute(
            f"SELECT count(DISTINCT (control, {ROW})) FROM matched WHERE in_force AND clause = $clause",
            {"clause": clause},
        ).fetchall()
        left = failed - decided
        db.execute(
            f'INSERT INTO "{table}" SELECT source, evidence, $clause, $controls, $failed, $decided, $left '
            f"FROM coverage_rows WHERE listed_table = '{table}'",
            {
                "clause": clause,
                "controls": controls,
                "failed": None if unsettled and not failed else failed,
                "decided": decided if ground.registered else None,
                "left": None if not ground.registered or (unsettled and not left) else left,
            },
        )
    save_table(db, AddressableSpecificationFact, ground.facts / f"{table}.parquet")


def _pivot(db: duckdb.DuckDBPyConnection, plan: Plan) -> Plan:
    """Make the table of the covered rows of one subject table."""
    found = {control for (control,) in db.execute("SELECT DISTINCT control FROM chosen").fetchall()}
    covered = tuple(i for i, checked in enumerate(plan.controls) if checked.control.id in found)
    if not covered:
        return plan
    columns = ", ".join(
        f"max(id) FILTER (control = '{plan.controls[i].control.id}') AS {plan.waiver(i)}" for i in covered
    )
    among = ", ".join(f"'{plan.controls[i].control.id}'" for i in covered)
    db.execute(
        f'CREATE OR REPLACE TABLE "{plan.covers}" AS SELECT {ROW}, {columns} FROM chosen '
        f"WHERE control IN ({among}) GROUP BY {ROW}"
    )
    return replace(plan, covered=covered)


def _applied(db: duckdb.DuckDBPyConnection, facts: Path) -> dict[str, Applied]:
    rows = db.execute(
        "SELECT exception_id, kind, owner, approver, reason, CASE WHEN kind = $alternative THEN measure END, ends_at "
        "FROM read_parquet($path) WHERE in_force AND ends_at IS NOT NULL ORDER BY exception_id",
        {"alternative": ALTERNATIVE, "path": str(facts / f"{ExceptionFact.table}.parquet")},
    ).fetchall()
    return {
        name: Applied(
            id=name,
            kind=kind,
            owner=owner or "",
            approver=approver or "",
            reason=reason or "",
            measure=measure or "",
            expires=ends_at.replace(tzinfo=UTC),
        )
        for name, kind, owner, approver, reason, measure, ends_at in rows
    }


def _waived(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(db.execute("SELECT control, count(*) FROM chosen GROUP BY control").fetchall())


def _alternative(db: duckdb.DuckDBPyConnection, tallied: Mapping[str, _Tallied]) -> Iterable[str]:
    rows = db.execute(
        f"SELECT control, clause, count(DISTINCT {ROW}) FROM matched WHERE in_force AND clause <> 'none' GROUP BY ALL"
    ).fetchall()
    decided = {(control, clause): count for control, clause, count in rows}
    for control, one in tallied.items():
        if one.failed and one.clauses and all(decided.get((control, c), 0) == one.failed for c in one.clauses):
            yield control
