"""The listings of what holds keys."""

from __future__ import annotations

from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.azure import vaults
from scanner.normalize.azure.vaults import INSIDE, LISTINGS, normalize
from tests.normalize.azure.builders import listed, missed, observed, rows

VAULTS, HSMS = LISTINGS


def covered(*records: Record) -> set[tuple[str, str, bool, int]]:
    return {
        (c.listed_table, c.coverage_id.rpartition(" ")[2], c.complete, c.row_count)
        for c in rows(normalize, CoverageFact, *records)
    }


def test_an_empty_subscription_has_nothing_for_certain() -> None:
    tables = {table.table for table in INSIDE}
    assert covered(listed(VAULTS), listed(HSMS)) == {(t, one, True, 0) for t in tables for one in LISTINGS}
    assert {"keys", "vaults", "audit_scopes"} <= tables


def test_a_denied_listing_leaves_everything_open() -> None:
    assert covered(missed(VAULTS), listed(HSMS)) >= {("keys", VAULTS, False, 0), ("keys", HSMS, True, 0)}


def test_a_subscription_without_the_service_has_none_of_it() -> None:
    absent = observed(VAULTS, {"message": "said"}, error="MissingSubscriptionRegistration")
    assert {complete for _, _, complete, _ in covered(absent)} == {True}


def test_what_nobody_asked_says_nothing() -> None:
    assert covered() == set()
    assert vaults.LISTINGS == LISTINGS
