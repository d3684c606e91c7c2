"""AWS IAM Access Analyzer: which analyzers are asked for findings about keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import access_analyzer
from scanner.collect.interface import Unit
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.people_world import Analyzer, Finding, People
from scanner.model.observation import GapReason
from scanner.normalize.aws.access_analyzer import RESOURCES
from tests.collect.aws.kept import a_unit, collect_kept
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.fakes import Bench
from tests.demo.aws.trails_composing import heard
from tests.support import ACCOUNT, REGION, a_key

ANALYZERS, FINDINGS = access_analyzer.ANALYZERS, access_analyzer.FINDINGS
KEY = a_key("shared")


def analyzer(name: str, **given: Any) -> Analyzer:  # noqa: ANN401 - any field of Analyzer
    return Analyzer(name=name, account=ACCOUNT, region=REGION, **given)


def finding(by: str, **given: Any) -> Finding:  # noqa: ANN401 - any field of Finding
    return Finding(analyzer=by, account=ACCOUNT, region=REGION, key="shared", **given)


WHO = People(
    analyzers=[
        analyzer("external"),
        analyzer("internal", kind="ACCOUNT_INTERNAL_ACCESS"),
        analyzer("unused", kind="ACCOUNT_UNUSED_ACCESS"),
        analyzer("broken", status="FAILED"),
        Analyzer(name="elsewhere", account=ACCOUNT, region="eu-west-1"),
    ],
    findings=[
        finding("external"),
        finding("external", status="ARCHIVED", kind="InternalAccess"),
        finding("internal", kind="InternalAccess"),
        Finding(analyzer="external", account=ACCOUNT, region=REGION, bucket="open"),
    ],
)


def unit(url: str) -> Unit:
    return a_unit(url, access_analyzer.NAME, access_analyzer.OPERATIONS, access_analyzer.collect)


def test_active_analyzers_of_access_are_asked_for_active_findings(tmp_path: Path) -> None:
    with heard(who=WHO, keys=[KEY]) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.gaps == []
    subjects = {str(answer.subject).rpartition("/")[2] for answer in found.answers(FINDINGS)}
    assert subjects == {"external", "internal"}
    kinds = [f["findingType"] for a in found.answers(FINDINGS) for f in a.response["findings"]]  # type: ignore[union-attr,index,call-overload]
    assert sorted(map(str, kinds)) == ["ExternalAccess", "ExternalAccess", "InternalAccess"]
    about = {str(f["resource"]) for a in found.answers(FINDINGS) for f in a.response["findings"]}  # type: ignore[union-attr,index,call-overload]
    assert "arn:aws:s3:::open" in about


def test_what_the_controls_judge_findings_about_is_asked_for() -> None:
    assert {RESOURCES[kind] for kind in access_analyzer.RESOURCES} == {"key", "object_store", "secret"}


def test_listings_are_read_to_the_end(tmp_path: Path) -> None:
    with heard(who=WHO, keys=[KEY], page_size=2) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.asked == {ANALYZERS: 2, FINDINGS: 2}


def test_a_region_without_analyzers_costs_one_call(tmp_path: Path) -> None:
    with heard() as aws:
        assert collect_kept(tmp_path, unit(aws.url)).asked == {ANALYZERS: 1}


def test_denied_findings_are_a_gap_of_their_analyzer(tmp_path: Path) -> None:
    with heard(who=WHO, keys=[KEY]) as aws:
        aws.faults.add(Fault("deny", FINDINGS, subject="analyzer/external"))
        found = collect_kept(tmp_path, unit(aws.url))
    assert (found.gap.operation, found.gap.subject) == (FINDINGS, WHO.analyzers[0].arn)


MALFORMED: list[tuple[str, str, Any]] = [
    ("analyzers that are no list", ANALYZERS, {"analyzers": None}),
    ("an analyzer without a name", ANALYZERS, {"analyzers": [{}]}),
    ("findings that are no list", FINDINGS, {"findings": {}}),
    ("a finding without an id", FINDINGS, {"findings": [{}]}),
]


@pytest.mark.parametrize(("operation", "body"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_an_answer_of_another_shape_is_a_gap(bench: Bench, operation: str, body: Any) -> None:  # noqa: ANN401
    good: dict[str, Any] = {
        ANALYZERS: {"analyzers": [{"arn": "a", "type": "ACCOUNT", "status": "ACTIVE"}]},
        FINDINGS: {"findings": []},
    }
    work = run(bench, access_analyzer.collect, access_analyzer.OPERATIONS, Scripted({**good, operation: body}))
    assert gaps(work) == [(operation, GapReason.MALFORMED)]
