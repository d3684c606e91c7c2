"""Amazon CloudWatch Logs: pages of log groups, and nothing about any of them."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.logs import GROUPS, NAME, OPERATIONS, collect
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import LogGroup, Stores
from scanner.model.observation import GapReason
from tests.collect.aws.units import collect_service
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import HERE

SERVICE = Service(NAME, OPERATIONS, collect)


def test_a_page_has_fifty_and_none_of_them_is_asked(tmp_path: Path) -> None:
    with spoken(Stores(log_groups=[LogGroup(name="/many", **HERE, count=1201)])) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.asked, found.gaps) == ({GROUPS: 25, "sts:GetCallerIdentity": 1}, [])
    assert [page.last for page in found.answers(GROUPS)] == [False] * 24 + [True]
    assert found.answers(GROUPS)[0].params == {"limit": 50}


def test_a_listing_that_breaks_off_is_a_gap(tmp_path: Path) -> None:
    with spoken(Stores(log_groups=[LogGroup(name="/many", **HERE, count=120)])) as app:
        app.faults.add(Fault("deny", GROUPS, subject='"nextToken": "100"'))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.page, found.gap.reason) == (GROUPS, 2, GapReason.DENIED)
    assert found.asked[GROUPS] == 2
