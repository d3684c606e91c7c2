"""assessment-results.oscal.json: valid for NIST and trestle, every reference resolves, UNKNOWN is no pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from trestle.core.duplicates_validator import DuplicatesValidator
from trestle.core.refs_validator import RefsValidator
from trestle.oscal.assessment_results import Model

from scanner.model.ids import Json
from scanner.model.report import Report
from scanner.model.verdict import ControlResult, Verdict
from scanner.render.oscal import VERSION, render, token
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.published import oscal
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


def document(report: Report) -> dict[str, Any]:
    return oscal(render(report).data)


def result(report: Report) -> dict[str, Any]:
    (made,) = document(report)["results"]
    return dict(made)


def strings(value: Json, key: str) -> Iterator[str]:
    """Yield every value under ``key``, however deep."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key and isinstance(item, str):
                yield item
            yield from strings(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, key)


REPORTS = {
    "a failure": a_failure(),
    "nothing run": a_report(),
    "nothing applies": a_report(a_result()),
    "no evidence": a_report(a_result(a_finding(arn("one"), evidence=(), label=""))),
    "no citation, remedy or reason": a_report(
        a_result(a_finding(arn("a")), control=a_control(citations=(), remedy=(), rationale=""))
    ),
    "gaps only": a_report(sources=(), gaps=(a_gap(subject=None, error_code=""), a_gap())),
    "hostile": hostile_report(*PAYLOADS.values()),
}


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type) == ("assessment-results.oscal.json", "application/oscal+json")
    assert json.loads(artifact.data)["assessment-results"]["metadata"]["oscal-version"] == VERSION


def test_the_schema_refuses_what_it_does_not_know() -> None:
    with pytest.raises(jsonschema.ValidationError):
        oscal(render(a_failure()).data.replace(b'"state": "not-satisfied"', b'"state": "unknown"'))
    with pytest.raises(jsonschema.ValidationError):
        oscal(render(a_failure()).data.replace(b'"target-id": "KM-ROT-04"', b'"target-id": "KM:ROT"'))


@pytest.mark.parametrize("name", REPORTS)
def test_trestle_reads_it(name: str) -> None:
    model = Model.model_validate_json(render(REPORTS[name]).data).assessment_results
    assert DuplicatesValidator().model_is_valid(model, True)
    assert RefsValidator().model_is_valid(model, True)


@pytest.mark.parametrize("name", REPORTS)
def test_every_reference_resolves(name: str) -> None:
    made = document(REPORTS[name])
    ids = list(strings(made, "uuid"))
    assert len(set(ids)) == len(ids)
    refs = [
        ref
        for key in ("observation-uuid", "risk-uuid", "subject-uuid", "actor-uuid", "component-uuid")
        for ref in strings(made, key)
    ]
    assert set(refs) <= set(ids)
    assert made["import-ap"]["href"].removeprefix("#") in ids
    objectives = set(strings(made.get("local-definitions", {}), "id"))
    assert set(strings(made, "target-id")) | set(strings(made, "objective-id")) <= objectives


@pytest.mark.parametrize(
    ("verdict", "state", "reason", "risks"),
    [
        (Verdict.PASS, "satisfied", "pass", 0),
        (Verdict.FAIL, "not-satisfied", "fail", 1),
        (Verdict.UNKNOWN, "not-satisfied", "other", 0),
    ],
)
def test_a_verdict_is_a_state_and_a_reason(verdict: Verdict, state: str, reason: str, risks: int) -> None:
    made = result(a_report(a_result(verdict=verdict)))
    (finding,) = made["findings"]
    status = finding["target"]["status"]
    assert (status["state"], status["reason"], len(made.get("risks", []))) == (state, reason, risks)
    assert ("remarks" in status) is (verdict is Verdict.UNKNOWN)


def test_what_does_not_apply_is_an_observation_and_no_finding() -> None:
    made = result(a_report(a_result()))
    assert "findings" not in made
    assert [one["title"] for one in made["observations"]] == ["NOT APPLICABLE KM-ROT-04 Automatic rotation is on"]


@pytest.mark.parametrize(
    "unknown",
    [
        a_result(a_finding(arn("a"), Verdict.UNKNOWN), passed=5),
        a_result(verdict=Verdict.UNKNOWN, unread="kms:ListKeys denied"),
    ],
)
def test_an_unknown_is_an_observation_that_nothing_shows_as_satisfied(unknown: ControlResult) -> None:
    made = result(a_report(unknown))
    (finding,) = made["findings"]
    related = {one["observation-uuid"] for one in finding["related-observations"]}
    (observation,) = (one for one in made["observations"] if one["uuid"] in related)
    assert observation["description"].startswith("UNKNOWN: ")
    assert observation["props"][0]["value"] == "UNKNOWN"
    assert set(strings(made, "state")) == {"not-satisfied", "operational"}


