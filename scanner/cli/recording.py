"""A scan's way into the store of scans over time, and the way of those before it to the scan."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scanner.cli.text import shell
from scanner.errors import KeyauditError
from scanner.scandir import ScanDir, write_atomically
from scanner.scanheader import Header

if TYPE_CHECKING:
    from scanner.history.store import Store

EARLIER = timedelta(days=730)
"""How far a scan looks back: two audit periods of a year."""


class RecordingError(KeyauditError):
    """A scan is complete, and the store did not take it."""


def opened(url: str | None) -> Store | None:
    """Open the store that a path or URL names; None when none is named. Raises KeyauditError."""
    if not url:
        return None
    from scanner.history.store import open_store

    return open_store(url)


def bring_earlier(store: Store, folder: ScanDir, header: Header) -> None:
    """Write the scans of the series before this one into its folder, so that who has it can judge it again.

    Raises StoreError.
    """
    from scanner.history.encode import encode, fitting

    until = header.as_of
    earlier = store.history(header.series_name, since=until - EARLIER, until=until, without=header.id)
    write_atomically(folder.history, encode(fitting(earlier)))


def record(store: Store, folder: ScanDir, series: str = "") -> None:
    """Record a finished scan. Raises RecordingError, with what to do, when that fails."""
    from scanner.history.snapshot import read_scan

    try:
        store.record(read_scan(folder, series))
    except KeyauditError as error:
        raise RecordingError(
            f"the scan in {folder.root} is complete, but it was not recorded: {error}",
            hint=f"record it with `keyaudit history record {shell(folder.root)} --store {shell(store.shown)}`",
        ) from error
