"""Run one Azure source as a scan would, with the real SDK, and look at what was written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scanner.collect.azure import services
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.demo.azure.simulator import AzureSimulator
from scanner.evidence.log import EvidenceLog
from scanner.model.estate import AzureSource
from tests.collect.aws.running import Collected
from tests.collect.fakes import Clock

EVERYTHING = frozenset(operation.name for operation in services.operations())


def a_source(azure: AzureSimulator, **given: Any) -> AzureSource:  # noqa: ANN401 - any field of AzureSource
    """Return a source over a simulator."""
    fields: dict[str, Any] = {
        "name": "main",
        "proxy": azure.proxy_url,
        "ca_bundle": azure.ca_bundle_path,
        "concurrency": 4,
    }
    return AzureSource(**{**fields, **given})


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Have the caller's credential in the environment, and no other one."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AZURE_")}
    for name in before:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("AZURE_")]:
            del os.environ[name]
        os.environ.update(before)


def collect(
    folder: Path,
    source: AzureSource,
    environ: Mapping[str, str],
    *,
    wanted: frozenset[str] = EVERYTHING,
    clock: Clock | None = None,
) -> Collected:
    """Run (or resume) the source over the evidence folder; nobody really waits between retries."""
    clock, tally = clock or Clock(), Tally()
    log = EvidenceLog(folder, sync_seconds=60)
    try:
        with environment(environ):
            run_units(
                [services.first_unit(source, wanted, clock.seconds + 3600)], Run(log, wanted, clock.outside(), tally)
            )
    finally:
        log.close()
    return Collected(folder, tally.snapshot())