def test_a_failure_is_an_open_risk_with_a_remedy() -> None:
    made = result(a_failure())
    (risk,) = made["risks"]
    assert (risk["status"], risk["statement"]) == ("open", "Rotation that a machine does is not forgotten.")
    assert risk["characterizations"][0]["facets"][0]["value"] == "high"
    assert [one["lifecycle"] for one in risk["remediations"]] == ["recommendation"]
    assert len(risk["related-observations"]) == 1
    assert made["findings"][0]["related-risks"] == [{"risk-uuid": risk["uuid"]}]
    assert "related-risks" not in made["findings"][1]


def test_a_risk_of_which_every_failure_is_covered_is_an_approved_deviation() -> None:
    early = a_waiver(id="early", expires=datetime(2026, 7, 1, tzinfo=UTC))
    covered = a_result(a_finding(arn("one"), waiver=a_waiver()), a_finding(arn("two"), waiver=early), waived=2)
    said = result(a_report(covered))
    (risk,) = said["risks"]
    assert (risk["status"], risk["deadline"]) == ("deviation-approved", "2026-07-01T00:00:00Z")
    first = risk["mitigating-factors"][0]
    assert "Waived until" in first["description"]
    assert {p["name"]: p["value"] for p in first["props"]} == {
        "exception": "one-exception",
        "exception-kind": "waiver",
        "owner": "Platform Team",
        "approver": "Chief Information Security Officer",
        "expires": "2026-09-30T00:00:00Z",
    }
    assert said["findings"][0]["target"]["status"]["state"] == "not-satisfied"


def test_a_risk_of_which_one_failure_is_not_covered_stays_open() -> None:
    half = a_result(a_finding(arn("one"), waiver=a_waiver()), a_finding(arn("two")), waived=1)
    (risk,) = result(a_report(half))["risks"]
    assert (risk["status"], len(risk["mitigating-factors"])) == ("open", 1)
    assert "deadline" not in risk


def test_an_observation_names_its_subject_and_its_evidence() -> None:
    made = result(a_failure())
    observation = made["observations"][0]
    (item,) = (
        i
        for i in made["local-definitions"]["inventory-items"]
        if i["uuid"] == observation["subjects"][0]["subject-uuid"]
    )
    assert item["props"][0]["value"] == arn("one")
    assert observation["relevant-evidence"][0]["props"][0]["value"] == digest(arn("one"))
    assert observation["methods"] == ["EXAMINE"]


def test_what_a_cryptographic_call_showed_is_a_test() -> None:
    made = result(a_report(a_result(a_finding(arn("one"), rests_on="proven"))))
    assert made["observations"][0]["methods"] == ["TEST"]


def test_a_gap_is_an_observation() -> None:
    made = result(a_report(gaps=(a_gap(),)))
    (observation,) = made["observations"]
    assert observation["title"] == "Not read: kms:GetKeyRotationStatus"
    assert observation["description"].endswith("denied no policy allows it")


def test_a_subject_keeps_its_id_from_scan_to_scan_and_an_observation_does_not() -> None:
    one, two = (result(a_report(a_result(a_finding(arn("one"))), scan=a_scan(id=scan))) for scan in "ab")
    assert one["observations"][0]["subjects"] == two["observations"][0]["subjects"]
    assert one["observations"][0]["uuid"] != two["observations"][0]["uuid"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("KM-ROT-04", "KM-ROT-04"), ("a:b c", "a_b_c"), ("1a", "_1a"), ("", "_"), ("é", "_")],
)
def test_a_token_is_a_name(text: str, name: str) -> None:
    assert token(text) == name


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_visible_and_no_markup(name: str) -> None:
    data = render(hostile_report(PAYLOADS[name])).data
    assert not [char for char in data.decode() if char != "\n" and hidden(char)]
    made = oscal(data)
    for key in ("title", "description", "prose", "statement", "remarks"):
        for text in strings(made, key):
            bare = text.replace("\\\\", "")
            assert not [char for i, char in enumerate(bare) if char in "<>[]*`{}&|" and bare[i - 1 : i] != "\\"]
