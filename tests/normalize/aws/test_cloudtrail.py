"""AWS CloudTrail answers to rows: trails, the scope that they record, and the log, whole or in parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import cloudtrail as collector
from scanner.demo.aws.audit_world import Audit, Broken, Digests
from scanner.model.audit import AuditScopeFact, AuditTrailFact, KeyEventFact
from scanner.model.facts import Fact, columns_of
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.cloudtrail import SELECTORS, STATUS, TRAILS, normalize
from tests.collect.aws.kept import a_unit, collect_kept
from tests.demo.aws.trails_composing import a_trail, heard
from tests.normalize.aws.bucket import described
from tests.normalize.aws.test_key_events import event, log
from tests.normalize.builders import ACCOUNT, KEY, REGION, SOURCE, missed, observed, rows
from tests.support import a_key

ARN = str(described()["TrailARN"])
ALL = (*collector.OPERATIONS, *collector.DIGEST_OPERATIONS)


def listed(*trails: dict[str, Json]) -> Record:
    return observed(TRAILS, {"trailList": list(trails)})


def status(**given: Json) -> Record:
    return observed(STATUS, {"IsLogging": True, "StartLoggingTime": "2025-01-01T00:00:00.000Z", **given}, subject=ARN)


def selectors(**given: Json) -> Record:
    return observed(SELECTORS, {"EventSelectors": [{"ReadWriteType": "All", **given}]}, subject=ARN)


def trail(*records: Record, **given: Json) -> AuditTrailFact:
    (row,) = rows(list(normalize([listed(described(**given)), *records])), AuditTrailFact)
    assert isinstance(row, AuditTrailFact)
    return row


def coverage(facts: Sequence[Fact]) -> dict[str, tuple[bool, int]]:
    return {row.coverage_id: (row.complete, row.row_count) for row in rows(list(facts), CoverageFact)}


def test_nothing_was_asked() -> None:
    assert list(normalize([])) == []


def test_a_trail_is_a_row() -> None:
    row = trail(status(), selectors(), IsMultiRegionTrail=True, KmsKeyId=KEY)
    assert (row.trail_id, row.name, row.account, row.region) == (ARN, "main", ACCOUNT, REGION)
    assert (row.owner_account, row.home_region) == (ACCOUNT, REGION)
    assert (row.multi_region, row.organization, row.logging, row.validated) == (True, False, True, True)
    assert (row.records_key_management, row.records_key_use, row.excludes_key_events) == (True, True, False)
    assert (row.key_ref, row.bucket, row.bucket_id) == (KEY, "logs", "arn:aws:s3:::logs")
    assert row.started_at == datetime(2025, 1, 1)  # noqa: DTZ001 - as the tables hold it
    assert (row.digest_verified, row.digest_problem, row.digests_read) == (None, None, None)
    assert len(row.evidence) == 3


ABSENT: list[tuple[str, dict[str, Json], str, object]] = [
    ("no key", {}, "key_ref", "none"),
    ("a key that is no text", {"KmsKeyId": 1}, "key_ref", None),
    ("no log group", {}, "log_group_id", "none"),
    (
        "a log group",
        {"CloudWatchLogsLogGroupArn": "arn:aws:logs:x:1:log-group:g:*"},
        "log_group_id",
        "arn:aws:logs:x:1:log-group:g",
    ),
    ("a log group that is no text", {"CloudWatchLogsLogGroupArn": 1}, "log_group_id", None),
    ("no bucket", {"S3BucketName": None}, "bucket", "none"),
    ("no bucket, so no store", {"S3BucketName": None}, "bucket_id", "none"),
    ("a bucket that is no text", {"S3BucketName": 1}, "bucket_id", None),
    ("an ARN that is none", {"TrailARN": "main"}, "bucket_id", None),
    ("an ARN that is none has no owner", {"TrailARN": "main"}, "owner_account", None),
    ("an owner that is none", {"TrailARN": "arn:aws:cloudtrail:r:me:trail/x"}, "owner_account", None),
    ("a flag that is none", {"IsOrganizationTrail": "yes"}, "organization", None),
]


@pytest.mark.parametrize(("given", "column", "value"), [a[1:] for a in ABSENT], ids=[a[0] for a in ABSENT])
def test_what_a_trail_does_not_have(given: dict[str, Json], column: str, value: object) -> None:
    assert getattr(trail(**given), column) == value


STATES: list[tuple[str, list[Record], dict[str, object]]] = [
    ("never asked", [], {"logging": None, "delivery_error": None}),
    ("denied", [missed(STATUS, subject=ARN)], {"logging": None, "delivery_error": None}),
    ("no error", [status()], {"logging": True, "delivery_error": "none", "stopped_at": None}),
    ("an error", [status(LatestDeliveryError="AccessDenied")], {"delivery_error": "AccessDenied"}),
    ("an error that is none", [status(LatestDeliveryError=5)], {"delivery_error": None}),
    ("not logging", [status(IsLogging=False)], {"logging": False}),
    ("a member is refused", [observed(STATUS, {}, subject=ARN, error="TrailNotFoundException")], {"logging": None}),
]


@pytest.mark.parametrize(("records", "expected"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_the_state_of_a_trail(records: list[Record], expected: dict[str, object]) -> None:
    row = trail(*records)
    assert {name: getattr(row, name) for name in expected} == expected


def test_selectors_that_were_refused_are_not_known() -> None:
    row = trail(observed(SELECTORS, {}, subject=ARN, error="TrailNotFoundException"))
    assert (row.records_key_management, row.records_key_use) == (None, None)


def test_trails_are_listed_to_the_end_or_not() -> None:
    assert coverage(list(normalize([listed()])))[f"audit_trails {SOURCE}"] == (True, 0)
    assert coverage(list(normalize([missed(TRAILS)])))[f"audit_trails {SOURCE}"] == (False, 0)
    broken = observed(TRAILS, {"trailList": [described(), {}]})
    assert coverage(list(normalize([broken])))[f"audit_trails {SOURCE}"] == (False, 1)


def scope(records: Sequence[Record]) -> AuditScopeFact:
    (row,) = rows(list(normalize(records)), AuditScopeFact)
    assert isinstance(row, AuditScopeFact)
    return row


def test_the_scope_says_how_far_the_log_was_read() -> None:
    row = scope([listed(described()), *log()])
    assert (row.scope_id, row.account, row.region, row.trails) == (SOURCE, ACCOUNT, REGION, 1)
    assert row.events_read_from == datetime(2026, 3, 17, 12)  # noqa: DTZ001 - as the tables hold it
    assert (row.events_complete, row.key_management_recorded) == (True, None)  # the latter is derived


def test_a_scope_of_which_only_one_half_was_asked() -> None:
    assert (scope([listed()]).trails, scope([listed()]).events_complete) == (0, None)
    assert (scope(log()).trails, scope(log()).events_complete) == (None, True)
    assert scope([missed(TRAILS)]).trails is None


def test_the_log_is_covered_as_a_whole() -> None:
    whole, cut = log(event("a")), [*log(event("a"))[1:]]
    assert coverage(list(normalize(whole)))[f"key_events {SOURCE}"] == (True, 1)
    (covered,) = [row for row in rows(list(normalize(whole)), CoverageFact) if row.listed_table == "key_events"]
    assert len(covered.evidence) == len(whole)
    assert coverage(list(normalize(cut)))[f"key_events {SOURCE}"] == (False, 0)
    assert len(rows(list(normalize(cut)), KeyEventFact)) == 1


def test_single_events_by_id_tell_nothing_of_the_scope() -> None:
    found = [observed("cloudtrail:LookupEvents", {"Events": [event("u", "Decrypt")]}, subject=KEY)]
    assert {type(fact) for fact in normalize(found)} == {KeyEventFact, CoverageFact}


def test_the_order_of_records_does_not_matter() -> None:
    records = [listed(described(), described(TrailARN=f"{ARN}-2")), status(), selectors(), *log(event("a"), event("b"))]
    assert list(normalize(records[::-1])) == list(normalize(records))


def test_every_column_of_a_trail_is_fed() -> None:
    fed = {feed for op in ALL for feed in op.feeds}
    own = {"source", "evidence", "provider", "account", "region"}
    columns = {c.name for c in columns_of(AuditTrailFact)} - own
    assert {f"audit_trails.{name}" for name in columns} <= fed
    events = {c.name for c in columns_of(KeyEventFact)} - {"source", "evidence"}
    assert {f"key_events.{name}" for name in events} <= fed
    scopes = {c.name for c in columns_of(AuditScopeFact)} - {*own, "scope_id"}
    assert {f"audit_scopes.{name}" for name in scopes} <= fed


def collected(folder: Path, part: Audit, **given: Any) -> list[Fact]:  # noqa: ANN401 - arguments of `heard`
    with heard(part, **given) as aws:
        run = partial(collector.collect, verify_digests=True)
        found = collect_kept(folder, a_unit(aws.url, collector.NAME, ALL, run))
    assert found.gaps == []
    return list(normalize(found.records))


BROKEN: list[tuple[Broken, str]] = [
    ("none", "none"),
    ("edited_log", "log_file_changed"),
    ("removed_log", "log_file_missing"),
    ("edited_digest", "signature_invalid"),
    ("removed_digest", "digest_missing"),
    ("removed_newest", "newest_missing"),
    ("wrong_signature", "signature_invalid"),
    ("unknown_key", "public_key_unknown"),
    ("moved_digest", "digest_moved"),
    ("restarted", "chain_restarted"),
]


@pytest.mark.parametrize(("how", "problem"), BROKEN, ids=[how for how, _ in BROKEN])
def test_digests_of_a_real_bucket(tmp_path: Path, how: Broken, problem: str) -> None:
    (row,) = rows(collected(tmp_path, Audit(trails=[a_trail(digests=Digests(broken=how))])), AuditTrailFact)
    assert (row.digest_problem.partition(" ")[0], row.digest_verified) == (problem, problem == "none")


def test_the_log_of_a_real_simulator(tmp_path: Path) -> None:
    facts = collected(tmp_path, Audit(), keys=[a_key("one", age_days=10, rotated_days_ago=[5])])
    assert sorted(row.name for row in rows(facts, KeyEventFact)) == ["CreateKey", "RotateKey"]
    (row,) = rows(facts, AuditScopeFact)
    assert (row.events_complete, row.events_read_from) == (True, datetime(2026, 3, 17, 12))  # noqa: DTZ001 - as above
