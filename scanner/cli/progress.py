"""Progress while scanning: a live table on a terminal, a plain line now and then elsewhere. Both on standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scanner.cli.text import say
from scanner.pipeline import SourceTally, Tally

if TYPE_CHECKING:
    from rich.table import Table

PLAIN_SECONDS = 10.0
LIVE_SECONDS = 0.2


@contextmanager
def watch(tally: Tally, *, visible: bool) -> Iterator[None]:
    """Show ``tally`` until the block ends."""
    if not visible:
        yield
        return
    stop = threading.Event()
    show = live if sys.stderr is not None and sys.stderr.isatty() else plain
    thread = threading.Thread(target=show, args=(tally, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def line(source: SourceTally) -> str:
    """Return one source's progress as text."""
    parts = [
        f"{source.calls} calls",
        f"{source.throttles} throttled",
        f"{source.gaps} gaps",
        f"{source.units_done}/{source.units} scopes",
    ]
    if source.reused:
        parts.insert(1, f"{source.reused} answers kept from before")
    return f"{source.name}: {', '.join(parts)}"


def plain(tally: Tally, stop: threading.Event) -> None:
    """Print a line for every source now and then until ``stop``."""
    while not stop.wait(PLAIN_SECONDS):
        for source in tally.snapshot():
            say(f"scanning {line(source)}", err=True)


def live(tally: Tally, stop: threading.Event) -> None:
    """Keep a table on the terminal up to date until ``stop``, and take it away."""
    from rich.console import Console
    from rich.live import Live

    with Live(_table(tally), console=Console(stderr=True), transient=True, auto_refresh=False) as live:
        while not stop.wait(LIVE_SECONDS):
            live.update(_table(tally), refresh=True)


def _table(tally: Tally) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("scanning")
    for name in ("calls", "kept", "throttled", "gaps", "scopes"):
        table.add_column(name, justify="right")
    for source in tally.snapshot():
        table.add_row(
            source.name,
            str(source.calls),
            str(source.reused),
            str(source.throttles),
            str(source.gaps),
            f"{source.units_done}/{source.units}",
        )
    return table
