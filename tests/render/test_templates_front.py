"""The front of the report: the cover, the summary, coverage and ages, for every kind of report."""

from __future__ import annotations

import pytest

from scanner.model.report import Report, Totals
from scanner.model.verdict import Verdict
from scanner.render import words
from tests.render.reading import on_screen
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
    an_age,
    arn,
    digest,
)

# The cover and the summary.


def test_the_cover_says_who_what_and_when() -> None:
    (cover,) = on_screen(a_failure()).classed("cover")
    for said in (
        "Example Health Voice",
        "as of 2026-06-15 12:00:00 UTC",
        "2 controls: 1 failed, 0 unknown, 1 passed, 0 not applicable",
        f"1 source: {SCOPE}",
        "1 identity: arn:aws:iam::111122223333:role/audit",
        "asked from 2026-06-15 12:00:00 UTC to 2026-06-15 12:03:00 UTC",
        "keyaudit 1.2.3, scan 11111111-2222-4333-8444-555555555555",
        digest("catalogue"),
        digest("estate"),
    ):
        assert said in cover.text


SILENT = a_source("aws:2", calls=0)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (a_failure(), "1 question to the systems had no answer; none of it counts as a pass"),
        (a_report(gaps=(a_gap(), a_gap(page=1))), "2 questions to the systems had no answer; none"),
        (a_report(gaps=(a_gap(),), sources=(SILENT,)), "had no answer, and 1 source gave none at all; none of it"),
        (a_report(sources=(SILENT,)), "1 source: aws:2 (no answer)"),
        (a_report(), "Every question that was asked was answered"),
        (a_report(sources=()), "No system was asked anything"),
        (a_report(sources=()), "nothing: no source was reached"),
        (a_report(scan=a_scan(principals=())), "not known: no source said who was asking"),
        (a_report(scan=a_scan(principals=tuple("abcdef"))), "6 identities: a, b, c, d and the others in results.json"),
        (a_report(sources=tuple(a_source(f"aws:{i}") for i in range(14))), "aws:11 and the others under Population"),
    ],
)
def test_what_was_not_read_is_on_the_first_on_screen(report: Report, said: str) -> None:
    (cover,) = on_screen(report).classed("cover")
    assert said in cover.text


def test_the_summary_counts_what_failed_of_what_was_judged() -> None:
    assert "high KM-ROT-04 Automatic rotation is on 1 of 4" in on_screen(a_failure()).section("summary")


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (a_report(a_result(passed=1)), "No control failed. What could not be assessed Everything that was selected"),
        (
            a_report(a_result(a_finding(arn("one"), Verdict.UNKNOWN))),
            "No control failed. That is not a pass of those that could not be assessed.",
        ),
        (a_report(), "What could not be assessed No control was run."),
        (a_report(), "What was not read Nothing: every question that was asked was answered."),
        (a_report(sources=()), "What was not read No source was reached, so nothing was read."),
        (
            a_report(totals=Totals(0, 2, 0, 0, waived=3)),
            "3 of the failed findings are under a waiver or a documented alternative; they stay failed.",
        ),
        (a_report(scan=a_scan(insecure=("http://a",))), "1 endpoint was read over plain HTTP, by explicit leave"),
        (a_report(scan=a_scan(insecure=tuple("abcd"))), "4 endpoints were read over plain HTTP"),
        (a_report(scan=a_scan(insecure=tuple("abcd"))), "a, b, c and others"),
        (a_report(gaps=tuple(a_gap(operation=f"o{i}") for i in range(6))), "and 2 more under Gaps"),
        (a_report(gaps=(a_gap(error_code=""),)), "kms:GetKeyRotationStatus denied 1"),
    ],
)
def test_the_summary_of_other_reports(report: Report, said: str) -> None:
    assert said in on_screen(report).section("summary")


def test_the_summary_names_some_and_counts_the_rest() -> None:
    failed = tuple(a_result(a_finding(arn(str(i))), control=a_control(f"KM-AAA-{i:02d}")) for i in range(30))
    unknown = tuple(
        a_result(
            a_finding(arn("a"), Verdict.UNKNOWN, reason="one"),
            a_finding(arn("b"), Verdict.UNKNOWN, reason="two"),
            control=a_control(f"KM-BBB-{i:02d}"),
        )
        for i in range(9)
    )
    text = on_screen(a_report(*failed, *unknown)).section("summary")
    assert "and 12 more failed controls among the findings" in text
    assert "and 5 more among the findings" in text
    assert "(2 reasons) one 2" in text


# Coverage and ages.


def test_each_clause_names_its_controls_by_verdict() -> None:
    text = on_screen(a_failure()).section("coverage")
    assert "164.312(a)(1) Access control (Standard) Implement technical policies. not assessed by this scan" in text
    assert "(Addressable) Implement a mechanism. FAIL KM-ROT-04 PASS KM-GEN-01" in text
    assert "Operational (8.2) rotation FAIL KM-ROT-04" in text
    assert "5.3.6 Cryptoperiod recommendations FAIL KM-ROT-04 PASS KM-GEN-01 Not assessed by this scan: 8.2.3." in text
    assert "No control of this scan belongs to: access," in text


def test_a_scan_of_nothing_claims_no_coverage() -> None:
    text = on_screen(a_report()).section("coverage")
    assert "No control was run." in text
    assert "Not assessed by this scan: 5.3.6, 8.2.3." in text
    assert "FAIL" not in text
    assert "PASS" not in text


def test_a_report_without_frameworks_has_only_phases() -> None:
    text = on_screen(a_report(a_result(passed=1), frameworks=())).section("coverage")
    assert text.startswith("Coverage SP 800-57, by life-cycle phase")


def test_no_phase_is_missing_when_all_were_run() -> None:
    results = [a_result(control=a_control(f"KM-AAA-{i:02d}", phase=p), passed=1) for i, p in enumerate(words.PHASES)]
    assert "belongs to:" not in on_screen(a_report(*results)).section("coverage")


def test_ages_are_drawn_and_listed() -> None:
    ages = (an_age("old", 900), an_age("", 100))
    shown = on_screen(a_report(key_ages=ages, key_ages_omitted=1, key_ages_unknown=2))
    text = shown.section("ages")
    assert f"old {arn('old')} symmetric key wrapping 900 365 over its limit" in text
    assert f"{arn('unnamed')} symmetric key wrapping 100 365 inside its limit" in text
    assert "1 younger key is not drawn." in text
    assert "Of 2 keys the age or the limit is not known." in text
    assert [e.attributes["role"] for e in shown.all("svg")] == ["img"]


def test_no_ages_no_chart() -> None:
    shown = on_screen(a_report(key_ages=()))
    assert "There is no key of which age and limit are both known." in shown.section("ages")
    assert shown.all("svg") == []
