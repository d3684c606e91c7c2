"""AWS Secrets Manager: one listing, and never a value."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.secretsmanager import NAME, OPERATIONS, SECRETS, collect
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import Secret, Stores
from scanner.model.observation import GapReason
from tests.collect.aws.units import collect_service
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import HERE

SERVICE = Service(NAME, OPERATIONS, collect)
MANY = Stores(secrets=[Secret(name=f"secret-{i}", **HERE) for i in range(5)])


def test_secrets_are_listed_to_the_end_and_nothing_else_is_asked(tmp_path: Path) -> None:
    with spoken(MANY, page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.asked, found.gaps) == ({SECRETS: 3, "sts:GetCallerIdentity": 1}, [])
    assert found.answers(SECRETS)[0].params == {"MaxResults": 100}


def test_a_denied_listing_is_a_gap(tmp_path: Path) -> None:
    with spoken(MANY) as app:
        app.faults.add(Fault("deny", SECRETS))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == (SECRETS, None, GapReason.DENIED)
