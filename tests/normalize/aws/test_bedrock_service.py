"""What Amazon Bedrock keeps and logs: the row of a region."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.bedrock import normalize
from scanner.normalize.aws.bedrock_service import LOGGING, PROJECTS, RETENTION
from tests.normalize.builders import ACCOUNT, REGION, SOURCE, missed, observed, rows

DELIVERIES = [f"{what}DataDeliveryEnabled" for what in ("text", "image", "embedding", "video", "audio")]


def mode(value: Json, **more: Json) -> Observation:
    return observed(RETENTION, {"mode": value, **more})


def projects(last: bool = True, /, **modes: Json) -> Observation:
    found: list[Json] = [
        {"id": name, "status": "active", "dataRetention": {"mode": one}} for name, one in modes.items()
    ]
    return observed(PROJECTS, {"projectSummaries": found}, last=last)


def service(*records: Record) -> Any:  # noqa: ANN401 - a row
    (row,) = rows(list(normalize(records)), AiServiceFact)
    return row


ALONE = projects(default="inherit")
KEPT: list[tuple[str, list[Record], bool | None]] = [
    ("zero retention", [mode("none"), ALONE], False),
    ("review by AWS", [mode("aws_review"), ALONE], True),
    ("sharing", [mode("provider_data_share"), ALONE], True),
    ("each model's", [mode("default"), ALONE], None),
    ("not set", [mode("inherit"), ALONE], None),
    ("a new word", [mode("forever"), ALONE], None),
    ("denied", [missed(RETENTION), ALONE], None),
    ("projects denied", [mode("none"), missed(PROJECTS)], None),
    ("projects cut off", [mode("none"), projects(False, default="inherit"), missed(PROJECTS, page=1)], None),
    ("projects not asked", [mode("none")], None),
    ("kept whatever projects say", [mode("aws_review"), missed(PROJECTS)], True),
    ("a stricter project", [mode("none"), projects(default="inherit", a="none")], False),
    ("a looser project", [mode("none"), projects(default="inherit", a="aws_review")], True),
    ("a project by its models", [mode("none"), projects(default="inherit", a="default")], None),
    ("a project with a new word", [mode("none"), projects(default="inherit", a="forever")], None),
    ("a project without a word", [mode("none"), projects(default="inherit", a=None)], None),
    ("a looser project of an unknown account", [missed(RETENTION), projects(a="aws_review")], True),
]


@pytest.mark.parametrize(("name", "records", "kept"), KEPT, ids=[name for name, _, _ in KEPT])
def test_whether_the_provider_may_keep_prompts(name: str, records: list[Record], kept: bool | None) -> None:
    assert service(*records).retained_by_provider is kept


def test_an_archived_project_serves_nobody() -> None:
    old: Json = {"id": "old", "status": "archived", "dataRetention": {"mode": "aws_review"}}
    row = service(mode("none"), observed(PROJECTS, {"projectSummaries": [old]}))
    assert (row.retained_by_provider, row.retention_exceptions) == (False, ())


def test_projects_with_a_word_of_their_own_are_named() -> None:
    row = service(mode("none"), projects(default="inherit", b="aws_review", a="default", same="none"))
    assert row.retention_exceptions == ("a=default", "b=aws_review")


@pytest.mark.parametrize(
    "records", [[missed(RETENTION), ALONE], [mode("none"), missed(PROJECTS)]], ids=["mode", "list"]
)
def test_exceptions_are_not_known_without_both(records: list[Record]) -> None:
    assert service(*records).retention_exceptions is None


def test_the_setting_and_its_day() -> None:
    row = service(mode("none", updatedAt="2026-05-06T07:08:09.000Z"), ALONE)
    assert row.retention_mode == "none"
    assert row.retention_set_at == datetime(2026, 5, 6, 7, 8, 9)  # noqa: DTZ001 - as tables keep it
    assert service(mode("none"), ALONE).retention_set_at is None


def logs(config: Json) -> dict[str, Any]:
    row = service(observed(LOGGING, {"loggingConfig": config}))
    names = ("prompts_logged", "logs_text", "logs_audio", "log_bucket_id", "log_group_id", "large_data_bucket_id")
    return {name: getattr(row, name) for name in names}


NOTHING = {"prompts_logged": False, "logs_text": False, "logs_audio": False}
NOWHERE = {"log_bucket_id": "none", "log_group_id": "none", "large_data_bucket_id": "none"}


def test_where_nothing_is_logged() -> None:
    assert logs(None) == logs({}) == {**NOTHING, **NOWHERE}
    assert service(observed(LOGGING, {})).prompts_logged is False


def config(*on: str, **where: Json) -> dict[str, Json]:
    return {**{name: name.removesuffix("DataDeliveryEnabled") in on for name in DELIVERIES}, **where}


def test_prompts_in_a_bucket() -> None:
    assert logs(config("text", "audio", s3Config={"bucketName": "prompts", "keyPrefix": "x"})) == {
        "prompts_logged": True,
        "logs_text": True,
        "logs_audio": True,
        "log_bucket_id": "arn:aws:s3:::prompts",
        "log_group_id": "none",
        "large_data_bucket_id": "none",
    }


def test_prompts_in_a_log_group_and_what_is_too_large_in_a_bucket() -> None:
    group: Json = {"logGroupName": "/prompts", "roleArn": "x", "largeDataDeliveryS3Config": {"bucketName": "large"}}
    assert logs(config("image", cloudWatchConfig=group)) == {
        "prompts_logged": True,
        "logs_text": False,
        "logs_audio": False,
        "log_bucket_id": "none",
        "log_group_id": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/prompts",
        "large_data_bucket_id": "arn:aws:s3:::large",
    }
    assert logs(config("text", cloudWatchConfig={"logGroupName": "/p"}))["large_data_bucket_id"] == "none"


def test_metadata_alone_is_no_prompt() -> None:
    assert logs(config(s3Config={"bucketName": "b"}))["prompts_logged"] is False


UNKNOWN: list[tuple[str, Json, dict[str, Any]]] = [
    ("a flag is missing", {"s3Config": {"bucketName": "b"}}, {"prompts_logged": None, "logs_text": None}),
    ("nowhere to go", config("text"), {"prompts_logged": None, "log_bucket_id": "none"}),
    ("a bucket without a name", config("text", s3Config={}), {"prompts_logged": True, "log_bucket_id": None}),
    ("a bucket of a wrong type", config("text", s3Config="x"), {"log_bucket_id": None}),
    ("a group without a name", config("text", cloudWatchConfig={}), {"log_group_id": None}),
    ("a group of a wrong type", config(cloudWatchConfig=1), {"log_group_id": None, "large_data_bucket_id": None}),
    (
        "a large bucket without a name",
        config(cloudWatchConfig={"largeDataDeliveryS3Config": {}}),
        {"large_data_bucket_id": None},
    ),
    (
        "a flag of a wrong type",
        config(s3Config={"bucketName": "b"}, textDataDeliveryEnabled="yes"),
        {"prompts_logged": None, "logs_text": None},
    ),
    ("all of a wrong type", "x", dict.fromkeys([*NOTHING, *NOWHERE])),
]


@pytest.mark.parametrize(("name", "given", "expected"), UNKNOWN, ids=[name for name, _, _ in UNKNOWN])
def test_what_is_not_told_is_not_known(name: str, given: Json, expected: dict[str, Any]) -> None:
    found = logs(given)
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("record", [missed(LOGGING), observed(LOGGING, ["x"])], ids=["denied", "a list"])
def test_without_an_answer_nothing_is_known(record: Record) -> None:
    row = service(record)
    assert {getattr(row, name) for name in (*NOTHING, *NOWHERE)} == {None}


def test_the_names_are_those_of_the_partition() -> None:
    answer = observed(LOGGING, {"loggingConfig": config("text", s3Config={"bucketName": "b"})})
    gov = replace(answer, principal="arn:aws-us-gov:sts::111122223333:assumed-role/a/b")
    assert service(gov).log_bucket_id == "arn:aws-us-gov:s3:::b"
    assert service(replace(answer, principal="")).log_bucket_id == "arn:aws:s3:::b"


def test_the_row_of_a_region() -> None:
    answers = [mode("none"), ALONE, observed(LOGGING, {})]
    facts = list(normalize(answers))
    (row,) = rows(facts, AiServiceFact)
    assert (row.service_id, row.provider, row.name) == (f"{SOURCE}:bedrock", "aws", "Amazon Bedrock")
    assert (row.account, row.region, row.source) == (ACCOUNT, REGION, SOURCE)
    assert row.evidence == tuple(sorted(answer.id for answer in answers))
    (listed,) = rows(facts, CoverageFact)
    assert (listed.coverage_id, listed.complete, listed.row_count) == (f"ai_services {SOURCE}", True, 1)


def test_a_region_that_answers_nothing_is_a_row_all_the_same() -> None:
    row = service(missed(RETENTION), missed(PROJECTS), missed(LOGGING))
    assert (row.retention_mode, row.retained_by_provider, row.evidence) == (None, None, ())


def test_where_it_is_not_offered_there_is_no_service() -> None:
    facts = list(normalize([observed(LOGGING, {"message": "no"}, error="ServiceNotInRegion")]))
    assert rows(facts, AiServiceFact) == []
    assert [(row.complete, row.row_count) for row in rows(facts, CoverageFact)] == [(True, 0)]


def test_when_only_stores_are_asked_the_service_is_left_out() -> None:
    facts = list(normalize([observed("bedrock:ListGuardrails", {"guardrails": []})]))
    assert rows(facts, AiServiceFact) == []
    assert {row.listed_table for row in rows(facts, CoverageFact)} == {"data_stores"}
