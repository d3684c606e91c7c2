"""AWS Backup: one listing of vaults."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.backup import NAME, OPERATIONS, VAULTS, collect
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import Stores, Vault
from scanner.model.observation import GapReason
from tests.collect.aws.units import collect_service
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import HERE

SERVICE = Service(NAME, OPERATIONS, collect)
MANY = Stores(vaults=[Vault(name=f"vault-{i}", **HERE) for i in range(5)])


def test_vaults_are_listed_to_the_end(tmp_path: Path) -> None:
    with spoken(MANY, page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.asked, found.gaps) == ({VAULTS: 3, "sts:GetCallerIdentity": 1}, [])


def test_a_denied_listing_is_a_gap(tmp_path: Path) -> None:
    with spoken(MANY) as app:
        app.faults.add(Fault("deny", VAULTS))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == (VAULTS, None, GapReason.DENIED)
