"""The audit log of the simulated AWS: what is put into moto, and what is answered in its place.

moto is left the buckets with their digest and log files, and lists them. It is not asked for

* ``s3:GetObject``: it refuses every file of a bucket whose policy denies plain HTTP, over whatever it is asked;

nor for anything of AWS CloudTrail:

* ``cloudtrail:LookupEvents`` and ``ListPublicKeys``: it lacks both;
* ``cloudtrail:DescribeTrails``: it shows no member of an Organization the Organization's trail;
* ``cloudtrail:GetTrailStatus``: it stamps deliveries with the present, in the machine's own time zone, and knows
  neither errors nor digests;
* ``cloudtrail:GetEventSelectors``: it has none for a new trail, where AWS has one that takes all management events.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from scanner.demo.aws import audit_digests
from scanner.demo.aws.audit_world import Audit, Json, KeyEvent, Keys, Living, Trail, instant, seconds, text
from scanner.demo.aws.request import Asked

LISTS: Mapping[str, tuple[str, str, str, str]] = {
    "cloudtrail:LookupEvents": ("Events", "NextToken", "NextToken", "MaxResults"),
    "cloudtrail:ListPublicKeys": ("PublicKeyList", "NextToken", "NextToken", ""),
}
"""Operation to its items, the page token that it takes and gives, and the parameter for the size of a page."""
REACH = timedelta(days=90)
ADMIN = "assumed-role/key-admin/alice"
DEFAULT_WINDOW = 30
Events = dict[tuple[str, str], list[Json]]
"""The events of each account and region, the newest first, once they were asked for."""

_NAMESPACE = uuid.UUID("5f2c9a58-8f0e-4d0b-9e55-2d6a3f6f4c11")
_USED = {"SIGN_VERIFY": "Sign", "GENERATE_VERIFY_MAC": "GenerateMac"}
_READS = frozenset({"Decrypt", "Sign", "GenerateMac"})


def seed(part: Audit, now: datetime, places: Sequence[tuple[str, str]] = ()) -> None:
    """Put the trails' buckets, and the digest and log files in them, into moto. Buckets that are there are kept.

    ``places``: the accounts and regions of the world.
    """
    from moto.s3.models import s3_backends

    for trail in part.trails:
        # A trail may write into another account's bucket.
        _, owner = s3_backends.bucket_accounts.get(trail.bucket, ("aws", trail.account))
        backend = s3_backends[owner]["aws"]
        if trail.bucket not in backend.buckets:
            backend.create_bucket(trail.bucket, trail.region)
        if trail.digests is None:
            continue
        recorded = {place for place in places if trail.records_in(*place)} | {(trail.account, trail.region)}
        for place in sorted(recorded):
            for name, file in audit_digests.files(trail, folder(part, trail), now, place).items():
                made = backend.put_object(trail.bucket, name, file.data)
                made.set_metadata({f"x-amz-meta-{key}": value for key, value in file.metadata.items()}, replace=True)
                made.last_modified = now.astimezone(UTC).replace(tzinfo=None)


def folder(part: Audit, trail: Trail) -> str:
    """Return where a trail's files are in its bucket."""
    prefix = f"{trail.prefix}/" if trail.prefix else ""
    return f"{prefix}AWSLogs/{part.organization_id}/" if trail.organization else f"{prefix}AWSLogs/"


def answer(
    part: Audit, request: Asked, now: datetime, keys: Keys = (), remembered: Events | None = None
) -> Json | None:
    """Answer a request to AWS CloudTrail or for a file, or return None for another one.

    ``keys``: those of the world. ``remembered``: where events are kept between requests.
    """
    if request.operation == "cloudtrail:LookupEvents":
        here = (request.account, request.region)
        known = {} if remembered is None else remembered
        if here not in known:
            known[here] = _happened(part, request, now, keys)
        return {"Events": _matching(request, known[here])}
    if request.operation == "cloudtrail:ListPublicKeys":
        return {"PublicKeyList": [audit_digests.public_key(now)]}
    if request.operation == "s3:GetObject":
        return _file(request)
    if request.operation == "cloudtrail:DescribeTrails":
        return {"trailList": [_described(trail, keys) for trail in _visible(part, request)]}
    return _about_trail(part, request, now)


def _about_trail(part: Audit, request: Asked, now: datetime) -> Json | None:
    name = str(request.params.get("Name") or request.params.get("TrailName") or "")
    chosen = {trail.arn: trail for trail in _visible(part, request)}.get(name)
    if request.operation == "cloudtrail:GetTrailStatus":
        return _unknown(name) if chosen is None else _status(chosen, now)
    if request.operation == "cloudtrail:GetEventSelectors":
        # A member of an Organization is told that there is no such trail.
        return _unknown(name) if chosen is None or chosen.account != request.account else _selectors(chosen)
    return None


