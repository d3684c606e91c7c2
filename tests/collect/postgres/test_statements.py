"""The statements: names of the layout are quoted, and nothing but reading is in them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from psycopg.sql import SQL, Composed

from scanner.collect.postgres import statements
from scanner.model.layout import EnvelopeFormat, KeyTable, TableName
from tests.collect.postgres.voice import layout

NOTES, BITES = layout().tables
WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|ALTER|CREATE|DROP|COPY|LOCK|CALL|DO|GRANT)\b")
HOSTILE = 'a"; DROP TABLE b; --'


def texts() -> list[SQL | Composed]:
    keys = layout().keys
    fixed = [getattr(statements, name) for name in dir(statements) if isinstance(getattr(statements, name), SQL)]
    values = [statements.usage(table, value) for table in layout().tables for value in table.columns]
    samples = [statements.samples(table, {}, 10, percent) for table in layout().tables for percent in (None, 0.5)]
    return [*fixed, statements.data_keys(keys, after=False), statements.data_keys(keys, after=True), *values, *samples]


@pytest.mark.parametrize("statement", texts())
def test_every_statement_only_reads(statement: SQL | Composed) -> None:
    text = statement.as_string()
    assert re.match(r"(SELECT|WITH) ", text)
    assert not WRITES.search(re.sub(r"'[^']*'", "''", text))


def test_a_name_stays_a_name_whatever_it_is_made_of() -> None:
    keys = KeyTable(table=TableName("x", HOSTILE), id=HOSTILE, tenant="t", wrapped="w", key="k", created="c")
    text = statements.data_keys(keys, after=True).as_string()
    assert 'FROM "x"."a""; DROP TABLE b; --" WHERE "a""; DROP TABLE b; --"::text COLLATE "C" > %s' in text


def test_what_the_registry_does_not_have_is_null() -> None:
    small = replace(layout().keys, activated="", state="")
    text = statements.data_keys(small, after=False).as_string()
    assert "NULL::text AS activated" in text
    assert "NULL::text AS state" in text
    assert "WHERE" not in text
    assert statements.usage(BITES, BITES.columns[1]).as_string().count("NULL AS") == 2


def test_the_wrapped_key_itself_is_never_selected() -> None:
    text = statements.data_keys(layout().keys, after=False).as_string()
    assert re.findall(r'(\w+)\("wrapped"\)', text) == ["octet_length", "pg_typeof"]
    assert text.count('"wrapped"') == 2


def test_values_are_read_as_bytes_or_as_text_and_only_their_heads() -> None:
    text = statements.samples(NOTES, {"body_ct": "bytea", "body_iv": "bytea"}, 10, None).as_string()
    assert 'substring("body_ct" FROM 1 FOR 4096)' in text
    assert 'substring("body_iv" FROM 1 FOR 64)' in text
    assert 'substring("summary"::text FROM 1 FOR 4096)' in text
    assert "TABLESAMPLE" not in text
    assert "TABLESAMPLE SYSTEM (0.5)" in statements.samples(NOTES, {}, 10, 0.5).as_string()


def test_a_message_that_describes_itself_names_no_key_in_a_column() -> None:
    assert BITES.columns[0].format is EnvelopeFormat.AWS_ENCRYPTION_SDK
    assert "NULL::text AS data_key" in statements.usage(BITES, BITES.columns[0]).as_string()
