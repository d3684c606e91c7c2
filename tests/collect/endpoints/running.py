"""An endpoint, read as a scan reads it."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.endpoints import units
from scanner.collect.endpoints.operations import OPERATIONS
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import EndpointSource
from scanner.model.observation import Record
from tests.collect.fakes import Clock

ALL = frozenset(one.name for one in OPERATIONS)


def scanned(folder: Path, source: EndpointSource, wanted: frozenset[str] = ALL) -> list[Record]:
    """Return what a scan of a source writes."""
    log = EvidenceLog(folder / "evidence")
    try:
        run_units([units.unit(source, 1e12)], Run(log, wanted, Clock().outside(), Tally()))
    finally:
        log.close()
    return [record for path in segments(folder / "evidence") for record in read_segment(path)]
