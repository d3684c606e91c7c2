"""Which columns a control reads, and whether its names and types fit the fact tables."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import duckdb

from scanner.errors import ControlError
from scanner.evaluate import tree
from scanner.evaluate.language import Expression, parse_expression
from scanner.evaluate.places import located
from scanner.model.control import Control, Related
from scanner.model.exceptions import AFTER
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.tables import BY_NAME

AS_OF = "as_of"
"""The parameter that holds the instant of the scan (TIMESTAMP, UTC)."""

Types = Mapping[str, str]
"""Column (or related value) to its SQL type."""

_PROBE: Types = {
    "VARCHAR": "'text'",
    "BIGINT": "1",
    "DOUBLE": "1.0",
    "BOOLEAN": "true",
    "TIMESTAMP": "TIMESTAMP '2026-01-01'",
    "VARCHAR[]": "['text']",
}
"""A value of each type. What cannot be compared or computed with these has the wrong types."""


_CLOCKS = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "today"})
"""What SQL reads without brackets from the machine's clock; the parser takes them for columns."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A control whose expressions are allowed and whose names exist."""

    control: Control
    applies: Expression
    passes: Expression
    fails: Expression
    wheres: Mapping[str, Expression]
    """Condition of each related, by its name."""

    @property
    def decided_by(self) -> frozenset[str]:
        """Columns of the subject and names of related that the three expressions read."""
        return self.applies.columns | self.passes.columns | self.fails.columns


def check(control: Control) -> Checked:
    """Check a control against the language and the tables. Raises FaultError with file and line."""
    at = functools.partial(located, control.path)
    with at("subject"):
        subject = table_types(control.table)
    with at("parameters"):
        declared = _declared(control)
    wheres: dict[str, Expression] = {}
    related: dict[str, str] = {}
    for one in control.related:
        with at("related", one.name):
            wheres[one.name] = _check_related(control, one, subject, declared)
            related[one.name] = related_type(one)
    types = {**subject, **related}
    with at("applies"):
        applies = _expression("applies", control.applies, types, declared)
    with at("pass"):
        passes = _expression("pass", control.pass_when, types, declared)
    with at("fail"):
        fails = _expression("fail", control.fail_when, types, declared)
    with at("observe"):
        _check_observed(control, types)
    return Checked(control, applies, passes, fails, wheres)


@functools.cache
def table_types(name: str) -> Types:
    """Return the columns of a fact table with their SQL types. Raises ControlError when there is no such table."""
    if name not in BY_NAME:
        raise ControlError(f"there is no fact table {name!r}", hint=nearest(name, BY_NAME))
    return MappingProxyType({column.name: column.sql_type for column in columns_of(BY_NAME[name])})


def related_type(related: Related) -> str:
    """Return the SQL type of a related value."""
    if related.value:
        return table_types(related.table)[related.value]
    return "BIGINT" if related.aggregate == "count" else "BOOLEAN"


def _declared(control: Control) -> dict[str, Json]:
    declared = {parameter.name: parameter.default for parameter in control.parameters}
    if AS_OF in declared:
        raise ControlError(f"${AS_OF} is the clock of the scan and cannot be a parameter", hint="use another name")
    return declared


def _check_related(control: Control, related: Related, subject: Types, declared: Mapping[str, Json]) -> Expression:
    name = f"related {related.name}"
    columns = table_types(related.table)
    if related.table in AFTER:
        said = f"{name}: what {related.table} says is known when every other control was judged"
        raise ControlError(said, hint=f"make {related.table} the subject of the control")
    if related.name in subject:
        raise ControlError(f"{name}: {control.table} has a column of that name", hint="give it another name")
    _known(name, related.table, columns, [related.on, *([related.value] if related.value else [])])
    _known(name, control.table, subject, [related.to])
    parent = BY_NAME[related.table].parent
    if parent not in {related.on, "source"}:
        raise ControlError(f"{name}: must join on {parent!r}", hint=f"rows of {related.table} are listed per {parent}")
    return _expression(name, related.where or "true", columns, declared)


def _known(name: str, table: str, columns: Types, wanted: Sequence[str]) -> None:
    for column in wanted:
        if column not in columns:
            raise ControlError(f"{name}: {table} has no column {column!r}", hint=nearest(column, columns))


def nearest(name: str, names: Iterable[str]) -> str:
    """Return advice for a name that is none of ``names``: the one that is meant, or all of them."""
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"


def _check_observed(control: Control, types: Types) -> None:
    _known("observe", control.table, types, control.observe)
    twice = [name for name in control.observe if control.observe.count(name) > 1]
    if twice:
        raise ControlError(f"observe: {twice[0]!r} is given twice", hint="remove one of them")


def _expression(name: str, text: str, types: Types, declared: Mapping[str, Json]) -> Expression:
    values = tuple((key, json.dumps(value)) for key, value in declared.items())
    return _checked(name, text, tuple(types.items()), values)


