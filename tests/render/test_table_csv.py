"""findings.csv: a row for each finding, and nothing that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
import json

import pytest

from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render.table_csv import COLUMNS, cell, render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.reports import a_failure, a_finding, a_report, a_result, a_waiver, arn, digest

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


WAIVER = ("waiver", "waiver_kind", "waiver_owner", "waiver_approver", "waiver_expires", "waiver_reason")


def rows(report: Report) -> list[dict[str, str]]:
    text = render(report).data.decode()
    assert text.count("\r\n") == text.count("\n")
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in read} == {len(COLUMNS)}
    return [dict(zip(COLUMNS, row, strict=True)) for row in read[1:]]


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type) == ("findings.csv", "text/csv")
    assert artifact.data == ('"' + '","'.join(COLUMNS) + '"\r\n').encode()


def test_a_failure_is_a_row_with_all_that_is_known() -> None:
    fails, unknown = rows(a_failure())
    assert fails == {
        "control": "KM-ROT-04",
        "title": "Automatic rotation is on",
        "severity": "high",
        "verdict": "FAIL",
        "subject": arn("one"),
        "label": "alias/one",
        "source": "aws:111122223333:us-east-1",
        "rests_on": "observed",
        "why": "observed rotation enabled: no; next rotation at: 2026-11-14 22:19 UTC",
        "observed": '{"next_rotation_at":"2026-11-14T22:19:00Z","rotation_enabled":false}',
        "remedy": "aws: aws kms enable-key-rotation --key-id KEY --rotation-period-in-days 365",
        "citations": "hipaa-164.312 164.312(a)(2)(iv); sp800-57pt1r5 5.3.6",
        "evidence": digest(arn("one")),
        **dict.fromkeys(WAIVER, ""),
    }
    assert (unknown["verdict"], unknown["remedy"]) == ("UNKNOWN", "")


def test_what_covers_a_failure_is_in_columns_of_its_own() -> None:
    (row,) = rows(a_report(a_result(a_finding(arn("one"), waiver=a_waiver(owner="=HYPERLINK(1)")), waived=1)))
    assert row["verdict"] == "FAIL"
    assert [row[name] for name in WAIVER] == [
        "one-exception",
        "waiver",
        "'=HYPERLINK(1)",
        "Chief Information Security Officer",
        "2026-09-30",
        "The appliance takes no longer key.",
    ]


def test_passes_and_what_does_not_apply_are_no_rows() -> None:
    assert rows(a_report(a_result(passed=2), a_result())) == []


def test_an_unknown_control_without_a_subject_has_a_row() -> None:
    (row,) = rows(a_report(a_result(verdict=Verdict.UNKNOWN, unread="kms:ListKeys denied")))
    assert (row["verdict"], row["subject"], row["why"]) == ("UNKNOWN", "", "Not read: kms:ListKeys denied.")


@pytest.mark.parametrize("start", FORMULAS)
@pytest.mark.parametrize("space", ["", " ", "\u00a0"])
def test_a_formula_becomes_text(start: str, space: str) -> None:
    text = f"{space}{start}cmd|' /C calc'!A0"
    assert cell(text) == f"'{text}"
    (row,) = rows(a_report(a_result(a_finding(text, label=text, source=text, reason=text, observed={}))))
    assert not [name for name, value in row.items() if value.lstrip(" \u00a0").startswith(FORMULAS)]


@pytest.mark.parametrize("text", ["", "a=b", "arn:aws:kms", "'=1", "1-2"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_hostile_text_stays_in_its_cell() -> None:
    report = hostile_report(*PAYLOADS.values())
    found = rows(report)
    assert len(found) == sum(len(result.findings) for result in report.results)
    values = [value for row in found for value in row.values()]
    assert not [
        value for value in values if any(map(hidden, value)) or value.lstrip(" \u00a0\u3000").startswith(FORMULAS)
    ]
    assert all(isinstance(json.loads(row["observed"]), dict) for row in found)
