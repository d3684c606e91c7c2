"""Run one service collector over a source as a scan would, with real botocore."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.aws import accounts
from scanner.collect.aws.accounts import Service, first_unit
from scanner.collect.aws.hub import Timeouts
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog
from tests.collect.aws.running import Collected, a_source
from tests.collect.fakes import Clock

IDENTITY = frozenset(operation.name for operation in accounts.OPERATIONS)


def collect_service(folder: Path, url: str, service: Service, *, wanted: frozenset[str] | None = None) -> Collected:
    """Run (or resume) one service of one account and region; nobody really waits between retries."""
    chosen = frozenset(op.name for op in service.operations) if wanted is None else wanted
    clock, tally = Clock(), Tally()
    unit = first_unit(
        a_source(url),
        (service,),
        wanted=chosen | IDENTITY,
        deadline=clock.seconds + 3600,
        external_id="",
        timeouts=Timeouts(connect=30, read=30),
    )
    log = EvidenceLog(folder, sync_seconds=60)
    try:
        run_units([unit], Run(log, chosen | IDENTITY, clock.outside(), tally))
    finally:
        log.close()
    return Collected(folder, tally.snapshot())
