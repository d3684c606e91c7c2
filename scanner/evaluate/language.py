"""The language of controls: boolean SQL over one row, by an allow-list that keeps "not known" visible.

An expression is parsed by DuckDB itself and its tree is walked: what is not allowed by name is refused. Nothing
in the language turns a value that is not known (NULL) into true or false, except where the answer is the same
whatever the value (``false AND x``, membership in an empty list). What would hide a NULL (``IS NULL``,
``COALESCE``, ``CASE``, ``greatest``) or reach outside the row (sub-queries, table functions, settings) is not
in it, nor is anything whose time or memory is not proportional to the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from scanner.errors import ControlError
from scanner.evaluate import tree

MAX_LENGTH = 4_000
MAX_BRACKETS = 100
MAX_LEVELS = 150
"""Of the syntax tree: about 50 functions in each other. DuckDB writes a tree of 256 levels and no more."""

FUNCTIONS = frozenset(
    {
        "%",
        "*",
        "+",
        "-",
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
        "starts_with",
        "suffix",
        "upper",
        "~~",
        "!~~",
        "~~*",
        "!~~*",
    }
)
"""Operators and functions that may be used. A test holds what the module says of NULL for each."""

DATE_PARTS = frozenset({"second", "minute", "hour", "day", "week", "month", "quarter", "year"})

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
_RELATED = "use `related` to speak of other rows"
_NULL = "NULL means not known: say when the control passes and when it fails, and the rest is UNKNOWN"
_INSTEAD: Mapping[str, str] = {
    "OPERATOR_IS_NULL": _NULL,
    "OPERATOR_IS_NOT_NULL": "NULL means not known: use the column that says so, such as `expires`",
    "OPERATOR_COALESCE": "a default for what is not known would be a guess",
    "OPERATOR_TRY": "an expression that cannot be computed is UNKNOWN without it",
    "CASE_EXPR": "state `pass` and `fail` each on its own",
    "COMPARE_DISTINCT_FROM": f"compare with = or !=; {_NULL}",
    "COMPARE_NOT_DISTINCT_FROM": f"compare with = or !=; {_NULL}",
    "OPERATOR_CAST": "columns have types already; compare an instant with text such as '2031-01-01'",
    "ARRAY_EXTRACT": "use list_contains, list_has_any or list_has_all",
    "ARRAY_SLICE": "use list_contains, list_has_any or list_has_all",
    "LAMBDA": "use list_contains, list_has_any or list_has_all",
    "COLLATE": "use lower() on both sides",
    "STAR": "name the columns",
    "SUBQUERY": _RELATED,
    "WINDOW": _RELATED,
}
_INSTEAD_OF_FUNCTION: Mapping[str, str] = {
    "/": "multiply the other side instead: a division by zero would compare as a number",
    "list_value": "declare the list as a parameter, or write `x IN (...)`",
    "regexp_matches": "use LIKE, starts_with or contains: their time is bounded",
    "regexp_full_match": "use LIKE, starts_with or contains: their time is bounded",
    "ifnull": "a default for what is not known would be a guess",
    "nullif": "NULL means not known: nothing that is known may become NULL",
    "if": "state `pass` and `fail` each on its own",
    "now": "use $as_of, the clock of the scan",
    "row": "compare the columns one by one",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression."""

    text: str
    columns: frozenset[str]
    parameters: frozenset[str]
    node: tree.Node = field(repr=False, compare=False)

    def sql(self, names: Mapping[str, str]) -> str:
        """Return what was checked as SQL, with the columns in ``names`` called by their new names."""
        return tree.write(self.node, names)


def parse_expression(text: str, where: str) -> Expression:
    """Check an expression and say what it reads. ``where`` names it in errors. Raises ControlError."""
    text = text.strip()
    _plain(text, where)
    node = _one(text, where)
    columns: set[str] = set()
    parameters: set[str] = set()
    for part in tree.walk(node):
        if "class" in part:
            _allow(part, where)
        if part.get("class") == "COLUMN_REF":
            columns.add(_column(part, where))
        elif part.get("class") == "PARAMETER":
            parameters.add(_parameter(part, where))
    return Expression(text, frozenset(columns), frozenset(parameters), node)


