"""The counters behind the progress display."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scanner.collect.tally import SourceTally, Tally


def test_counts_by_source_in_the_order_of_first_sight() -> None:
    tally = Tally()
    tally.add("b", "calls")
    tally.add("a", "gaps", 2)
    for kind in Tally.KINDS:
        tally.add("b", kind)
    assert tally.snapshot() == (SourceTally("b", 2, 1, 1, 1, 1, 1), SourceTally("a", 0, 0, 2, 0, 0, 0))


def test_nothing_counted_yet() -> None:
    assert Tally().snapshot() == ()


def test_the_kinds_are_the_fields() -> None:
    assert SourceTally.__slots__ == ("name", *Tally.KINDS)


def test_no_count_is_lost_between_threads() -> None:
    tally = Tally()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: tally.add(f"s{i % 3}", "calls"), range(3000)))
    assert [counts.calls for counts in sorted(tally.snapshot(), key=lambda c: c.name)] == [1000, 1000, 1000]
