"""The locked database: where the text of controls runs.

It is the second wall behind the allow-list of :mod:`scanner.evaluate.language` and does not rely on it. A statement
must be one SELECT over tables that are in the database, made of the few functions that the engine needs; it is
checked as a tree before it runs. And the database itself is locked: no file, no network, no extension and no
setting can be reached from it, whatever a statement manages to say. Time and memory are bounded.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from scanner.errors import ControlError
from scanner.evaluate import tree
from scanner.evaluate.language import FUNCTIONS
from scanner.model.ids import Json

CONFIG: Mapping[str, str] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}

_FUNCTIONS = FUNCTIONS | {"count_star", "bool_and", "min", "max"}
_EXPRESSIONS = frozenset(
    {
        "BETWEEN",
        "CASE",
        "CAST",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "OPERATOR",
        "PARAMETER",
        "STAR",
        "TYPE",
    }
)
_SOURCES = frozenset({"EMPTY", "JOIN", "ORDER_MODIFIER", "SELECT_NODE", "SUBQUERY"})
"""What a statement may be made of, beside expressions and tables."""
_LOOKED_AT = (
    "class",
    "function_name",
    "schema",
    "catalog",
    "type",
    "table_name",
    "schema_name",
    "catalog_name",
    "cte_map",
    "identifier",
)
"""Fields of a node that decide whether it is allowed, and which parameter it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an evaluation."""

    seconds: float = 300.0
    """For each statement: all controls of one table."""
    memory_mb: int = 700
    disk_mb: int = 20_000
    """For what does not fit into the memory, beside the facts."""
    threads: int = min(4, os.cpu_count() or 1)
    """Memory grows with them, and verdicts do not depend on them."""
    findings: int = 1000
    """Findings listed per control; counts and the verdict file have all."""

    def config(self) -> dict[str, str | bool | int | float | list[str]]:
        """Return the settings of a database that keeps to these bounds."""
        return {
            "memory_limit": f"{self.memory_mb}MB",
            "max_temp_directory_size": f"{self.disk_mb}MB",
            "threads": self.threads,
            "fsync_mode": "NONE",  # what is judged in is made anew after a power cut, so nothing waits for the disk
        }


class Locked:
    """A locked connection. It runs one SELECT at a time and keeps the result as a table."""

    def __init__(self, database: str, limits: Limits) -> None:
        self._limits = limits
        self._db = duckdb.connect(database, config={**CONFIG, **limits.config()})
        self._db.execute("SET lock_configuration = true")

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, for fixed SQL over what was judged."""
        return self._db

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def keep(self, name: str, select: str, parameters: Mapping[str, Json | object], who: str) -> None:
        """Run one SELECT made from control text and keep its rows as table ``name``.

        Raises ControlError naming ``who`` when it is not exactly one plain SELECT, fails, or runs over a bound.
        """
        used = self._check(select, who)
        values = {key: value for key, value in parameters.items() if key in used}
        with self._bounded(who):
            self._db.execute(f'CREATE OR REPLACE TABLE "{name}" AS {select}', values)

    def _check(self, select: str, who: str) -> set[str]:
        """Refuse what is not one plain SELECT, and return the parameters that it uses."""
        try:
            parts = _parts(select)
        except (ControlError, ValueError) as error:
            raise ControlError(f"{who}: must be exactly one SELECT") from error
        tables = {name for (name,) in self._db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        parameters: set[str] = set()
        for part in parts:
            refused = _refused(part, tables)
            if refused:
                raise ControlError(f"{who}: {refused} is not allowed in the engine")
            if part.get("class") == "PARAMETER":
                parameters.add(str(part["identifier"]))
        return parameters

    @contextmanager
    def _bounded(self, who: str) -> Iterator[None]:
        timer = threading.Timer(self._limits.seconds, self._db.interrupt)
        timer.start()
        try:
            yield
        except duckdb.InterruptException:
            raise ControlError(
                f"{who}: ran longer than {self._limits.seconds:g} seconds", hint="make the expression cheaper"
            ) from None
        except duckdb.OutOfMemoryException as error:
            raise ControlError(f"{who}: needs more than {self._limits.memory_mb} MB") from error
        except (duckdb.Error, OverflowError) as error:
            raise ControlError(f"{who}: {error}") from error
        finally:
            timer.cancel()
            timer.join()


@functools.lru_cache(maxsize=1024)
def _parts(select: str) -> tuple[tree.Node, ...]:
    """Return what the tree of one SELECT is made of: of each node what is looked at, in order, and the same once.

    Raises ControlError or ValueError when it is not one SELECT.
    """
    (node,) = tree.parse(select, "")
    kept = ({name: part[name] for name in _LOOKED_AT if name in part} for part in tree.walk(node))
    return tuple({repr(part): part for part in kept}.values())


def _refused(part: tree.Node, tables: set[str]) -> str:
    """Return in words what of a tree's node is not allowed, or nothing."""
    if "class" in part:
        kind = str(part["class"])
        if kind not in _EXPRESSIONS:
            return kind.lower()
        name = str(part.get("function_name", ""))
        if name and (name not in _FUNCTIONS or part["schema"] or part["catalog"]):
            return f"the function {name!r}"
    elif part.get("type") == "BASE_TABLE":
        if part["table_name"] not in tables or part["schema_name"] or part["catalog_name"]:
            return f"the table {part['table_name']!r}"
    elif "cte_map" in part and part["cte_map"] != {"map": []}:
        return "WITH"
    elif isinstance(part.get("type"), str) and part["type"] not in _SOURCES:
        return str(part["type"]).lower().replace("_", " ")
    return ""
