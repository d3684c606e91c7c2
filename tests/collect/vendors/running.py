"""Run one vendor source as a scan would, with the vendor's own SDK, and look at what was written."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.collect.vendors.units import VENDORS, unit
from scanner.demo.vendors.world import Vendors
from scanner.evidence.log import EvidenceLog
from scanner.model.estate import VendorSource
from tests.collect.aws.running import Collected
from tests.collect.fakes import Clock
from tests.demo.vendors.running import keys_of, reference


def collected(
    folder: Path,
    source: VendorSource,
    *,
    wanted: frozenset[str] | None = None,
    world: Vendors | None = None,
    admin_key: str = "",
) -> Collected:
    """Run the source as a scan would; ``admin_key`` in place of the right one."""
    names = frozenset(one.name for one in VENDORS[source.vendor].operations) if wanted is None else wanted
    right, of_project = keys_of(world or reference(), source.vendor)
    clock, tally = Clock(), Tally()
    log = EvidenceLog(folder, sync_seconds=60)
    keys = {"ADMIN_KEY": admin_key or right, "PROJECT_KEY": of_project}
    made = unit(source, lambda ref: keys[ref.name], 3600.0)
    try:
        run_units([made], Run(log, names, clock.outside(), tally))
    finally:
        log.close()
    return Collected(folder, tally.snapshot())
