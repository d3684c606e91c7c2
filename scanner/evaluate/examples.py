"""A control's examples, run through the same SQL as a scan: its own tests, and three that it cannot forget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from scanner.errors import ConfigError, ControlError
from scanner.evaluate import reasons
from scanner.evaluate.columns import AS_OF, Checked, check, nearest, table_types
from scanner.evaluate.judged import gathered, gathering
from scanner.evaluate.locked import Limits, Locked
from scanner.evaluate.outcome import About, conclude
from scanner.evaluate.places import located, place
from scanner.evaluate.sql import CODES, CONTRADICTION, ROW, Plan, plan_table, related_statements, statement
from scanner.evaluate.store import naive_utc
from scanner.evaluate.thresholds import parameter_values, threshold_uses
from scanner.model.control import Control, Example, Related
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
EMPTY = "an empty table, listed to its end"
UNLISTED = "an empty table that was not listed"


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example that got another verdict than it states."""

    control: str
    path: str
    """File and line."""
    example: str
    subject: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: {self.control}: {self.example}: {self.subject} is {self.got}, expected {self.expected}"


def run_examples(control: Control) -> tuple[ExampleFailure, ...]:
    """Run a control's examples, and the three that every control must pass. Raises ControlError for a bad example."""
    checked = check(control)
    locked = Locked(":memory:", Limits(threads=1))
    try:
        return (*_stated(locked, checked), *_always(locked, checked))
    finally:
        locked.close()


def _stated(locked: Locked, checked: Checked) -> Iterator[ExampleFailure]:
    control = checked.control
    for number, example in enumerate(control.examples):
        with located(control.path, "examples", number):
            got = judge_example(locked, checked, example)
        wrong = [(subject, stated, got.pop(subject, "missing")) for subject, stated in example.expect]
        wrong += [(subject, "stated", actual) for subject, actual in sorted(got.items())]
        for subject, expected, actual in wrong:
            if actual != expected:
                where = str(place(control.path, "examples", number))
                yield ExampleFailure(control.id, where, example.name, subject, expected, actual)


def _always(locked: Locked, checked: Checked) -> Iterator[ExampleFailure]:
    control = checked.control
    # Of which provider a row is is always known: a control over some providers must not pass over a row of those.
    first = next((example.rows[:1] for example in control.examples), ())
    provider = {name: value for row in first for name, value in row.items() if name == "provider"}
    nulls = Example(
        NULLS,
        rows=({BY_NAME[control.table].key: "null", **provider},),
        expect=(),
        unlisted=tuple({related.table for related in control.related}),
    )
    reasons.store(locked.connection, reasons.Seen((), ()))
    for name, subject, expected, actual in (
        (NULLS, "null", Verdict.UNKNOWN, judge_example(locked, checked, nulls)["null"]),
        (EMPTY, control.table, Verdict.NOT_APPLICABLE, _judge_empty(locked, checked, listed=True)),
        (UNLISTED, control.table, Verdict.UNKNOWN, _judge_empty(locked, checked, listed=False)),
    ):
        if actual != expected.value:
            yield ExampleFailure(control.id, control.path, name, subject, expected.value, actual)


def judge_example(locked: Locked, checked: Checked, example: Example) -> dict[str, str]:
    """Return the verdict of each row of an example. Raises ControlError when the example makes no sense."""
    plan = _judge(locked, checked, example)
    rows = locked.connection.execute(
        f'SELECT s."{BY_NAME[plan.table].key}", v.{plan.code(0)} FROM "{plan.table}" s '
        f'JOIN "{plan.verdicts}" v ON s.{ROW} = v.{ROW}'
    ).fetchall()
    return {subject: "contradiction" if code == CONTRADICTION else CODES[code].value for subject, code in rows}


def _judge_empty(locked: Locked, checked: Checked, *, listed: bool) -> str:
    """Return the verdict of a control whose table has no row."""
    db = locked.connection
    plan = _judge(locked, checked, Example(EMPTY, rows=(), expect=()))
    if listed:
        _insert(db, "coverage", {"coverage_id": "0", "listed_table": plan.table, "parent_id": SOURCE})
    for table in {plan.table, "coverage"}:
        db.execute(f'CREATE OR REPLACE TEMP VIEW "facts_{table}" AS SELECT * FROM "{table}"')
    touched = reasons.tabulate(db, plan, reasons.Seen((), ()))
    db.execute(f'CREATE OR REPLACE TEMP VIEW "{gathered(plan)}" AS {gathering(plan, touched)}')
    (result,) = conclude(db, plan, touched, [About((), addressable_only=False)], 1)
    return result.verdict.value


