"""Events of the log to rows: whose key, who, how it ended; and how far the log was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from scanner.model.audit import KeyEventFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.aws import key_events
from scanner.normalize.aws.key_events import EVENTS, LIFE_CYCLE
from scanner.normalize.records import Records
from tests.normalize.builders import ACCOUNT, KEY, KEY_ID, REGION, arn_of, missed, observed, rows

RECORD: dict[str, Any] = {
    "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/alice"},
    "requestParameters": {"keyId": KEY_ID},
    "responseElements": {"keyId": KEY},
    "resources": [{"ARN": KEY, "type": "AWS::KMS::Key", "accountId": ACCOUNT}],
}


def event(identity: str = "e", name: str = "DisableKey", record: Any = RECORD, **given: Any) -> dict[str, Json]:  # noqa: ANN401
    fields = {
        "EventId": identity,
        "EventName": name,
        "EventTime": "2026-06-01T00:00:00.000Z",
        "EventSource": "kms.amazonaws.com",
        "Resources": [{"ResourceType": "AWS::KMS::Key", "ResourceName": KEY}],
        "CloudTrailEvent": record,
        **given,
    }
    return {key: value for key, value in fields.items() if value is not None}


def page(subject: str, *events: dict[str, Json], at: str | None = "2026-06-15T12:00:00.000Z", **given: Any) -> Record:  # noqa: ANN401
    body: dict[str, Json] = {"Events": list(events)}
    return observed(EVENTS, {**body, "ServerTime": at} if at else body, subject=subject, **given)


def log(*events: dict[str, Json], **given: Any) -> list[Record]:  # noqa: ANN401
    """Return the whole log, all of its events under one name."""
    return [page(name, *(events if name == "DisableKey" else ()), **given) for name in sorted(LIFE_CYCLE)]


def read(records: Sequence[Record]) -> list[KeyEventFact]:
    return rows(list(key_events.rows(Records(records), records)), KeyEventFact)


def only(record: Any = RECORD, **given: Any) -> KeyEventFact:  # noqa: ANN401
    (row,) = read(log(event(record=record, **given)))
    return row


def test_an_event_is_a_row() -> None:
    row = only()
    assert (row.event_id, row.name, row.key_id) == ("e", "DisableKey", KEY)
    assert row.occurred_at == datetime(2026, 6, 1)  # noqa: DTZ001 - as the tables hold it
    assert (row.principal, row.outcome, row.window_days) == (RECORD["userIdentity"]["arn"], "success", None)
    assert len(row.evidence) == 1


KEYS: list[tuple[str, Any, list[Json] | None, str | None]] = [
    ("resources", {"resources": [{"ARN": KEY}]}, None, KEY),
    (
        "of another kind first",
        {"resources": [{"ARN": "arn:aws:s3:::b", "type": "AWS::S3::Bucket"}, {"ARN": KEY}]},
        None,
        KEY,
    ),
    ("a key that was made", {"responseElements": {"keyMetadata": {"arn": KEY}}}, None, KEY),
    ("the answer", {"responseElements": {"keyId": KEY}}, None, KEY),
    ("the log's own resources", {}, [{"ResourceType": "AWS::KMS::Key", "ResourceName": KEY}], KEY),
    ("… by id", {}, [{"ResourceType": "AWS::KMS::Key", "ResourceName": KEY_ID}], KEY),
    ("… without its record", None, [{"ResourceType": "AWS::KMS::Key", "ResourceName": KEY}], KEY),
    ("what AWS did by itself", {"serviceEventDetails": {"keyId": KEY_ID}}, None, KEY),
    ("what was asked", {"requestParameters": {"keyId": KEY}}, None, KEY),
    ("… by id", {"requestParameters": {"keyId": KEY_ID}}, None, KEY),
    (
        "a multi-Region id",
        {"requestParameters": {"keyId": "mrk-1234abcd12ab34cd56ef1234567890ab"}},
        None,
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    ),
    ("an alias", {"requestParameters": {"keyId": "alias/one"}}, None, None),
    ("the ARN of an alias", {"requestParameters": {"keyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/one"}}, None, None),
    (
        "an ARN before an id",
        {"requestParameters": {"keyId": arn_of(2)}, "serviceEventDetails": {"keyId": KEY_ID}},
        None,
        arn_of(2),
    ),
    ("nothing", {"requestParameters": None}, [], "none"),
    ("only something else", {}, [{"ResourceType": "AWS::S3::Bucket", "ResourceName": "b"}], "none"),
    ("no record", None, None, None),
    ("resources that are none", {"resources": ["x"]}, ["y"], "none"),
    ("resources that are no list", {"resources": {}}, None, "none"),
]


@pytest.mark.parametrize(("record", "resources", "key"), [k[1:] for k in KEYS], ids=[k[0] for k in KEYS])
def test_the_key_that_an_event_is_about(record: Any, resources: list[Json] | None, key: str | None) -> None:  # noqa: ANN401
    assert only(record, Resources=resources).key_id == key


def test_a_key_that_is_named_by_its_id_is_in_the_partition_of_who_asked() -> None:
    import dataclasses

    records = log(event(record={"requestParameters": {"keyId": KEY_ID}}, Resources=None))
    abroad = [dataclasses.replace(record, principal="arn:aws-us-gov:sts::1:x") for record in records]
    nobody = [dataclasses.replace(record, principal="") for record in records]
    assert read(abroad)[0].key_id == KEY.replace("arn:aws:", "arn:aws-us-gov:")
    assert read(nobody)[0].key_id == KEY


WHO: list[tuple[str, Any, str | None]] = [
    ("AWS itself", {"userIdentity": {"invokedBy": "AWS Internal"}}, "AWS Internal"),
    ("a service", {"userIdentity": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}}, "s3.amazonaws.com"),
    ("a role for a service", {"userIdentity": {"arn": "arn:x", "invokedBy": "s3.amazonaws.com"}}, "arn:x"),
    ("nobody", {"userIdentity": {"type": "Unknown"}}, "none"),
    ("no identity", {}, None),
    ("a name that is no text", {"userIdentity": {"arn": 1}}, None),
    ("no record", None, None),
]


@pytest.mark.parametrize(("record", "principal"), [w[1:] for w in WHO], ids=[w[0] for w in WHO])
def test_who_did_it(record: Any, principal: str | None) -> None:  # noqa: ANN401
    assert only(record).principal == principal


@pytest.mark.parametrize(
    ("record", "outcome"),
    [({"errorCode": "AccessDenied"}, "AccessDenied"), ({}, "success"), ({"errorCode": 1}, None), (None, None)],
)
def test_how_it_ended(record: Any, outcome: str | None) -> None:  # noqa: ANN401
    assert only(record).outcome == outcome


WINDOWS: list[tuple[Any, int | None]] = [
    ({"requestParameters": {"keyId": KEY, "pendingWindowInDays": 7}}, 7),
    ({"requestParameters": {"keyId": KEY}}, 30),
    ({"requestParameters": {"pendingWindowInDays": "7"}}, None),
    ({"requestParameters": None}, None),
    (None, None),
]


@pytest.mark.parametrize(("record", "days"), WINDOWS)
def test_the_waiting_period_of_a_scheduled_deletion(record: Any, days: int | None) -> None:  # noqa: ANN401
    (row,) = read([page("ScheduleKeyDeletion", event(name="ScheduleKeyDeletion", record=record))])
    assert row.window_days == days


def test_events_of_other_services_with_keys_are_left_out() -> None:
    records = log(
        event("a"), event("b", EventSource="payment-cryptography.amazonaws.com"), event("c", EventSource=None)
    )
    assert [row.event_id for row in read(records)] == ["a", "c"]
    assert key_events.life_cycle_rows(Records(records)) is None  # of one nobody knows whose it is
    assert key_events.life_cycle_rows(Records(log(event("a"), event("b", EventSource="geo.amazonaws.com")))) == 1


def test_an_event_on_two_pages_is_one() -> None:
    pages = [page("DisableKey", event("a"), last=False), page("DisableKey", event("a"), event("b"), page=1)]
    assert [row.event_id for row in read(pages)] == ["a", "b"]


def test_the_window_is_what_every_listing_covers() -> None:
    late = page("DisableKey", at="2026-06-15T13:00:00.000Z")
    read_ = key_events.window(Records([*[r for r in log() if r.subject != "DisableKey"], late]))
    assert read_.since == datetime(2026, 3, 17, 13)  # noqa: DTZ001 - as the tables hold it
    assert read_.until == datetime(2026, 6, 15, 11)  # noqa: DTZ001 - as the tables hold it
    assert (read_.complete, len(read_.evidence)) == (True, len(LIFE_CYCLE))


def test_without_the_providers_clock_ours_counts() -> None:
    assert key_events.window(Records(log(at=None))).until == datetime(2026, 6, 15, 11)  # noqa: DTZ001 - as above
    assert key_events.window(Records(log(at="noon"))).until is None


INCOMPLETE: list[tuple[str, list[Record]]] = [
    ("one was denied", [*[r for r in log() if r.subject != "CreateKey"], missed(EVENTS, subject="CreateKey")]),
    ("one was not asked", [r for r in log() if r.subject != "CreateKey"]),
    ("one was cut off", [*[r for r in log() if r.subject != "CreateKey"], page("CreateKey", last=False)]),
    ("nothing was answered", [missed(EVENTS, subject=name) for name in LIFE_CYCLE]),
]


@pytest.mark.parametrize("records", [i[1] for i in INCOMPLETE], ids=[i[0] for i in INCOMPLETE])
def test_a_log_that_was_not_read_to_the_end(records: list[Record]) -> None:
    unit = Records(records)
    assert not key_events.window(unit).complete
    assert key_events.life_cycle_rows(unit) is None


def test_events_that_were_looked_for_by_id_have_a_coverage_of_their_key() -> None:
    used = event("u", "Decrypt")
    records: list[Record] = [page(KEY, used), page(arn_of(2)), missed(EVENTS, subject=arn_of(3))]
    facts = list(key_events.rows(Records(records), records))
    assert [row.event_id for row in rows(facts, KeyEventFact)] == ["u"]
    found = {row.parent_id: (row.complete, row.row_count) for row in rows(facts, CoverageFact)}
    assert found == {KEY: (True, 1), arn_of(2): (True, 0), arn_of(3): (False, 0)}
    assert not key_events.lists_life_cycle(records)
    assert key_events.lists_life_cycle(log())
