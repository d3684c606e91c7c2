"""Registers of waivers and alternatives to rows. Pure.

What an exception covers, and whether each addressable specification was decided about, is counted after the controls
were judged: ``scanner.evaluate.exceptions``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from scanner.model.exceptions import ALTERNATIVE, READ, AddressableSpecificationFact, ExceptionFact
from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.normalize.reading import Object, child, flag, moment, text, text_or, texts
from scanner.normalize.records import Records

HASH = "exceptions:Hash"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield a row for each waiver and each alternative, and that these are all."""
    unit = Records(records)
    if not unit.asked(READ):
        return
    listing = unit.listing(READ, None, "entries", identity="id")
    entries = {text(entry, "id"): (page, entry) for page, entry in listing.items}
    yield from (_exception(unit, page, entry) for page, entry in entries.values())
    yield unit.coverage(ExceptionFact, READ, unit.source, None, len(entries), complete=listing.complete)
    # Its rows are made of verdicts: nothing else has to be listed.
    yield unit.coverage(AddressableSpecificationFact, READ, unit.source, None, 0, complete=listing.complete)


def _exception(unit: Records, page: Observation, entry: Object) -> ExceptionFact:
    kind = text(entry, "kind") or ""
    alternative = kind == ALTERNATIVE
    document = child(entry, "document")
    path = text(document, "path")
    subject = f"{kind} {path}"
    answer = unit.response(HASH, subject) if path is not None else None
    body = answer if isinstance(answer, dict) else None
    found = flag(body, "found") if path is not None else False
    stated, real = text(document, "sha256"), text(body, "sha256")
    matches = False if found is False else real == stated if found and real and stated else None
    return ExceptionFact(
        source=unit.source,
        evidence=tuple(sorted({page.id, *unit.ids(HASH, subject)})),
        exception_id=text(entry, "id") or "",
        kind=kind,
        clause=text_or(entry, "clause", "none"),
        controls=texts(entry, "controls"),
        subjects=texts(entry, "subjects"),
        scope=text_or(entry, "source", "*"),
        owner=text(entry, "owner"),
        approver=text(entry, "approver"),
        reason=text(entry, "why_not" if alternative else "reason"),
        measure=text_or(entry, "measure", "none"),
        begins_at=_day(entry, "decided" if alternative else "approved"),
        ends_at=_day(entry, "review_due" if alternative else "expires"),
        ticket=text_or(entry, "ticket", "none"),
        documented=path is not None,
        document="none" if path is None else path,
        document_found=found,
        document_matches=matches,
    )


def _day(entry: Object, name: str) -> datetime | None:
    return moment({name: f"{entry.get(name)}T00:00:00Z"}, name)


IN_FORCE = """
UPDATE exceptions SET in_force = begins_at <= $as_of AND date_diff('day', $as_of, ends_at) >= 0
    AND (NOT documented OR document_matches)
"""
STATEMENTS: tuple[str, ...] = (IN_FORCE,)
"""They read and complete exceptions alone."""
