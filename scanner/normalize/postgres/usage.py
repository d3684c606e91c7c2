"""What encrypted columns say of the data keys that they use: counted over every row, not over a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scanner.model.ids import Digest
from scanner.normalize.reading import Object, moment, text, texts
from scanner.normalize.records import Records
from scanner.normalize.samples import number

USAGE = "postgres:Usage"


@dataclass(frozen=True, slots=True)
class Use:
    """How one column uses one data key."""

    values: int
    tenants: tuple[str, ...] | None
    """None: more than are named."""
    tenant_count: int | None
    """None: some rows name no tenant."""
    newest: datetime | None
    """Newest value; None: some rows, or all, do not tell when they were encrypted."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one encrypted column uses."""

    envelope: str
    store: str
    names_keys: bool
    """Its values name their data key in a column; others carry their own."""
    known: bool = False
    population: int | None = None
    keyless: int = 0
    """Values that name no data key, where they should."""
    uses: Mapping[str, Use] | None = None
    evidence: tuple[Digest, ...] = ()


def column(unit: Records, envelope: str, store: str, *, names_keys: bool) -> Column:
    """Return what an encrypted column uses, or that it is not known."""
    found = Column(envelope, store, names_keys)
    body = unit.response(USAGE, envelope)
    used = body.get("used") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(used, list):
        return found
    rows = [one for one in used if isinstance(one, dict)]
    counts = [number(one, "population") for one in rows]
    if len(rows) < len(used) or None in counts:
        return found
    uses = {str(one["data_key"]): _use(one) for one in rows if text(one, "data_key") is not None}
    keyless = sum(number(one, "population") or 0 for one in rows if text(one, "data_key") is None)
    population = sum(count or 0 for count in counts)
    evidence = unit.ids(USAGE, envelope)
    return Column(envelope, store, names_keys, True, population, keyless if names_keys else 0, uses, evidence)


def _use(row: Object) -> Use:
    values = number(row, "population") or 0
    told, tenants = number(row, "tenant_count"), texts(row, "tenants")
    whole = number(row, "tenantless") == 0
    return Use(
        values=values,
        tenants=tenants if whole and tenants is not None and len(tenants) == told else None,
        tenant_count=told if whole else None,
        newest=moment(row, "newest") if number(row, "dated") == values else None,
    )


@dataclass(frozen=True, slots=True)
class Total:
    """How all columns together use one data key; None is not known."""

    tenants: tuple[str, ...] | None = None
    tenant_count: int | None = None
    values: int | None = None
    writes: bool | None = None
    newest: datetime | None = None


def total(uses: Iterable[Use], *, whole: bool) -> Total:
    """Add up the uses of one data key. ``whole``: those of every column are known."""
    found = list(uses)
    named = [one.tenants for one in found]
    tenants = None if not whole or None in named else tuple(sorted({t for one in named for t in one or ()}))
    # More tenants than are named: the largest count of one column is what is sure, and already far too many.
    counts = [one.tenant_count for one in found]
    most = None if not whole or None in counts else max((count or 0 for count in counts), default=0)
    dates = [one.newest for one in found if one.values]
    dated = whole and None not in dates
    return Total(
        tenants=tenants,
        tenant_count=len(tenants) if tenants is not None else most,
        values=sum(one.values for one in found) if whole else None,
        writes=bool(dates) if dated else None,
        newest=max((one for one in dates if one is not None), default=None) if dated else None,
    )
