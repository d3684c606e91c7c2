"""The database of a store: its URL, its connections, and what is said when it fails."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from scanner.errors import ConfigError, KeyauditError, MissingExtraError

PATIENCE = 60.0
"""Seconds to wait for another process that writes."""
_ANSWER: Final = "10"
"""Seconds in which a server has to answer, unless the URL says another number."""
_TRIES: Final = 300
_LOCK: Final = 0x6B657961756469
"""Number of the advisory lock that writers of a PostgreSQL hold, one at a time."""
_POSTGRES: Final = ("postgres", "postgresql", "postgresql+psycopg")
_URL_HINT = "name a file, or a URL: sqlite:///PATH or postgresql://USER@HOST/DATABASE"


class StoreError(KeyauditError):
    """The database of the store does not do what it was asked."""

    hint = "is the database there, and is there room? What was recorded before is kept"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is."""

    url: sa.URL
    shown: str
    """As it may be shown: without a password."""
    path: Path | None
    """The file of an SQLite."""


def parse(text: str) -> Place:
    """Return the place that a URL or a path names. Raises ConfigError, which repeats no password, for another one."""
    if "://" not in text:
        return _sqlite(text)
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError("the URL of the store cannot be understood", hint=_URL_HINT) from None
    if url.drivername == "sqlite":
        if url.query or url.host:
            raise ConfigError("the URL of an SQLite store is sqlite:/// and a path, and nothing else", hint=_URL_HINT)
        return _sqlite(url.database or "")
    if url.drivername not in _POSTGRES:
        raise ConfigError(f"keyaudit has no store in {url.drivername!r}", hint=_URL_HINT)
    bare = url.set(drivername="postgresql", query={})  # a query can hold a password, too
    return Place(url.set(drivername="postgresql+psycopg"), bare.render_as_string(hide_password=True), None)


def _sqlite(path: str) -> Place:
    if not path or path == ":memory:":
        raise ConfigError("the store has no file", hint=_URL_HINT)
    return Place(sa.URL.create("sqlite", database=path), path, Path(path))


def connect(place: Place) -> sa.Engine:
    """Return what connects to a place. Nothing is opened yet. Raises MissingExtraError without the driver."""
    # A connection lives as long as its transaction: a store may be open for hours while a scan runs.
    if place.path is None:
        url = place.url.set(query={"connect_timeout": _ANSWER, **place.url.query})
        try:
            return sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
        except ImportError:
            raise MissingExtraError("psycopg is not installed", hint='pip install "keyaudit[postgres]"') from None
    engine = sa.create_engine(
        place.url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": PATIENCE, "isolation_level": None}
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    for pragma in (f"busy_timeout = {_milliseconds()}", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _milliseconds() -> int:
    return int(PATIENCE * 1000)


def _begin(connection: sa.Connection) -> None:
    # sqlite3's own way begins a transaction late, and none at all before it changes tables.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def log_ahead(engine: sa.Engine, wait: Callable[[float], object] = time.sleep) -> None:
    """Let readers of an SQLite go on while one writes. Where that cannot be, the file keeps its way, which is safe."""
    # Two processes that make the same file: this one pragma does not wait by itself.
    for _ in range(_TRIES):
        if _logs_ahead(engine):
            return
        wait(0.01)


def _logs_ahead(engine: sa.Engine) -> bool:
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection  # the pragma has no effect within a transaction
            raw.execute("PRAGMA journal_mode = WAL")
    except (sqlite3.OperationalError, OperationalError):
        return False
    return True


@contextmanager
def reading(engine: sa.Engine, shown: str) -> Iterator[sa.Connection]:
    """Give a transaction that sees one state of the store. Raises StoreError when the database fails."""
    level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with told(shown), engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: sa.Engine, shown: str) -> Iterator[sa.Connection]:
    """Give a transaction while which nobody else writes. Raises StoreError when the database fails."""
    with told(shown), engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name != "sqlite":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = {_milliseconds()}"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


@contextmanager
def told(shown: str) -> Iterator[None]:
    """Turn what a database says into an error with its name, without a traceback of SQL."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _told(shown, error) from None


def _told(shown: str, error: Exception) -> KeyauditError:
    said: Any = getattr(error, "orig", None) or error
    lines = str(said).strip().splitlines() or [type(said).__name__]
    if isinstance(said, sqlite3.DatabaseError) and "not a database" in lines[0]:
        return ConfigError(f"{shown} is not an SQLite database", hint="name another file for the store")
    return StoreError(f"the store {shown}: {lines[0][:300]}")
