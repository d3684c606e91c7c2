"""results.sarif: valid by OASIS' schema; UNKNOWN is ``open``, and text from outside is neither link nor placeholder."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from scanner.model.control import Severity
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render.sarif import SCHEMA, message, render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.published import sarif
from tests.render.reports import (
    a_control,
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_scan,
    a_waiver,
    arn,
    digest,
)


def run(report: Report) -> dict[str, Any]:
    return sarif(render(report).data)


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type) == ("results.sarif", "application/sarif+json")
    loaded = json.loads(artifact.data)
    assert (loaded["$schema"], loaded["version"]) == (SCHEMA, "2.1.0")


def test_the_schema_refuses_what_it_does_not_know() -> None:
    with pytest.raises(jsonschema.ValidationError):
        sarif(render(a_failure()).data.replace(b'"kind": "open"', b'"kind": "unknown"'))


@pytest.mark.parametrize(
    ("verdict", "kind", "level"),
    [
        (Verdict.PASS, "pass", "none"),
        (Verdict.FAIL, "fail", "error"),
        (Verdict.UNKNOWN, "open", "none"),
        (Verdict.NOT_APPLICABLE, "notApplicable", "none"),
    ],
)
def test_a_verdict_is_a_kind_and_only_a_failure_has_a_level(verdict: Verdict, kind: str, level: str) -> None:
    (result,) = run(a_report(a_result(verdict=verdict)))["results"]
    assert (result["kind"], result["level"]) == (kind, level)


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.CRITICAL, "error"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "note"),
    ],
)
def test_a_severity_is_a_level(severity: Severity, level: str) -> None:
    made = run(a_report(a_result(a_finding(arn("one")), control=a_control(severity=severity))))
    assert made["results"][0]["level"] == level
    assert made["tool"]["driver"]["rules"][0]["defaultConfiguration"] == {"level": level}


def test_a_failure_keeps_what_is_known_of_it() -> None:
    fails, unknown, passes = run(a_failure())["results"]
    assert fails["properties"] == {
        "verdict": "FAIL",
        "severity": "high",
        "source": "aws:111122223333:us-east-1",
        "restsOn": "observed",
        "observed": {"rotation_enabled": False, "next_rotation_at": "2026-11-14T22:19:00Z"},
        "evidence": [digest(arn("one"))],
    }
    (location,) = fails["locations"][0]["logicalLocations"]
    assert location["fullyQualifiedName"] == arn("one")
    assert unknown["properties"]["verdict"] == "UNKNOWN"
    assert "locations" not in passes


def test_a_waiver_is_a_suppression_that_was_accepted_and_the_failure_stays() -> None:
    covered, bare = a_finding(arn("one"), waiver=a_waiver()), a_finding(arn("two"))
    one, two = run(a_report(a_result(covered, bare, waived=1)))["results"]
    assert (one["kind"], one["level"], two["suppressions"]) == ("fail", "error", [])
    (suppression,) = one["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"].startswith("Waived until 2026-09-30 by Chief Information Security Officer")
    assert suppression["properties"] == {
        "id": "one-exception",
        "kind": "waiver",
        "owner": "Platform Team",
        "approver": "Chief Information Security Officer",
        "expires": "2026-09-30T00:00:00Z",
    }


def test_without_a_waiver_no_result_speaks_of_suppressions() -> None:
    assert not any("suppressions" in one for one in run(a_failure())["results"])


def test_a_result_names_its_rule() -> None:
    made = run(a_failure())
    rules = made["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in made["results"]] == [one["ruleId"] for one in made["results"]]
    assert rules[0]["properties"]["tags"] == [
        "rotation",
        "hipaa-164.312 164.312(a)(2)(iv)",
        "sp800-57pt1r5 5.3.6",
    ]


def test_the_same_finding_has_the_same_fingerprint_in_another_scan() -> None:
    prints = [
        [
            one["partialFingerprints"]["keyaudit/v1"]
            for one in run(a_report(a_result(*of), scan=a_scan(id=scan)))["results"]
        ]
        for scan, of in (
            ("a", (a_finding(arn("one")), a_finding(arn("two")))),
            ("b", (a_finding(arn("two")), a_finding(arn("one")))),
        )
    ]
    assert prints[0] == prints[1][::-1]
    assert len(set(prints[0])) == 2


def test_a_gap_is_a_notification() -> None:
    of = f" of {arn('hidden')}"
    (invocation,) = run(a_report(gaps=(a_gap(subject=None, error_code=""), a_gap())))["invocations"]
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [
        "aws:111122223333:us-east-1: kms:GetKeyRotationStatus denied: no policy allows it",
        f"aws:111122223333:us-east-1: kms:GetKeyRotationStatus{of} denied (AccessDeniedException): no policy allows it",
    ]


def test_a_control_without_a_remedy_says_so() -> None:
    rules = run(a_report(a_result(control=a_control(remedy=(), title=""))))["tool"]["driver"]["rules"]
    assert rules[0]["help"] == {"text": "The catalogue names no remedy."}
    assert rules[0]["shortDescription"] == {"text": "KM-ROT-04"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("{0} {x}", "{{0}} {{x}}"),
        ("[a](http://b)", r"\[a\](http://b)"),
        ("a\\b", r"a\\b"),
    ],
)
def test_a_message_shows_the_text_itself(text: str, written: str) -> None:
    assert message(text) == {"text": written}


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_neither_hidden_nor_link_nor_placeholder(name: str) -> None:
    data = render(hostile_report(PAYLOADS[name])).data
    assert not [char for char in data.decode() if char != "\n" and hidden(char)]
    results = sarif(data)["results"]
    assert [one["kind"] for one in results] == ["fail", "open"]
    for text in (one["message"]["text"] for one in results):
        bare = re.sub(r"\\[\\\[\]]|\{\{|\}\}", "", text)
        assert not set(bare) & set("{}[]")
