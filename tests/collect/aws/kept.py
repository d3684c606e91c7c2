"""Run one unit over a simulated AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

from scanner.collect.aws.transport import AwsTransport
from scanner.collect.interface import Asking, Unit
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog
from scanner.evidence.records import source_id
from scanner.model.operation import Operation
from tests.collect.aws.running import Collected
from tests.collect.fakes import Clock
from tests.support import ACCOUNT, REGION

PRINCIPAL = f"arn:aws:sts::{ACCOUNT}:assumed-role/audit/keyaudit"


def transport(url: str, allowed: frozenset[str], region: str = REGION) -> AwsTransport:
    """Return a guarded transport to a simulator, whose credentials are in the environment."""
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)

    def client(service: str) -> BaseClient:
        return botocore.session.Session().create_client(service, region_name=region, endpoint_url=url, config=config)

    return AwsTransport(client, allowed=allowed, insecure=False, endpoint=url)


def a_unit(
    url: str,
    name: str,
    operations: Iterable[Operation],
    collect: Callable[[Asking], Iterable[Unit]],
    **given: Any,  # noqa: ANN401 - fields of Unit
) -> Unit:
    """Return a unit of one service in the tests' account and region."""
    declared = tuple(operations)
    allowed = frozenset(op.name for op in declared)
    region = str(given.get("region", REGION))
    fields: dict[str, Any] = {
        "id": f"aws/main/{ACCOUNT}/{region}/{name.removeprefix('aws.')}",
        "source": source_id("aws", ACCOUNT, region),
        "source_name": "main",
        "account": ACCOUNT,
        "region": region,
        "collector": name,
        "principal": PRINCIPAL,
        "operations": declared,
        "collect": collect,
        "transport": lambda: transport(url, allowed, region),
        "deadline": 3600.0,
        "concurrency": 2,
    }
    return Unit(**{**fields, **given})


def collect_kept(folder: Path, *units: Unit, wanted: frozenset[str] | None = None) -> Collected:
    """Run (or resume) units; nobody really waits between retries."""
    chosen = wanted if wanted is not None else frozenset(op.name for unit in units for op in unit.operations)
    clock, tally = Clock(), Tally()
    log = EvidenceLog(folder, sync_seconds=60)
    try:
        run_units(units, Run(log, chosen, clock.outside(), tally))
    finally:
        log.close()
    return Collected(folder, tally.snapshot())
