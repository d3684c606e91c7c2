"""Trails, scopes and analyzers that are completed from one another."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scanner.model.access import AccessAnalyzerFact
from scanner.model.audit import AuditScopeFact, AuditTrailFact
from scanner.model.facts import Fact
from scanner.model.ids import SourceId
from scanner.normalize.aws import reconcile
from tests.normalize.aws.tables import derived, rows
from tests.normalize.aws.test_reconcile import listed, scope, seen
from tests.normalize.builders import ACCOUNT, OTHER, REGION, SOURCE

TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/org"
MEMBER = SourceId(f"aws:{OTHER}:{REGION}")


def trail(source: SourceId = SOURCE, /, **given: Any) -> AuditTrailFact:  # noqa: ANN401
    _, account, region = source.split(":")
    columns: dict[str, Any] = {
        "source": source,
        "evidence": seen(f"trail-{source}"),
        "trail_id": TRAIL,
        "provider": "aws",
        "account": account,
        "region": region,
        "owner_account": ACCOUNT,
        "home_region": REGION,
        "organization": True,
        "logging": True,
        "records_key_management": True,
        "records_key_use": False,
        "excludes_key_events": False,
    }
    return AuditTrailFact(**{**columns, **given})


UNTOLD = {"records_key_management": None, "records_key_use": None, "excludes_key_events": None}


def test_what_an_organizations_trail_records_is_told_by_its_owner() -> None:
    with derived([trail(), trail(MEMBER, **UNTOLD)], [reconcile.TRAIL_SELECTORS]) as db:
        member = next(row for row in rows(db, AuditTrailFact) if row["source"] == MEMBER)
    assert (member["records_key_management"], member["records_key_use"]) == (True, False)
    assert member["evidence"] == sorted([*seen(f"trail-{SOURCE}"), *seen(f"trail-{MEMBER}")])


def test_nobody_else_tells_it() -> None:
    stranger = trail(SourceId(f"aws:333333333333:{REGION}"))
    with derived([stranger, trail(MEMBER, **UNTOLD)], [reconcile.TRAIL_SELECTORS]) as db:
        member = next(row for row in rows(db, AuditTrailFact) if row["source"] == MEMBER)
    assert member["records_key_management"] is None


SCOPES: list[tuple[str, list[Fact], tuple[bool | None, bool | None]]] = [
    ("one records both", [trail(records_key_use=True), listed("audit_trails", SOURCE)], (True, True)),
    ("one records one", [trail(), listed("audit_trails", SOURCE)], (True, False)),
    ("none is logging", [trail(logging=False), listed("audit_trails", SOURCE)], (False, False)),
    ("nobody knows whether it is", [trail(logging=None), listed("audit_trails", SOURCE)], (None, False)),
    ("nobody knows what it records", [trail(**UNTOLD), listed("audit_trails", SOURCE)], (None, None)),
    ("there is none", [listed("audit_trails", SOURCE)], (False, False)),
    ("not all were listed", [trail(), listed("audit_trails", SOURCE, complete=False)], (True, None)),
    ("nothing was listed", [listed("audit_trails", SOURCE, complete=False)], (None, None)),
    ("nothing was asked", [], (None, None)),
    (
        "two of which one is not known",
        [trail(records_key_management=False), trail(trail_id="two", **UNTOLD), listed("audit_trails", SOURCE)],
        (None, None),
    ),
    (
        "two of which one is enough",
        [trail(**UNTOLD), trail(trail_id="two", records_key_use=True), listed("audit_trails", SOURCE)],
        (True, True),
    ),
    ("of another scope", [trail(MEMBER), listed("audit_trails", SOURCE)], (False, False)),
]


@pytest.mark.parametrize(("facts", "recorded"), [c[1:] for c in SCOPES], ids=[c[0] for c in SCOPES])
def test_whether_key_events_are_recorded(facts: list[Fact], recorded: tuple[bool | None, bool | None]) -> None:
    with derived([scope(), *facts], [reconcile.SCOPES]) as db:
        (row,) = rows(db, AuditScopeFact)
    assert (row["key_management_recorded"], row["key_use_recorded"]) == recorded


def analyzer(source: SourceId, *, watched: bool | None = False, wide: bool | None = False) -> AccessAnalyzerFact:
    _, account, region = source.split(":")
    return AccessAnalyzerFact(
        source=source,
        evidence=seen(f"analyzer-{source}"),
        scope_id=source,
        account=account,
        region=region,
        watched=watched,
        organization_wide=wide,
    )


WIDE = analyzer(SOURCE, watched=True, wide=True)
WATCHED: list[tuple[str, list[Fact], bool | None]] = [
    ("nothing watches", [analyzer(MEMBER)], False),
    ("another account's own analyzer", [analyzer(SOURCE, watched=True), analyzer(MEMBER)], False),
    ("an analyzer of an Organization", [WIDE, analyzer(MEMBER)], None),
    ("… of the same one", [WIDE, analyzer(MEMBER), trail(), trail(MEMBER)], True),
    (
        "… that shares a trail of no Organization",
        [WIDE, analyzer(MEMBER), trail(organization=False), trail(MEMBER)],
        None,
    ),
    ("… in another region", [dataclasses.replace(WIDE, region="eu-west-1"), analyzer(MEMBER)], False),
    ("its own", [WIDE, analyzer(MEMBER, watched=True)], True),
]


@pytest.mark.parametrize(("facts", "watched"), [c[1:] for c in WATCHED], ids=[c[0] for c in WATCHED])
def test_an_analyzer_of_an_organization_watches_its_members(facts: list[Fact], watched: bool | None) -> None:
    with derived(facts, [reconcile.ANALYZERS]) as db:
        (row,) = [r for r in rows(db, AccessAnalyzerFact) if r["source"] == MEMBER]
    assert row["watched"] is watched
