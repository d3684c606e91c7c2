"""The fact tables: what every provider is normalized to.

One frozen dataclass a table, one documented field a column. ``None`` means *not known*, and only
that: what is known to be absent has a value of its own (``expires=False``). Terms are those of
NIST SP 800-57 Part 1 Rev. 5; where the provider has a word of its own it stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, get_args, get_type_hints

from scanner.model.ids import Digest, SourceId

Value = str | int | float | bool | datetime | tuple[str, ...] | None

SQL_TYPES = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    datetime: "TIMESTAMP",
    tuple[str, ...]: "VARCHAR[]",
}


def column(doc: str, *, source: str, unit: str = "", required: bool = False) -> Any:  # noqa: ANN401 - dataclasses.field
    """Declare a column: its meaning, its unit if it has one, and the clause or API it comes from."""
    metadata = {"doc": doc, "source": source, "unit": unit}
    return field(metadata=metadata) if required else field(default=None, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Column:
    """One documented column of a fact table."""

    name: str
    sql_type: str
    doc: str
    unit: str
    source: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row. ``evidence`` names the observations it was read from."""

    table: ClassVar[str]
    key: ClassVar[str]
    parent: ClassVar[str]

    source: SourceId = column("Scope the row was read in.", source="the scan", required=True)
    evidence: tuple[Digest, ...] = column(
        "Ids of the observations that the row was read from.", source="the evidence log", required=True
    )


def columns_of(fact: type[Fact]) -> tuple[Column, ...]:
    """Return the columns of a fact table in declaration order."""
    hints = get_type_hints(fact)
    return tuple(_column(f, hints[f.name]) for f in fields(fact))


def _column(spec: Field[Any], hint: Any) -> Column:  # noqa: ANN401 - a type annotation
    options = [t for t in get_args(hint) if t is not NoneType] if isinstance(hint, UnionType) else [hint]
    kind = getattr(options[0], "__supertype__", options[0])
    kind = tuple[str, ...] if kind == tuple[Digest, ...] else kind
    return Column(
        name=spec.name,
        sql_type=SQL_TYPES[kind],
        doc=spec.metadata["doc"],
        unit=spec.metadata["unit"],
        source=spec.metadata["source"],
        required=spec.default is MISSING,
    )


def values_of(fact: Fact) -> Iterator[tuple[str, Value]]:
    """Yield (column, value) of a row in declaration order."""
    for name in names_of(type(fact)):  # type: ignore[arg-type] # mypy takes the class for a row
        yield name, getattr(fact, name)


@cache
def names_of(fact: type[Fact]) -> tuple[str, ...]:
    """Return the names of a fact table's columns in declaration order."""
    return tuple(spec.name for spec in fields(fact))
