"""The reference vendors, simulated, and sources over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from scanner.demo.vendors.simulator import VendorSimulator, vendor_simulator
from scanner.demo.vendors.world import Vendors
from scanner.demo.world import load_world
from scanner.model.estate import SecretRef, VendorSource
from tests.support import NOW

VENDORS = ("openai", "anthropic", "elevenlabs", "deepgram")


@cache
def reference() -> Vendors:
    """Return the vendors of the reference estate."""
    return load_world().vendors


def keys_of(world: Vendors, vendor: str) -> tuple[str, str]:
    """Return (administrator's key, project's key) of a vendor."""
    part = getattr(world, vendor)
    return str(part.admin_key), str(part.project_key)


@contextmanager
def simulated(world: Vendors | None = None, *, page_size: int = 50) -> Iterator[VendorSimulator]:
    """Run simulated vendors at the tests' clock: those of the reference estate, unless told otherwise."""
    with vendor_simulator(world or reference(), NOW, page_size=page_size) as running:
        yield running


def a_source(vendor: str, simulator: VendorSimulator, *, project_key: bool = True, **given: object) -> VendorSource:
    """Return a source over a simulated vendor."""
    key = SecretRef("env", "PROJECT_KEY") if project_key else None
    source = VendorSource(
        name=f"{vendor}-main",
        vendor=vendor,
        admin_key=SecretRef("env", "ADMIN_KEY"),
        project_key=key,
        endpoint_url=simulator.endpoint(vendor),
        keep_emails=given.get("keep_emails") is True,
    )
    assert set(given) <= {"keep_emails"}
    return source
