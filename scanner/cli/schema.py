"""``keyaudit schema``: the formats that keyaudit reads and writes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import need_command
from scanner.cli.text import fold, say
from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.model.facts import Fact

app = typer.Typer(help="Print the schema of a format.\n\nExample: keyaudit schema estate > estate.schema.json")
app.callback(invoke_without_command=True)(need_command)


@app.command("facts")
def facts(
    table: Annotated[str | None, typer.Argument(help="Show this table only.", metavar="TABLE")] = None,
) -> None:
    """Print the fact tables.

    Each column with its type, unit, meaning and source.

    Example: keyaudit schema facts keys
    """
    from scanner.model.tables import TABLES

    names = [one.table for one in TABLES]
    if table is not None and table not in names:
        close = difflib.get_close_matches(table, names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}"
        raise UsageError(f"there is no fact table {table!r}", hint=hint)
    for one in TABLES:
        if table in {None, one.table}:
            for line in describe(one):
                say(line)


def describe(table: type[Fact]) -> Iterator[str]:
    """Yield the lines that describe a fact table, folded."""
    from scanner.model.facts import columns_of

    yield f"{table.table}  (one row per {table.key})"
    yield fold(f"  {' '.join((table.__doc__ or '').split())}", 2)
    for column in columns_of(table):
        unit = f", in {column.unit}" if column.unit else ""
        yield ""
        yield f"  {column.name:<26} {column.sql_type}{unit}"
        yield fold(f"      {column.doc}", 6)
        yield fold(f"      Source: {column.source}.", 6)
    yield ""


@app.command("estate")
def estate() -> None:
    """Print the JSON Schema of the estate file.

    Example: keyaudit schema estate > estate.schema.json
    """
    from scanner.estate.schema import estate_schema

    say(json.dumps(estate_schema(), indent=1, sort_keys=True))


@app.command("waivers")
def waivers() -> None:
    """Print the JSON Schema of the register of waivers.

    Example: keyaudit schema waivers > waivers.schema.json
    """
    from scanner.estate.exceptions import WaiversFile
    from scanner.estate.schema import tidy_schema

    say(json.dumps(tidy_schema(WaiversFile, "keyaudit waivers"), indent=1, sort_keys=True))


@app.command("alternatives")
def alternatives() -> None:
    """Print the JSON Schema of the register of alternatives.

    Example: keyaudit schema alternatives > alternatives.schema.json
    """
    from scanner.estate.exceptions import AlternativesFile
    from scanner.estate.schema import tidy_schema

    say(json.dumps(tidy_schema(AlternativesFile, "keyaudit alternatives"), indent=1, sort_keys=True))


@app.command("results")
def results() -> None:
    """Print the JSON Schema of results.json.

    Example: keyaudit schema results > results.schema.json
    """
    from scanner.pipeline import results_schema

    say(results_schema().rstrip("\n"))


@app.command("diff")
def diff() -> None:
    """Print the JSON Schema of a difference.

    Example: keyaudit schema diff > diff.schema.json
    """
    from scanner.pipeline import diff_schema

    say(diff_schema().rstrip("\n"))


@app.command("forecast")
def forecast() -> None:
    """Print the JSON Schema of a forecast.

    Example: keyaudit schema forecast > forecast.schema.json
    """
    from scanner.pipeline import forecast_schema

    say(forecast_schema().rstrip("\n"))


@app.command("trend")
def trend() -> None:
    """Print the JSON Schema of a trend.

    Example: keyaudit schema trend > trend.schema.json
    """
    from scanner.pipeline import trend_schema

    say(trend_schema().rstrip("\n"))