@functools.lru_cache(maxsize=4096)
def _checked(
    name: str, text: str, types: tuple[tuple[str, str], ...], declared: tuple[tuple[str, str], ...]
) -> Expression:
    expression = parse_expression(text, name)
    columns, parameters = dict(types), dict(declared)
    for column in sorted(expression.columns - set(columns)):
        clock = "use $as_of, the clock of the scan" if column.lower() in _CLOCKS else ""
        raise ControlError(f"{name}: there is no column {column!r}", hint=clock or nearest(column, columns))
    for parameter in sorted(expression.parameters - {*parameters, AS_OF}):
        known = [f"${key}" for key in (*parameters, AS_OF)]
        said = f"{name}: ${parameter} is not a parameter of this control"
        raise ControlError(said, hint=nearest(f"${parameter}", known))
    _check_types(name, expression, columns, parameters)
    return expression


def _check_types(name: str, expression: Expression, columns: Types, parameters: Mapping[str, str]) -> None:
    """Compute every part of the expression on a row of sample values: a wrong type shows there and not in a scan."""
    used: dict[str, object] = {key: json.loads(parameters[key]) for key in expression.parameters - {AS_OF}}
    if AS_OF in expression.parameters:
        used[AS_OF] = datetime(2026, 1, 1)  # noqa: DTZ001 - DuckDB's TIMESTAMP has no zone
    row = ", ".join(f'{_PROBE[kind]}::{kind} AS "{column}"' for column, kind in columns.items())
    parts = [part for part in tree.walk(expression.node) if part.get("class") in _COMPUTED]
    try:
        kind = tree.kind(f"{tree.statement([expression.node, *parts])} FROM (SELECT {row})", used)
    except (duckdb.BinderException, duckdb.ConversionException) as error:
        message = str(error).partition("\n")[0].partition(": ")[2]
        raise ControlError(f"{name}: {message}", hint="compare values of one type") from error
    except duckdb.Error:
        return  # a number out of range, or a division by zero: no matter of types, and UNKNOWN in a scan
    if kind != "BOOLEAN":
        raise ControlError(f"{name}: is {kind}, not true or false", hint="compare it with something")


_COMPUTED = frozenset({"COMPARISON", "BETWEEN", "OPERATOR", "FUNCTION"})


def decision_columns(control: Control) -> frozenset[str]:
    """Return what the verdict rests on, as ``table.column``; ``table.*`` is a population."""
    return decided(check(control))


def decided(checked: Checked) -> frozenset[str]:
    """Return what a checked control's verdict rests on, as ``table.column``; ``table.*`` is a population."""
    control = checked.control
    names = {one.name for one in control.related}
    found = {f"{control.table}.{name}" for name in checked.decided_by - names}
    found.add(f"{control.table}.*")
    for related in control.related:
        found.update({f"{related.table}.*", f"{related.table}.{related.on}", f"{control.table}.{related.to}"})
        found.update(f"{related.table}.{name}" for name in checked.wheres[related.name].columns)
        if related.value:
            found.add(f"{related.table}.{related.value}")
    return frozenset(found)


def rested_on(checked: Checked) -> frozenset[str]:
    """Return what :func:`decided` does; where a control applies to some kinds alone, as ``table@kind.column``."""
    return _of_kinds(decided(checked), checked)


def control_columns(control: Control) -> frozenset[str]:
    """Return everything that a control reads, what it only shows included, as :func:`rested_on` does."""
    checked = check(control)
    names = {one.name for one in control.related}
    shown = {f"{control.table}.{name}" for name in control.observe if name not in names}
    return _of_kinds(decided(checked) | shown, checked)


def _of_kinds(columns: frozenset[str], checked: Checked) -> frozenset[str]:
    kinds, table = kinds_of(checked), checked.control.table
    if kinds is None:
        return columns
    own = {column for column in columns if column.startswith(f"{table}.")}
    return (columns - own) | {f"{table}@{kind}.{column.partition('.')[2]}" for column in own for kind in kinds}


def kinds_of(checked: Checked) -> frozenset[str] | None:
    """Return the values of the subject's ``kind`` to which a control applies, or None for any."""
    return _kinds(checked.applies.node)


def _kinds(node: tree.Node) -> frozenset[str] | None:
    kind, children = node.get("type"), node.get("children")
    if kind == "COMPARE_EQUAL":
        return _named([node.get("left"), node.get("right")])
    if kind == "COMPARE_IN" and isinstance(children, list):
        return _named(children)
    if kind not in {"CONJUNCTION_AND", "CONJUNCTION_OR"} or not isinstance(children, list):
        return None
    parts = [_kinds(child) if isinstance(child, dict) else None for child in children]
    known = [part for part in parts if part is not None]
    if kind == "CONJUNCTION_AND":
        return frozenset.intersection(*known) if known else None
    return frozenset.union(*known) if len(known) == len(parts) else None


def _named(parts: Sequence[Json]) -> frozenset[str] | None:
    """Return the constants that a comparison with the column ``kind`` names, or None when it is another one."""
    column, values = False, set[str]()
    for part in parts:
        found = part if isinstance(part, dict) else {}
        literal = found.get("literal")
        if found.get("column_names") == ["kind"]:
            column = True
        elif isinstance(literal, dict) and isinstance(literal.get("text"), str):
            values.add(str(literal["text"]))
        else:
            return None
    return frozenset(values) if column else None
