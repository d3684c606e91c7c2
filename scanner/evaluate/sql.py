"""From checked controls to SQL: one statement per subject table, whatever the number of its controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.evaluate.columns import Checked
from scanner.evaluate.language import Expression
from scanner.model.control import Related
from scanner.model.facts import columns_of
from scanner.model.tables import BY_NAME
from scanner.model.verdict import Verdict

CODES: tuple[Verdict, ...] = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)
"""A verdict's code is its place here."""

CONTRADICTION = 9
"""Code of a row of which a control says both pass and fail."""

ROW = "row_"
"""Column of every table in the engine: the place of the row in its fact table, from 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the controls of one subject table are judged."""

    table: str
    controls: tuple[Checked, ...]
    """By id."""
    related: tuple[tuple[Related, Expression], ...]
    """Each different definition once, with its condition, in order of first use."""
    covered: tuple[int, ...] = ()
    """Controls, by their place, of which exceptions cover failures: table :attr:`covers` has a column for each."""

    @property
    def verdicts(self) -> str:
        """Name of the table that gets a code per row and control."""
        return f"verdicts_of_{self.table}"

    @property
    def covers(self) -> str:
        """Name of the table with the rows whose failures are covered, and by which exception."""
        return f"covers_of_{self.table}"

    def waiver(self, index: int) -> str:
        """Return the column that holds the exceptions which cover failures of a control."""
        return f"waiver_{index}"

    def code(self, index: int) -> str:
        """Return the column that holds the codes of a control."""
        return f"code_{index}"

    def names(self, checked: Checked) -> dict[str, str]:
        """Return a control's names of its related values, with the columns that hold them."""
        places = {related: f"related_{i}" for i, (related, _) in enumerate(self.related)}
        return {one.name: places[_nameless(one)] for one in checked.control.related}


def plan_table(table: str, controls: Sequence[Checked]) -> Plan:
    """Plan the judging of one table."""
    ordered = tuple(sorted(controls, key=lambda checked: checked.control.id))
    related = {_nameless(one): c.wheres[one.name] for c in ordered for one in c.control.related}
    return Plan(table, ordered, tuple(related.items()))


def _nameless(related: Related) -> Related:
    return Related("", related.aggregate, related.table, related.on, related.to, related.where, related.value)


def related_statements(plan: Plan, unreached: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield (name of the table to make, its SELECT) for the values that the verdicts join.

    ``unreached`` names the fact tables of which some scope could not be listed at all.
    """
    for i, (related, where) in enumerate(plan.related):
        yield f"related_rows_{i}", _grouped(related, where)
        yield f"related_listed_{i}", _listed(related, reached=related.table not in unreached)
        if _may_be_lost(related):
            yield f"related_lost_{i}", f'SELECT count(*) AS rows FROM "{related.table}" WHERE "{related.on}" IS NULL'


def _may_be_lost(related: Related) -> bool:
    """Tell whether a row may not say which subject it belongs to: then it can belong to any."""
    return not next(c.required for c in columns_of(BY_NAME[related.table]) if c.name == related.on)


def _listed(related: Related, *, reached: bool) -> str:
    """Return the SELECT of the scopes whose listing is complete enough for an answer."""
    ours = f"listed_table = '{related.table}'"
    complete = "bool_and(coalesce(complete, false))"
    if related.on == BY_NAME[related.table].parent:
        return f"SELECT parent_id, {complete} AS complete FROM coverage WHERE {ours} GROUP BY parent_id"
    # Rows that match by another column may stand in any scope: every one must have been listed to its end.
    everywhere = f"SELECT {complete} AND {str(reached).lower()} AS complete FROM coverage WHERE {ours}"
    return (
        f"SELECT l.parent_id AS parent_id, bool_and(e.complete) AS complete "
        f"FROM coverage l CROSS JOIN ({everywhere}) e WHERE l.{ours} GROUP BY l.parent_id"
    )


def _grouped(related: Related, condition: Expression) -> str:
    where = f"TRY({condition.sql({})})"
    value = f'"{related.value}"' if related.value else "NULL"
    extreme = f"{related.aggregate}({value}) FILTER (WHERE {where})" if related.value else "NULL"
    return (
        f'SELECT "{related.on}" AS k, count(*) FILTER (WHERE {where}) AS yes, '
        f"count(*) FILTER (WHERE NOT {where}) AS no, count(*) FILTER (WHERE {where} IS NULL) AS unknown, "
        f"count(*) FILTER (WHERE {where} AND {value} IS NULL) AS valueless, {extreme} AS extreme "
        f'FROM "{related.table}" GROUP BY "{related.on}"'
    )


def statement(plan: Plan) -> str:
    """Return the SELECT of the verdicts: a row number, the related values, and a code per control."""
    joins, values = [], []
    for i, (related, _) in enumerate(plan.related):
        scope = related.to if related.on == BY_NAME[related.table].parent else "source"
        joins.append(f'LEFT JOIN related_rows_{i} r{i} ON r{i}.k = s."{related.to}"')
        joins.append(f'LEFT JOIN related_listed_{i} l{i} ON l{i}.parent_id = s."{scope}"')
        joins += [f"CROSS JOIN related_lost_{i} n{i}"] if _may_be_lost(related) else []
        values.append(f", {_value(related, i)} AS related_{i}")
    base = f'SELECT s.*{"".join(values)} FROM "{plan.table}" s {" ".join(joins)}'
    truths = "".join(_truths(i, checked, plan.names(checked)) for i, checked in enumerate(plan.controls))
    kept = "".join(f", related_{i}" for i in range(len(plan.related)))
    codes = "".join(f", {_code(i)} AS {plan.code(i)}" for i in range(len(plan.controls)))
    return f"SELECT {ROW}{kept}{codes} FROM (SELECT {ROW}{kept}{truths} FROM ({base}))"


def _value(related: Related, i: int) -> str:
    known = f'coalesce(l{i}.complete, false) AND coalesce(r{i}.unknown, 0) = 0 AND s."{related.to}" IS NOT NULL'
    if _may_be_lost(related):
        known += f" AND n{i}.rows = 0"
    if related.aggregate == "count":
        return f"CASE WHEN {known} THEN coalesce(r{i}.yes, 0) END"
    if related.aggregate == "any":
        return f"CASE WHEN r{i}.yes > 0 THEN true WHEN {known} THEN false END"
    if related.aggregate == "all":
        return f"CASE WHEN r{i}.no > 0 THEN false WHEN {known} THEN true END"
    return f"CASE WHEN {known} AND coalesce(r{i}.valueless, 0) = 0 THEN r{i}.extreme END"


def _truths(i: int, checked: Checked, names: dict[str, str]) -> str:
    """Return a control's three expressions. What cannot be computed of a row (a number too large) is NULL there."""
    applies, passes, fails = (e.sql(names) for e in (checked.applies, checked.passes, checked.fails))
    return f", TRY({applies}) AS applies_{i}, TRY({passes}) AS pass_{i}, TRY({fails}) AS fail_{i}"


def _code(i: int) -> str:
    """Return a control's verdict code: the verdict table of the design, and nothing else."""
    return (
        f"CAST(CASE WHEN applies_{i} IS NULL THEN 2 WHEN NOT applies_{i} THEN 3 WHEN pass_{i} AND fail_{i} "
        f"THEN {CONTRADICTION} WHEN pass_{i} THEN 0 WHEN fail_{i} THEN 1 ELSE 2 END AS UTINYINT)"
    )
