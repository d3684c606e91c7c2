"""The fact tables of the audit log: who records key events, which events there are, and which must exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailFact(Fact):
    """One configured audit log of a provider."""

    table: ClassVar[str] = "audit_trails"
    key: ClassVar[str] = "trail_id"
    parent: ClassVar[str] = "source"

    trail_id: str = column("ARN or resource name.", source="cloudtrail:DescribeTrails", required=True)
    provider: str = column("`aws`, `azure`, `gcp`.", source="the collector", required=True)
    account: str = column("Account that was read.", source="the scan", required=True)
    region: str = column("Region that was read.", source="the scan", required=True)
    name: str | None = column("Name.", source="cloudtrail:DescribeTrails")
    owner_account: str | None = column("Account that it belongs to.", source="the trail's ARN")
    home_region: str | None = column("Region that it belongs to.", source="cloudtrail:DescribeTrails HomeRegion")
    multi_region: bool | None = column("Records every region.", source="cloudtrail IsMultiRegionTrail")
    organization: bool | None = column("Records every account of the Organization.", source="IsOrganizationTrail")
    superseded: bool | None = column(
        "It is there by itself, and another one of the customer's own takes the same events.",
        source="logging sinks _Required, _Default; false of other providers",
    )
    logging: bool | None = column("Records now.", source="cloudtrail:GetTrailStatus IsLogging")
    started_at: datetime | None = column("Since when.", unit="UTC", source="GetTrailStatus StartLoggingTime")
    stopped_at: datetime | None = column(
        "Last time that it was stopped; null as well when it never was.", unit="UTC", source="StopLoggingTime"
    )
    records_key_management: bool | None = column(
        "Events that administer keys are recorded: management events, write included, the key service not excluded. "
        "Of an Organization's trail they are taken from the account that owns it, where this one may not read them.",
        source="cloudtrail:GetEventSelectors",
    )
    records_key_use: bool | None = column(
        "Events that use keys (read-only management events of AWS KMS) are recorded.",
        source="cloudtrail:GetEventSelectors ReadWriteType, ExcludeManagementEventSources, advanced selectors",
    )
    excludes_key_events: bool | None = column(
        "A selector of management events leaves out the key service.",
        source="GetEventSelectors ExcludeManagementEventSources, eventSource of advanced selectors",
    )
    validated: bool | None = column("Log files get signed digests.", source="LogFileValidationEnabled")
    digest_verified: bool | None = column(
        "The digest chain that was read verifies: signatures, links and the hashes of log files. Null without the "
        "option `verify_digests` of the source.",
        source="s3 digest files; cloudtrail:ListPublicKeys",
    )
    digest_problem: str | None = column(
        "What is wrong first, `log_file_changed s3://bucket/key`, or `none`.", source="s3 digest files"
    )
    digests_read: int | None = column("Digest files that were read.", source="s3 digest files")
    digest_newest_at: datetime | None = column(
        "End of the period of the newest digest that was read.", unit="UTC", source="s3 digest files digestEndTime"
    )
    log_files_verified: int | None = column("Log files whose hash is that of their digest.", source="s3 log files")
    log_files_unchecked: int | None = column(
        "Log files of the digests that were read and that were not hashed.", source="s3 log files"
    )
    key_ref: str | None = column("Key as the trail names it, or `none`.", source="cloudtrail KmsKeyId")
    bucket: str | None = column("Bucket that gets the log files, or `none`.", source="cloudtrail S3BucketName")
    bucket_id: str | None = column(
        "What keeps the log, among data stores: that bucket, or the store of a log service.",
        source="derived; diagnosticSettings storageAccountId, workspaceId; logging sinks destination",
    )
    log_group_id: str | None = column("Log group that gets the events, or `none`.", source="CloudWatchLogsLogGroupArn")
    delivery_error: str | None = column("Last delivery error, or `none`.", source="GetTrailStatus LatestDeliveryError")
    delivered_at: datetime | None = column("Last delivery.", unit="UTC", source="GetTrailStatus LatestDeliveryTime")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditScopeFact(Fact):
    """One account and region (or project, or vault) of which key events must be recorded."""

    table: ClassVar[str] = "audit_scopes"
    key: ClassVar[str] = "scope_id"
    parent: ClassVar[str] = "source"

    scope_id: str = column("The scope, as in `source`.", source="the scan", required=True)
    provider: str = column("`aws`, `azure`, `gcp`.", source="the collector", required=True)
    account: str = column("Account.", source="the scan", required=True)
    region: str = column("Region.", source="the scan", required=True)
    trails: int | None = column("Audit logs that record here.", source="cloudtrail:DescribeTrails")
    key_management_recorded: bool | None = column(
        "At least one that is logging records events that administer keys.", source="audit_trails"
    )
    key_use_recorded: bool | None = column(
        "At least one that is logging records events that use keys.", source="audit_trails"
    )
    events_read_from: datetime | None = column(
        "Key events of the log were read from this instant on.", unit="UTC", source="cloudtrail:LookupEvents"
    )
    events_read_until: datetime | None = column(
        "… up to this one. What is younger may still be on its way into the log.",
        unit="UTC",
        source="cloudtrail:LookupEvents",
    )
    events_complete: bool | None = column("… to the end of the listing.", source="cloudtrail:LookupEvents")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEventFact(Fact):
    """One event about a key, read from the audit log."""

    table: ClassVar[str] = "key_events"
    key: ClassVar[str] = "event_id"
    parent: ClassVar[str] = "source"

    event_id: str = column("Event id of the log.", source="cloudtrail:LookupEvents EventId", required=True)
    key_id: str | None = column(
        "Key that it is about, or `none`.", source="CloudTrailEvent resources, responseElements, requestParameters"
    )
    name: str | None = column("Event name, `ScheduleKeyDeletion`.", source="LookupEvents EventName")
    occurred_at: datetime | None = column("When.", unit="UTC", source="LookupEvents EventTime")
    principal: str | None = column(
        "Who, as the log names it: ARN, or the service that did it by itself, or `none`.",
        source="CloudTrailEvent userIdentity arn, invokedBy",
    )
    outcome: str | None = column("`success`, or the error code.", source="CloudTrailEvent errorCode")
    window_days: int | None = column(
        "Waiting period that a scheduled deletion was given.",
        unit="days",
        source="CloudTrailEvent requestParameters.pendingWindowInDays",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEventFact(Fact):
    """One event that must be in the audit log, because the key itself tells of it."""

    table: ClassVar[str] = "expected_events"
    key: ClassVar[str] = "expectation_id"
    parent: ClassVar[str] = "source"

    expectation_id: str = column("Key, event and instant.", source="derived", required=True)
    key_id: str = column("Key.", source="keys", required=True)
    name: str | None = column("Name of the key, for people.", source="keys.name")
    event: str | None = column(
        "`CreateKey`, `RotateKey`, `RotateKeyOnDemand`, `ScheduleKeyDeletion` or `use`.", source="derived"
    )
    occurred_at: datetime | None = column(
        "When it happened, as the key tells; null of a scheduled deletion, of which it tells only a range.",
        unit="UTC",
        source="keys, key_versions",
    )
    event_id: str | None = column("Its id where the key tells it, else `none`.", source="kms:GetKeyLastUsage")
    in_window: bool | None = column("The part of the log that was read covers that instant.", source="audit_scopes")
    found: bool | None = column(
        "It is in the log; null where the log was not read to the end, or does not reach that far.",
        source="key_events (derived)",
    )
    found_event_id: str | None = column(
        "The event that it is; null as well when it was not found.", source="key_events (derived)"
    )


TABLES: tuple[type[Fact], ...] = (AuditTrailFact, AuditScopeFact, KeyEventFact, ExpectedEventFact)
"""In the order in which they are printed and written."""
