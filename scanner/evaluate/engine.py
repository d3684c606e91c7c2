"""Controls over facts: the verdict of every subject, and of every control."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from scanner.errors import ControlError
from scanner.evaluate import outcome
from scanner.evaluate.columns import AS_OF, Checked, check, decision_columns
from scanner.evaluate.locked import Limits, Locked
from scanner.evaluate.sql import CONTRADICTION, Plan, plan_table, related_statements, statements
from scanner.evaluate.thresholds import parameter_values, threshold_uses
from scanner.model.control import Control
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.observation import Gap
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME
from scanner.model.verdict import ControlResult

HIPAA = "hipaa-"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every control's result, in the order in which the controls were given."""

    results: tuple[ControlResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What an evaluation is given beside the controls."""

    facts: Path
    """Folder of the fact tables."""
    gaps: Sequence[Gap]
    operations: Sequence[Operation]
    policy: Mapping[str, Json]
    as_of: datetime
    rules: Mapping[str, str] = field(default_factory=dict)
    """HIPAA clause to ``Required``, ``Addressable`` or ``Standard``."""


def evaluate(
    controls: Sequence[Control], inputs: Inputs, *, verdicts: Path, limits: Limits | None = None
) -> Evaluation:
    """Judge every subject by every control and write the verdict file. Raises ControlError or ConfigError."""
    limits = limits or Limits()
    checked = [check(control) for control in controls]
    uses = {str(c.id): threshold_uses(c, inputs.policy) for c in controls}
    parameters = parameter_values(use for per_control in uses.values() for use in per_control)
    plans = plan(checked)
    with tempfile.TemporaryDirectory(dir=verdicts.parent, prefix=".judge-") as folder:
        database = str(Path(folder) / "judge.duckdb")
        with duckdb.connect(database) as db:
            load(db, inputs.facts, tables_read(checked))
        locked = Locked(database, limits)
        try:
            for one in plans:
                judge(locked, one, {**parameters, AS_OF: inputs.as_of.replace(tzinfo=None)})
        finally:
            locked.close()
        with duckdb.connect(database) as db:
            seen = outcome.Seen(inputs.gaps, inputs.operations)
            results = {
                str(c.control.id): outcome.conclude(
                    db,
                    one,
                    index,
                    seen,
                    thresholds=uses[str(c.control.id)],
                    addressable_only=_addressable_only(c.control, inputs.rules),
                    most=limits.findings,
                )
                for one in plans
                for index, c in enumerate(one.controls)
            }
            order = sorted(str(c.id) for c in controls)
            outcome.export(db, [results[key] for key in order], verdicts)
    return Evaluation(tuple(results[str(c.id)].result for c in controls))


def plan(checked: Sequence[Checked]) -> list[Plan]:
    """Group controls by the table that they judge."""
    by_table: defaultdict[str, list[Checked]] = defaultdict(list)
    for one in checked:
        by_table[one.control.table].append(one)
    return [plan_table(table, members) for table, members in sorted(by_table.items())]


def tables_read(checked: Sequence[Checked]) -> dict[str, tuple[str, ...]]:
    """Return the fact tables that controls read, each with the columns that are needed of it."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for one in checked:
        control = one.control
        for name in decision_columns(control):
            table, _, column = name.partition(".")
            wanted[table].update(() if column == "*" else (column,))
        shown = {name for name in control.observe if name not in {r.name for r in control.related}}
        wanted[control.table] |= shown | {"evidence", "name"} | {r.to for r in control.related}
        for related in control.related:
            wanted[related.table].add(related.on)
    for table in list(wanted):
        wanted[table] |= {BY_NAME[table].key, "source"}
    wanted["coverage"] |= {"listed_table", "parent_id", "complete", "source"}
    return {
        table: tuple(c.name for c in columns_of(BY_NAME[table]) if c.name in names)
        for table, names in sorted(wanted.items())
    }


def load(db: duckdb.DuckDBPyConnection, facts: Path, tables: Mapping[str, Sequence[str]]) -> None:
    """Copy the columns of the fact tables into the database."""
    for table, columns in tables.items():
        chosen = ", ".join(f'"{name}"' for name in columns)
        db.execute(
            f'CREATE TABLE "{table}" AS SELECT {chosen} FROM read_parquet($path)',
            {"path": str(facts / f"{table}.parquet")},
        )


def judge(locked: Locked, one: Plan, parameters: Mapping[str, Json | object]) -> None:
    """Give every row of a table its verdict by every control. Raises ControlError for a contradiction."""
    who = ", ".join(str(c.control.id) for c in one.controls)
    for name, select in related_statements(one):
        locked.keep(name, select, parameters, who)
    for select in statements(one):
        locked.keep(one.verdicts, select, parameters, who)
    for index, checked in enumerate(one.controls):
        row = locked.connection.execute(
            f'SELECT s."{BY_NAME[one.table].key}" FROM "{one.table}" s JOIN "{one.verdicts}" v ON s.rowid = v.row_ '
            f"WHERE v.{one.code(index)} = {CONTRADICTION} LIMIT 1"
        ).fetchone()
        if row:
            raise ControlError(
                f"{checked.control.path}: {checked.control.id} says both pass and fail of {row[0]}",
                hint="make `pass` and `fail` exclude each other",
            )


def _addressable_only(control: Control, rules: Mapping[str, str]) -> bool:
    cited = [rules.get(c.ref, "") for c in control.citations if c.framework.startswith(HIPAA)]
    return bool(cited) and all(rule == "Addressable" for rule in cited)
