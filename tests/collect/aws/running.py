"""Run one AWS source as a scan would, with real botocore, and look at what was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.collect.aws import accounts, kms
from scanner.collect.aws.accounts import Service, first_unit
from scanner.collect.aws.hub import Timeouts
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import SourceTally, Tally
from scanner.demo.aws.simulator import AwsSimulator
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import AwsSource
from scanner.model.observation import Gap, Observation, Record
from tests.collect.fakes import Clock
from tests.support import REGION

KMS = (Service(kms.NAME, kms.OPERATIONS, kms.collect),)
IDENTITY = frozenset(operation.name for operation in accounts.OPERATIONS)
EVERYTHING = IDENTITY | {operation.name for operation in kms.OPERATIONS}
"""Of accounts and of KMS: other services have tests of their own."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run has written."""

    folder: Path
    counts: tuple[SourceTally, ...]

    @property
    def records(self) -> list[Record]:
        """Everything, segment by segment."""
        return [record for path in segments(self.folder) for record in read_segment(path)]

    @property
    def units(self) -> list[str]:
        """Names of the segments, without their ending."""
        return [path.name.removesuffix(".jsonl") for path in segments(self.folder)]

    @property
    def gaps(self) -> list[Gap]:
        """Every gap."""
        return [record for record in self.records if isinstance(record, Gap)]

    @property
    def why(self) -> set[tuple[str, str, str]]:
        """(operation, reason, error code) of every gap."""
        return {(gap.operation, gap.reason.value, gap.error_code) for gap in self.gaps}

    @property
    def gap(self) -> Gap:
        """The one gap there is."""
        (gap,) = self.gaps
        return gap

    def answers(self, operation: str = "") -> list[Observation]:
        """Every answer, or those of an operation."""
        found = [record for record in self.records if isinstance(record, Observation)]
        return [record for record in found if operation in ("", record.operation)]

    @property
    def asked(self) -> Counter[str]:
        """How many answers each operation gave."""
        return Counter(record.operation for record in self.answers())


def a_source(url: str, **given: Any) -> AwsSource:  # noqa: ANN401 - any field of AwsSource
    """Return a source over an endpoint."""
    fields: dict[str, Any] = {"name": "main", "regions": (REGION,), "endpoint_url": url, "concurrency": 4}
    return AwsSource(**{**fields, **given})


def collect(
    folder: Path,
    source: AwsSource,
    *,
    wanted: frozenset[str] = EVERYTHING,
    external_id: str = "",
    clock: Clock | None = None,
    timeouts: Timeouts | None = None,
) -> Collected:
    """Run (or resume) the source over the evidence folder ``folder``; nobody really waits between retries."""
    clock = clock or Clock()
    tally = Tally()
    unit = first_unit(
        source,
        KMS,
        wanted=wanted,
        deadline=clock.seconds + 3600,
        external_id=external_id,
        timeouts=timeouts or Timeouts(connect=30, read=30),
    )
    log = EvidenceLog(folder, sync_seconds=60)
    try:
        run_units([unit], Run(log, wanted, clock.outside(), tally))
    finally:
        log.close()
    return Collected(folder, tally.snapshot())


def received(aws: AwsSimulator) -> Counter[str]:
    """Return how often each operation arrived at a simulator."""
    return Counter(request.operation for request in aws.requests)