def _file(request: Asked) -> Json:
    from moto.s3.models import s3_backends

    bucket, name = str(request.params["Bucket"]), str(request.params["Key"])
    _, owner = s3_backends.bucket_accounts.get(bucket, ("aws", ""))
    if not owner:
        return {"__type": "NoSuchBucket", "message": f"there is no bucket {bucket}"}
    file = s3_backends[owner]["aws"].buckets[bucket].keys.get(name)
    if file is None:
        return {"__type": "NoSuchKey", "message": f"there is no file {name}"}
    start = "x-amz-meta-"
    metadata = {key.removeprefix(start): value for key, value in file.metadata.items() if key.startswith(start)}
    changed = file.last_modified.replace(tzinfo=UTC)
    return {"Body": file.value, "Metadata": metadata, "LastModified": seconds(changed)}


def _unknown(name: str) -> Json:
    return {"__type": "TrailNotFoundException", "message": f"Unknown trail: {name}"}


def _visible(part: Audit, request: Asked) -> list[Trail]:
    """Return the trails that record in an account and region, as its own questions show them."""
    return [trail for trail in part.trails if trail.records_in(request.account, request.region)]


def _described(trail: Trail, keys: Keys) -> Json:
    found: Json = {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": trail.multi_region,
        "HomeRegion": trail.region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validated,
        "HasCustomEventSelectors": bool(trail.selectors or trail.advanced),
        "HasInsightSelectors": False,
        "IsOrganizationTrail": trail.organization,
    }
    if trail.prefix:
        found["S3KeyPrefix"] = trail.prefix
    if trail.key:
        # The key may be of another account: the one that keeps the log.
        found["KmsKeyId"] = next((key.arn for key in keys if key.alias == trail.key), trail.key)
    if trail.log_group:
        group = f"arn:aws:logs:{trail.region}:{trail.account}:log-group:{trail.log_group}:*"
        found |= {
            "CloudWatchLogsLogGroupArn": group,
            "CloudWatchLogsRoleArn": f"arn:aws:iam::{trail.account}:role/logs",
        }
    return found


def _status(trail: Trail, now: datetime) -> Json:
    found: Json = {"IsLogging": trail.logging, "StartLoggingTime": seconds(instant(now, trail.age_days))}
    if trail.stopped_days_ago is not None:
        found["StopLoggingTime"] = seconds(instant(now, trail.stopped_days_ago))
    if trail.delivery_error:
        found["LatestDeliveryError"] = trail.delivery_error
    if trail.logging:
        found["LatestDeliveryTime"] = seconds(now - timedelta(minutes=7))
    if trail.digests is not None:
        found["LatestDigestDeliveryTime"] = seconds(audit_digests.newest_end(now, trail) + audit_digests.LATEST)
    return found


def _selectors(trail: Trail) -> Json:
    default = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    if trail.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced}
    basic = trail.selectors or [{**default, "ExcludeManagementEventSources": []}]
    return {"TrailARN": trail.arn, "EventSelectors": basic}


def _happened(part: Audit, request: Asked, now: datetime, keys: Keys) -> list[Json]:
    """Return the events of an account and region that the log still tells, the newest first."""
    since = seconds(now - REACH)
    own = [key for key in keys if key.account == request.account]
    found = [
        event
        for key in own
        for event in (*_life(part, key, now, own), *_others(part, key, now))
        if event["region"] == request.region
    ]
    shown = [_shown(event) for event in found if since <= event["at"] <= seconds(now)]
    return sorted(shown, key=lambda one: (-one["EventTime"], one["EventId"]))


def _matching(request: Asked, events: list[Json]) -> list[Json]:
    wanted = {one["AttributeKey"]: one["AttributeValue"] for one in request.params.get("LookupAttributes", [])}
    return [one for one in events if all(one.get(name) == value for name, value in wanted.items())]


def _life(part: Audit, key: Living, now: datetime, keys: Keys) -> Iterator[Json]:
    """Yield the events that a key's life left in the log."""
    lacks = {one.event for one in part.unlogged if one.key == key.alias}
    for event in _lived(key, now, keys):
        if event["name"] not in lacks and not (event["used"] and "use" in lacks):
            yield event


