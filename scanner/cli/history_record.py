"""``keyaudit history record``: finished scans into the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import QuietOption, SeriesOption, StoreOption, VerboseOption
from scanner.cli.text import safe, say
from scanner.errors import UsageError


def record(
    folders: Annotated[list[Path], typer.Argument(help="Folders of finished scans.", metavar="SCAN_DIR...")],
    store: StoreOption = None,
    series: SeriesOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Record finished scans in a store.

    A scan that is in the store already is replaced. The order does not matter.

    Example: keyaudit history record scan-2026-10 scan-2026-11 --store scans.sqlite
    """
    del verbose  # -vv is read before commands are, for tracebacks
    from scanner.history.snapshot import read_scan
    from scanner.history.store import open_store
    from scanner.scandir import ScanDir

    if not store:
        raise UsageError("which store?", hint="name it with --store, or in KEYAUDIT_STORE")
    # What can be wrong with a folder is told before anything is recorded.
    snapshots = [read_scan(ScanDir(folder), series or "") for folder in folders]
    opened = open_store(store)
    for snapshot in snapshots:
        opened.record(snapshot)
        if not quiet:
            scan = snapshot.scan
            say(f"recorded  {safe(scan.id)} as of {scan.as_of:%Y-%m-%d %H:%M} UTC, series {safe(scan.series)}")
    return 0
