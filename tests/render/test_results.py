"""results.json: the shipped schema, the contract of DESIGN.md section 3, and nothing lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema
import pytest

from scanner.model.control import Basis, Citation, RestsOn, Severity
from scanner.model.exceptions import ALTERNATIVE
from scanner.model.observation import GapReason
from scanner.model.report import Report
from scanner.model.verdict import Counts, Verdict
from scanner.render import results_schema
from scanner.render.results import render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.reports import (
    SCOPE,
    a_control,
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_scan,
    a_source,
    a_threshold,
    a_waiver,
    arn,
    digest,
)

SCHEMA = json.loads(results_schema())


def results(report: Report) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(report).data)
    jsonschema.Draft202012Validator(SCHEMA).validate(loaded)
    return loaded


def test_the_schema_is_a_schema_and_closed() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate({**results(a_report()), "more": 1})


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type) == ("results.json", "application/json")
    assert artifact.data.endswith(b"}\n")


def test_the_scan_of_the_contract() -> None:
    scan = results(a_report(scan=a_scan(policy={"kek_max_days": 365}, insecure=("http://127.0.0.1",))))["scan"]
    assert scan == {
        "id": "11111111-2222-4333-8444-555555555555",
        "organization": "Example Health Voice",
        "as_of": "2026-06-15T12:00:00Z",
        "started": "2026-06-15T12:00:00Z",
        "ended": "2026-06-15T12:03:00.250000Z",
        "tool_version": "1.2.3",
        "catalogue_sha256": digest("catalogue"),
        "estate_sha256": digest("estate"),
        "principals": ["arn:aws:iam::111122223333:role/audit"],
        "selection": "all controls, all sources",
        "policy": {"kek_max_days": 365},
        "insecure": ["http://127.0.0.1"],
    }


def test_instants_are_utc_wherever_they_came_from() -> None:
    east = datetime(2026, 6, 15, 14, tzinfo=timezone(timedelta(hours=2)))
    assert results(a_report(scan=a_scan(as_of=east)))["scan"]["as_of"] == "2026-06-15T12:00:00Z"


def test_the_totals_of_the_contract() -> None:
    assert results(a_failure())["totals"] == {"pass": 1, "fail": 1, "unknown": 0, "not_applicable": 0, "waived": 0}


def test_a_control_of_the_contract() -> None:
    control = a_control(citations=(Citation("sp800-53r5", "SC-12", "author"),), rests_on=RestsOn.PROVEN)
    result = a_result(
        a_finding(arn("one")), control=control, passed=3, thresholds=(a_threshold(value=[1, 2]),), omitted=4, unread="x"
    )
    assert results(a_report(result))["controls"] == [
        {
            "id": "KM-ROT-04",
            "title": "Automatic rotation is on",
            "severity": "high",
            "phase": "rotation",
            "basis": "provider",
            "rests_on": "proven",
            "verdict": "fail",
            "addressable_only": False,
            "citations": [{"framework": "sp800-53r5", "ref": "SC-12", "mapping": "author"}],
            "thresholds": [
                {
                    "name": "kek_max_days",
                    "value": [1, 2],
                    "default": 730,
                    "unit": "days",
                    "basis": "nist_suggested",
                    "default_basis": "nist_suggested",
                    "source": "SP 800-57 Part 1 Rev. 5, Table 1, row 7",
                    "overridden": False,
                }
            ],
            "counts": {"pass": 3, "fail": 1, "unknown": 0, "not_applicable": 1},
            "waived": 0,
            "alternative_documented": False,
            "omitted": 4,
            "unread": "x",
        }
    ]


def test_a_finding_of_the_contract() -> None:
    assert results(a_report(a_result(a_finding(arn("one")))))["findings"] == [
        {
            "control": "KM-ROT-04",
            "subject": arn("one"),
            "source": SCOPE,
            "label": "alias/one",
            "verdict": "fail",
            "rests_on": "observed",
            "reason": "",
            "observed": {"rotation_enabled": False, "next_rotation_at": "2026-11-14T22:19:00Z"},
            "evidence": [digest(arn("one"))],
            "waiver": None,
        }
    ]


def test_what_covers_a_failure_is_beside_it_and_the_failure_stays() -> None:
    covered = a_result(a_finding(arn("one"), waiver=a_waiver(ALTERNATIVE)), waived=1, alternative=True)
    body = results(a_report(covered))
    (control,) = body["controls"]
    (finding,) = body["findings"]
    assert (control["verdict"], control["waived"], control["alternative_documented"]) == ("fail", 1, True)
    assert (finding["verdict"], finding["waiver"]) == (
        "fail",
        {
            "id": "one-exception",
            "kind": "alternative",
            "owner": "Platform Team",
            "approver": "Chief Information Security Officer",
            "reason": "The appliance takes no longer key.",
            "measure": "A tunnel around it.",
            "expires": "2026-09-30T00:00:00Z",
        },
    )


def test_a_gap_of_the_contract() -> None:
    gap = a_gap(subject=None)
    assert results(a_report(gaps=(gap,)))["gaps"] == [
        {
            "id": gap.id,
            "source": SCOPE,
            "operation": "kms:GetKeyRotationStatus",
            "subject": None,
            "reason": "denied",
            "error_code": "AccessDeniedException",
            "detail": "no policy allows it",
            "request_id": "request-1",
        }
    ]


def test_a_source_keeps_what_is_not_complete_apart_from_what_is_not_known() -> None:
    source = a_source()
    unknown = replace(source.populations[0], complete=None)
    populations = results(a_report(sources=(replace(source, populations=(*source.populations, unknown)),)))["sources"]
    assert [p["complete"] for p in populations[0]["populations"]] == [True, False, None]


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("severity", Severity)
def test_every_verdict_and_severity_is_in_the_schema(verdict: Verdict, severity: Severity) -> None:
    result = replace(a_result(control=a_control(severity=severity)), verdict=verdict, counts=Counts(1, 2, 3, 4))
    assert results(a_report(result))["controls"][0]["verdict"] == verdict.value


@pytest.mark.parametrize("basis", Basis)
def test_every_basis_is_in_the_schema(basis: Basis) -> None:
    result = a_result(control=a_control(basis=basis), thresholds=(a_threshold(basis=basis, default_basis=basis),))
    assert results(a_report(result))["controls"][0]["basis"] == basis.value


@pytest.mark.parametrize("reason", GapReason)
def test_every_reason_of_a_gap_is_in_the_schema(reason: GapReason) -> None:
    assert results(a_report(gaps=(a_gap(reason=reason),)))["gaps"][0]["reason"] == reason.value


@pytest.mark.parametrize("report", [a_report(), a_report(sources=()), a_report(sources=(), gaps=(a_gap(),))])
def test_empty_reports_keep_the_schema(report: Report) -> None:
    assert results(report)["findings"] == []


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_comes_back_whole(name: str) -> None:
    text = PAYLOADS[name]
    loaded = results(hostile_report(text))
    expected = text.replace("\ud800", r"\ud800")
    finding = loaded["findings"][0]
    assert finding["label"] == finding["reason"] == finding["observed"]["policy"] == expected
    assert finding["observed"]["tags"] == [expected, "b"]
    assert finding["observed"]["next_rotation_at"] == {expected: expected}
    assert loaded["gaps"][0]["detail"] == loaded["scan"]["organization"] == expected


def test_the_file_can_be_shown_on_a_terminal() -> None:
    written = render(hostile_report(*PAYLOADS.values())).data.decode()
    assert not [char for char in written if char != "\n" and hidden(char)]
    assert r"\u009b2J" in written
    assert r"\udb40\udc41" in written


def test_names_of_people_stay_readable_in_the_file() -> None:
    assert "Klinik Zürich 日本".encode() in render(a_report(scan=a_scan(organization="Klinik Zürich 日本"))).data


def test_ten_megabytes_are_kept() -> None:
    long = "é\u202e" * 2_500_000
    assert results(a_report(a_result(a_finding(arn("one"), label=long))))["findings"][0]["label"] == long


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_a_word(number: float) -> None:
    report = a_report(a_result(a_finding(arn("one"), observed={"a": [number], "b": 1.5})))
    assert results(report)["findings"][0]["observed"] == {"a": [str(number)], "b": 1.5}
