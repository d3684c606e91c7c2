"""junit.xml: valid by the schema of Jenkins' plugin; only a PASS is a case with nothing in it."""

from __future__ import annotations

from typing import Any

import pytest
import xmlschema

from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render.junit import render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.published import junit
from tests.render.reports import a_failure, a_finding, a_report, a_result, a_waiver, arn, digest


def suites(report: Report) -> list[Any]:
    return list(junit(render(report).data).findall("testsuite"))


def outcomes(report: Report) -> list[str]:
    return ["".join(child.tag for child in case) for suite in suites(report) for case in suite.findall("testcase")]


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type) == ("junit.xml", "application/xml")
    assert artifact.data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')


def test_the_schema_refuses_what_it_does_not_know() -> None:
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        junit(render(a_failure()).data.replace(b"<testcase ", b'<testcase verdict="pass" '))


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.PASS, ""),
        (Verdict.FAIL, "failure"),
        (Verdict.UNKNOWN, "error"),
        (Verdict.NOT_APPLICABLE, "skipped"),
    ],
)
def test_a_verdict_is_one_outcome(verdict: Verdict, outcome: str) -> None:
    assert outcomes(a_report(a_result(verdict=verdict))) == [outcome]


def test_the_counts_are_those_of_the_cases() -> None:
    root = junit(render(a_failure()).data)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    counted = [[suite.get(name) for name in ("tests", "failures", "errors", "skipped")] for suite in root]
    assert counted == [["2", "1", "1", "0"], ["1", "0", "0", "0"]]
    (quiet,) = suites(a_report(a_result()))
    assert [quiet.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["1", "0", "0", "1"]


def test_a_failure_says_where_what_and_what_to_do() -> None:
    failure = suites(a_failure())[0].find("testcase/failure")
    assert failure.get("type") == "FAIL"
    assert failure.text.split("\n") == [
        "observed rotation enabled: no; next rotation at: 2026-11-14 22:19 UTC",
        "source: aws:111122223333:us-east-1",
        f"evidence: {digest(arn('one'))}",
        "remedy: aws: aws kms enable-key-rotation --key-id KEY --rotation-period-in-days 365",
    ]


def test_a_waiver_is_told_and_the_failure_stays() -> None:
    report = a_report(a_result(a_finding(arn("one"), waiver=a_waiver()), waived=1))
    assert outcomes(report) == ["failure"]
    assert "Waived until 2026-09-30 by Chief Information Security Officer" in suites(report)[0].findtext(".//failure")


def test_a_suite_is_a_control() -> None:
    suite = suites(a_failure())[0]
    assert (suite.get("name"), suite.get("package")) == ("KM-ROT-04 Automatic rotation is on", "rotation")
    assert suite.get("timestamp") == "2026-06-15T12:03:00"
    said = {prop.get("name"): prop.get("value") for prop in suite.find("properties")}
    assert said["verdict"] == "FAIL"
    assert said["subjects"] == "2 passed, 1 failed, 1 unknown, 1 not applicable"


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_stays_text(name: str) -> None:
    root = junit(render(hostile_report(PAYLOADS[name])).data)
    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error",
    }  # fmt: skip
    texts = [text for element in root.iter() for text in (element.text or "", *element.attrib.values())]
    assert not [text for text in texts if any(hidden(char) for char in text if char != "\n")]
    assert any(case.get("name").startswith("key/") for case in root.iter("testcase"))
