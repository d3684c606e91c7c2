"""The least-privilege GRANTs, from the same declarations that the transport enforces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from scanner.collect.postgres.operations import DATA_KEYS, SAMPLES, USAGE
from scanner.model.layout import EncryptedTable, KeyTable, Layout, columns_in
from scanner.model.operation import Operation

_UNKNOWN: Mapping[str, str] = {
    "database": "DATABASE",
    "key_schema": "SCHEMA_OF_DATA_KEYS",
    "key_table": "TABLE_OF_DATA_KEYS",
    "key_columns": "COLUMNS_OF_THE_LAYOUT",
    "schema": "SCHEMA_OF_ENCRYPTED_TABLE",
    "table": "ENCRYPTED_TABLE",
    "columns": "COLUMNS_OF_THE_LAYOUT",
}
_INTRODUCTION = """\
-- A role of its own, which may read and nothing else. Give it a password or a certificate as your policy says.
CREATE ROLE keyaudit LOGIN;
ALTER ROLE keyaudit SET default_transaction_read_only = on;
"""


def grants(operations: Iterable[Operation], layout: Layout | None = None) -> str:
    """Return SQL that gives a role ``keyaudit`` what the operations need, and nothing else.

    Without a layout its tables and columns stand in capitals, to be replaced. Tables with row-level security also need
    ``BYPASSRLS``: counts that leave rows out would be wrong, so the scan refuses to take them.
    """
    lines = [line for operation in operations for line in _lines(operation, layout)]
    return _INTRODUCTION + "".join(f"{line}\n" for line in dict.fromkeys(lines))


def _lines(operation: Operation, layout: Layout | None) -> Iterator[str]:
    places: list[Mapping[str, str]] = [_UNKNOWN]
    if layout is not None and operation.name == DATA_KEYS:
        places = [_registry(layout.keys)]
    elif layout is not None and operation.name in {USAGE, SAMPLES}:
        places = [_table(one) for one in layout.tables]
    for place in places:
        yield from (line.format_map({**_UNKNOWN, **place}) for line in operation.permissions)


def quoted(name: str) -> str:
    """Return a name as SQL takes it whatever it is made of."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _registry(keys: KeyTable) -> dict[str, str]:
    return {
        "key_schema": quoted(keys.table.schema),
        "key_table": f"{quoted(keys.table.schema)}.{quoted(keys.table.name)}",
        "key_columns": ", ".join(map(quoted, registry_columns(keys))),
    }


def _table(table: EncryptedTable) -> dict[str, str]:
    return {
        "schema": quoted(table.table.schema),
        "table": f"{quoted(table.table.schema)}.{quoted(table.table.name)}",
        "columns": ", ".join(map(quoted, table_columns(table))),
    }


def registry_columns(keys: KeyTable) -> tuple[str, ...]:
    """Return the columns of the registry that a scan or a self-test reads, each once."""
    named = (keys.id, keys.tenant, keys.wrapped, keys.key, keys.created, keys.activated, keys.retired, keys.state)
    context = (name for _, template in keys.context for name in columns_in(template))
    told = (keys.algorithm, keys.wrap_algorithm, keys.fingerprint)
    return tuple(dict.fromkeys(name for name in (*named, *told, *context) if name))


def table_columns(table: EncryptedTable) -> tuple[str, ...]:
    """Return the columns of an encrypted table that a scan or a self-test reads, each once."""
    values = (name for one in table.columns for name in (one.ciphertext, one.nonce, one.key, *columns_in(one.aad)))
    return tuple(dict.fromkeys(name for name in (table.id, table.tenant, table.updated, *values) if name))
