"""The locked database: where the text of controls runs.

No file, no network, no extension, no setting can be reached from it, whatever a control manages to say: this
is the second wall behind the allow-list of :mod:`scanner.evaluate.columns`. Time and memory are bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from scanner.errors import ControlError
from scanner.model.ids import Json

CONFIG: Mapping[str, str] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an evaluation."""

    seconds: float = 300.0
    """For all controls of one table."""
    memory_mb: int = 1024
    findings: int = 1000
    """Findings listed per control; counts and the verdict file have all."""


class Locked:
    """A locked connection. It runs one SELECT at a time and keeps the result as a table."""

    def __init__(self, database: str, limits: Limits) -> None:
        self._limits = limits
        self._db = duckdb.connect(database, config={**CONFIG, "memory_limit": f"{limits.memory_mb}MB"})
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

        Raises ControlError naming ``who`` when it is not exactly one SELECT, fails, or runs over a bound.
        """
        try:
            parsed = self._db.extract_statements(select)
        except duckdb.Error as error:
            raise ControlError(f"{who}: {error}") from error
        if len(parsed) != 1 or parsed[0].type != duckdb.StatementType.SELECT:
            raise ControlError(f"{who}: must be exactly one SELECT")
        used = {key: value for key, value in parameters.items() if key in parsed[0].named_parameters}
        with self._bounded(who):
            self._db.execute(f'CREATE OR REPLACE TABLE "{name}" AS {select}', used)

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
        except duckdb.Error as error:
            raise ControlError(f"{who}: {error}") from error
        finally:
            timer.cancel()
            timer.join()
