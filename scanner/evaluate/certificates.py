"""The table of FIPS 140 certificates: which certificates a product has, as they were last read from the CMVP.

``cmvp.yaml`` of the catalogue is one; a user may have a newer one of the same form. Every error names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from scanner.errors import ConfigError
from scanner.model.facts import Fact
from scanner.model.ids import SourceId
from scanner.model.modules import CertificateFact
from scanner.model.tables import CoverageFact
from scanner.yamlfile import Document, load, validate

FILE = "cmvp.yaml"
"""Name of the table in the folder of the catalogue."""
SOURCE = SourceId("catalogue")
"""Scope of the rows: they are the catalogue's, and no answer of a scanned system."""

_WITHOUT = frozenset({"none", "in_process"})
"""States in which a product has no certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as it was read, or that a product has none."""

    products: tuple[str, ...]
    """Products that run this module, sorted."""
    number: int | None
    """0: there is none; None: there is one, and its number is not known."""
    module: str | None
    versions: str | None
    embodiment: str | None
    standard: str | None
    level: int | None
    status: str | None
    interim: bool | None
    validated: date | None
    sunset: date | None
    """Last day on which it is active."""
    read: date
    source: str
    note: str


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRODUCT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def _day(given: object) -> date:
    # Dates stay text in these files.
    if not isinstance(given, str) or not _DAY.fullmatch(given):
        raise ValueError("must be a date such as 2026-11-17")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ValueError(f"there is no day {given}") from None


def _product(given: str) -> str:
    if not _PRODUCT.fullmatch(given):
        raise ValueError("a product is made of lower-case letters, digits and -, such as `aws-kms`")
    return given


Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
Product = Annotated[str, AfterValidator(_product)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Reading(_Strict):
    date: Day
    source: Text


class _Certificate(_Strict):
    products: Annotated[list[Product], Field(min_length=1)]
    certificate: Annotated[int, Field(ge=0, le=1_000_000)] | None
    reading: Text
    module: Text | None = None
    versions: Text | None = None
    embodiment: Literal["hardware", "software", "firmware"] | None = None
    standard: Literal["FIPS 140-2", "FIPS 140-3"] | None = None
    level: Annotated[int, Field(ge=1, le=4)] | None = None
    status: Literal["active", "historical", "revoked", "in_process", "none"] | None = None
    interim: bool | None = None
    validated: Day | None = None
    sunset: Day | None = None
    note: str = ""


class _Table(_Strict):
    readings: dict[str, _Reading]
    certificates: Annotated[list[_Certificate], Field(min_length=1)]


def load_certificates(path: Path) -> tuple[Certificate, ...]:
    """Read a table of certificates. Raises ConfigError with file and line."""
    document = load(path)
    table = validate(document, _Table)
    found: dict[tuple[str, ...], int] = {}
    for i, row in enumerate(table.certificates):
        for place, problem, hint in _problems(table, row):
            raise ConfigError(problem, place=document.place(("certificates", i, place)), hint=hint)
        _once(document, found, row, i)
    return tuple(_certificate(row, table.readings[row.reading]) for row in table.certificates)


def _problems(table: _Table, row: _Certificate) -> Iterator[tuple[str, str, str]]:
    """Yield what does not fit together in a row: the key that it is about, what is wrong, what to do."""
    if row.reading not in table.readings:
        there = ", ".join(table.readings)
        yield "reading", f"there is no reading {row.reading!r}", f"add it to `readings`; there are: {there}"
    if row.certificate == 0 and row.status not in _WITHOUT:
        yield "certificate", "0 is no certificate", "give its number, null, or the status `none` or `in_process`"
    if row.certificate != 0 and row.status in _WITHOUT:
        yield "certificate", f"a product in status `{row.status}` has no certificate", "write `certificate: 0`"
    if row.status in _WITHOUT and (row.level or row.sunset or row.validated):
        yield "status", "what has no certificate has no level, validation or sunset", "remove them, or the status"
    if row.validated and row.sunset and row.sunset < row.validated:
        yield "sunset", "the sunset is before the validation", "check both dates"
    if len(set(row.products)) != len(row.products):
        yield "products", "a product is given twice", "remove one of them"


def _once(document: Document, found: dict[tuple[str, ...], int], row: _Certificate, number: int) -> None:
    keys = [(str(row.certificate),)] if row.certificate else [(name, "") for name in row.products]
    for key in keys:
        if key in found:
            other = document.place(("certificates", found[key])).line
            what = f"certificate {row.certificate}" if row.certificate else f"{key[0]} without a number"
            place = document.place(("certificates", number, "certificate"))
            raise ConfigError(f"{what} is in line {other} as well", place=place, hint="make one of them")
        found[key] = number


def _certificate(row: _Certificate, reading: _Reading) -> Certificate:
    return Certificate(
        products=tuple(sorted(row.products)),
        number=row.certificate,
        module=row.module,
        versions=row.versions,
        embodiment=row.embodiment,
        standard=row.standard,
        level=row.level,
        status=row.status,
        interim=row.interim,
        validated=row.validated,
        sunset=row.sunset,
        read=reading.date,
        source=reading.source,
        note=row.note.strip(),
    )


def newest(*tables: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Join tables: of each certificate the newest reading, for every product of any; of one day, the later table's.

    A product without a number has one row: the newest reading says what it has.
    """
    numbered: dict[int, Certificate] = {}
    others: dict[str, Certificate] = {}
    for one in (one for table in tables for one in table):
        if one.number:
            before = numbered.get(one.number, one)
            products = tuple(sorted({*before.products, *one.products}))
            numbered[one.number] = replace(one if one.read >= before.read else before, products=products)
            continue
        for product in one.products:
            if product not in others or one.read >= others[product].read:
                others[product] = replace(one, products=(product,))
    return (*(numbered[number] for number in sorted(numbered)), *(others[product] for product in sorted(others)))


def certificate_rows(certificates: Iterable[Certificate]) -> Iterator[Fact]:
    """Yield a row for each product of each certificate, and that these are all there are."""
    rows = 0
    for one in certificates:
        for product in one.products:
            rows += 1
            yield _row(one, product)
    yield CoverageFact(
        source=SOURCE,
        evidence=(),
        coverage_id=f"{CertificateFact.table} {SOURCE}",
        listed_table=CertificateFact.table,
        parent_id=SOURCE,
        complete=True,
        row_count=rows,
    )


def _row(one: Certificate, product: str) -> CertificateFact:
    without = one.status in _WITHOUT
    number = "unnumbered" if one.number is None else "none" if without else str(one.number)
    return CertificateFact(
        source=SOURCE,
        evidence=(),
        certificate_id=f"{product} {number}",
        product=product,
        number=one.number,
        name=one.module,
        embodiment=one.embodiment,
        versions=one.versions,
        standard="none" if without else one.standard,
        level=0 if without else one.level,
        status=one.status,
        interim=False if without else one.interim,
        validated_at=_midnight(one.validated),
        sunset_at=_end(one.sunset),
        reading_at=_midnight(one.read),
        reading_source=one.source,
        note=one.note,
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time()) if day else None


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day, time()) + timedelta(days=1, seconds=-1) if day else None
