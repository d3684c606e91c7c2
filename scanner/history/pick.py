"""A scan of the store by what people call it: its id, the beginning of its id, ``latest``, ``previous``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scanner.errors import UsageError
from scanner.model.history import ScanRecord, Snapshot

LATEST, PREVIOUS = "latest", "previous"
_SHORT = 8
_NAMED = 5
"""Scans or series that an error names."""


class Stored(Protocol):
    """What is needed of the store."""

    def scans(self, series: str | None = None) -> Sequence[ScanRecord]:
        """Return the scans of a series, or of all."""
        ...

    def snapshot(self, scan_id: str, /) -> Snapshot:
        """Return a scan by its id."""
        ...


def pick(store: Stored, ref: str, *, series: str = "", than: ScanRecord | None = None) -> Snapshot:
    """Return the scan that ``ref`` calls for.

    ``series``: look in this one alone. ``than``: the scan that it is compared with; ``previous`` is the one before
    it in its series. Raises UsageError when there is none, or more than one.
    """
    records = sorted(store.scans(series or None), key=_order)
    if not records:
        what = f"has no scan of the series {series!r}" if series else "has no scan"
        raise UsageError(f"the store {what}", hint="record one with `keyaudit scan --store`")
    if ref == PREVIOUS:
        return store.snapshot(_previous(records, series, than).id)
    if ref == LATEST:
        return store.snapshot(_of_one(records, _series_of(records, series, than), ref)[-1].id)
    found = [one for one in records if one.id.startswith(ref)]
    exact = [one for one in found if one.id == ref]
    if len(found) > 1 and not exact:
        shown = ", ".join(one.id for one in found[:_NAMED])
        raise UsageError(f"{ref!r} is the beginning of {len(found)} scans", hint=f"write more of it: {shown}")
    if not found:
        last = records[-1]
        hint = f"see `keyaudit history`; the last one is {last.id[:_SHORT]} of {last.as_of:%Y-%m-%d}"
        raise UsageError(f"there is no scan {ref!r}, in the store or as a path", hint=hint)
    return store.snapshot((exact or found)[0].id)


def _order(record: ScanRecord) -> tuple[object, ...]:
    return record.as_of, record.id


def _previous(records: Sequence[ScanRecord], series: str, than: ScanRecord | None) -> ScanRecord:
    if than is None:
        raise UsageError("previous to what?", hint="give `previous` as OLD, and as NEW the scan that came after it")
    wanted = _series_of(records, series, than)
    before = [one for one in _of_one(records, wanted, PREVIOUS) if one.id != than.id and _order(one) < _order(than)]
    if not before:
        raise UsageError(
            f"the store has no scan before {than.id[:_SHORT]} of {than.as_of:%Y-%m-%d %H:%M} UTC in its series",
            hint="it is the first one: there is nothing to compare it with",
        )
    return before[-1]


def _series_of(records: Sequence[ScanRecord], series: str, than: ScanRecord | None) -> str:
    """Return the series to look in: the one that was named, else that of the other scan, else empty."""
    if series or than is None:
        return series
    # A scan directory does not say under which series it was recorded; the store does.
    recorded = next((one.series for one in records if one.id == than.id), than.series)
    return recorded if any(one.series == recorded for one in records) else ""


def _of_one(records: Sequence[ScanRecord], series: str, ref: str) -> list[ScanRecord]:
    """Return the scans of a series. Raises UsageError when none was named and the store has several."""
    names = sorted({one.series for one in records})
    if not series and len(names) > 1:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise UsageError(
            f"the store has several series, so `{ref}` is not one scan",
            hint=f"name one with --series: {', '.join(names[:_NAMED])}{more}",
        )
    return [one for one in records if one.series == (series or names[0])]