def _lived(key: Living, now: datetime, keys: Keys) -> Iterator[Json]:
    if key.manager != "CUSTOMER":
        return
    created = instant(now, key.age_days)
    leader = next((one for one in keys if one.alias == key.replica_of), None) if key.replica_of else None
    yield _event(key, "CreateKey", created, now)
    if leader is not None:
        yield {**_event(leader, "ReplicateKey", created, now), "to": key}
    if key.origin == "EXTERNAL":
        yield _event(key, "ImportKeyMaterial", created + timedelta(minutes=5), now)
    for days in key.rotated_days_ago if leader is None else []:
        done = instant(now, days)
        if key.rotation is None:
            yield _event(key, "RotateKeyOnDemand", done - timedelta(minutes=20), now)
        yield {**_event(key, "RotateKey", done, now), "kind": "ON_DEMAND" if key.rotation is None else "AUTOMATIC"}
    if key.deleted_in_days is not None:
        window = key.deletion_window_days or DEFAULT_WINDOW
        yield {**_event(key, "ScheduleKeyDeletion", instant(now, window - key.deleted_in_days), now), "window": window}
    if key.last_used_days_ago is not None:
        used = instant(now, key.last_used_days_ago) - timedelta(hours=1)
        yield {**_event(key, _USED.get(key.usage, "Decrypt"), used, now), "used": True, "id": use_id(key)}


def use_id(key: Living) -> str:
    """Return the event id that GetKeyLastUsage names, as `seeding.last_usage` makes it."""
    return hashlib.sha256(f"{key.id}/1000".encode()).hexdigest()[:36]


def _others(part: Audit, key: Living, now: datetime) -> Iterator[Json]:
    for one in part.events:
        if one.key == key.alias:
            yield {**_event(key, one.name, instant(now, one.days_ago), now), **_told(one)}


def _told(one: KeyEvent) -> Json:
    return {"who": one.principal, "error": one.error, "window": one.window_days}


def _event(key: Living, name: str, moment: datetime, now: datetime) -> Json:
    at = seconds(moment)
    identity = str(uuid.uuid5(_NAMESPACE, f"{key.arn}/{name}/{seconds(now) - at}"))  # the same on every run
    return {"key": key, "name": name, "at": at, "region": key.region, "id": identity, "used": False, "who": ADMIN}


def _shown(event: Json) -> Json:
    """Return an event in the shape of LookupEvents."""
    record = _record(event)
    key = event["key"]
    return {
        "EventId": event["id"],
        "EventName": event["name"],
        "ReadOnly": "true" if event["name"] in _READS else "false",
        "EventTime": event["at"],
        "EventSource": "kms.amazonaws.com",
        "Username": event["who"].rpartition("/")[2],
        "Resources": [{"ResourceType": "AWS::KMS::Key", "ResourceName": key.arn}],
        "CloudTrailEvent": json.dumps(record),
    }


def _record(event: Json) -> Json:
    key, name = event["key"], event["name"]
    by_itself = name == "RotateKey"
    who = {"type": "AssumedRole", "arn": f"arn:aws:sts::{key.account}:{event['who']}", "accountId": key.account}
    asked: Json | None = None if by_itself else {"keyId": key.arn}
    if asked is not None and event.get("window"):
        asked["pendingWindowInDays"] = event["window"]
    given: Json = {"keyId": key.arn}
    if name == "CreateKey":
        asked, given = {"description": ""}, {"keyMetadata": {"arn": key.arn, "keyId": key.id}}
    if "to" in event:
        given = {"replicaKeyMetadata": {"arn": event["to"].arn, "keyId": event["to"].id}}
    record: Json = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": key.account, "invokedBy": "AWS Internal"} if by_itself else who,
        "eventTime": text(datetime.fromtimestamp(event["at"], UTC)),
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": event["region"],
        "sourceIPAddress": "AWS Internal" if by_itself else "192.0.2.10",
        "userAgent": "AWS Internal" if by_itself else "aws-cli/2",
        "requestParameters": asked,
        "responseElements": given,
        "eventID": event["id"],
        "readOnly": name in _READS,
        "resources": [{"accountId": key.account, "type": "AWS::KMS::Key", "ARN": key.arn}],
        "eventType": "AwsServiceEvent" if by_itself else "AwsApiCall",
        "recipientAccountId": key.account,
        "managementEvent": True,
        "eventCategory": "Management",
    }
    if event.get("error"):
        record |= {"errorCode": event["error"], "errorMessage": "refused", "responseElements": None}
    if "kind" in event:
        record["serviceEventDetails"] = {"rotationType": event["kind"], "keyId": key.id}
    return record
