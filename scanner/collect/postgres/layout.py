"""The layout of a database's envelopes as an answer: it is the user's word, and evidence like any other."""

from __future__ import annotations

from scanner.model.estate import PostgresSource
from scanner.model.ids import Json
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, columns_in


def told(source: PostgresSource) -> dict[str, Json]:
    """Return what the layout says, and what follows from it alone. An empty answer without a layout."""
    layout = source.layout
    if layout is None:
        return {}
    return {
        "layout": source.layout_digest,
        "path": source.layout_path,
        "registry": str(layout.keys.table),
        "registry_tells": {
            "activated": bool(layout.keys.activated),
            "retired": bool(layout.keys.retired),
            "state": bool(layout.keys.state),
        },
        "tables": [_table(one) for one in layout.tables],
    }


def _table(table: EncryptedTable) -> dict[str, Json]:
    return {
        "table": str(table.table),
        "dated": bool(table.updated),
        "values": [_value(table, one) for one in table.columns],
    }


def _value(table: EncryptedTable, value: EncryptedColumn) -> dict[str, Json]:
    bound = columns_in(value.aad)
    own = value.format is EnvelopeFormat.AES_GCM
    return {
        "value": value.name,
        "format": str(value.format),
        "column": value.ciphertext,
        "aad": value.aad,
        # A message that describes itself says what it binds, each for itself.
        "binds_tenant": table.tenant in bound if own else None,
        "binds_record": table.id in bound if own else None,
    }
