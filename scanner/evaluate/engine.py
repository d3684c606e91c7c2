"""Controls over facts: the verdict of every subject, and of every control."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from scanner.errors import ControlError, KeyauditError
from scanner.evaluate import reasons
from scanner.evaluate.columns import AS_OF, Checked, check, decided
from scanner.evaluate.exceptions import Covers, Ground, cover
from scanner.evaluate.judged import export, gather
from scanner.evaluate.locked import Limits, Locked
from scanner.evaluate.outcome import About, conclude
from scanner.evaluate.places import place
from scanner.evaluate.sql import CONTRADICTION, ROW, Plan, plan_table, related_statements, statement
from scanner.evaluate.store import GROUP_ROWS, naive_utc, query, quoted, relation, workspace
from scanner.evaluate.thresholds import parameter_values, threshold_uses
from scanner.model.control import Control
from scanner.model.exceptions import AFTER
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.observation import Gap
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME
from scanner.model.verdict import ControlResult

HIPAA = "hipaa-"
LEAST_MB, MOST_MB, ROWS_A_MB, RELATED_MB = 256, 700, 1_400, 16
"""Measured: 285,000 rows are judged in 256 MB, 1,000,000 in 700; 13 related values take up to 256 of an empty table."""


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
    absent: frozenset[str] = frozenset()
    """Fact tables that no source of the estate can fill: it has no token, no database."""
    alternatives: bool = False
    """The estate has a register of documented alternatives."""


def evaluate(
    controls: Sequence[Control], inputs: Inputs, *, verdicts: Path, limits: Limits | None = None
) -> Evaluation:
    """Judge every subject by every control and write the verdict file.

    Raises ControlError or ConfigError for what a control or the policy says, KeyauditError for what cannot be judged.
    """
    plans = plan([check(control) for control in controls])
    try:
        related = max((len(one.related) for one in plans), default=0)
        limits = limits or limits_for(_rows(inputs.facts), related)
        return _evaluate(controls, plans, inputs, verdicts, limits)
    except duckdb.OutOfMemoryException as error:
        limits = limits or Limits()
        said = f"judging needs more than {limits.memory_mb} MB of memory and {limits.disk_mb} MB of disk"
        raise KeyauditError(said, hint="judge fewer controls at a time: --control or --phase") from error
    except duckdb.Error as error:
        said = f"the facts cannot be judged: {str(error).splitlines()[0]}"
        raise KeyauditError(
            said, hint="see whether the disk is full; `keyaudit report` makes the facts anew"
        ) from error


def _evaluate(
    controls: Sequence[Control], plans: Sequence[Plan], inputs: Inputs, verdicts: Path, limits: Limits
) -> Evaluation:
    about = {str(control.id): _about(control, inputs) for control in controls}
    parameters = parameter_values(use for one in about.values() for use in one.thresholds)
    clock = {**parameters, AS_OF: naive_utc(inputs.as_of)}
    seen = reasons.Seen(inputs.gaps, inputs.operations)
    # What is said of exceptions hangs on what was said of everything else.
    rounds = [one for one in plans if one.table not in AFTER], [one for one in plans if one.table in AFTER]
    with workspace(verdicts.parent, ".judge-") as folder:
        database = str(folder / "judge.duckdb")
        covers = _judge_rounds(database, rounds, inputs, clock, seen, limits)
        with duckdb.connect(database, config=limits.config()) as db:
            _look(db, inputs, plans)
            told = [(one, reasons.tabulate(db, one, seen)) for one in sorted(covers.plans, key=lambda one: one.table)]
            found: dict[str, ControlResult] = {}
            # Most tables of a small estate are empty.
            filled = [(one, touched) for one, touched in told if _has_verdicts(db, one, touched)]
            for one, touched in filled:
                gather(db, one, touched, folder / f"{one.table}.parquet")
            for one, touched in told:
                its = [covers.about(checked, about[checked.control.id]) for checked in one.controls]
                absent = one.table in inputs.absent
                results = conclude(db, one, touched, its, limits.findings, absent=absent, applied=covers.applied)
                found |= {result.control.id: result for result in results}
            export(db, filled, verdicts)
    return Evaluation(tuple(found[control.id] for control in controls))


def _judge_rounds(
    database: str,
    rounds: tuple[Sequence[Plan], Sequence[Plan]],
    inputs: Inputs,
    parameters: Mapping[str, Json | object],
    seen: reasons.Seen,
    limits: Limits,
) -> Covers:
    """Judge the plans of the first round, see what exceptions cover of it, and judge those of the second."""
    first, second = rounds
    read = tables_read([*first, *second])
    with duckdb.connect(database, config=limits.config()) as db:
        load(db, inputs.facts, {table: names for table, names in read.items() if table not in AFTER})
    _judge_all(database, first, parameters, seen, limits)
    with duckdb.connect(database, config=limits.config()) as db:
        ground = Ground(inputs.facts, seen, inputs.absent, inputs.rules, registered=inputs.alternatives)
        covers = cover(db, first, ground)
        load(db, inputs.facts, {table: names for table, names in read.items() if table in AFTER})
    _judge_all(database, second, parameters, seen, limits)
    return replace(covers, plans=(*covers.plans, *second))


def _judge_all(
    database: str, plans: Sequence[Plan], parameters: Mapping[str, Json | object], seen: reasons.Seen, limits: Limits
) -> None:
    if not plans:
        return
    locked = Locked(database, limits)
    try:
        for one in plans:
            judge(locked, one, parameters, seen)
    finally:
        locked.close()


def limits_for(rows: int, related: int) -> Limits:
    """Return the bounds of judging so many rows, with so many related values, at the most of a table."""
    memory = memory_for(rows, related)
    # Threads share a table by its row groups: where there is one of them, more threads only cost.
    return Limits(memory_mb=memory, threads=1) if rows <= GROUP_ROWS else Limits(memory_mb=memory)


def _has_verdicts(db: duckdb.DuckDBPyConnection, one: Plan, touched: Sequence[reasons.Touched]) -> bool:
    """Return whether a table has a subject, or a scope that was not listed."""
    tables = {one.verdicts, *(reasons.unlisted(one.table, each.unlisted) for each in touched)}
    return any(db.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() for table in sorted(tables))


def memory_for(rows: int, related: int) -> int:
    """Return how many MB judging so many rows, with so many related values, may take.

    DuckDB takes what it is given, needed or not.
    """
    return min(MOST_MB, max(LEAST_MB, rows // ROWS_A_MB)) + related * RELATED_MB


def _rows(facts: Path) -> int:
    """Return the number of rows of the longest table."""
    ((rows,),) = query(f"SELECT max(num_rows) FROM parquet_file_metadata({quoted(facts / '*.parquet')})").fetchall()
    return int(rows)


def _about(control: Control, inputs: Inputs) -> About:
    cited = [inputs.rules.get(c.ref, "") for c in control.citations if c.framework.startswith(HIPAA)]
    addressable = bool(cited) and all(rule == "Addressable" for rule in cited)
    return About(threshold_uses(control, inputs.policy), addressable)


def plan(checked: Sequence[Checked]) -> list[Plan]:
    """Group controls by the table that they judge."""
    by_table: defaultdict[str, list[Checked]] = defaultdict(list)
    for one in checked:
        by_table[one.control.table].append(one)
    return [plan_table(table, members) for table, members in sorted(by_table.items())]


def tables_read(plans: Sequence[Plan]) -> dict[str, tuple[str, ...]]:
    """Return the fact tables that decide verdicts, each with the columns that are needed of it."""
    wanted: defaultdict[str, set[str]] = defaultdict(set, coverage={"listed_table", "parent_id", "complete"})
    for name in (name for one in plans for checked in one.controls for name in decided(checked)):
        table, _, column = name.partition(".")
        wanted[table].add(column)
    return {
        table: tuple(c.name for c in columns_of(BY_NAME[table]) if c.name in {*names, BY_NAME[table].key, "source"})
        for table, names in sorted(wanted.items())
    }


def load(db: duckdb.DuckDBPyConnection, facts: Path, tables: Mapping[str, Sequence[str]]) -> None:
    """Copy the columns of the fact tables into the database."""
    for table, columns in tables.items():
        db.execute(f'CREATE TABLE "{table}" AS {relation(facts, table, columns)}')


def judge(locked: Locked, one: Plan, parameters: Mapping[str, Json | object], seen: reasons.Seen) -> None:
    """Give every row of a table its verdict by every control. Raises ControlError for a contradiction."""
    who = ", ".join(str(c.control.id) for c in one.controls)
    unreached = seen.unreached(related.table for related, _ in one.related)
    for name, select in related_statements(one, unreached):
        locked.keep(name, select, parameters, who)
    locked.keep(one.verdicts, statement(one), parameters, who)
    for index, checked in enumerate(one.controls):
        row = locked.connection.execute(
            f'SELECT s."{BY_NAME[one.table].key}" FROM "{one.table}" s JOIN "{one.verdicts}" v ON s.{ROW} = v.{ROW} '
            f"WHERE v.{one.code(index)} = {CONTRADICTION} ORDER BY s.{ROW} LIMIT 1"
        ).fetchone()
        if row:
            raise ControlError(
                f"{place(checked.control.path, 'pass')}: {checked.control.id} says both pass and fail of {row[0]!r}",
                hint="make `pass` and `fail` exclude each other",
            )


def _look(db: duckdb.DuckDBPyConnection, inputs: Inputs, plans: Sequence[Plan]) -> None:
    """Give the fact files their names, and the gaps a table."""
    for table in sorted({"coverage", *(one.table for one in plans)}):
        every = [column.name for column in columns_of(BY_NAME[table])]
        db.execute(f'CREATE TEMP VIEW "facts_{table}" AS {relation(inputs.facts, table, every)}')
    reasons.store(db, reasons.Seen(inputs.gaps, inputs.operations))
