"""What Amazon Bedrock keeps of prompts and answers in one account and region, and what it logs for the customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.observation import Observation
from scanner.normalize.aws.arn import parse
from scanner.normalize.reading import Object, child, flag, given, moment, text
from scanner.normalize.records import Records

LOGGING = "bedrock:GetModelInvocationLoggingConfiguration"
RETENTION = "bedrock:GetAccountDataRetention"
PROJECTS = "bedrock:ListProjects"

_INHERITS = "inherit"
_KEEPS: Mapping[str, bool | None] = {
    "none": False,
    # What the model needs decides: most keep nothing, some may be kept for abuse detection.
    "default": None,
    _INHERITS: None,
    "aws_review": True,
    "provider_data_share": True,
}
"""Mode to whether the provider or the model's maker may keep prompts and answers under it."""
_DELIVERIES = tuple(f"{what}DataDeliveryEnabled" for what in ("text", "image", "embedding", "video", "audio"))
NONE = "none"


def partition(page: Observation) -> str:
    """Return the partition of whoever asked, which is that of what was read."""
    principal = parse(page.principal)
    return principal.partition if principal else "aws"


def service_rows(unit: Records, *, here: bool) -> Iterator[Fact]:
    """Yield the AI service of the unit's region, unless it is not offered there, and that there is no other one."""
    if here:
        yield _service(unit)
    yield unit.coverage(AiServiceFact, LOGGING, unit.source, None, int(here), complete=True)


def _service(unit: Records) -> AiServiceFact:
    record = unit.first
    assert record is not None  # noqa: S101 - the caller leaves empty units out
    retention, logs = _retention(unit), _logs(unit)
    evidence = {*unit.ids(LOGGING), *unit.ids(RETENTION), *unit.ids(PROJECTS)}
    return AiServiceFact(
        source=unit.source,
        evidence=tuple(sorted(evidence)),
        service_id=f"{unit.source}:bedrock",
        provider="aws",
        account=record.account,
        region=record.region,
        name="Amazon Bedrock",
        retention_mode=retention.mode,
        retained_by_provider=retention.kept,
        retention_exceptions=retention.exceptions,
        retention_set_at=retention.set_at,
        prompts_logged=logs.prompts,
        logs_text=logs.text,
        logs_audio=logs.audio,
        log_bucket_id=logs.bucket,
        log_group_id=logs.group,
        large_data_bucket_id=logs.large,
    )


@dataclass(frozen=True, slots=True)
class _Retention:
    mode: str | None
    kept: bool | None
    exceptions: tuple[str, ...] | None
    set_at: datetime | None


def _retention(unit: Records) -> _Retention:
    body = child({"": unit.response(RETENTION)}, "")
    mode = text(body, "mode")
    listing = unit.listing(PROJECTS, None, "projectSummaries", identity="id")
    used = [item for _, item in listing.items if text(item, "status") != "archived"]
    projects = {str(item["id"]): text(child(item, "dataRetention"), "mode") for item in used}
    # A project's own setting goes before that of the account.
    modes = {mode, *(mode if own == _INHERITS else own for own in projects.values())}
    kept = {_KEEPS.get(one or "") for one in modes}
    known = listing.complete and None not in projects.values()
    return _Retention(
        mode=mode,
        kept=True if True in kept else False if known and kept == {False} else None,
        exceptions=tuple(sorted(f"{name}={own}" for name, own in projects.items() if own not in {_INHERITS, mode}))
        if known and mode
        else None,
        set_at=moment(body, "updatedAt"),
    )


@dataclass(frozen=True, slots=True)
class _Logs:
    prompts: bool | None = None
    text: bool | None = None
    audio: bool | None = None
    bucket: str | None = None
    group: str | None = None
    large: str | None = None


def _logs(unit: Records) -> _Logs:
    answer = unit.answer(LOGGING)
    body = answer.response if answer and not answer.error_code else None
    if answer is None or not isinstance(body, dict):
        return _Logs()
    if body.get("loggingConfig") in (None, {}):
        return _Logs(False, False, False, NONE, NONE, NONE)
    config = child(body, "loggingConfig")
    there = given(config, "s3Config") or given(config, "cloudWatchConfig")
    flags = {name: flag(config, name) for name in _DELIVERIES}
    return _Logs(
        prompts=_any(flags.values()) if there else None,
        text=flags["textDataDeliveryEnabled"],
        audio=flags["audioDataDeliveryEnabled"],
        bucket=_bucket(answer, config, "s3Config"),
        group=_group(answer, config),
        large=_large(answer, config),
    )


def _any(flags: Iterable[bool | None]) -> bool | None:
    found = set(flags)
    return True if True in found else None if None in found else False


def _bucket(answer: Observation, body: Object | None, name: str) -> str | None:
    if body is not None and not given(body, name):
        return NONE
    bucket = text(child(body, name), "bucketName")
    return f"arn:{partition(answer)}:s3:::{bucket}" if bucket else None


def _group(answer: Observation, config: Object | None) -> str | None:
    if config is not None and not given(config, "cloudWatchConfig"):
        return NONE
    group = text(child(config, "cloudWatchConfig"), "logGroupName")
    return f"arn:{partition(answer)}:logs:{answer.region}:{answer.account}:log-group:{group}" if group else None


def _large(answer: Observation, config: Object | None) -> str | None:
    if config is not None and not given(config, "cloudWatchConfig"):
        return NONE
    return _bucket(answer, child(config, "cloudWatchConfig"), "largeDataDeliveryS3Config")
