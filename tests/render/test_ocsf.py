"""findings.ocsf.jsonl: each line valid by the schema of its class, and no UNKNOWN passes."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from scanner.model.control import Severity
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render.ocsf import render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.published import ocsf
from tests.render.reports import (
    a_control,
    a_failure,
    a_finding,
    a_report,
    a_result,
    a_scan,
    a_threshold,
    a_waiver,
    arn,
    digest,
)


def events(report: Report) -> list[dict[str, Any]]:
    return ocsf(render(report).data)


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type, artifact.data) == ("findings.ocsf.jsonl", "application/jsonl", b"")


def test_the_schema_refuses_what_it_does_not_know() -> None:
    with pytest.raises(jsonschema.ValidationError):
        ocsf(render(a_failure()).data.replace(b'"status_id": 0', b'"status_id": 7'))


@pytest.mark.parametrize(
    ("verdict", "status", "word", "severity"),
    [
        (Verdict.PASS, 1, "Pass", 1),
        (Verdict.FAIL, 3, "Fail", 4),
        (Verdict.UNKNOWN, 0, "Unknown", 4),
        (Verdict.NOT_APPLICABLE, 99, "Not Applicable", 1),
    ],
)
def test_a_verdict_is_a_status(verdict: Verdict, status: int, word: str, severity: int) -> None:
    (event,) = events(a_report(a_result(verdict=verdict)))
    assert (event["compliance"]["status_id"], event["compliance"]["status"]) == (status, word)
    assert event["severity_id"] == severity


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_has_its_number(severity: Severity) -> None:
    (event,) = events(a_report(a_result(a_finding(arn("one")), control=a_control(severity=severity))))
    assert (event["severity_id"], event["severity"].lower()) == (2 + list(Severity)[::-1].index(severity), severity)


def test_a_failure_keeps_what_is_known_of_it() -> None:
    fails, unknown, passes = events(a_failure())
    assert (fails["class_uid"], fails["type_uid"], fails["category_uid"]) == (2003, 200301, 2)
    assert fails["time"] == 1781524980250
    assert fails["resources"] == [{"uid": arn("one"), "name": "alias/one", "type": "keys"}]
    assert fails["evidences"][0]["data"]["ids"] == [digest(arn("one"))]
    assert fails["compliance"]["requirements"] == ["hipaa-164.312 164.312(a)(2)(iv)", "sp800-57pt1r5 5.3.6"]
    assert fails["compliance"]["standards"][0] == "45 CFR 164.312 Technical safeguards"
    assert fails["remediation"]["desc"].startswith("aws: aws kms enable-key-rotation")
    assert fails["finding_info"]["data_sources"] == ["aws:111122223333:us-east-1"]
    assert "remediation" not in unknown
    assert unknown["resources"] == [{"uid": arn("two"), "type": "keys"}]
    assert not {"resources", "evidences"} & set(passes)


def test_a_waiver_suppresses_the_event_and_not_the_status_of_the_check() -> None:
    (event,) = events(a_report(a_result(a_finding(arn("one"), waiver=a_waiver()), waived=1)))
    assert (event["status_id"], event["status"], event["compliance"]["status"]) == (3, "Suppressed", "Fail")
    assert event["status_detail"].startswith("Waived until 2026-09-30 by Chief Information Security Officer")


def test_a_threshold_is_a_parameter() -> None:
    uses = (a_threshold(value=365), a_threshold(name="words", value=["a"], unit=""))
    (event,) = events(a_report(a_result(passed=1, thresholds=uses)))
    assert event["compliance"]["control_parameters"] == [
        {"name": "kek_max_days", "value": "365 days"},
        {"name": "words", "value": "a"},
    ]


def test_an_event_is_new_in_every_scan_and_the_finding_is_the_same() -> None:
    one, two = (events(a_report(a_result(a_finding(arn("one"))), scan=a_scan(id=scan)))[0] for scan in "ab")
    assert one["metadata"]["uid"] != two["metadata"]["uid"]
    assert one["finding_info"]["uid"] == two["finding_info"]["uid"]


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_stays_in_its_line(name: str) -> None:
    data = render(hostile_report(PAYLOADS[name])).data
    assert not [char for char in data.decode() if char != "\n" and hidden(char)]
    assert [event["compliance"]["status"] for event in ocsf(data)] == ["Fail", "Unknown"]
