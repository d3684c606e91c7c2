"""A scan of the store by what people call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from scanner.errors import UsageError
from scanner.history.pick import pick
from scanner.model.history import ScanRecord, Snapshot
from tests.history.snapshots import JUNE, a_record, a_snapshot


@dataclass(frozen=True)
class Shelf:
    """A store of records."""

    records: Sequence[ScanRecord]

    def scans(self, series: str | None = None) -> Sequence[ScanRecord]:
        """Return the scans of a series, the newest first: pick has to order them."""
        return [one for one in reversed(self.records) if series in (None, one.series)]

    def snapshot(self, scan_id: str, /) -> Snapshot:
        """Return a scan by its whole id."""
        return a_snapshot(scan=next(one for one in self.records if one.id == scan_id))


def a_scan(id_: str, day: int, series: str = "nightly") -> ScanRecord:
    return a_record(id_, as_of=JUNE + timedelta(days=day), series=series)


ONE = Shelf([a_scan("aa11", 0), a_scan("aa12", 1), a_scan("aa1", 2), a_scan("cc", 2)])
TWO = Shelf([a_scan("aa", 0), a_scan("bb", 1), a_scan("ww", 2, "weekly"), a_scan("cc", 3)])


@pytest.mark.parametrize(
    ("store", "ref", "series", "than", "found"),
    [
        (ONE, "aa11", "", None, "aa11"),
        (ONE, "c", "", None, "cc"),
        (ONE, "aa1", "", None, "aa1"),  # a whole id is not the beginning of others
        (ONE, "latest", "", None, "cc"),
        (ONE, "previous", "", a_scan("cc", 2), "aa1"),
        (ONE, "previous", "", a_scan("aa12", 1), "aa11"),
        (ONE, "previous", "", a_record("elsewhere", as_of=JUNE + timedelta(hours=1)), "aa11"),
        (TWO, "w", "", None, "ww"),
        (TWO, "latest", "weekly", None, "ww"),
        (TWO, "latest", "", a_scan("aa", 0), "cc"),
        (TWO, "previous", "", a_scan("cc", 3), "bb"),
        # A scan directory of the organization that was recorded as nightly.
        (TWO, "previous", "", a_record("cc", as_of=JUNE + timedelta(days=3)), "bb"),
        (TWO, "previous", "weekly", a_scan("cc", 3), "ww"),
    ],
)
def test_what_is_called_for(store: Shelf, ref: str, series: str, than: ScanRecord | None, found: str) -> None:
    assert pick(store, ref, series=series, than=than).scan.id == found


@pytest.mark.parametrize(
    ("store", "ref", "series", "than", "message", "hint"),
    [
        (Shelf([]), "latest", "", None, "the store has no scan", "record one with `keyaudit scan --store`"),
        (TWO, "aa", "x", None, "the store has no scan of the series 'x'", "record one with `keyaudit scan --store`"),
        (ONE, "a", "", None, "'a' is the beginning of 3 scans", "write more of it: aa11, aa12, aa1"),
        (
            ONE,
            "zz",
            "",
            None,
            "there is no scan 'zz', in the store or as a path",
            "see `keyaudit history`; the last one is cc of 2026-06-17",
        ),
        (
            ONE,
            "previous",
            "",
            None,
            "previous to what?",
            "give `previous` as OLD, and as NEW the scan that came after it",
        ),
        (
            ONE,
            "previous",
            "",
            a_scan("aa11", 0),
            "the store has no scan before aa11 of 2026-06-15 12:00 UTC in its series",
            "it is the first one: there is nothing to compare it with",
        ),
        (
            TWO,
            "latest",
            "",
            None,
            "the store has several series, so `latest` is not one scan",
            "name one with --series: nightly, weekly",
        ),
        (
            Shelf([a_scan(f"s{n}", n, f"n{n}") for n in range(7)]),
            "previous",
            "",
            a_record("s9", series="none"),
            "the store has several series, so `previous` is not one scan",
            "name one with --series: n0, n1, n2, n3, n4 and 2 more",
        ),
    ],
)
def test_what_is_not_one_scan(
    store: Shelf, ref: str, series: str, than: ScanRecord | None, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        pick(store, ref, series=series, than=than)
    assert (str(caught.value), caught.value.hint) == (message, hint)
