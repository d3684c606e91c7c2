"""What the estate file declares to rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.stores import DeclaredStoreFact
from scanner.normalize.reading import flag, text
from scanner.normalize.records import Records

STORES = "estate:Stores"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield a row for each pattern over data stores, and that these are all."""
    unit = Records(records)
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
    if unit.first is not None:
        yield unit.coverage(DeclaredStoreFact, STORES, unit.source, None, len(seen), complete=listing.complete)
