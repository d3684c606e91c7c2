"""``keyaudit schema``: the formats that keyaudit reads and writes."""

from __future__ import annotations

import json

import typer

app = typer.Typer(help="Print the schema of a format.", no_args_is_help=True)


@app.command("facts")
def facts() -> None:
    """Print the fact tables: each column with its type, meaning, unit and source.

    Example: keyaudit schema facts
    """
    from scanner.model.facts import columns_of
    from scanner.model.tables import TABLES

    for table in TABLES:
        typer.echo(f"{table.table}  (one row per {table.key})")
        typer.echo(f"  {(table.__doc__ or '').strip()}")
        for column in columns_of(table):
            unit = f", {column.unit}" if column.unit else ""
            typer.echo(f"  {column.name:<24} {column.sql_type}{unit}")
            typer.echo(f"      {column.doc} Source: {column.source}.")
        typer.echo("")


@app.command("estate")
def estate() -> None:
    """Print the JSON Schema of the estate file.

    Example: keyaudit schema estate > estate.schema.json
    """
    from scanner.estate.schema import estate_schema

    typer.echo(json.dumps(estate_schema(), indent=1, sort_keys=True))


@app.command("results")
def results() -> None:
    """Print the JSON Schema of results.json.

    Example: keyaudit schema results > results.schema.json
    """
    from scanner.pipeline import results_schema

    typer.echo(results_schema(), nl=False)
