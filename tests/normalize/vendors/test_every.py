"""Every vendor that is collected is normalized."""

from __future__ import annotations

from scanner.collect.vendors.units import VENDORS
from scanner.normalize.vendors.every import NORMALIZERS


def test_each_collector_has_a_normalizer_and_no_other() -> None:
    assert set(NORMALIZERS) == {vendor.collector for vendor in VENDORS.values()}
