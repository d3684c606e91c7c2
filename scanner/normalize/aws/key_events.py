"""Events of AWS CloudTrail about keys to rows, and how far the log was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanner.model.audit import KeyEventFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Observation, Record
from scanner.normalize.aws.arn import parse
from scanner.normalize.reading import Object, child, days, given, moment, text, text_or
from scanner.normalize.records import Records

EVENTS = "cloudtrail:LookupEvents"
SERVICE = "kms.amazonaws.com"
LIFE_CYCLE = frozenset(
    {
        *("CreateKey", "ReplicateKey", "ImportKeyMaterial", "DeleteImportedKeyMaterial", "RotateKey"),
        *("RotateKeyOnDemand", "EnableKeyRotation", "DisableKeyRotation", "ScheduleKeyDeletion"),
        *("CancelKeyDeletion", "DeleteKey", "DisableKey", "EnableKey", "PutKeyPolicy"),
    }
)
"""Names of events that the collector lists, one by one."""
REACH = timedelta(days=90)
"""AWS CloudTrail User Guide, "Working with CloudTrail event history": the last 90 days of management events."""
SETTLED = timedelta(hours=1)
"""What is younger may be on its way: delivery takes about five minutes, and that is not guaranteed."""
DEFAULT_WINDOW = 30
"""Days that AWS KMS waits when ScheduleKeyDeletion names none (API reference, PendingWindowInDays)."""

_KEY_ID = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the log was read. None: not known."""

    since: datetime | None
    until: datetime | None
    complete: bool
    evidence: tuple[Digest, ...]


def lists_life_cycle(records: Sequence[Record]) -> bool:
    """Tell whether a unit was to list the events of the keys' life cycle, and not only single events by id."""
    return any(record.operation == EVENTS and record.subject in LIFE_CYCLE for record in records)


def window(unit: Records) -> Window:
    """Return the part of the log in which every event of the life cycle was listed."""
    listings = [unit.answers(EVENTS, name) for name in sorted(LIFE_CYCLE)]
    read = [_read_at(pages[0]) for pages in listings if pages]
    known = [instant for instant in read if instant is not None]
    return Window(
        since=max(known) - REACH if known and len(known) == len(read) else None,
        until=min(known) - SETTLED if known and len(known) == len(read) else None,
        complete=all(_listed(unit, name) is not None for name in LIFE_CYCLE),
        evidence=tuple(sorted(page.id for pages in listings for page in pages)),
    )


def _read_at(page: Observation) -> datetime | None:
    """Return when a page was read: by the provider's clock where the answer has it."""
    body = page.response if isinstance(page.response, dict) else None
    return moment(body, "ServerTime") if given(body, "ServerTime") else moment({"at": page.started}, "at")


def rows(unit: Records, records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the events that were listed, and those that were looked for by their id, each once."""
    keys = sorted({r.subject for r in records if r.operation == EVENTS and r.subject and r.subject.startswith("arn:")})
    found: dict[str, KeyEventFact] = {}
    for name in (*sorted(LIFE_CYCLE), *keys):
        for page, event in unit.listing(EVENTS, name, "Events", identity="EventId").items:
            if text(event, "EventSource") in (None, SERVICE):
                found.setdefault(str(event["EventId"]), _row(unit, page, event))
    yield from (found[identity] for identity in sorted(found))
    for key in keys:
        listing = unit.listing(EVENTS, key, "Events", identity="EventId")
        count = len(listing.items)
        yield unit.coverage(KeyEventFact, EVENTS, key, key, count, complete=listing.complete)


def life_cycle_rows(unit: Records) -> int | None:
    """Return the number of events of the life cycle, or None when they were not listed to the end."""
    counts = [_listed(unit, name) for name in LIFE_CYCLE]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _listed(unit: Records, name: str) -> int | None:
    listing = unit.listing(EVENTS, name, "Events", identity="EventId")
    sources = [text(event, "EventSource") for _, event in listing.items]
    # Other services have keys of their own, and events of the same name.
    return sources.count(SERVICE) if listing.complete and None not in sources else None


def _row(unit: Records, page: Observation, event: Object) -> KeyEventFact:
    record = child(event, "CloudTrailEvent")
    name = text(event, "EventName")
    return KeyEventFact(
        source=unit.source,
        evidence=(page.id,),
        event_id=str(event["EventId"]),
        key_id=_key(page, event, record),
        name=name,
        occurred_at=moment(event, "EventTime"),
        principal=_principal(record),
        outcome=text_or(record, "errorCode", "success"),
        window_days=_window_days(record) if name == "ScheduleKeyDeletion" else None,
    )


def _principal(record: Object | None) -> str | None:
    identity = child(record, "userIdentity")
    # What AWS KMS does by itself has no ARN but `AWS Internal`.
    return text(identity, "arn") if given(identity, "arn") else text_or(identity, "invokedBy", "none")


def _window_days(record: Object | None) -> int | None:
    asked = child(record, "requestParameters")
    if asked is None or given(asked, "pendingWindowInDays"):
        return days(asked, "pendingWindowInDays")
    return DEFAULT_WINDOW


def _key(page: Observation, event: Object, record: Object | None) -> str | None:
    """Return the key that an event is about: as it says itself, else by what was asked of it."""
    named = [name for name in _names(event, record) if name]
    for name in named:
        arn = parse(name)
        if arn is not None and arn.service == "kms" and arn.resource.startswith("key/"):
            return name
    for name in named:
        if _KEY_ID.fullmatch(name):
            return f"arn:{_partition(page)}:kms:{page.region}:{page.account}:key/{name}"
    # A name that we cannot resolve is not none; and of an event without its record nobody knows.
    return None if named or record is None else "none"


def _names(event: Object, record: Object | None) -> Iterator[str | None]:
    given_ = child(record, "responseElements")
    for resource in _objects(record, "resources"):
        if text(resource, "type") in (None, "AWS::KMS::Key"):
            yield text(resource, "ARN")
    yield text(child(given_, "keyMetadata"), "arn")
    yield text(given_, "keyId")
    for resource in _objects(event, "Resources"):
        if text(resource, "ResourceType") == "AWS::KMS::Key":
            yield text(resource, "ResourceName")
    yield text(child(record, "serviceEventDetails"), "keyId")
    yield text(child(record, "requestParameters"), "keyId")


def _objects(body: Object | None, name: str) -> list[Object]:
    found = body.get(name) if body else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _partition(page: Observation) -> str:
    arn = parse(page.principal)
    return arn.partition if arn else "aws"
