"""AWS CloudTrail: which trails record here, what they record of keys, and the key events of the last 90 days.

Every unit reads the trails of its region and those of other regions that record there as well. Event history is asked
without a start: a collector has no clock, and AWS CloudTrail then looks back 90 days, as far as it can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from scanner.collect.aws import cloudtrail_digests
from scanner.collect.aws.checks import lists
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "aws.cloudtrail"
CONCURRENCY = 2
"""LookupEvents takes two requests a second for each account and region."""
PAGING = Paging(answer="NextToken", parameter="NextToken")

TRAILS = "cloudtrail:DescribeTrails"
STATUS = "cloudtrail:GetTrailStatus"
SELECTORS = "cloudtrail:GetEventSelectors"
EVENTS = "cloudtrail:LookupEvents"

LIFE_CYCLE = (
    "CreateKey",
    "ReplicateKey",
    "ImportKeyMaterial",
    "DeleteImportedKeyMaterial",
    "RotateKey",
    "RotateKeyOnDemand",
    "EnableKeyRotation",
    "DisableKeyRotation",
    "ScheduleKeyDeletion",
    "CancelKeyDeletion",
    "DeleteKey",
    "DisableKey",
    "EnableKey",
    "PutKeyPolicy",
)
"""Events that make a key, end it, change its material, or decide who may use it."""

_SCOPE = tuple(f"audit_scopes.{name}" for name in ("key_management_recorded", "key_use_recorded"))


LOOKUP = Operation(
    name=EVENTS,
    permissions=("cloudtrail:LookupEvents",),
    feeds=(
        *columns("key_events", "*", "event_id", "key_id", "name", "occurred_at", "principal", "outcome", "window_days"),
        *columns("audit_scopes", "events_read_from", "events_read_until", "events_complete"),
        *columns("expected_events", "in_window", "found", "found_event_id"),
    ),
    of_scope=True,
    purpose="key events of the last 90 days, and whether what happened to each key is in the log",
)
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=TRAILS,
        permissions=("cloudtrail:DescribeTrails",),
        feeds=(
            *columns("audit_trails", "*", "trail_id", "name", "owner_account", "home_region", "multi_region"),
            "audit_trails.superseded",
            *columns("audit_trails", "organization", "validated", "key_ref", "bucket", "bucket_id", "log_group_id"),
            *columns("audit_scopes", "*", "trails"),
            *_SCOPE,
        ),
        purpose="the population of trails, their keys, buckets and log groups",
    ),
    Operation(
        name=STATUS,
        permissions=("cloudtrail:GetTrailStatus",),
        feeds=(
            *columns("audit_trails", "logging", "started_at", "stopped_at", "delivery_error", "delivered_at"),
            *_SCOPE,
        ),
        needs=(TRAILS,),
        purpose="whether each trail records now, and delivers",
    ),
    Operation(
        name=SELECTORS,
        permissions=("cloudtrail:GetEventSelectors",),
        feeds=(
            *columns("audit_trails", "records_key_management", "records_key_use", "excludes_key_events"),
            *_SCOPE,
        ),
        needs=(TRAILS,),
        purpose="whether key events are recorded or left out",
    ),
    LOOKUP,
)
LISTS_EVENTS = lists("Events", "EventId")
"""Checks a page of events."""
DIGEST_OPERATIONS = cloudtrail_digests.OPERATIONS
"""What `verify_digests` of a source adds: reading digest and log files from the trail's bucket."""


def collect(asking: Asking, *, verify_digests: bool = False) -> Iterator[Unit]:
    """Read the trails and the key events of one account and region. Yields no further units."""
    trails = _trails(asking)
    asking.each(lambda arn: _trail(asking, arn, trails[arn]), iter(sorted(trails)))
    asking.each(lambda name: _events(asking, name), iter(LIFE_CYCLE))
    if verify_digests:
        cloudtrail_digests.read(asking, [trails[arn] for arn in sorted(trails)])
    yield from ()


def _trails(asking: Asking) -> dict[str, dict[str, Json]]:
    answer = asking.call(TRAILS, {"includeShadowTrails": True}, check=lists("trailList", "TrailARN"))
    listed = cast("list[dict[str, Json]]", answer.body["trailList"]) if answer else []
    return {str(trail["TrailARN"]): trail for trail in listed}


def _trail(asking: Asking, arn: str, trail: dict[str, Json]) -> None:
    # A member of an Organization sees its trail, and a region those of others, and may be told that there is none: its
    # owner tells, at its home.
    here = asking.unit.region
    elsewhere = trail.get("IsOrganizationTrail") is True or trail.get("HomeRegion") != here
    known = ("TrailNotFoundException",) if elsewhere else ()
    asking.call(STATUS, {"Name": arn}, subject=arn, known=known, check=_tells_status)
    asking.call(SELECTORS, {"TrailName": arn}, subject=arn, known=known, check=_has_selectors)


def _events(asking: Asking, name: str) -> None:
    attributes: list[Json] = [{"AttributeKey": "EventName", "AttributeValue": name}]
    params: dict[str, Json] = {"LookupAttributes": attributes, "MaxResults": 50}
    for _ in asking.pages(EVENTS, params, PAGING, subject=name, check=LISTS_EVENTS):
        pass


def _tells_status(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("IsLogging"), bool) else "`IsLogging` is not a boolean"


def _has_selectors(body: dict[str, Json]) -> str:
    # A trail has one of the two: with neither, nobody knows what it records.
    lists = [body.get(name) for name in ("EventSelectors", "AdvancedEventSelectors")]
    return "" if any(isinstance(one, list) for one in lists) else "there are no event selectors"
