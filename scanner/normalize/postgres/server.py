"""Answers of a PostgreSQL server to rows: the server, who may connect, its roles, and the envelopes of a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.database import DatabaseRoleFact, DatabaseRuleFact, DatabaseServerFact
from scanner.model.envelope import DataKeyFact, EnvelopeFact, EnvelopeSampleFact
from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.postgres.data_keys import DATA_KEYS, Registry, data_keys
from scanner.normalize.postgres.envelopes import (
    GCM,
    LAYOUT,
    SAMPLES,
    Table,
    Value,
    envelopes,
    is_there,
    sample_of,
)
from scanner.normalize.postgres.rules import Rules, rules
from scanner.normalize.postgres.settings import settings
from scanner.normalize.postgres.usage import column
from scanner.normalize.reading import Object, flag, text, text_or, texts
from scanner.normalize.records import Records

SESSION = "postgres:Session"
SETTINGS = "postgres:Settings"
RULES = "postgres:Rules"
ROLES = "postgres:Roles"
PRIVILEGES = "postgres:Privileges"
PUBLIC = "public"
NONE = "none"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: one database and its server."""
    unit = Records(records)
    if unit.first is None:
        return
    session = unit.response(SESSION)
    told = session if isinstance(session, dict) else None
    yield from _server(unit, told)
    yield from _roles(unit)
    yield from _envelopes(unit, text(told, "database") or "")


def _server(unit: Records, session: Object | None) -> Iterator[Fact]:
    server = str(unit.source)
    listing = unit.listing(RULES, None, "rules")
    found = rules([item for _, item in listing.items], source=unit.source, server=server, evidence=unit.ids(RULES))
    if session is not None:
        yield _server_row(unit, session, found if listing.complete else None)
    yield unit.coverage(
        DatabaseServerFact, SESSION, unit.source, None, int(session is not None), complete=session is not None
    )
    yield from found.rows
    if unit.asked(RULES):
        complete = listing.complete and found.understood
        yield unit.coverage(DatabaseRuleFact, RULES, server, None, len(found.rows), complete=complete)


def _server_row(unit: Records, session: Object, found: Rules | None) -> DatabaseServerFact:
    says = settings(unit.response(SETTINGS))
    encrypted = flag(session, "encrypted")
    return DatabaseServerFact(
        source=unit.source,
        evidence=tuple(sorted({*unit.ids(SESSION), *unit.ids(SETTINGS), *unit.ids(RULES)})),
        server_id=str(unit.source),
        provider="postgres",
        account=text(session, "database") or "",
        version=says.version or text(session, "server_version"),
        tls_offered=says.tls_offered,
        tls_min_version=says.tls_min_version,
        tls_required=found.tls_required if found is not None else None,
        session_encrypted=encrypted,
        session_tls_version=text_or(session, "tls_version", NONE) if encrypted is not None else None,
        password_encryption=says.password_encryption,
        audit_extension=says.audit_extension,
        audit_classes=says.audit_classes,
        audits_reads_and_writes=says.audits_reads_and_writes,
        logs_connections=says.logs_connections,
        logs_parameters=says.logs_parameters,
    )


def _roles(unit: Records) -> Iterator[Fact]:
    server = str(unit.source)
    listing = unit.listing(ROLES, None, "roles", identity="name")
    told = _layout(unit)
    registry = f"{server}:{text(told, 'registry')}" if told is not None else ""
    stores = [f"{server}:{name}" for name in _tables(told)]
    proof = {p for subject in (registry, *stores) for p in unit.ids(PRIVILEGES, subject)}
    items: list[Object] = [item for _, item in listing.items]
    if listing.items:
        items.append({"name": PUBLIC, "logs_in": False, "superuser": False})
    for item in items:
        name = str(item["name"])
        yield DatabaseRoleFact(
            source=unit.source,
            evidence=tuple(sorted({*unit.ids(ROLES), *proof})),
            role_id=f"{server}/role/{name}",
            server_id=server,
            name=name,
            logs_in=flag(item, "logs_in"),
            superuser=flag(item, "superuser"),
            reads_data_keys=_may(unit, registry, "readers", name),
            writes_data_keys=_may(unit, registry, "writers", name),
            reads_values=_any([_may(unit, store, "readers", name) for store in stores]),
            everyone=name == PUBLIC,
        )
    if unit.asked(ROLES):
        yield unit.coverage(DatabaseRoleFact, ROLES, server, None, len(items), complete=listing.complete)


def _may(unit: Records, subject: str, right: str, role: str) -> bool | None:
    body = unit.response(PRIVILEGES, subject)
    names = texts(body, right) if isinstance(body, dict) else None
    return None if names is None else role in names


def _any(values: Sequence[bool | None]) -> bool | None:
    return True if True in values else None if None in values or not values else False


def _layout(unit: Records) -> Object | None:
    """Return what the layout says, or None when the estate names none, or it was not asked for."""
    body = unit.response(LAYOUT)
    return body if isinstance(body, dict) and text(body, "registry") and isinstance(body.get("tables"), list) else None


def _tables(told: Object | None) -> dict[str, Object]:
    listed = told.get("tables") if told is not None else None
    items = listed if isinstance(listed, list) else []
    return {str(one["table"]): one for one in items if isinstance(one, dict) and text(one, "table")}


def _envelopes(unit: Records, account: str) -> Iterator[Fact]:
    told = _layout(unit)
    if told is None:
        kinds = (
            (DataKeyFact, DATA_KEYS),
            (DataStoreFact, LAYOUT),
            (EnvelopeFact, LAYOUT),
            (EnvelopeSampleFact, SAMPLES),
        )
        for kind, operation in kinds:
            if unit.asked(operation):
                yield unit.coverage(kind, operation, unit.source, None, 0, complete=False, among=operation == LAYOUT)
        return
    tables = [_table(unit, name, one) for name, one in _tables(told).items()]
    tells = told.get("registry_tells")
    says = tells if isinstance(tells, dict) else {}
    registry = Registry(
        f"{unit.source}:{text(told, 'registry')}", flag(says, "activated") is True, flag(says, "retired") is True
    )
    columns = [value.column for table in tables for value in table.values]
    yield from data_keys(unit, registry, columns, account)
    yield from envelopes(unit, tables, registry.id, account)


def _table(unit: Records, name: str, told: Object) -> Table:
    store = f"{unit.source}:{name}"
    listed = told.get("values")
    items = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    values = tuple(
        Value(
            item,
            column(
                unit,
                f"{store}#{text(item, 'value')}",
                store,
                names_keys=text(item, "format") == GCM,
            ),
            sample_of(unit, store, text(item, "value") or ""),
        )
        for item in items
    )
    return Table(store, name, values, is_there(unit, store))
