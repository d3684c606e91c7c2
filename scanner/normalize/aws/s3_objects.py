"""Sampled objects of Amazon S3 to rows: how the objects of a bucket are enveloped, and under which keys.

The listing tells which objects were sampled: what an earlier run listed, by hashes of its own, counts no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.model.envelope import EnvelopeFact, EnvelopeSampleFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Record
from scanner.model.stores import BindingFact
from scanner.normalize.aws.stores import partition
from scanner.normalize.reading import Object, flag, text, texts
from scanner.normalize.records import Records
from scanner.normalize.samples import Sample, nonces, number, sample_rows, with_sample

BUCKETS = "s3-objects:ListBuckets"
LIST = "s3-objects:ListObjectsV2"
GET = "s3-objects:GetObject"
GONE = frozenset({"NoSuchBucket", "NoSuchKey"})


@dataclass(frozen=True, slots=True)
class _Place:
    """The objects of one bucket, as far as they were sampled."""

    store: str
    listed: Object | None
    sample: Sample | None
    """None: not all of the sample could be read."""
    seen: Sample
    """What could."""

    @property
    def id(self) -> str:
        return f"{self.store}#objects"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the buckets of one account and region that the estate lets sample."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(BUCKETS, None, "Buckets", identity="Name")
    named = {f"arn:{partition(page)}:s3:::{item['Name']}" for page, item in listing.items}
    # Whether a bucket was to be sampled tells that it was asked: the patterns are the estate's.
    asked = [arn for arn in sorted(named) if unit.asked(LIST, f"{arn}#objects")]
    places = [_place(unit, arn) for arn in asked if unit.error(LIST, f"{arn}#objects") not in GONE]
    seen = nonces(place.seen for place in places)
    for place in places:
        row = EnvelopeFact(
            source=unit.source,
            evidence=unit.ids(LIST, place.id),
            envelope_id=place.id,
            store_id=place.store,
            kind="objects",
            population=_population(place.listed),
        )
        yield with_sample(row, place.sample, seen)
        rows = sample_rows(place.seen, source=unit.source, envelope=place.id, store=place.store, registry="")
        yield from rows
        yield from _edges(unit, place)
        complete = place.sample is not None
        yield unit.coverage(EnvelopeSampleFact, LIST, place.id, place.id, len(rows), complete=complete)
    if unit.asked(BUCKETS):
        yield unit.coverage(
            EnvelopeFact, BUCKETS, unit.source, None, len(places), complete=listing.complete, among=True
        )


def _place(unit: Records, arn: str) -> _Place:
    identity = f"{arn}#objects"
    body = unit.response(LIST, identity)
    listed = body if isinstance(body, dict) else None
    hashes = texts(listed, "Sample") if listed is not None else None
    values: list[Object] = []
    proof: set[Digest] = set()
    whole = hashes is not None
    for one in hashes or ():
        subject = f"{identity}/{one}"
        if unit.error(GET, subject) in GONE:
            continue
        head = unit.response(GET, subject)
        if isinstance(head, dict) and flag(head, "understood") is not None:
            values.append({**head, "row": one})
            proof.update(unit.ids(GET, subject))
        else:
            whole = False
    seen = Sample(tuple(values), tuple(sorted(proof)), text(listed, "Hashes") or "")
    return _Place(arn, listed, seen if whole else None, seen)


def _population(listed: Object | None) -> int | None:
    return number(listed, "Count") if listed is not None and flag(listed, "Truncated") is False else None


def _edges(unit: Records, place: _Place) -> Iterator[BindingFact]:
    keys = {key for value in place.seen.values for key in texts(value, "wrapping") or ()}
    # A bare id or an alias is of an account and a region that nothing here tells.
    for key in sorted(key for key in keys if key.startswith("arn:") and ":key/" in key):
        yield BindingFact(
            source=unit.source,
            evidence=place.seen.evidence,
            binding_id=f"{place.store} > {key} (objects)",
            child_id=place.store,
            parent_id=key,
            child_kind="store",
            parent_kind="key",
            strength="observed",
        )
