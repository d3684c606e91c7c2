"""The language of controls: boolean SQL over one row, by an allow-list that keeps "not known" visible.

An expression is parsed by DuckDB itself and its tree is walked: what is not allowed by name is refused. Every
function on the list gives NULL when an argument is NULL (a test holds that), so nothing that is not known can
become true or false on the way. What would hide a NULL (``IS NULL``, ``COALESCE``, ``CASE``, ``greatest``)
or reach outside the row (sub-queries, table functions, settings) is not in the language.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

import duckdb

from scanner.errors import ControlError
from scanner.model.control import Control, Related
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.tables import BY_NAME

AS_OF = "as_of"
"""The parameter that holds the instant of the scan (TIMESTAMP, UTC)."""

MAX_LENGTH = 4_000
PREFIX = "SELECT ("

FUNCTIONS = frozenset(
    {
        "%",
        "*",
        "+",
        "-",
        "/",
        "//",
        "abs",
        "array_length",
        "contains",
        "date_diff",
        "datediff",
        "ends_with",
        "len",
        "length",
        "list_contains",
        "list_has_all",
        "list_has_any",
        "lower",
        "regexp_matches",
        "starts_with",
        "suffix",
        "upper",
        "~~",
        "!~~",
        "~~*",
        "!~~*",
    }
)
"""Operators and functions: all give NULL for a NULL argument."""

_COMPARE = frozenset(
    {
        "COMPARE_EQUAL",
        "COMPARE_NOTEQUAL",
        "COMPARE_LESSTHAN",
        "COMPARE_GREATERTHAN",
        "COMPARE_LESSTHANOREQUALTO",
        "COMPARE_GREATERTHANOREQUALTO",
    }
)
_OPERATORS = frozenset({"OPERATOR_NOT", "COMPARE_IN", "COMPARE_NOT_IN", "ARRAY_CONSTRUCTOR"})
_INSTEAD: Mapping[str, str] = {
    "OPERATOR_IS_NULL": "NULL means not known: say when the control passes and when it fails, and the rest is UNKNOWN",
    "OPERATOR_IS_NOT_NULL": "NULL means not known: use the column that says so, such as `expires`",
    "OPERATOR_COALESCE": "a default for what is not known would be a guess",
    "CASE_EXPR": "state `pass` and `fail` each on its own",
    "SUBQUERY": "use `related` to speak of other rows",
    "WINDOW_AGGREGATE": "use `related` to speak of other rows",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression."""

    text: str
    columns: frozenset[str]
    parameters: frozenset[str]
    places: tuple[tuple[int, int, str], ...] = ()
    """(start, end, name) of each column reference, in bytes of the UTF-8 text, from left to right."""

    def renamed(self, names: Mapping[str, str]) -> str:
        """Return the text with column references replaced by ``names``; names that are not in it stay."""
        raw, result, done = self.text.encode(), b"", 0
        for start, end, name in self.places:
            result += raw[done:start] + names.get(name, name).encode()
            done = end
        return (result + raw[done:]).decode()


