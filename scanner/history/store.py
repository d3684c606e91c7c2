"""The store: scans over time, in an SQLite file or a PostgreSQL database.

Whatever a database raises becomes a KeyauditError that names the store and never its password.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import ConfigError, MissingExtraError, UsageError
from scanner.model.history import History, ScanRecord, Snapshot
from scanner.model.ids import ControlId, Digest

if TYPE_CHECKING:
    import sqlalchemy as sa

    from scanner.history.db.connect import Place


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """A series of scans."""

    name: str
    scans: int
    first: datetime
    """As-of of its first scan."""
    last: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The checkpoint of a scan's package, kept also when the scan is forgotten."""

    scan: str
    as_of: datetime
    number: int
    """Place in the chain, from 1."""
    digest: Digest
    name: str
    """Of the package's file, or empty."""


@dataclass(frozen=True, slots=True)
class Seen:
    """When a finding of a series was first and last seen, by the as-of of scans, forgotten ones included."""

    control: ControlId
    subject: str
    source: str
    first_scan: str
    first_seen: datetime
    last_scan: str
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. It holds no connection: each method takes one, and leaves nothing half done."""

    engine: sa.Engine
    place: Place

    @property
    def shown(self) -> str:
        """Its URL or path as it may be shown: without a password."""
        return self.place.shown

    def record(self, snapshot: Snapshot) -> None:
        """Record a scan, or replace the one of the same id; all of it or nothing. Raises StoreError."""
        from scanner.history.db import connect, write

        with connect.writing(self.engine, self.shown) as connection:
            write.record(connection, snapshot)

    def set_checkpoint(self, scan_id: str, digest: Digest, number: int, name: str = "") -> None:
        """Keep the checkpoint of a scan's package. Raises UsageError for a scan that was not recorded, StoreError."""
        from scanner.history.db import connect, write

        with connect.writing(self.engine, self.shown) as connection:
            found = write.find(connection, scan_id)
            if found is None:
                raise self._no_scan(scan_id)
            write.set_checkpoint(connection, found, digest, number, name)

    def checkpoints(self, series: str) -> tuple[Checkpoint, ...]:
        """Return the checkpoints of a series, by number and as-of. Raises StoreError."""
        from scanner.history.db import connect, overview

        with connect.reading(self.engine, self.shown) as connection:
            return tuple(Checkpoint(*row) for row in overview.checkpoints(connection, series))

    def scans(
        self, series: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[ScanRecord, ...]:
        """Return scans of a series (None: of all), by as-of, then id. ``until`` is excluded. Raises StoreError."""
        from scanner.history.db import connect, read

        with connect.reading(self.engine, self.shown) as connection:
            return tuple(read.scans(connection, read.Wanted(series=series, since=since, until=until)).values())

    def series(self) -> tuple[SeriesSummary, ...]:
        """Return the series that have scans, by name. Raises StoreError."""
        from scanner.history.db import connect, overview

        with connect.reading(self.engine, self.shown) as connection:
            return tuple(sorted((SeriesSummary(*row) for row in overview.series(connection)), key=lambda one: one.name))

    def seen(self, series: str) -> tuple[Seen, ...]:
        """Return when each finding of a series was first and last seen, by control, subject, source.

        Raises StoreError.
        """
        from scanner.history.db import connect, overview

        with connect.reading(self.engine, self.shown) as connection:
            rows = (Seen(*row) for row in overview.seen(connection, series))
            return tuple(sorted(rows, key=lambda one: (one.control, one.subject, one.source)))

    def snapshot(self, scan_id: str) -> Snapshot:
        """Return a scan by its id, or the beginning of it that no other has. ``settled`` is None: it is not kept.

        Raises UsageError when there is none or more than one, StoreError.
        """
        from scanner.history.db import connect, overview, read

        with connect.reading(self.engine, self.shown) as connection:
            found = overview.begin_with(connection, scan_id)
            if len(found) > 1:
                raise UsageError(f"{scan_id!r} is the beginning of more than one scan", hint="write more of the id")
            if not found:
                raise self._no_scan(scan_id)
            return read.snapshot(connection, found[0])

    def latest(self, series: str, before: datetime | None = None) -> Snapshot | None:
        """Return the newest scan of a series, with an as-of before an instant. Raises StoreError."""
        from scanner.history.db import connect, read

        with connect.reading(self.engine, self.shown) as connection:
            numbers = list(read.scans(connection, read.Wanted(series=series, until=before)))
            return read.snapshot(connection, numbers[-1]) if numbers else None

    def history(
        self,
        series: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        without: str | None = None,
    ) -> History:
        """Return a series over time, without the scan of one id. ``until`` is excluded. Raises StoreError."""
        from scanner.history.db import connect, read

        with connect.reading(self.engine, self.shown) as connection:
            wanted = read.Wanted(series=series, since=since, until=until, without=without)
            return read.history(connection, wanted)

    def forget(
        self, scan_ids: Iterable[str] = (), *, series: str | None = None, before: datetime | None = None
    ) -> tuple[str, ...]:
        """Remove scans by id, and those of a series (None: of all) with an as-of before an instant.

        Their checkpoints stay, and when a finding was first and last seen. Returns the ids that were removed. Raises
        UsageError for an id that is not there, StoreError.
        """
        from scanner.history.db import connect, read, write

        with connect.writing(self.engine, self.shown) as connection:
            there = read.scans(connection, read.Wanted())
            numbers = {record.id: number for number, record in there.items()}
            for scan_id in (wanted := set(scan_ids)):
                if scan_id not in numbers:
                    raise self._no_scan(scan_id)
            if before is not None:
                wanted |= {r.id for r in there.values() if r.as_of < before and series in {None, r.series}}
            write.forget(connection, sorted(numbers[scan_id] for scan_id in wanted))
            return tuple(record.id for record in there.values() if record.id in wanted)

    def _no_scan(self, scan_id: str) -> UsageError:
        return UsageError(f"the store {self.shown} has no scan {scan_id!r}", hint="`keyaudit history` lists them")


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the store that a path or a URL names, and bring its schema to this version's.

    Raises ConfigError for a place that is none, or that another program or a newer keyaudit made; for one that is not
    there, unless it may be made (``create``); MissingExtraError without the extra ``history``; StoreError.
    """
    for name in ("sqlalchemy", "alembic"):
        if find_spec(name) is None:
            raise MissingExtraError(f"{name} is not installed", hint='pip install "keyaudit[history]"')
    from scanner.history.db import connect, migrate

    place = connect.parse(url)
    if place.path is not None:
        _check_file(place.path, create=create)
    engine = connect.connect(place)
    migrate.bring_up(engine, place, create=create)
    if place.path is not None:
        connect.log_ahead(engine)
    return Store(engine, place)


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, and a store is a file", hint="name a file in it")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}", hint="make it, or name another place for the store")
    if not create and not path.exists():
        raise ConfigError(f"there is no store {path}", hint="record with `keyaudit scan --store`")
