"""AWS IAM Access Analyzer answers to rows: who watches, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from scanner.collect.aws import access_analyzer as collector
from scanner.demo.aws.people_world import Analyzer, Finding, People
from scanner.model.access import AccessAnalyzerFact, AccessFindingFact
from scanner.model.facts import Fact, columns_of
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.aws import access_analyzer as module
from scanner.normalize.aws.access_analyzer import ANALYZERS, FINDINGS, normalize
from tests.collect.aws.kept import a_unit, collect_kept
from tests.demo.aws.trails_composing import heard
from tests.normalize.builders import ACCOUNT, KEY, REGION, SOURCE, missed, observed, rows
from tests.support import a_key

ARN = f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/a"


def analyzer(kind: str = "ACCOUNT", status: str = "ACTIVE", arn: str = ARN) -> dict[str, Json]:
    return {"arn": arn, "type": kind, "status": status}


def analyzers(*found: dict[str, Json], **given: Any) -> Record:  # noqa: ANN401 - arguments of `observed`
    return observed(ANALYZERS, {"analyzers": list(found)}, **given)


def findings(*found: dict[str, Json], analyzer: str = ARN, **given: Any) -> Record:  # noqa: ANN401
    return observed(FINDINGS, {"findings": list(found)}, subject=analyzer, **given)


def scope(*records: Record) -> tuple[bool | None, bool | None]:
    (row,) = rows(list(normalize(records)), AccessAnalyzerFact)
    return row.watched, row.organization_wide


def complete(facts: Sequence[Fact], table: str) -> bool:
    (found,) = [row for row in rows(list(facts), CoverageFact) if row.listed_table == table]
    return bool(found.complete)


def test_nothing_was_asked() -> None:
    assert list(normalize([])) == []


WATCHED: list[tuple[str, list[Record], tuple[bool | None, bool | None]]] = [
    ("one of the account", [analyzers(analyzer())], (True, False)),
    ("one of the Organization", [analyzers(analyzer("ORGANIZATION"))], (True, True)),
    ("none", [analyzers()], (False, False)),
    ("one that is being made", [analyzers(analyzer(status="CREATING"))], (False, False)),
    ("one that failed", [analyzers(analyzer("ORGANIZATION", "FAILED"))], (False, False)),
    ("one in a new state", [analyzers(analyzer(status="ASLEEP"))], (None, False)),
    ("one of a new type", [analyzers(analyzer("GALAXY"))], (None, None)),
    ("one of unused access", [analyzers(analyzer("ACCOUNT_UNUSED_ACCESS"))], (False, False)),
    ("one of internal access", [analyzers(analyzer("ORGANIZATION_INTERNAL_ACCESS"))], (False, False)),
    ("one of two", [analyzers(analyzer(status="FAILED"), analyzer(arn=f"{ARN}2"))], (True, False)),
    ("denied", [missed(ANALYZERS)], (None, None)),
    ("cut off", [analyzers(last=False)], (None, None)),
    ("cut off, and one is there", [analyzers(analyzer(), last=False)], (True, None)),
    ("one without a name", [analyzers({"type": "ACCOUNT"})], (None, None)),
]


@pytest.mark.parametrize(("records", "expected"), [w[1:] for w in WATCHED], ids=[w[0] for w in WATCHED])
def test_whether_somebody_watches(records: list[Record], expected: tuple[bool | None, bool | None]) -> None:
    assert scope(*records) == expected


FOUND: dict[str, Json] = {
    "id": "f",
    "resource": KEY,
    "resourceType": "AWS::KMS::Key",
    "status": "ACTIVE",
    "findingType": "ExternalAccess",
    "createdAt": "2026-06-01T00:00:00.000Z",
}


def test_a_finding_is_a_row() -> None:
    (row,) = rows(list(normalize([analyzers(analyzer()), findings(FOUND)])), AccessFindingFact)
    assert (row.finding_id, row.resource_id, row.resource_kind) == ("f", KEY, "key")
    assert (row.finding_kind, row.status, row.analyzer) == ("external_access", "active", ARN)
    assert row.created_at == datetime(2026, 6, 1)  # noqa: DTZ001 - as the tables hold it
    assert (row.account, row.region) == (ACCOUNT, REGION)


ODD: list[tuple[dict[str, Json], str, object]] = [
    ({"resourceType": "AWS::SQS::Queue"}, "resource_kind", "other"),
    ({"resourceType": "AWS::S3::Bucket"}, "resource_kind", "object_store"),
    ({"resourceType": None}, "resource_kind", None),
    ({"findingType": "InternalAccess"}, "finding_kind", "internal_access"),
    ({"findingType": "Surprise"}, "finding_kind", None),
    ({"status": "ASLEEP"}, "status", None),
    ({"resource": 1}, "resource_id", None),
]


@pytest.mark.parametrize(("given", "column", "value"), ODD)
def test_what_a_finding_tells(given: dict[str, Json], column: str, value: object) -> None:
    (row,) = rows(list(normalize([analyzers(analyzer()), findings({**FOUND, **given})])), AccessFindingFact)
    assert getattr(row, column) == value


def test_every_word_of_the_api_is_known() -> None:
    model: Any = botocore.session.get_session().get_service_model("accessanalyzer")
    words = {
        name: set(model.shape_for(name).enum) for name in ("Type", "AnalyzerStatus", "FindingType", "FindingStatus")
    }
    assert words["Type"] == {*module.EXTERNAL, *module.OTHER}
    assert words["AnalyzerStatus"] == set(module.STATES)
    assert words["FindingType"] == set(module.KINDS)
    assert words["FindingStatus"] == set(module.STATUS)


COVERED: list[tuple[str, list[Record], bool]] = [
    ("read", [analyzers(analyzer()), findings()], True),
    ("nobody watches", [analyzers()], False),
    ("findings denied", [analyzers(analyzer()), missed(FINDINGS, subject=ARN)], False),
    ("findings not asked", [analyzers(analyzer())], False),
    ("findings cut off", [analyzers(analyzer()), findings(last=False)], False),
    ("a finding without an id", [analyzers(analyzer()), findings({"resource": KEY})], False),
    ("analyzers cut off", [analyzers(analyzer(), last=False), findings()], False),
    (
        "those of one that failed are not asked",
        [analyzers(analyzer(), analyzer(status="FAILED", arn=f"{ARN}2")), findings()],
        True,
    ),
    (
        "those of unused access are not asked",
        [analyzers(analyzer(), analyzer("ACCOUNT_UNUSED_ACCESS", arn=f"{ARN}2")), findings()],
        True,
    ),
]


@pytest.mark.parametrize(("records", "whole"), [c[1:] for c in COVERED], ids=[c[0] for c in COVERED])
def test_that_there_is_no_finding_says_something_only_where_somebody_looks(records: list[Record], whole: bool) -> None:
    assert complete(list(normalize(records)), "access_findings") is whole


def test_the_scope_is_always_one_row() -> None:
    facts = list(normalize([missed(ANALYZERS)]))
    (row,) = rows(facts, AccessAnalyzerFact)
    assert (row.scope_id, row.account, row.region) == (SOURCE, ACCOUNT, REGION)
    assert complete(facts, "access_analyzers")


def test_every_column_is_fed() -> None:
    fed = {feed for op in collector.OPERATIONS for feed in op.feeds}
    own = {"source", "evidence", "account", "region", "scope_id"}
    for table in (AccessAnalyzerFact, AccessFindingFact):
        assert {f"{table.table}.{c.name}" for c in columns_of(table) if c.name not in own} <= fed


def test_a_real_region(tmp_path: Path) -> None:
    who = People(
        analyzers=[Analyzer(name="a", account=ACCOUNT, region=REGION)],
        findings=[Finding(analyzer="a", account=ACCOUNT, region=REGION, key="shared")],
    )
    key = a_key("shared")
    with heard(who=who, keys=[key]) as aws:
        found = collect_kept(tmp_path, a_unit(aws.url, collector.NAME, collector.OPERATIONS, collector.collect))
    facts = list(normalize(found.records))
    (row,) = rows(facts, AccessFindingFact)
    assert (row.resource_id, row.analyzer, row.status) == (key.arn, ARN, "active")
    assert complete(facts, "access_findings")
