"""The collector of Google Cloud against a simulator: the whole run, and the rows that it gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scanner.collect.gcp import projects
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import GcpSource
from scanner.model.facts import Fact
from scanner.model.observation import Gap, Observation, Record
from scanner.normalize.gcp import kms, project
from tests.collect.fakes import Clock
from tests.demo.gcp.reference import LAB, VOICE

ALL = frozenset(operation.name for operation in projects.operations())
NORMALIZERS = {"gcp.kms": kms.normalize, "gcp.project": project.normalize}
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run has written."""

    records: tuple[Record, ...]

    @property
    def gaps(self) -> list[Gap]:
        """Every gap."""
        return [record for record in self.records if isinstance(record, Gap)]

    def answers(self, operation: str) -> list[Observation]:
        """Every answer of an operation."""
        return [r for r in self.records if isinstance(r, Observation) and r.operation == operation]

    def facts(self) -> list[Fact]:
        """Return the rows of every unit."""
        units: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
        for record in self.records:
            units[record.collector, record.source].append(record)
        return [
            fact
            for (collector, _), records in sorted(units.items())
            if collector in NORMALIZERS
            for fact in NORMALIZERS[collector](records)
        ]

    def rows(self, kind: type[F]) -> dict[str, F]:
        """Return the rows of a table by their key."""
        return {str(getattr(fact, kind.key)): fact for fact in self.facts() if isinstance(fact, kind)}


def a_source(url: str, **given: Any) -> GcpSource:  # noqa: ANN401 - any field of GcpSource
    """Return the source of the reference section."""
    return GcpSource(**{"name": "main", "projects": (VOICE, LAB), "endpoint_url": url, **given})


def collect(folder: Path, source: GcpSource, wanted: Iterable[str] = ALL, *, clock: Clock | None = None) -> Collected:
    """Run the collector to its end."""
    wanted = frozenset(wanted)
    unit = projects.first_unit(source, wanted=wanted, deadline=1000)
    log = EvidenceLog(folder / "evidence", sync_seconds=60)
    try:
        run_units([unit], Run(log, wanted, (clock or Clock()).outside(), Tally()))
    finally:
        log.close()
    return Collected(tuple(record for path in segments(folder / "evidence") for record in read_segment(path)))