def _judge(locked: Locked, checked: Checked, example: Example) -> Plan:
    """Fill the database with the rows of an example and give them their verdicts."""
    control = checked.control
    plan = plan_table(control.table, (checked,))
    parameters = _parameters(control, example)
    _fill(locked.connection, checked, example)
    for name, select in related_statements(plan):
        locked.keep(name, select, parameters, control.id)
    locked.keep(plan.verdicts, statement(plan), parameters, control.id)
    return plan


def _parameters(control: Control, example: Example) -> dict[str, Json | datetime]:
    given = dict(example.parameters)
    for name in given:
        if name not in {parameter.name for parameter in control.parameters}:
            raise ControlError(f"{name!r} is not a parameter of this control", hint="see `parameters`")
    try:
        instant = naive_utc(datetime.fromisoformat(example.as_of)) if example.as_of else CLOCK
        uses = threshold_uses(control, given)
    except (ConfigError, ValueError) as error:
        raise ControlError(str(error).removeprefix("policy: "), hint="as_of takes 2026-01-01T00:00:00Z") from error
    return {**parameter_values(uses), AS_OF: instant}


def _fill(db: duckdb.DuckDBPyConnection, checked: Checked, example: Example) -> None:
    control = checked.control
    key = BY_NAME[control.table].key
    related = dict(example.related)
    tables = {control.table, "coverage", *(one.table for one in control.related)}
    for table in (*related, *example.unlisted):
        if table not in tables:
            raise ControlError(f"{table!r} is not a table that this control reads", hint="see `related`")
    _create(db, tables)
    subjects = [row.get(key) for row in example.rows]
    for row in example.rows:
        if subjects.count(row.get(key)) > 1 or row.get(key) is None:
            raise ControlError(f"each row needs a {key} of its own, and one has {row.get(key)!r}")
        _insert(db, control.table, row)
    for table, rows in related.items():
        for number, row in enumerate(rows):
            _insert(db, table, {BY_NAME[table].key: f"{table}-{number}", **row})
    for one in control.related:
        if one.table not in example.unlisted:
            _cover(db, one, example)


def _create(db: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    for table in sorted(tables):
        columns = ", ".join(f'"{name}" {kind}' for name, kind in table_types(table).items())
        db.execute(f'CREATE OR REPLACE TABLE "{table}" ({ROW} BIGINT, {columns})')


def _cover(db: duckdb.DuckDBPyConnection, related: Related, example: Example) -> None:
    """Say that the rows of a related table were listed to the end for every row of the example."""
    parents = {SOURCE} if BY_NAME[related.table].parent == "source" else {r.get(related.to) for r in example.rows}
    for parent in sorted(str(p) for p in parents if p is not None):
        _insert(db, "coverage", {"coverage_id": parent, "listed_table": related.table, "parent_id": parent})


def _insert(db: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, Json]) -> None:
    types = table_types(table)
    for name in row:
        if name not in types:
            raise ControlError(f"{table} has no column {name!r}", hint=nearest(name, types))
    given = {**{k: v for k, v in REQUIRED.items() if k in types}, **row}
    names = ", ".join(f'"{name}"' for name in given)
    places = ", ".join(f"CAST(${name} AS {types[name]})" for name in given)
    try:
        values = {name: _instant(value, types[name]) for name, value in given.items()}
        db.execute(f'INSERT INTO "{table}" ({ROW}, {names}) SELECT (SELECT count(*) FROM "{table}"), {places}', values)
    except (duckdb.Error, ValueError, OverflowError) as error:
        raise ControlError(f"a row of {table} is not valid: {str(error).partition(chr(10))[0]}") from error


def _instant(value: Json, sql_type: str) -> Json | datetime:
    if sql_type == "TIMESTAMP" and isinstance(value, str):
        return naive_utc(datetime.fromisoformat(value))
    return value
