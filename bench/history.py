"""The store: how long a large scan takes to record, how long a year takes to read, and how large the database is."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from scanner.history.decode import decode
from scanner.history.encode import encode
from scanner.history.store import Store, open_store
from scanner.model.history import Snapshot
from scanner.model.ids import ControlId
from tests.history.scans import START, a_control, a_finding, a_key_state, a_snapshot

LARGE = 10_000
"""Findings and keys of the large scan."""
DAYS, CONTROLS, FINDINGS, KEYS = 365, 239, 500, 500
"""Of the year."""
MOST_SECONDS = 10.0
"""CPU time for the large scan, the first time."""
MOST_READ = 3.0
"""CPU seconds for the year."""
MOST_DECODED = 1.0
MOST_BYTES = 5_000_000
"""For the year as ``history.json``."""


def arn(number: int) -> str:
    return f"arn:aws:kms:us-east-1:111122223333:key/{number:08x}-0000-4000-8000-000000000000"


def a_day(day: int, findings: int, keys: int) -> Snapshot:
    """Return the scan of a day. Every finding's age differs from day to day, and one in seven is mended."""
    found = [
        a_finding(
            arn(n),
            control=ControlId(f"KM-ROT-{n % CONTROLS:03}"),
            observed={"material_age_days": 400 + day + n % 50, "rotation_enabled": False, "rotation_period_days": 365},
        )
        for n in range(findings)
        if (n + day) % 7
    ]
    one = a_snapshot(day, *found, keys=[a_key_state(arn(n)) for n in range(keys)])
    controls = tuple(a_control(f"KM-ROT-{n:03}") for n in range(CONTROLS))
    scan = replace(one.scan, id=f"{day:08x}-0000-4000-8000-000000000000", as_of=START + timedelta(days=day))
    return replace(one, controls=controls, scan=scan)


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds on the wall, and of this process on a processor: the first depends on who else is at work."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s ({self.cpu:.1f} s CPU)"


def timed(act: Callable[..., object], *given: object) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    act(*given)
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def size(store: Store, path: Path | None) -> float:
    """Return the size of the database in MB."""
    if path is not None:
        return sum(one.stat().st_size for one in path.parent.iterdir()) / 1e6
    with store.engine.connect() as connection:
        return int(connection.scalar(sa.text("SELECT pg_database_size(current_database())"))) / 1e6


def places(folder: Path) -> Iterator[tuple[str, str, Path | None]]:
    """Yield name, URL and file of an empty store in each database."""
    from scanner.demo.postgres.server import postgres_server

    for name in ("large", "year"):
        (folder / name).mkdir()
    path = folder / "large" / "store.sqlite"
    yield "SQLite", str(path), path
    with postgres_server(folder / "pg") as url:
        yield "PostgreSQL", url, None


def large(folder: Path) -> float:
    """Record a large scan, the same again, and that of the next day. Returns the worst CPU time of the first."""
    worst = 0.0
    first, second = a_day(0, LARGE * 7 // 6, LARGE), a_day(1, LARGE * 7 // 6, LARGE)
    print(f"{len(first.findings)} findings, {len(first.keys)} keys in one scan")
    for name, url, path in places(folder):
        store = open_store(url)
        times = [timed(store.record, one) for one in (first, first, second)]
        read = timed(store.snapshot, second.scan.id)
        worst = max(worst, times[0].cpu)
        print(f"  {name}: first {times[0]}, again {times[1]}, next day {times[2]}")
        print(f"    read back {read}, {size(store, path):.1f} MB")
    return worst


def record_all(store: Store, days: Iterable[Snapshot]) -> None:
    for one in days:
        store.record(one)


def year(folder: Path) -> tuple[float, float, int]:
    """Record a year of scans and read it. Returns CPU seconds to read and to decode, and bytes of history.json."""
    path = folder / "year" / "store.sqlite"
    store = open_store(str(path))
    days = [a_day(day, FINDINGS, KEYS) for day in range(DAYS)]
    recorded = timed(record_all, store, days)
    read = timed(store.history, "nightly")
    data = encode(store.history("nightly"))
    decoded = timed(decode, data)
    print(f"{DAYS} scans of {CONTROLS} controls, {FINDINGS} findings, {KEYS} keys")
    print(f"  SQLite: recorded in {recorded}, read in {read}, {size(store, path):.1f} MB")
    print(f"  history.json: {len(data) / 1e6:.2f} MB, read in {decoded}")
    return read.cpu, decoded.cpu, len(data)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and compare with what is promised."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="keyaudit-bench-") as place:
        worst = large(Path(place))
        read, decoded, written = year(Path(place))
    return int(worst > MOST_SECONDS or read > MOST_READ or decoded > MOST_DECODED or written > MOST_BYTES)


if __name__ == "__main__":
    raise SystemExit(main())
