"""AWS CloudTrail answers to rows: trails, what they record of keys, key events, and how far the log was read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.audit import AuditScopeFact, AuditTrailFact, KeyEventFact
from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.normalize.aws import digests, key_events
from scanner.normalize.aws.arn import is_account, parse
from scanner.normalize.aws.event_selectors import read_selectors
from scanner.normalize.reading import Object, flag, moment, text, text_or
from scanner.normalize.records import Records

TRAILS = "cloudtrail:DescribeTrails"
STATUS = "cloudtrail:GetTrailStatus"
SELECTORS = "cloudtrail:GetEventSelectors"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the log of one account and region, or only some of its events by id."""
    unit = Records(records)
    if unit.first is None:
        return
    if any(record.operation == TRAILS for record in records):
        yield from _trails(unit, records)
    if any(record.operation == TRAILS for record in records) or key_events.lists_life_cycle(records):
        yield _scope(unit, records)
        yield unit.coverage(AuditScopeFact, TRAILS, unit.source, None, 1, complete=True)
    yield from key_events.rows(unit, records)
    if key_events.lists_life_cycle(records):
        count, read = key_events.life_cycle_rows(unit), key_events.window(unit)
        covered = unit.coverage(
            KeyEventFact, key_events.EVENTS, unit.source, None, count or 0, complete=count is not None
        )
        yield replace(covered, evidence=read.evidence)


def _trails(unit: Records, records: Sequence[Record]) -> Iterator[Fact]:
    files = digests.Files(unit, records)
    listing = unit.listing(TRAILS, None, "trailList", identity="TrailARN")
    trails = {str(trail["TrailARN"]): (page, trail) for page, trail in reversed(listing.items)}
    for arn, (page, trail) in sorted(trails.items()):
        yield _trail(unit, files, arn, page, trail)
    yield unit.coverage(AuditTrailFact, TRAILS, unit.source, None, len(trails), complete=listing.complete)


def _trail(unit: Records, files: digests.Files, arn: str, page: Observation, trail: Object) -> AuditTrailFact:
    body = unit.response(STATUS, arn)
    status = body if isinstance(body, dict) else None
    chosen = unit.response(SELECTORS, arn)
    recorded = read_selectors(chosen if isinstance(chosen, dict) else None)
    parts = parse(arn)
    bucket = text_or(trail, "S3BucketName", "none")
    chain = digests.verify(files, page, trail, moment(status, "LatestDigestDeliveryTime"))
    group = text_or(trail, "CloudWatchLogsLogGroupArn", "none")
    return AuditTrailFact(
        source=unit.source,
        evidence=tuple(sorted({*unit.evidence(arn, page.id), *chain.evidence})),
        trail_id=arn,
        provider="aws",
        superseded=False,
        account=page.account,
        region=page.region,
        name=text(trail, "Name"),
        owner_account=parts.account if parts and is_account(parts.account) else None,
        home_region=text(trail, "HomeRegion"),
        multi_region=flag(trail, "IsMultiRegionTrail"),
        organization=flag(trail, "IsOrganizationTrail"),
        logging=flag(status, "IsLogging"),
        started_at=moment(status, "StartLoggingTime"),
        stopped_at=moment(status, "StopLoggingTime"),
        records_key_management=recorded.key_management,
        records_key_use=recorded.key_use,
        excludes_key_events=recorded.excludes_keys,
        validated=flag(trail, "LogFileValidationEnabled"),
        digest_verified=chain.verified,
        digest_problem=chain.problem,
        digests_read=chain.read,
        digest_newest_at=chain.newest_at,
        log_files_verified=chain.files_verified,
        log_files_unchecked=chain.files_unchecked,
        key_ref=text_or(trail, "KmsKeyId", "none"),
        bucket=bucket,
        bucket_id=_bucket_id(parts.partition if parts else None, bucket),
        # The log group itself, as its own service names it: without the streams of the ARN that a trail has.
        log_group_id=group.removesuffix(":*") if group else None,
        delivery_error=text_or(status, "LatestDeliveryError", "none"),
        delivered_at=moment(status, "LatestDeliveryTime"),
    )


def _bucket_id(partition: str | None, bucket: str | None) -> str | None:
    if bucket in (None, "none"):
        return bucket
    return f"arn:{partition}:s3:::{bucket}" if partition else None


def _scope(unit: Records, records: Sequence[Record]) -> AuditScopeFact:
    """Return the row of the account and region. Whether keys are recorded is derived from the trails (`reconcile`)."""
    listing = unit.listing(TRAILS, None, "trailList", identity="TrailARN")
    first = records[0]
    read = key_events.window(unit)
    asked = key_events.lists_life_cycle(records)
    return AuditScopeFact(
        source=unit.source,
        evidence=tuple(sorted({*unit.ids(TRAILS), *read.evidence})),
        scope_id=unit.source,
        provider="aws",
        account=first.account,
        region=first.region,
        trails=len({str(trail["TrailARN"]) for _, trail in listing.items}) if listing.complete else None,
        events_read_from=read.since,
        events_read_until=read.until,
        events_complete=read.complete if asked else None,
    )
