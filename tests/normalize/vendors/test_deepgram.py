"""Deepgram's answers to rows: who takes part in model improvement, keys, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.model.vendors import VendorResourceFact, VendorScopeFact
from scanner.normalize.vendors.deepgram import KEYS, MEMBERS, PROJECT, PROJECTS, REQUESTS, normalize
from tests.normalize.builders import missed, rows
from tests.normalize.vendors.records import changed, each, noon, of, without

PRODUCTION, PILOT = (f"deepgram:5a1b0000-0000-4000-8000-00000000000{n}" for n in (1, 2))


def of_kind(kind: Any, records: list[Record] | tuple[Record, ...] | None = None) -> dict[str, Any]:  # noqa: ANN401 - a table
    """Return the rows of a table by their keys."""
    found = rows(list(normalize(of("deepgram") if records is None else records)), kind)
    return {getattr(row, kind.key): row for row in found}


def test_nothing_comes_of_nothing() -> None:
    assert list(normalize([])) == []


def test_a_project_that_takes_part_lets_the_vendor_keep_what_it_hears() -> None:
    scopes = of_kind(VendorScopeFact)
    assert {(row.name, row.zero_retention, row.model_improvement) for row in scopes.values()} == {
        ("production", True, False),
        ("pilot", False, True),
    }
    (row,) = of_kind(AiServiceFact).values()
    assert (row.retention_mode, row.retained_by_provider) == ("model_improvement", True)
    assert row.retention_exceptions == (f"{PILOT.partition(':')[2]}=model_improvement",)


@pytest.mark.parametrize(("out", "mode", "kept"), [(True, "mip_opt_out", False), (None, None, None)])
def test_only_where_every_project_is_out_nothing_is_kept(out: Json, mode: str | None, kept: bool | None) -> None:
    records = changed(of("deepgram"), PROJECT, lambda body: {**body, "mip_opt_out": out})
    (row,) = of_kind(AiServiceFact, records).values()
    assert (row.retention_mode, row.retained_by_provider) == (mode, kept)


def test_a_listing_that_was_cut_off_leaves_the_rest_unknown() -> None:
    records = [*changed(of("deepgram"), PROJECT, lambda body: {**body, "mip_opt_out": True}), missed(PROJECTS)]
    (row,) = of_kind(AiServiceFact, records).values()
    assert (row.retained_by_provider, row.retention_exceptions) == (None, None)
    coverage = of_kind(CoverageFact, records)
    assert {row.complete for name, row in coverage.items() if "ai_services" not in name} == {False}


def test_keys_have_an_age_an_end_and_scopes() -> None:
    keys = of_kind(CredentialFact)
    app, owner = keys["deepgram:dgkey-production"], keys["deepgram:dgkey-owner"]
    assert (app.kind, app.service, app.principal) == ("api_key", PRODUCTION, "member_simulated")
    assert (app.created_at, app.expires_at) == (noon(2026, 4, 16), noon(2026, 7, 15))
    assert (owner.kind, owner.expires, owner.name) == ("admin_api_key", False, "console")
    broken = changed(of("deepgram"), KEYS, each("api_keys", api_key={"scopes": ["owner"]}))
    assert of_kind(CredentialFact, broken) == {}
    assert not of_kind(CoverageFact, broken)[f"credentials deepgram:deepgram-main {KEYS}"].complete
    silent = changed(of("deepgram"), KEYS, each("api_keys", api_key={"api_key_id": "k"}))
    assert of_kind(CredentialFact, silent)["deepgram:k"].kind is None


def test_people_who_administer_are_counted() -> None:
    assert {name: row.administrators for name, row in of_kind(VendorScopeFact).items()} == {PRODUCTION: 1, PILOT: 1}
    silent = changed(of("deepgram"), MEMBERS, each("members", scopes="gone"))
    assert {row.administrators for row in of_kind(VendorScopeFact, silent).values()} == {None}


def test_the_log_is_counted_and_holds_no_content() -> None:
    kept = of_kind(VendorResourceFact)
    row = kept[f"{PRODUCTION}/request_log"]
    assert (row.items, row.holds_content, row.zero_retention) == (2, False, True)
    assert (row.oldest_at, row.newest_at) == (noon(2026, 5, 6), noon(2026, 6, 14))
    assert kept[f"{PILOT}/request_log"].items == 0
    none = without(of("deepgram"), REQUESTS.operation, PILOT)
    assert list(of_kind(VendorResourceFact, none)) == [f"{PRODUCTION}/request_log"]
