"""A control's examples, run through the same SQL as a scan: its own tests, and three that it cannot forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from scanner.errors import ControlError
from scanner.evaluate.columns import AS_OF, Checked, check
from scanner.evaluate.locked import Limits, Locked
from scanner.evaluate.sql import CODES, CONTRADICTION, Plan, plan_table, related_statements, statements
from scanner.evaluate.thresholds import parameter_values, threshold_uses
from scanner.model.control import Control, Example
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.tables import BY_NAME
from scanner.model.verdict import Verdict

CLOCK = datetime(2026, 1, 1)  # noqa: DTZ001 - DuckDB's TIMESTAMP has no zone; it is UTC by convention
SOURCE = "aws:111122223333:us-east-1"
REQUIRED: Mapping[str, Json] = {
    "source": SOURCE,
    "provider": "aws",
    "account": "111122223333",
    "region": "us-east-1",
    "complete": True,
    "row_count": 0,
}
"""What a row of an example need not say."""

NULLS = "a row of which nothing is known"


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example that got another verdict than it states."""

    control: str
    path: str
    example: str
    subject: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: {self.control}: {self.example}: {self.subject} is {self.got}, expected {self.expected}"


Tables = Mapping[str, Sequence[Mapping[str, Json]]]


def run_examples(control: Control) -> tuple[ExampleFailure, ...]:
    """Run a control's examples, and a row of nulls, which must be UNKNOWN. Raises ControlError for a bad example."""
    return tuple(_failures(check(control)))


def _failures(checked: Checked) -> Iterator[ExampleFailure]:
    control = checked.control
    for example in control.examples:
        got = judge_example(checked, example)
        for subject, expected in example.expect:
            actual = got.get(subject, "missing")
            if actual != expected:
                yield ExampleFailure(control.id, control.path, example.name, subject, expected, actual)
        for subject in sorted(set(got) - {s for s, _ in example.expect}):
            yield ExampleFailure(control.id, control.path, example.name, subject, "stated", got[subject])
    key = BY_NAME[control.table].key
    nulls = Example(NULLS, rows=({key: "null"},), expect=(), unlisted=tuple({r.table for r in control.related}))
    actual = judge_example(checked, nulls)["null"]
    if actual != Verdict.UNKNOWN.value:
        yield ExampleFailure(control.id, control.path, NULLS, "null", Verdict.UNKNOWN.value, actual)


def judge_example(checked: Checked, example: Example) -> dict[str, str]:
    """Return the verdict of each row of an example."""
    control = checked.control
    plan = plan_table(control.table, (checked,))
    uses = threshold_uses(control, dict(example.parameters))
    instant = datetime.fromisoformat(example.as_of).replace(tzinfo=None) if example.as_of else CLOCK
    parameters = {**parameter_values(uses), AS_OF: instant}
    locked = Locked(":memory:", Limits())
    try:
        _fill(locked.connection, checked, example)
        for name, select in related_statements(plan):
            locked.keep(name, select, parameters, control.id)
        for select in statements(plan):
            locked.keep(plan.verdicts, select, parameters, control.id)
        return _verdicts(locked.connection, plan)
    finally:
        locked.close()


def _verdicts(db: duckdb.DuckDBPyConnection, plan: Plan) -> dict[str, str]:
    key = BY_NAME[plan.table].key
    rows = db.execute(
        f'SELECT s."{key}", v.{plan.code(0)} FROM "{plan.table}" s JOIN "{plan.verdicts}" v ON s.rowid = v.row_'
    ).fetchall()
    return {subject: "contradiction" if code == CONTRADICTION else CODES[code].value for subject, code in rows}


def _fill(db: duckdb.DuckDBPyConnection, checked: Checked, example: Example) -> None:
    control = checked.control
    related = dict(example.related)
    for table in sorted({control.table, "coverage", *related, *(r.table for r in control.related)}):
        columns = columns_of(BY_NAME[table])
        db.execute(f'CREATE TABLE "{table}" ({", ".join(f"{_q(c.name)} {c.sql_type}" for c in columns)})')
    for row in example.rows:
        _insert(db, control, control.table, row)
    for table, rows in related.items():
        for number, row in enumerate(rows):
            _insert(db, control, table, {BY_NAME[table].key: f"{table}-{number}", **row})
    for one in control.related:
        if one.table in example.unlisted:
            continue
        parents = {SOURCE} if BY_NAME[one.table].parent == "source" else {r.get(one.to) for r in example.rows}
        for parent in sorted(str(p) for p in parents if p is not None):
            _insert(db, control, "coverage", {"coverage_id": parent, "listed_table": one.table, "parent_id": parent})


def _insert(db: duckdb.DuckDBPyConnection, control: Control, table: str, row: Mapping[str, Json]) -> None:
    columns = {c.name: c for c in columns_of(BY_NAME[table])}
    for name in row:
        if name not in columns:
            raise ControlError(f"{control.path}: examples: {table} has no column {name!r}")
    given = {**{k: v for k, v in REQUIRED.items() if k in columns}, **row}
    names = ", ".join(_q(name) for name in given)
    places = ", ".join(f"CAST(${name} AS {columns[name].sql_type})" for name in given)
    values = {name: _instant(value, columns[name].sql_type) for name, value in given.items()}
    try:
        db.execute(f'INSERT INTO "{table}" ({names}) VALUES ({places})', values)
    except (duckdb.Error, ValueError) as error:
        raise ControlError(f"{control.path}: examples: a row of {table} is not valid: {error}") from error


def _instant(value: Json, sql_type: str) -> Json | datetime:
    if sql_type == "TIMESTAMP" and isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return value


def _q(name: str) -> str:
    return f'"{name}"'
