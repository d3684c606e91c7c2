"""From checked controls to SQL: one statement per subject table, whatever the number of its controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.errors import ControlError
from scanner.evaluate.columns import Checked
from scanner.model.control import Related
from scanner.model.tables import BY_NAME
from scanner.model.verdict import Verdict

CODES: tuple[Verdict, ...] = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)
"""A verdict's code is its place here."""

CONTRADICTION = 9
"""Code of a row of which a control says both pass and fail."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the controls of one subject table are judged."""

    table: str
    controls: tuple[Checked, ...]
    related: tuple[Related, ...]
    """Each different definition once, in order of first use."""

    @property
    def verdicts(self) -> str:
        """Name of the table that gets a code per row and control."""
        return f"verdicts_of_{self.table}"

    def code(self, index: int) -> str:
        """Return the column that holds the codes of a control."""
        return f"code_{index}"

    def names(self, checked: Checked) -> dict[str, str]:
        """Return a control's names of its related values, with the columns that hold them."""
        return {one.name: f"related_{self.related.index(_nameless(one))}" for one in checked.control.related}


def plan_table(table: str, controls: Sequence[Checked]) -> Plan:
    """Plan the judging of one table."""
    related = dict.fromkeys(_nameless(one) for checked in controls for one in checked.control.related)
    return Plan(table, tuple(controls), tuple(related))


def _nameless(related: Related) -> Related:
    return Related("", related.aggregate, related.table, related.on, related.to, related.where, related.value)


def statements(plan: Plan) -> Iterator[str]:
    """Yield the SELECTs to run: (what becomes a table of) each related value, then the verdicts."""
    joins = []
    values = []
    for i, related in enumerate(plan.related):
        joins.append(
            f'LEFT JOIN related_rows_{i} r{i} ON r{i}.k = s."{related.to}" '
            f'LEFT JOIN related_listed_{i} l{i} ON l{i}.parent_id = s."{_parent(related)}"'
        )
        values.append(f"{_value(related, f'r{i}', f'l{i}')} AS related_{i}")
    codes = [f"{code(checked, plan.names(checked))} AS {plan.code(i)}" for i, checked in enumerate(plan.controls)]
    base = f'SELECT s.*, s.rowid AS row_{"".join(", " + v for v in values)} FROM "{plan.table}" s {" ".join(joins)}'
    kept = "".join(f", related_{i}" for i in range(len(plan.related)))
    yield f"SELECT row_{kept}, {', '.join(codes)} FROM ({base})"


def related_statements(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield (name of the table to make, its SELECT) for the values that the verdicts join."""
    for i, related in enumerate(plan.related):
        yield f"related_rows_{i}", _grouped(related)
        listed = (
            f"SELECT parent_id, bool_and(complete) AS complete FROM coverage WHERE listed_table = '{related.table}'"
        )
        yield f"related_listed_{i}", f"{listed} GROUP BY parent_id"


def _parent(related: Related) -> str:
    """Return the subject's column that names the scope in which the other table's rows were listed."""
    parent = BY_NAME[related.table].parent
    if parent == related.on:
        return related.to
    if parent == "source":
        return "source"
    raise ControlError(
        f"related over {related.table} must join on {parent!r}", hint=f"its rows are listed per {parent}"
    )


def _grouped(related: Related) -> str:
    where = f"({related.where or 'true'})"
    value = f'"{related.value}"' if related.value else "NULL"
    extreme = f"{related.aggregate}({value}) FILTER (WHERE {where})" if related.value else "NULL"
    return (
        f'SELECT "{related.on}" AS k, count(*) FILTER (WHERE {where}) AS yes, '
        f"count(*) FILTER (WHERE NOT {where}) AS no, count(*) FILTER (WHERE {where} IS NULL) AS unknown, "
        f"count(*) FILTER (WHERE {where} AND {value} IS NULL) AS valueless, {extreme} AS extreme "
        f'FROM "{related.table}" GROUP BY "{related.on}"'
    )


def _value(related: Related, r: str, listed: str) -> str:
    known = f"coalesce({listed}.complete, false) AND coalesce({r}.unknown, 0) = 0"
    if related.aggregate == "count":
        return f"CASE WHEN {known} THEN coalesce({r}.yes, 0) END"
    if related.aggregate == "any":
        return f"CASE WHEN {r}.yes > 0 THEN true WHEN {known} THEN false END"
    if related.aggregate == "all":
        return f"CASE WHEN {r}.no > 0 THEN false WHEN {known} THEN true END"
    return f"CASE WHEN {known} AND coalesce({r}.valueless, 0) = 0 THEN {r}.extreme END"


def code(checked: Checked, names: dict[str, str]) -> str:
    """Return the SQL of a control's verdict code: the verdict table of the design, and nothing else."""
    applies, passes, fails = (
        f"({expression.renamed(names)})" for expression in (checked.applies, checked.passes, checked.fails)
    )
    return (
        f"CAST(CASE WHEN {applies} IS NULL THEN 2 WHEN NOT {applies} THEN 3 WHEN {passes} AND {fails} "
        f"THEN {CONTRADICTION} WHEN {passes} THEN 0 WHEN {fails} THEN 1 ELSE 2 END AS UTINYINT)"
    )
