"""SQL as DuckDB's own syntax tree: parsed, walked and written back, so that what was checked is what runs."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import duckdb

from scanner.errors import ControlError
from scanner.model.ids import Json

Node = dict[str, Json]

MAX_SAID = 120
"""Characters of the parser's own message that are passed on."""
ONE = "write one condition over the columns of the row: no SELECT, FROM, WHERE, AS or ORDER BY"


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    db = duckdb.connect(config={"enable_external_access": "false", "threads": "1"})
    db.execute("SET lock_configuration = true")
    return db


def parse(sql: str, where: str) -> list[Node]:
    """Return the query nodes of a text, one a statement. Raises ControlError when it is not made of SELECTs."""
    try:
        tree = json.loads(_ask("SELECT json_serialize_sql($text)", sql))
    except (duckdb.Error, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else _first_line(error)
        raise ControlError(f"{where}: not an expression: {said}", hint=ONE) from error
    if tree["error"]:
        raise ControlError(f"{where}: not an expression: {_first_line(tree['error_message'])}", hint=ONE)
    return [cast("Node", statement["node"]) for statement in tree["statements"]]


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0][:MAX_SAID]


def walk(node: Json) -> Iterator[Node]:
    """Yield every object of a tree, parents first."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(reversed(part.values()))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def levels(node: Json) -> int:
    """Return how deep a tree is, in objects and lists."""
    deepest = 0
    waiting = [(node, 1)]
    while waiting:
        part, level = waiting.pop()
        deepest = max(deepest, level)
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        waiting.extend((one, level + 1) for one in inner)
    return deepest


def write(expression: Node, names: Mapping[str, str]) -> str:
    """Return an expression as SQL, with the columns in ``names`` called by their new names."""
    return statement([_renamed(expression, names)]).removeprefix("SELECT ")


def statement(expressions: Sequence[Json]) -> str:
    """Return the SELECT of some expressions, without FROM."""
    node = {
        "type": "SELECT_NODE",
        "modifiers": [],
        "cte_map": {"map": []},
        "select_list": list(expressions),
        "from_table": {"type": "EMPTY"},
        "group_expressions": [],
        "group_sets": [],
        "aggregate_handling": "STANDARD_HANDLING",
    }
    dump = json.dumps({"error": False, "statements": [{"node": node}]})
    return _ask("SELECT json_deserialize_sql($text)", dump)


@functools.lru_cache(maxsize=4096)
def _ask(query: str, text: str) -> str:
    ((answer,),) = _connection().cursor().execute(query, {"text": text}).fetchall()
    return str(answer)


def kind(sql: str, values: Mapping[str, object]) -> str:
    """Run a SELECT of our own where no file is in reach, and return the type of its first column."""
    result = _connection().cursor().execute(sql, dict(values))
    result.fetchall()
    return str(result.description[0][1])


def _renamed(node: Json, names: Mapping[str, str]) -> Json:
    if isinstance(node, list):
        return [_renamed(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("class") == "COLUMN_REF":
        return node | {"column_names": [names.get(str(n), n) for n in cast("list[str]", node["column_names"])]}
    return {key: _renamed(value, names) for key, value in node.items()}