def _plain(text: str, where: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ControlError(f"{where}: longer than {MAX_LENGTH} characters", hint="split the control in two")
    if sum(text.count(bracket) for bracket in "([{") > MAX_BRACKETS:
        raise ControlError(f"{where}: more than {MAX_BRACKETS} brackets", hint="split the control in two")
    if "\x00" in text or "--" in text or "/*" in text or ";" in text:
        raise ControlError(f"{where}: comments and `;` are not allowed", hint="put a comment into the rationale")


def _one(text: str, where: str) -> tree.Node:
    """Return the expression that the text is, alone and in brackets: `a) OR (b` is one in brackets only."""
    tree.parse(f"SELECT {text}\n", where)
    (node,) = tree.parse(f"SELECT ({text}\n)", where)
    (chosen,) = cast("list[tree.Node]", node["select_list"])
    if tree.levels(chosen) > MAX_LEVELS:
        raise ControlError(f"{where}: nested too deeply", hint="split the control in two")
    return chosen


def _allow(node: tree.Node, where: str) -> None:
    kind, of = str(node["class"]), str(node["type"])
    if kind == "FUNCTION":
        _allow_function(node, where)
    elif of == "VALUE_CONSTANT" and cast("tree.Node", node["literal"])["kind"] == "NULL_LITERAL":
        raise ControlError(f"{where}: NULL is not allowed in a control", hint=_NULL)
    elif not _allowed(kind, of):
        name = of.removeprefix("OPERATOR_").removesuffix("_EXPR").replace("COMPARE_", "IS ").replace("_", " ")
        hint = _INSTEAD.get(of, _INSTEAD.get(kind, "allowed: AND, OR, NOT, IN, BETWEEN, LIKE, comparisons, functions"))
        raise ControlError(f"{where}: {name} is not allowed in a control", hint=hint)


def _allowed(kind: str, of: str) -> bool:
    return (
        kind in {"COLUMN_REF", "CONSTANT", "PARAMETER", "BETWEEN"}
        or (kind == "COMPARISON" and of in _COMPARE)
        or (kind == "CONJUNCTION" and of in {"CONJUNCTION_AND", "CONJUNCTION_OR"})
        or (kind == "OPERATOR" and of in {"OPERATOR_NOT", "COMPARE_IN"})
    )


def _allow_function(node: tree.Node, where: str) -> None:
    name = str(node["function_name"])
    arguments = cast("list[tree.Node]", node["arguments"])
    ordered = cast("tree.Node", node["order_bys"])["orders"]
    plain = not (node["schema"] or node["catalog"] or node["filter"] or node["distinct"] or ordered)
    if name not in FUNCTIONS or not plain or any(argument["name"] for argument in arguments):
        listed = f"allowed: {', '.join(sorted(f for f in FUNCTIONS if f[0].isalpha()))}"
        raise ControlError(
            f"{where}: the function {name!r} is not allowed in a control",
            hint=_INSTEAD_OF_FUNCTION.get(name, listed),
        )
    if name in {"date_diff", "datediff"} and _constant(arguments[0]) not in DATE_PARTS:
        raise ControlError(f"{where}: {name} must name its unit", hint=f"one of: {', '.join(sorted(DATE_PARTS))}")


def _constant(argument: tree.Node) -> str:
    literal = cast("tree.Node", argument["expression"]).get("literal")
    return str(literal["text"]) if isinstance(literal, dict) else ""


def _column(node: tree.Node, where: str) -> str:
    names = cast("list[str]", node["column_names"])
    if len(names) != 1:
        raise ControlError(f"{where}: {'.'.join(names)} is not a plain column name", hint="write the column alone")
    return names[0]


def _parameter(node: tree.Node, where: str) -> str:
    name = str(node["identifier"])
    if name.isdigit():
        raise ControlError(f"{where}: a parameter needs a name", hint="write $kek_max_days, not ?")
    return name
