"""The rows of the verdict file: each verdict with its reason, the values it saw and its evidence.

Facts, codes and reasons are brought together once, one row a subject, in the order of the fact file. One pass over
that gives the verdicts of all controls of a subject, one after another: the evidence of a subject stands in
neighbouring rows and compresses to almost nothing, and nothing more has to be sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from scanner.evaluate import reasons
from scanner.evaluate.columns import Checked, related_type, table_types
from scanner.evaluate.sql import CODES, ROW, Plan
from scanner.evaluate.store import quoted
from scanner.model.tables import BY_NAME
from scanner.model.verdict import Verdict

COLUMNS = "control_id, subject, verdict, rests_on, reason, observed, evidence, source, waiver"
FAIL = CODES.index(Verdict.FAIL)
UNKNOWN = CODES.index(Verdict.UNKNOWN)
_NAMES = "[" + ", ".join(f"'{verdict.value}'" for verdict in CODES) + "]"
_GROUP = "ROW_GROUP_SIZE 20480"


def gather(db: duckdb.DuckDBPyConnection, plan: Plan, touched: Sequence[reasons.Touched], path: Path) -> None:
    """Write a file with what the verdict rows of one subject table are made of, and give it the name of a view."""
    select = f"{gathering(plan, touched)} ORDER BY s.{ROW}"
    db.execute(f"COPY ({select}) TO {quoted(path)} (FORMAT parquet, COMPRESSION snappy, {_GROUP})")
    db.execute(f'CREATE OR REPLACE TEMP VIEW "{gathered(plan)}" AS FROM read_parquet({quoted(path)})')


def gathering(plan: Plan, touched: Sequence[reasons.Touched]) -> str:
    """Return the SELECT of one row a subject: its facts, its codes, and the reasons that gaps give."""
    own = table_types(plan.table)
    needed = {BY_NAME[plan.table].key, "source", "evidence", "name"}
    for checked in plan.controls:
        needed |= {*checked.decided_by, *checked.control.observe}
    facts = "".join(f', s."{name}"' for name in own if name in needed)
    codes = "".join(f", v.{plan.code(i)}" for i in range(len(plan.controls)))
    related = "".join(f", v.related_{i}" for i in range(len(plan.related)))
    covers = "".join(f", w.{plan.waiver(i)}" for i in plan.covered)
    groups = sorted({one.group for one in touched})
    told, joins = "".join(f", g.reason_{group} AS scope_{group}" for group in groups), ""
    for i, key in enumerate(_keys(plan)):
        told += "".join(f", a{i}.reason_{group} AS about_{i}_{group}" for group in groups)
        joins += f' LEFT JOIN "about_{plan.table}" a{i} ON a{i}.id = s."{key}"'
    if plan.covered:
        joins += f' LEFT JOIN "{plan.covers}" w ON w.{ROW} = s.{ROW}'
    return (
        f'SELECT s.{ROW}{facts}{codes}{related}{covers}{told} FROM "facts_{plan.table}" s '
        f'JOIN "{plan.verdicts}" v ON v.{ROW} = s.{ROW} LEFT JOIN "scope_{plan.table}" g ON g.id = s.source{joins}'
    )


def gathered(plan: Plan) -> str:
    """Return the name of the view of :func:`gather`."""
    return f"gathered_{plan.table}"


def _keys(plan: Plan) -> list[str]:
    """Return the columns that hold what gaps can be about: the subject, and whatever related rows hang on."""
    related = {one.to for checked in plan.controls for one in checked.control.related}
    return sorted({BY_NAME[plan.table].key, *related})


def judged(plan: Plan, touched: Sequence[reasons.Touched], source: str) -> str:
    """Return the SELECT of every verdict: by row of ``source`` (what was gathered, or some of it), then by control."""
    table = BY_NAME[plan.table]
    items = ", ".join(_item(plan, index, touched[index].group) for index in range(len(plan.controls)))
    label = "coalesce(name, '')" if "name" in table_types(plan.table) else "''"
    return (
        f"SELECT {ROW}, subject, source, label, evidence, unnest(items, max_depth := 2) FROM ("
        f'SELECT {ROW}, "{table.key}" AS subject, source, {label} AS label, evidence, [{items}] AS items '
        f'FROM "{source}")'
    )


def _item(plan: Plan, index: int, group: int) -> str:
    checked = plan.controls[index]
    control = checked.control
    place = {**{name: f'"{name}"' for name in table_types(plan.table)}, **plan.names(checked)}
    hangs_on = {BY_NAME[plan.table].key, *(related.to for related in control.related)}
    about = [f"about_{i}_{group}" for i, key in enumerate(_keys(plan)) if key in hangs_on]
    told = ", ".join([f"scope_{group}", *about])
    reason = f"coalesce(nullif(concat_ws('; ', {told}), ''), {reasons.missing(checked, place)})"
    code = plan.code(index)
    covered = f"coalesce({plan.waiver(index)}, '')" if index in plan.covered else "''"
    return (
        f"{{'control': {index}, 'control_id': '{control.id}', 'code': {code}, 'verdict': {_NAMES}[{code} + 1], "
        f"'rests_on': '{control.rests_on.value}', 'reason': CASE WHEN {code} = {UNKNOWN} THEN {reason} ELSE '' END, "
        f"'observed': {_observed(checked, place)}, 'waiver': CASE WHEN {code} = {FAIL} THEN {covered} ELSE '' END}}"
    )


def _observed(checked: Checked, place: dict[str, str]) -> str:
    control = checked.control
    types = {**table_types(control.table), **{r.name: related_type(r) for r in control.related}}
    parts = []
    for column in control.observe:
        shown = place[column]
        if types[column] == "TIMESTAMP":
            shown = f"strftime({shown}, '%Y-%m-%dT%H:%M:%SZ')"
        parts.append(f'"{column}" := {shown}')
    return f"CAST(to_json(struct_pack({', '.join(parts)})) AS VARCHAR)" if parts else "'{}'"


def export(db: duckdb.DuckDBPyConnection, plans: Sequence[tuple[Plan, Sequence[reasons.Touched]]], path: Path) -> None:
    """Write ``verdicts.parquet``: every verdict of every subject, by table, subject and control.

    What is not in the population comes last in its table, as the subject's scope.
    """
    parts = []
    for plan, touched in plans:
        parts.append(f"SELECT {COLUMNS} FROM ({judged(plan, touched, gathered(plan))})")
        parts.append(f"SELECT {COLUMNS} FROM ({_scopes(plan, touched)})")
    nulls = ", ".join(f"NULL::VARCHAR AS {name}" for name in COLUMNS.split(", ") if name != "evidence")
    empty = f"SELECT {COLUMNS} FROM (SELECT NULL::VARCHAR[] AS evidence, {nulls}) WHERE false"
    partial = path.with_name(f".{path.name}.partial")
    # One thread writes rows in the order in which they come; more would have to put them in order again, which takes
    # longer and much memory, and their row groups would depend on the number of threads.
    db.execute("SET threads = 1")
    db.execute(
        f"COPY ({' UNION ALL '.join(parts) or empty}) TO {quoted(partial)} "
        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, {_GROUP})"
    )
    partial.replace(path)


def _scopes(plan: Plan, touched: Sequence[reasons.Touched]) -> str:
    unlisted = " UNION ALL ".join(
        f"SELECT '{checked.control.id}' AS control_id, '{checked.control.rests_on.value}' AS rests_on, * "
        f'FROM "{reasons.unlisted(plan.table, one.unlisted)}"'
        for checked, one in zip(plan.controls, touched, strict=True)
    )
    return (
        f"SELECT control_id, subject, '{Verdict.UNKNOWN.value}' AS verdict, rests_on, reason, '{{}}' AS observed, "
        f"evidence, source, '' AS waiver FROM ({unlisted}) ORDER BY subject, source, control_id"
    )
