"""A PostgreSQL server and the envelopes that one database of it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from scanner.collect.interface import Asking, CallError, Check, Paging, Transport, Unit
from scanner.collect.postgres.operations import (
    COLUMNS,
    DATA_KEYS,
    LAYOUT,
    OF_LAYOUT,
    OPERATIONS,
    PRIVILEGES,
    ROLES,
    RULES,
    SAMPLES,
    SESSION,
    SETTINGS,
    USAGE,
)
from scanner.evidence.records import source_id
from scanner.model.estate import PostgresSource
from scanner.model.ids import Json
from scanner.model.layout import Layout
from scanner.model.observation import GapReason

NAME = "postgres.server"
PAGING = Paging(answer="NextToken", parameter="PageToken")


def unit(source: PostgresSource, dsn: str, deadline: float, salt: str = "") -> Unit:
    """Return the unit that reads one database. ``deadline`` is on the monotonic clock, in seconds.

    ``salt`` keys the hashes of data keys' fingerprints; without one these are not kept.
    """
    return Unit(
        id=f"postgres/{source.name}/server",
        source=source_id("postgres", source.name),
        source_name=source.name,
        account="",
        region="",
        collector=NAME,
        principal="",
        operations=OPERATIONS,
        collect=partial(collect, source=source),
        transport=lambda: connect(source, dsn, salt),
        deadline=deadline,
        # One connection, which does one thing at a time: an audit must not be felt.
        concurrency=1,
        # Nonces are compared by hashes under a key of this process: a part of them under another one is worth nothing.
        uncached=(SAMPLES,),
    )


def connect(source: PostgresSource, dsn: str, salt: str = "") -> Transport:
    """Return the transport of a source. Raises CallError when psycopg is not installed."""
    try:
        from scanner.collect.postgres.transport import PostgresTransport
    except ModuleNotFoundError as error:
        detail = f'{error.name} is not installed: pip install "keyaudit[postgres]"'
        raise CallError(GapReason.UNSUPPORTED, code="MissingExtra", detail=detail) from error
    return PostgresTransport(source, dsn, salt)


def collect(asking: Asking, source: PostgresSource) -> Iterator[Unit]:
    """Read a server, and the envelopes of its database where the estate says how it keeps them."""
    asking.call(SESSION, {}, check=_holds("database", str))
    _settings(asking)
    asking.call(RULES, {}, check=_holds("rules", list))
    asking.call(ROLES, {}, check=_holds("roles", list))
    if source.layout is None:
        detail = f"add `envelope: FILE` to the source {source.name}: it says which tables hold data keys and ciphertext"
        _not_allowed(asking, OF_LAYOUT, detail)
    else:
        asking.call(LAYOUT, {}, check=_holds("tables", list))
        _tables(asking, source, source.layout)
        # Last of all: a data key that was made while the tables were counted is used and registered, and no orphan.
        _registry(asking, source, source.layout)
    yield from ()


def _settings(asking: Asking) -> None:
    answer = asking.call(SETTINGS, {}, check=_holds("settings", list))
    withheld = ", ".join(str(name) for name in _each(answer.body.get("withheld"))) if answer is not None else ""
    if withheld:
        detail = (
            f"only members of pg_read_all_settings see {withheld}; `keyaudit permissions postgres` prints the GRANT"
        )
        asking.note(SETTINGS, CallError(GapReason.DENIED, code="Withheld", detail=detail), subject=None)


def _registry(asking: Asking, source: PostgresSource, layout: Layout) -> None:
    registry = store_id(source, str(layout.keys.table))
    params: dict[str, Json] = {"table": str(layout.keys.table)}
    _columns(asking, source, params, registry)
    asking.call(PRIVILEGES, params, subject=registry, check=_holds("readers", list))
    for _ in asking.pages(DATA_KEYS, params, PAGING, subject=registry, check=_holds("data_keys", list)):
        pass


def _tables(asking: Asking, source: PostgresSource, layout: Layout) -> None:
    for table in layout.tables:
        store = store_id(source, str(table.table))
        params: dict[str, Json] = {"table": str(table.table)}
        _columns(asking, source, params, store)
        asking.call(PRIVILEGES, params, subject=store, check=_holds("readers", list))
        for column in table.columns:
            asked = {**params, "value": column.name}
            asking.call(USAGE, asked, subject=f"{store}#{column.name}", check=_holds("used", list))
        if source.sample_rows:
            asking.call(SAMPLES, {**params, "rows": source.sample_rows}, subject=store, check=_holds("values", list))
    if source.sample_rows is None:
        _not_allowed(asking, (SAMPLES,), f"add `sample: {{rows: 200}}` to the source {source.name}")


def _columns(asking: Asking, source: PostgresSource, params: Mapping[str, Json], subject: str) -> None:
    answer = asking.call(COLUMNS, params, subject=subject, check=_holds("columns", list))
    if answer is not None and answer.body.get("missing"):
        # What is named and not there is a mistake of the layout, and not a finding about the database.
        names = ", ".join(str(name) for name in _each(answer.body["missing"]))
        detail = f"{source.layout_path} names what {params['table']} does not have: {names}; mend the layout file"
        asking.note(COLUMNS, CallError(GapReason.MALFORMED, code="WrongLayout", detail=detail), subject=subject)


def _not_allowed(asking: Asking, operations: Iterable[str], detail: str) -> None:
    for operation in operations:
        if asking.wants(operation):
            asking.note(operation, CallError(GapReason.NOT_ALLOWED, detail=detail), subject=None)


def store_id(source: PostgresSource, table: str) -> str:
    """Return the identifier of a table as a store: ``postgres:SOURCE:schema.table``."""
    return f"postgres:{source.name}:{table}"


def _each(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _holds(name: str, kind: type) -> Check:
    return lambda body: "" if isinstance(body.get(name), kind) else f"`{name}` is not a {kind.__name__}"
