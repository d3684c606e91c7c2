"""The keys against the audit log: what must be there, what is, and where nobody can tell."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from scanner.model.audit import AuditScopeFact, ExpectedEventFact, KeyEventFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, SourceId
from scanner.model.tables import CoverageFact, KeyFact, KeyVersionFact
from scanner.normalize.aws import reconcile
from tests.normalize.aws.tables import Row, at, derived, rows
from tests.normalize.builders import ACCOUNT, REGION, SOURCE, arn_of

NOW = at("2026-06-15T12:00:00")
KEY = arn_of(1)
WEST = SourceId(f"aws:{ACCOUNT}:us-west-2")
MRK = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1"
REPLICA = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/mrk-1"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def seen(name: str) -> tuple[Digest, ...]:
    return (Digest(f"sha256:{name}"),)


def key(key_id: str = KEY, /, **given: Any) -> KeyFact:  # noqa: ANN401 - any column
    columns: dict[str, Any] = {
        "source": SOURCE,
        "evidence": seen("key"),
        "key_id": key_id,
        "provider": "aws",
        "account": ACCOUNT,
        "region": REGION,
        "name": "alias/one",
        "managed_by": "customer",
        "created_at": ago(400),
        "multi_region": False,
        "multi_region_role": "none",
        "primary_key_id": "none",
        "location_count": 1,
        "rotation_count": 0,
        "deletion_scheduled": False,
        "ever_used": False,
        "last_used_event_id": "none",
    }
    return KeyFact(**{**columns, **given})


def version(days: float | None, how: str | None = "automatic", /, **given: Any) -> KeyVersionFact:  # noqa: ANN401
    columns: dict[str, Any] = {
        "source": SOURCE,
        "evidence": seen("versions"),
        "version_id": f"{KEY}#{days}",
        "key_id": KEY,
        "material_state": "current",
        "rotation_type": how,
        "created_at": None if days is None else ago(days),
    }
    return KeyVersionFact(**{**columns, **given})


def event(name: str, days: float, /, **given: Any) -> KeyEventFact:  # noqa: ANN401
    columns: dict[str, Any] = {
        "source": SOURCE,
        "evidence": seen("event"),
        "event_id": f"e-{name}-{days}",
        "key_id": KEY,
        "name": name,
        "occurred_at": ago(days),
        "principal": "AWS Internal",
        "outcome": "success",
    }
    return KeyEventFact(**{**columns, **given})


def scope(source: SourceId = SOURCE, /, **given: Any) -> AuditScopeFact:  # noqa: ANN401
    columns: dict[str, Any] = {
        "source": source,
        "evidence": seen(f"log-{source}"),
        "scope_id": source,
        "provider": "aws",
        "account": ACCOUNT,
        "region": source.rpartition(":")[2],
        "events_read_from": ago(90),
        "events_read_until": ago(0.05),
        "events_complete": True,
    }
    return AuditScopeFact(**{**columns, **given})


def listed(table: str, parent: str, /, *, complete: bool = True, source: SourceId = SOURCE) -> CoverageFact:
    return CoverageFact(
        source=source,
        evidence=seen(f"listed-{table}"),
        coverage_id=f"{table} {parent}",
        listed_table=table,
        parent_id=parent,
        complete=complete,
        row_count=0,
    )


def expected(*facts: Fact) -> list[Row]:
    with derived(facts, [reconcile.EXPECTED_EVENTS]) as db:
        return rows(db, ExpectedEventFact)


def told(*facts: Fact) -> tuple[str | None, bool | None, bool | None]:
    (row,) = expected(*facts)
    return row["event"], row["in_window"], row["found"]


CREATED = key(created_at=ago(30))
CREATIONS: list[tuple[str, list[Fact], tuple[bool | None, bool | None]]] = [
    ("in the log", [CREATED, scope(), event("CreateKey", 30)], (True, True)),
    ("within ten minutes", [CREATED, scope(), event("CreateKey", 30 + 9 / 1440)], (True, True)),
    ("eleven minutes apart", [CREATED, scope(), event("CreateKey", 30 + 11 / 1440)], (True, False)),
    ("not there", [CREATED, scope()], (True, False)),
    ("of another key", [CREATED, scope(), event("CreateKey", 30, key_id=arn_of(2))], (True, False)),
    ("another event", [CREATED, scope(), event("EnableKey", 30)], (True, False)),
    ("an attempt that failed", [CREATED, scope(), event("CreateKey", 30, outcome="AccessDenied")], (True, False)),
    ("of which nobody knows how it ended", [CREATED, scope(), event("CreateKey", 30, outcome=None)], (True, False)),
    ("in another scope", [CREATED, scope(), event("CreateKey", 30, source=WEST)], (True, False)),
    ("the listing is not complete", [CREATED, scope(events_complete=False)], (True, None)),
    ("nobody knows whether it is", [CREATED, scope(events_complete=None)], (True, None)),
    ("found all the same", [CREATED, scope(events_complete=False), event("CreateKey", 30)], (True, True)),
    ("before the log", [key(created_at=ago(91)), scope()], (False, None)),
    ("on the edge of the log", [key(created_at=ago(90 - 5 / 1440)), scope()], (False, None)),
    ("a moment ago", [key(created_at=ago(0.01)), scope()], (False, None)),
    ("the log was not read", [CREATED], (None, None)),
    ("nobody knows how far", [CREATED, scope(events_read_from=None)], (None, None)),
]


@pytest.mark.parametrize(("facts", "verdict"), [case[1:] for case in CREATIONS], ids=[case[0] for case in CREATIONS])
def test_the_creation_of_a_key(facts: list[Fact], verdict: tuple[bool | None, bool | None]) -> None:
    assert told(*facts) == ("CreateKey", *verdict)


def test_a_key_that_does_not_tell_has_nothing_expected_of_it() -> None:
    assert expected(key(created_at=None), key(arn_of(2), managed_by="provider"), key(arn_of(3), managed_by=None)) == []


def test_other_providers_have_events_of_other_names() -> None:
    facts = [key(provider="azure"), scope(), listed("keys", SourceId("azure:x"), source=SourceId("azure:x"))]
    with derived(facts, [reconcile.EXPECTED_EVENTS, reconcile.EXPECTED_COVERAGE]) as db:
        assert rows(db, ExpectedEventFact) == []
        assert [row["listed_table"] for row in rows(db, CoverageFact)] == ["keys"]


def only(event_name: str, *facts: Fact) -> Row:
    (row,) = [row for row in expected(*facts) if row["event"] == event_name]
    return row


AUTOMATIC = version(20)
ON_DEMAND = version(20, "on_demand")
ROTATIONS: list[tuple[str, str, list[Fact], bool | None]] = [
    ("automatic", "RotateKey", [AUTOMATIC, event("RotateKey", 20)], True),
    ("automatic, not there", "RotateKey", [AUTOMATIC], False),
    ("automatic, only a request", "RotateKey", [AUTOMATIC, event("RotateKeyOnDemand", 20)], False),
    ("automatic, another one", "RotateKey", [AUTOMATIC, event("RotateKey", 21)], False),
    ("on demand", "RotateKeyOnDemand", [ON_DEMAND, event("RotateKey", 20)], True),
    ("on demand, by its request", "RotateKeyOnDemand", [ON_DEMAND, event("RotateKeyOnDemand", 20.5)], True),
    ("on demand, too early a request", "RotateKeyOnDemand", [ON_DEMAND, event("RotateKeyOnDemand", 21.5)], False),
    ("on demand, a later request", "RotateKeyOnDemand", [ON_DEMAND, event("RotateKeyOnDemand", 19.5)], False),
    ("on demand, not there", "RotateKeyOnDemand", [ON_DEMAND], False),
    ("without a date", "RotateKey", [version(None)], None),
]


@pytest.mark.parametrize(("name", "facts", "found"), [c[1:] for c in ROTATIONS], ids=[c[0] for c in ROTATIONS])
def test_a_rotation(name: str, facts: list[Fact], found: bool | None) -> None:
    assert only(name, key(), scope(), *facts)["found"] is found


def test_of_a_rotation_of_an_unknown_kind_nobody_knows_what_to_look_for() -> None:
    (row,) = [r for r in expected(key(), scope(), version(20, None)) if r["event"] is None]
    assert (row["in_window"], row["found"]) == (True, None)


def test_the_first_material_and_one_that_waits_are_no_rotations() -> None:
    facts = [key(), scope(), version(400, "none"), version(1, "on_demand", material_state="pending")]
    assert [row["event"] for row in expected(*facts)] == ["CreateKey"]


def primary(**given: Any) -> KeyFact:  # noqa: ANN401
    shared = {"multi_region": True, "multi_region_role": "primary", "primary_key_id": MRK, "location_count": 2}
    return key(MRK, **{**shared, **given})


def replica(**given: Any) -> KeyFact:  # noqa: ANN401
    shared = {"source": WEST, "region": "us-west-2", "multi_region": True, "multi_region_role": "replica"}
    return key(REPLICA, **{**shared, "primary_key_id": MRK, "location_count": 2, **given})


SHARED = version(20, key_id=MRK)
RELATED: list[tuple[str, list[Fact], bool | None]] = [
    ("in the primary's region", [primary(), replica(), scope(), scope(WEST), event("RotateKey", 20, key_id=MRK)], True),
    (
        "where another key was the primary",
        [primary(), replica(), scope(), scope(WEST), event("RotateKey", 20, key_id=REPLICA, source=WEST)],
        True,
    ),
    ("nowhere", [primary(), replica(), scope(), scope(WEST)], False),
    ("a region of a replica was not read", [primary(), scope()], None),
    ("the log of a replica's region was not read", [primary(), replica(), scope()], None),
    (
        "the log there is not complete",
        [primary(), replica(), scope(), scope(WEST, events_complete=False)],
        None,
    ),
    ("it has no replica", [primary(location_count=1), scope()], False),
    ("nobody knows its regions", [primary(location_count=None), scope()], None),
    ("nobody knows whether it has related keys", [primary(multi_region=None, location_count=None), scope()], None),
]


@pytest.mark.parametrize(("facts", "found"), [c[1:] for c in RELATED], ids=[c[0] for c in RELATED])
def test_a_rotation_of_related_keys_is_looked_for_in_all_their_regions(facts: list[Fact], found: bool | None) -> None:
    assert only("RotateKey", SHARED, *facts)["found"] is found


def test_of_a_replica_no_rotation_is_expected() -> None:
    facts = [primary(), replica(), version(20, key_id=REPLICA, source=WEST), scope(), scope(WEST)]
    assert {row["event"] for row in expected(*facts)} == {"CreateKey"}


YOUNG = replica(created_at=ago(10))
OLD = primary(created_at=ago(400))
REPLICAS: list[tuple[str, list[Fact], bool | None]] = [
    ("created", [event("CreateKey", 10, key_id=REPLICA, source=WEST)], True),
    ("replicated", [event("ReplicateKey", 10, key_id=MRK)], True),
    ("replicated at another time", [event("ReplicateKey", 20, key_id=MRK)], False),
    ("neither", [], False),
]


@pytest.mark.parametrize(("facts", "found"), [c[1:] for c in REPLICAS], ids=[c[0] for c in REPLICAS])
def test_a_replica_is_created_in_its_region_or_replicated_in_the_primarys(
    facts: list[Fact], found: bool | None
) -> None:
    every = expected(YOUNG, OLD, scope(), scope(WEST), *facts)
    assert [row["found"] for row in every if row["key_id"] == REPLICA] == [found]


def test_a_replica_without_its_primary_is_not_looked_for_everywhere() -> None:
    assert only("CreateKey", YOUNG, scope(WEST))["found"] is None


def going(days: float, **given: Any) -> KeyFact:  # noqa: ANN401
    return key(deletion_scheduled=True, deletion_at=NOW + timedelta(days=days), **given)


DELETIONS: list[tuple[str, list[Fact], tuple[bool | None, bool | None]]] = [
    ("in the log", [going(3), event("ScheduleKeyDeletion", 4)], (True, True)),
    ("not there", [going(3)], (True, False)),
    ("of an earlier time", [going(3), event("ScheduleKeyDeletion", 40)], (True, False)),
    ("it may have been a moment ago", [going(20)], (None, None)),
    ("it was a moment ago", [going(20), event("ScheduleKeyDeletion", 0.5)], (None, True)),
]


@pytest.mark.parametrize(("facts", "verdict"), [c[1:] for c in DELETIONS], ids=[c[0] for c in DELETIONS])
def test_a_scheduled_deletion(facts: list[Fact], verdict: tuple[bool | None, bool | None]) -> None:
    row = only("ScheduleKeyDeletion", scope(), *facts)
    assert (row["in_window"], row["found"]) == verdict
    assert row["occurred_at"] is None


def test_a_primary_that_waits_for_its_replicas_has_no_date_and_is_found_by_any_request() -> None:
    waits = key(deletion_scheduled=True, deletion_at=None)
    assert only("ScheduleKeyDeletion", scope(), waits)["found"] is None
    assert only("ScheduleKeyDeletion", scope(), waits, event("ScheduleKeyDeletion", 50))["found"] is True


USED = key(ever_used=True, last_used_at=ago(5), last_used_event_id="use-1")
LOOKED_UP = listed("key_events", KEY)
USES: list[tuple[str, list[Fact], bool | None]] = [
    ("in the log", [USED, LOOKED_UP, event("Decrypt", 5, event_id="use-1")], True),
    ("its time is not compared", [USED, LOOKED_UP, event("Decrypt", 6, event_id="use-1")], True),
    ("not there", [USED, LOOKED_UP], False),
    ("another event", [USED, LOOKED_UP, event("Decrypt", 5)], False),
    ("not looked for", [USED], None),
    ("not to the end", [USED, listed("key_events", KEY, complete=False)], None),
    ("before the log", [dataclasses.replace(USED, last_used_at=ago(200)), LOOKED_UP], None),
    ("its event is not known", [dataclasses.replace(USED, last_used_event_id=None), LOOKED_UP], None),
]


@pytest.mark.parametrize(("facts", "found"), [c[1:] for c in USES], ids=[c[0] for c in USES])
def test_the_last_use(facts: list[Fact], found: bool | None) -> None:
    assert only("use", scope(), *facts)["found"] is found


def test_a_use_without_an_event_is_not_expected_in_the_log() -> None:
    assert [r["event"] for r in expected(dataclasses.replace(USED, last_used_event_id="none"))] == ["CreateKey"]


def test_a_row_has_its_proof() -> None:
    row = only("CreateKey", CREATED, scope(), event("CreateKey", 30))
    assert row["evidence"] == sorted([*seen("key"), *seen("event")])
    assert (row["found_event_id"], row["name"]) == ("e-CreateKey-30", "alias/one")
    missing = only("CreateKey", CREATED, scope())
    assert missing["evidence"] == sorted([*seen("key"), *seen(f"log-{SOURCE}")])
    assert missing["expectation_id"] == f"{KEY}#CreateKey#2026-05-16T12:00:00Z"


def test_the_nearest_of_several_events_counts() -> None:
    row = only("RotateKey", key(), scope(), AUTOMATIC, event("RotateKey", 20.003), event("RotateKey", 20.001))
    assert row["found_event_id"] == "e-RotateKey-20.001"


COVERED: list[tuple[str, list[Fact], bool]] = [
    ("read whole", [key(), listed("keys", SOURCE)], True),
    ("keys were not listed to the end", [key(), listed("keys", SOURCE, complete=False)], False),
    ("a key was not described", [key(created_at=None), listed("keys", SOURCE)], False),
    ("rotations were not listed", [key(rotation_count=None), listed("keys", SOURCE)], False),
    ("its use is not known", [key(ever_used=None), listed("keys", SOURCE)], False),
    ("nobody knows whose it is", [key(managed_by=None), listed("keys", SOURCE)], False),
    ("the provider's", [key(managed_by="provider", ever_used=None), listed("keys", SOURCE)], True),
    ("gone since", [key(state="destroyed", managed_by=None, created_at=None), listed("keys", SOURCE)], True),
]


@pytest.mark.parametrize(("facts", "complete"), [c[1:] for c in COVERED], ids=[c[0] for c in COVERED])
def test_what_is_expected_is_all_there_is_only_of_keys_that_were_read_whole(facts: list[Fact], complete: bool) -> None:
    with derived(facts, [reconcile.EXPECTED_EVENTS, reconcile.EXPECTED_COVERAGE]) as db:
        (row,) = [r for r in rows(db, CoverageFact) if r["listed_table"] == "expected_events"]
        count = len(rows(db, ExpectedEventFact))
    assert (row["complete"], row["row_count"], row["parent_id"]) == (complete, count, SOURCE)


def test_all_statements_run_over_empty_tables() -> None:
    with derived([], reconcile.STATEMENTS) as db:
        assert rows(db, ExpectedEventFact) == rows(db, CoverageFact) == []
