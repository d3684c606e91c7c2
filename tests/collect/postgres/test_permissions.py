"""The printed GRANTs: what each operation needs, for the tables of a layout or in general."""

from __future__ import annotations

from dataclasses import replace

from scanner.collect.postgres.operations import DATA_KEYS, OPERATIONS, RULES, SETTINGS, USAGE
from scanner.collect.postgres.permissions import grants, quoted, registry_columns, table_columns
from tests.collect.postgres.voice import layout


def chosen(*names: str) -> list[str]:
    operations = [operation for operation in OPERATIONS if operation.name in names]
    return grants(operations).splitlines()[3:]


def test_each_operation_has_its_rights() -> None:
    assert chosen(SETTINGS) == ["GRANT pg_read_all_settings TO keyaudit;"]
    assert chosen(RULES) == [
        "GRANT SELECT ON pg_catalog.pg_hba_file_rules TO keyaudit;",
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO keyaudit;",
    ]


def test_without_a_layout_its_names_are_to_be_put_in() -> None:
    assert chosen(DATA_KEYS, USAGE) == [
        "GRANT USAGE ON SCHEMA SCHEMA_OF_DATA_KEYS TO keyaudit;",
        "GRANT SELECT (COLUMNS_OF_THE_LAYOUT) ON TABLE_OF_DATA_KEYS TO keyaudit;",
        "GRANT USAGE ON SCHEMA SCHEMA_OF_ENCRYPTED_TABLE TO keyaudit;",
        "GRANT SELECT (COLUMNS_OF_THE_LAYOUT) ON ENCRYPTED_TABLE TO keyaudit;",
    ]


def test_a_layout_tells_tables_and_columns_and_each_line_stands_once() -> None:
    text = grants(OPERATIONS, layout())
    assert 'GRANT SELECT ("id", "tenant_id", "clip", "caption", "dek") ON "voice"."Sound bites" TO keyaudit;' in text
    assert '"state", "algorithm", "wrapped_by") ON "vault"."data_keys" TO keyaudit;' in text
    lines = text.splitlines()
    assert len(lines) == len(set(lines))
    assert "INSERT" not in text
    assert "UPDATE" not in text


def test_columns_of_templates_are_read_too() -> None:
    (notes, _), keys = layout().tables, layout().keys
    body = replace(notes.columns[0], aad="{region}|{tenant_id}")
    assert table_columns(replace(notes, columns=(body,)))[-1] == "region"
    assert registry_columns(replace(keys, context=(("purpose", "{purpose} of {tenant_id}"),)))[-1] == "purpose"
    assert len(registry_columns(keys)) == 10


def test_a_name_with_quotes_stays_a_name() -> None:
    assert quoted('a"; DROP TABLE b; --') == '"a""; DROP TABLE b; --"'
