"""The formats on a terminal."""

from __future__ import annotations

import json
import re

import pytest

from scanner.cli.main import run
from scanner.cli.schema import describe
from scanner.estate.schema import estate_schema
from scanner.model.facts import columns_of
from scanner.model.tables import BY_NAME, TABLES
from scanner.pipeline import results_schema, trend_schema


def test_every_column_of_every_table_is_shown_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "facts"], traces=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert [line.split()[0] for line in lines if line and line[0] != " "] == [table.table for table in TABLES]
    columns = [c.name for table in TABLES for c in columns_of(table)]
    assert [found[1] for line in lines if (found := re.match(r"  ([a-z0-9_]+) +[A-Z]+", line))] == columns


def test_one_table_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "facts", "coverage"], traces=True) == 0
    assert capsys.readouterr().out == "".join(f"{line}\n" for line in describe(BY_NAME["coverage"]))


def test_a_column_has_its_unit_meaning_and_source() -> None:
    text = "\n".join(describe(BY_NAME["keys"]))
    assert "  length_bits                BIGINT, in bits\n      Key length; order of the base point for EC.\n" in text


def test_the_schema_of_the_estate_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "estate"], traces=True) == 0
    assert json.loads(capsys.readouterr().out) == estate_schema()


@pytest.mark.parametrize("register", ["waivers", "alternatives"])
def test_the_schema_of_a_register_of_exceptions_is_json(register: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", register], traces=True) == 0
    assert set(json.loads(capsys.readouterr().out)["properties"]) == {register, "entries"}


def test_the_schema_of_the_results_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "results"], traces=True) == 0
    assert capsys.readouterr().out == results_schema()


def test_the_schema_of_a_trend_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "trend"], traces=True) == 0
    assert capsys.readouterr().out == trend_schema()