def parse_expression(text: str, where: str) -> Expression:
    """Check an expression and say what it reads. ``where`` names it in errors. Raises ControlError."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise ControlError(f"{where}: longer than {MAX_LENGTH} characters")
    if "\x00" in text or "--" in text or "/*" in text or ";" in text:
        raise ControlError(f"{where}: comments and `;` are not allowed")
    node = _tree(text, where)
    places: set[tuple[int, int, str]] = set()
    parameters: set[str] = set()
    for part in _walk(node, where):
        if part["class"] == "COLUMN_REF":
            start = cast("int", part["query_location"]) - len(PREFIX)
            places.add((start, start + cast("int", part["query_location_length"]), _column(part, where)))
        elif part["class"] == "PARAMETER":
            parameters.add(_parameter(part, where))
    names = frozenset(name for _, _, name in places)
    return Expression(text, names, frozenset(parameters), tuple(sorted(places)))


@functools.cache
def _parser() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"enable_external_access": "false", "threads": "1"})


def _tree(text: str, where: str) -> dict[str, Json]:
    try:
        (dump,) = _parser().cursor().execute(
            "SELECT json_serialize_sql($sql)", {"sql": f"{PREFIX}{text}\n)"}
        ).fetchone() or ("",)
    except duckdb.Error as error:
        raise ControlError(f"{where}: {error}") from error
    tree = json.loads(dump)
    if tree.get("error"):
        raise ControlError(f"{where}: not an expression: {tree.get('error_message', '')}")
    statements = tree["statements"]
    node = statements[0]["node"] if len(statements) == 1 else {}
    if node.get("type") != "SELECT_NODE" or len(node["select_list"]) != 1:
        raise ControlError(f"{where}: must be exactly one expression")
    if node["from_table"].get("type") != "EMPTY" or any(
        node.get(part) for part in ("where_clause", "group_expressions", "having", "qualify", "sample", "modifiers")
    ):
        raise ControlError(f"{where}: must be exactly one expression", hint="no FROM, WHERE, GROUP BY or ORDER BY")
    return cast("dict[str, Json]", node["select_list"][0])


def _walk(node: Json, where: str) -> Iterator[dict[str, Json]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, where)
    elif isinstance(node, dict):
        if "class" in node and "type" in node:
            _allow(node, where)
            yield node
        for item in node.values():
            yield from _walk(item, where)


def _allow(node: dict[str, Json], where: str) -> None:
    kind, of = str(node["class"]), str(node["type"])
    if kind == "FUNCTION":
        _allow_function(node, where)
    elif not _allowed(kind, of):
        name = of.removeprefix("OPERATOR_").removesuffix("_EXPR").replace("_", " ")
        raise ControlError(
            f"{where}: {name} is not allowed in a control", hint=_INSTEAD.get(of, _INSTEAD.get(kind, ""))
        )


def _allowed(kind: str, of: str) -> bool:
    return (
        kind in {"COLUMN_REF", "CONSTANT", "PARAMETER", "BETWEEN"}
        or (kind == "COMPARISON" and of in _COMPARE)
        or (kind == "CONJUNCTION" and of in {"CONJUNCTION_AND", "CONJUNCTION_OR"})
        or (kind == "OPERATOR" and of in _OPERATORS)
    )


def _allow_function(node: dict[str, Json], where: str) -> None:
    name = str(node["function_name"])
    plain = not (node.get("schema") or node.get("catalog") or node.get("filter") or node.get("distinct"))
    if name.lower() not in FUNCTIONS or not plain:
        raise ControlError(
            f"{where}: the function {name!r} is not allowed in a control",
            hint=f"allowed: {', '.join(sorted(f for f in FUNCTIONS if f[0].isalpha()))}",
        )


def _column(node: dict[str, Json], where: str) -> str:
    names = cast("list[str]", node["column_names"])
    if len(names) != 1:
        raise ControlError(f"{where}: {'.'.join(names)} is not a plain column name")
    return names[0]


def _parameter(node: dict[str, Json], where: str) -> str:
    name = str(node["identifier"])
    if name.isdigit():
        raise ControlError(f"{where}: a parameter needs a name", hint="write $kek_max_days, not ?")
    return name


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
    """Check a control against the language and the tables. Raises ControlError."""
    key = (control.table, control.applies, control.pass_when, control.fail_when, control.related, control.observe)
    return replace(_checked(_Hashable(key, control)), control=control)


class _Hashable:
    """A control as a cache key: what its expressions are, not what its examples hold."""

    def __init__(self, key: tuple[object, ...], control: Control) -> None:
        self.key = (control.path, *key, tuple(p.name for p in control.parameters))
        self.control = control

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashable) and self.key == other.key


@functools.lru_cache(maxsize=4096)
def _checked(hashable: _Hashable) -> Checked:
    control = hashable.control
    subject = _table(control, control.table)
    related = {one.name: one for one in control.related}
    declared = {parameter.name for parameter in control.parameters} | {AS_OF}
    wheres = {name: _check_related(control, one, declared) for name, one in related.items()}
    applies = parse_expression(control.applies, f"{control.path}: applies")
    passes = parse_expression(control.pass_when, f"{control.path}: pass")
    fails = parse_expression(control.fail_when, f"{control.path}: fail")
    for expression in (applies, passes, fails):
        _names(control, expression, subject | set(related), declared)
    unknown = [name for name in control.observe if name not in subject | set(related)]
    if unknown:
        raise ControlError(f"{control.path}: observe: {control.table} has no column {unknown[0]!r}")
    return Checked(control, applies, passes, fails, wheres)


def _table(control: Control, name: str) -> set[str]:
    if name not in BY_NAME:
        raise ControlError(f"{control.path}: there is no fact table {name!r}", hint=f"there are: {', '.join(BY_NAME)}")
    return {column.name for column in columns_of(BY_NAME[name])}


def _check_related(control: Control, related: Related, declared: set[str]) -> Expression:
    columns = _table(control, related.table)
    where = parse_expression(related.where or "true", f"{control.path}: related {related.name}")
    _names(control, where, columns, declared)
    needed = [related.on, *([related.value] if related.value else [])]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise ControlError(f"{control.path}: related {related.name}: {related.table} has no column {missing[0]!r}")
    if related.to not in _table(control, control.table):
        raise ControlError(f"{control.path}: related {related.name}: {control.table} has no column {related.to!r}")
    return where


def _names(control: Control, expression: Expression, columns: set[str], declared: set[str]) -> None:
    for name in sorted(expression.columns - columns):
        raise ControlError(
            f"{control.path}: `{expression.text}`: there is no column {name!r}",
            hint=f"columns: {', '.join(sorted(columns))}",
        )
    for name in sorted(expression.parameters - declared):
        raise ControlError(
            f"{control.path}: `{expression.text}`: ${name} is not declared",
            hint=f"declared: {', '.join(sorted(declared))}",
        )


def decision_columns(control: Control) -> frozenset[str]:
    """Return what the verdict rests on, as ``table.column``; ``table.*`` is a population."""
    checked = check(control)
    names = {one.name for one in control.related}
    found = {f"{control.table}.{name}" for name in checked.decided_by - names}
    found.add(f"{control.table}.*")
    for related in control.related:
        found.add(f"{related.table}.*")
        found.update(f"{related.table}.{name}" for name in checked.wheres[related.name].columns)
        if related.value:
            found.add(f"{related.table}.{related.value}")
    return frozenset(found)


def control_columns(control: Control) -> frozenset[str]:
    """Return everything that a control reads, what it only shows included, as ``table.column``."""
    names = {one.name for one in control.related}
    shown = {f"{control.table}.{name}" for name in control.observe if name not in names}
    return decision_columns(control) | shown
