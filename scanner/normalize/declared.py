"""What the estate file declares to rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.stores import DeclaredEdgeFact, DeclaredStoreFact
from scanner.normalize.reading import flag, text
from scanner.normalize.records import Records

STORES = "estate:Stores"


HIERARCHY = "estate:Hierarchy"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield a row for each pattern over data stores and for each edge, and that these are all."""
    unit = Records(records)
    yield from _stores(unit)
    yield from _edges(unit)


def _stores(unit: Records) -> Iterator[Fact]:
    listing = unit.listing(STORES, None, "stores", identity="match")
    seen: set[str] = set()
    for page, entry in listing.items:
        pattern = text(entry, "match")
        if pattern is None or pattern in seen:
            continue
        seen.add(pattern)
        classes = entry.get("sensitivity")
        yield DeclaredStoreFact(
            source=unit.source,
            evidence=(page.id,),
            match=pattern,
            ephi=flag(entry, "ephi"),
            sensitivity=tuple(str(one) for one in classes) if isinstance(classes, list) else None,
        )
    if unit.asked(STORES):
        yield unit.coverage(DeclaredStoreFact, STORES, unit.source, None, len(seen), complete=listing.complete)


def _edges(unit: Records) -> Iterator[Fact]:
    listing = unit.listing(HIERARCHY, None, "edges", identity="child")
    seen: set[str] = set()
    for page, entry in listing.items:
        child, parent = text(entry, "child"), text(entry, "parent")
        edge = f"{child} > {parent}"
        if child is None or parent is None or edge in seen:
            continue
        seen.add(edge)
        yield DeclaredEdgeFact(source=unit.source, evidence=(page.id,), edge_id=edge, child=child, parent_ref=parent)
    if unit.asked(HIERARCHY):
        yield unit.coverage(DeclaredEdgeFact, HIERARCHY, unit.source, None, len(seen), complete=listing.complete)
