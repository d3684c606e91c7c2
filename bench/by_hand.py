"""What an engineer would write by hand in DuckDB to get every verdict of every subject into a Parquet file.

The predicates are the catalogue's own, with the thresholds put in. Two shapes, and the engine is held against the
faster one: a SELECT for each control, joined by UNION ALL; and one pass over each table that unfolds its controls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from bench.synthetic import AS_OF
from scanner.evaluate.columns import check
from scanner.model.control import Control
from scanner.model.ids import Json
from scanner.model.tables import BY_NAME

LISTED = "SELECT parent_id, bool_and(complete) AS complete FROM coverage WHERE listed_table = '{}' GROUP BY 1"


def by_control(db: duckdb.DuckDBPyConnection, controls: Sequence[Control], target: Path) -> None:
    """Write the verdicts with one SELECT for each control."""
    selects = []
    for control in controls:
        verdict, reason, observed = _answer(control)
        selects.append(
            f"SELECT '{control.id}' AS control_id, subject, {verdict} AS verdict, {reason} AS reason, "
            f"{observed} AS observed, evidence FROM ({_rows([control])}) s"
        )
    _copy(db, " UNION ALL ".join(selects), target)


def by_subject(db: duckdb.DuckDBPyConnection, controls: Sequence[Control], target: Path) -> None:
    """Write the verdicts with one pass over each subject table."""
    selects = []
    for table in sorted({control.table for control in controls}):
        own = [control for control in controls if control.table == table]
        answers = ", ".join(_struct(control) for control in own)
        unfolded = f"SELECT subject, evidence, unnest([{answers}], recursive := true) FROM ({_rows(own)}) s"
        selects.append(f"SELECT control_id, subject, verdict, reason, observed, evidence FROM ({unfolded})")
    _copy(db, " UNION ALL ".join(selects), target)


def views(db: duckdb.DuckDBPyConnection, facts: Path) -> None:
    """Give the fact files their names."""
    for table in BY_NAME:
        db.execute(f"CREATE VIEW {table} AS FROM read_parquet('{facts / table}.parquet')")


def _copy(db: duckdb.DuckDBPyConnection, select: str, target: Path) -> None:
    db.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def _rows(controls: Sequence[Control]) -> str:
    """Return the SELECT of a table's rows with the related values that some controls need."""
    table = BY_NAME[controls[0].table]
    values, joins = [], []
    for control in controls:
        for value, join in _related(control):
            values.append(value)
            joins.append(join)
    return f"SELECT t.*, t.{table.key} AS subject{''.join(values)} FROM {table.table} t {' '.join(joins)}"


def _related(control: Control) -> Iterator[tuple[str, str]]:
    for related in control.related:
        name = f"{related.name}_{control.id[-2:]}"
        where = _inlined(control, related.where)
        value = related.value or "true"
        extreme = f"{related.aggregate}({value})" if related.value else f"any_value({value})"
        rows = (
            f"SELECT {related.on} AS k, count(*) FILTER (WHERE {where}) AS yes, "
            f"count(*) FILTER (WHERE NOT {where}) AS no, "
            f"count(*) FILTER (WHERE ({where}) IS NULL OR ({where} AND {value} IS NULL)) AS dark, "
            f"{extreme} FILTER (WHERE {where}) AS extreme FROM {related.table} GROUP BY 1"
        )
        scope = related.to if related.on == BY_NAME[related.table].parent else "source"
        listed = f"LEFT JOIN ({LISTED.format(related.table)}) l_{name} ON l_{name}.parent_id = t.{scope}"
        value = f", {_quantified(related.aggregate, name)} AS {related.name}_{control.id[-2:]}"
        yield value, f"LEFT JOIN ({rows}) {name} ON {name}.k = t.{related.to} {listed}"


def _quantified(aggregate: str, name: str) -> str:
    known = f"l_{name}.complete AND coalesce({name}.dark, 0) = 0"
    if aggregate == "count":
        return f"CASE WHEN {known} THEN coalesce({name}.yes, 0) END"
    if aggregate == "any":
        return f"CASE WHEN {name}.yes > 0 THEN true WHEN {known} THEN false END"
    if aggregate == "all":
        return f"CASE WHEN {name}.no > 0 THEN false WHEN {known} THEN true END"
    return f"CASE WHEN {known} THEN {name}.extreme END"


def _struct(control: Control) -> str:
    verdict, reason, observed = _answer(control)
    return f"{{'control_id': '{control.id}', 'verdict': {verdict}, 'reason': {reason}, 'observed': {observed}}}"


def _answer(control: Control) -> tuple[str, str, str]:
    """Return a control's columns: verdict, reason, observed values."""
    applies, passes, fails = (_inlined(control, t) for t in (control.applies, control.pass_when, control.fail_when))
    verdict = (
        f"CASE WHEN ({applies}) IS NULL THEN 'unknown' WHEN NOT ({applies}) THEN 'not_applicable' "
        f"WHEN {passes} THEN 'pass' WHEN {fails} THEN 'fail' ELSE 'unknown' END"
    )
    decided = sorted(check(control).decided_by)
    missing = ", ".join(f"CASE WHEN {_inlined(control, name)} IS NULL THEN '{name}' END" for name in decided)
    observed = ", ".join(f"{name} := {_inlined(control, name)}" for name in control.observe)
    return (
        verdict,
        f"CASE WHEN ({verdict}) = 'unknown' THEN 'not known: ' || concat_ws(', ', {missing}) ELSE '' END",
        f"CAST(to_json(struct_pack({observed})) AS VARCHAR)",
    )


def _inlined(control: Control, text: str) -> str:
    for related in control.related:  # two controls may call different values by one name
        text = re.sub(rf"\b{related.name}\b", f"{related.name}_{control.id[-2:]}", text)
    values = {parameter.name: _literal(parameter.default) for parameter in control.parameters}
    values["as_of"] = f"TIMESTAMP '{AS_OF}'"
    return f"({re.sub(r'[$]([a-z0-9_]+)', lambda found: values[found[1]], text)})"


def _literal(value: Json) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_literal(item) for item in value)}]::VARCHAR[]"
    return repr(value)
