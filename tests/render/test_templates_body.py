"""The body of the report: findings, population, gaps, thresholds and glossary, for every kind of report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.control import Basis, Citation, Control, RestsOn, Severity
from scanner.model.exceptions import ALTERNATIVE
from scanner.model.report import Population, SourceSummary
from scanner.model.verdict import Counts, ThresholdUse
from scanner.render import html, view, words
from tests.render.reading import on_screen
from tests.render.reports import (
    SCOPE,
    a_control,
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_source,
    a_threshold,
    a_waiver,
    arn,
    digest,
    renamed,
)

# Findings.


def finding(control: Control | None = None, **given: Any) -> str:  # noqa: ANN401 - any field of Finding
    return on_screen(a_report(a_result(a_finding(arn("one"), **given), control=control))).section("KM-ROT-04")


def test_a_waiver_stands_under_its_finding_which_stays_failed() -> None:
    said = on_screen(a_report(a_result(a_finding(arn("one"), waiver=a_waiver()), waived=1))).section("KM-ROT-04")
    assert "FAIL high 1 failed, 0 unknown, 0 passed, 1 not applicable; 1 of the failed waived" in said
    until = "Waived until 2026-09-30 by Chief Information Security Officer (owner Platform Team)"
    assert f"{until}: The appliance takes no longer key. [one-exception]" in said


@pytest.mark.parametrize(("alternative", "words_"), [(True, words.DECIDED), (False, words.ALTERNATIVE)])
def test_an_addressable_failure_reads_by_whether_an_alternative_is_documented(alternative: bool, words_: str) -> None:
    covered = a_finding(arn("one"), waiver=a_waiver(ALTERNATIVE))
    said = on_screen(a_report(a_result(covered, addressable_only=True, waived=1, alternative=alternative)))
    assert words_ in said.section("KM-ROT-04")
    assert "Alternative documented (164.306(d)(3)), review due 2026-09-30" in said.section("KM-ROT-04")
    assert "In its place: A tunnel around it." in said.section("KM-ROT-04")


@pytest.mark.parametrize("basis", Basis)
def test_each_finding_says_on_what_its_requirement_rests(basis: Basis) -> None:
    assert f" Basis {words.BASIS[basis]} " in finding(a_control(basis=basis))


@pytest.mark.parametrize("rests_on", RestsOn)
def test_each_finding_says_what_kind_of_evidence_it_has(rests_on: RestsOn) -> None:
    assert words.RESTS[rests_on.value] in finding(a_control(rests_on=rests_on))


@pytest.mark.parametrize("severity", Severity)
def test_severity_is_a_word(severity: Severity) -> None:
    assert f"FAIL {severity.value} 1 failed" in finding(a_control(severity=severity))


def test_law_is_named_apart_from_standards_and_mappings_are_owned() -> None:
    citations = (
        Citation("hipaa-164.312", "164.312(a)(1)"),
        Citation("sp800-57pt1r5", "5.3.6", "nist"),
        Citation("sp800-57pt1r5", "8.2.3", "author"),
    )
    text = finding(a_control(citations=citations))
    assert "45 CFR 164.312 Technical safeguards: 164.312(a)(1) Access control (Standard)" in text
    assert "NIST SP 800-57 Part 1 Rev. 5: 5.3.6 (NIST's mapping), 8.2.3 (our mapping)" in text


def test_a_control_without_law_says_so() -> None:
    assert " Law none cited " in finding(a_control(citations=(Citation("x", "1"),)))


def test_a_control_of_law_alone_cites_no_standard() -> None:
    text = finding(a_control(citations=(Citation("hipaa-164.312", "164.312(a)(1)"),)))
    assert "Standards" not in text


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (
            a_threshold(),
            (
                "kek max days = 730 days. Rests on a value or practice that NIST suggests (voluntary). "
                "Source of the default: SP 800-57 Part 1 Rev. 5, Table 1, row 7."
            ),
        ),
        (
            a_threshold(value=365, basis=Basis.POLICY, overridden=True),
            (
                "kek max days = 365 days. Rests on the organization's policy, set in the estate file; the default, "
                "730 days, rests on a value or practice that NIST suggests (voluntary)."
            ),
        ),
        (
            a_threshold(name="tag", value="owner", unit="", basis=Basis.POLICY, source="reference policy"),
            "tag = owner. Rests on the reference policy of this catalogue, not set by the organization. Source",
        ),
    ],
)
def test_each_threshold_says_on_what_it_rests(use: ThresholdUse, said: str) -> None:
    result = a_result(a_finding(arn("one")), thresholds=(use,))
    assert said in on_screen(a_report(result)).section("KM-ROT-04")


def test_observed_values_are_readable() -> None:
    text = finding(observed={"next_rotation_at": "2026-11-14T22:19:00Z", "tag_keys": [], "rotation_enabled": None})
    assert "next rotation at: 2026-11-14 22:19 UTC; tag keys: none; rotation enabled: not known evidence" in text


def test_evidence_beyond_the_bound_is_counted() -> None:
    ids = tuple(digest(str(i)) for i in range(view.SCREEN.evidence + 2))
    assert f"{ids[view.SCREEN.evidence - 1]} and 2 more in results.json" in finding(evidence=ids)
    assert "evidence none" in finding(evidence=())


def test_print_shortens_the_ids_of_evidence() -> None:
    printed = html.page(a_failure(), view.PRINT, printed=True)
    assert digest(arn("one")) not in printed
    assert digest(arn("one")).removeprefix("sha256:")[:12] in printed


def test_findings_beyond_the_bound_are_counted() -> None:
    result = replace(a_result(a_finding(arn("one"))), counts=Counts(0, 5_000, 8, 0))
    text = on_screen(a_report(result)).section("KM-ROT-04")
    assert "Failed: and 4999 more in verdicts.parquet" in text
    assert "Unknown: 8 more in verdicts.parquet" in text


def test_what_was_not_read_is_said_of_a_failure_too() -> None:
    said = (
        "Not read: kms:GetKeyRotationStatus denied (AccessDeniedException). While that is so, the control cannot pass."
    )
    assert said in on_screen(a_failure()).section("KM-ROT-04")


def test_a_remedy_for_any_provider_names_none() -> None:
    text = finding(a_control(remedy=(("any", "Replace it."), ("aws", "Rotate it."))))
    assert "any: " not in text
    assert "Replace it." in text
    assert "aws: Rotate it." in text


def test_nothing_found_is_said() -> None:
    shown = on_screen(a_report(a_result(passed=2)))
    assert "Nothing failed, and nothing is unknown." in shown.section("findings")
    assert "KM-ROT-04 Automatic rotation is on PASS 2 1" in shown.section("passed")
    assert "None." in on_screen(a_report(a_result(a_finding(arn("one"))))).section("passed")


# Population, gaps, thresholds, glossary.


def test_what_was_not_listed_to_its_end_stands_apart() -> None:
    text = on_screen(a_report()).section("population")
    assert f"{SCOPE} main, https://kms.us-east-1.amazonaws.com 12 0 3 keys 2 key grants" in text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (a_source(populations=(Population("keys", 0, complete=None),)), "12 0 none 0 keys"),
        (a_source(populations=()), "12 0 none none"),
        (a_source(calls=0, gaps=4, populations=()), "0 4 none nothing was read"),
    ],
)
def test_what_is_not_known_to_be_complete_is_not_called_complete(source: SourceSummary, said: str) -> None:
    assert said in on_screen(a_report(sources=(source,))).section("population")


def test_sources_beyond_the_bound_are_counted() -> None:
    many = tuple(a_source(f"aws:{i:04d}") for i in range(view.SCREEN.sources + 3))
    assert "and 3 more in results.json" in on_screen(a_report(sources=many)).section("population")
    assert "No source was reached." in on_screen(a_report(sources=())).section("population")


def test_gaps_say_what_the_system_said_and_of_what() -> None:
    gaps = [a_gap(subject=arn(name)) for name in "abcde"]
    text = on_screen(a_report(gaps=gaps)).section("gaps")
    assert (
        f"denied AccessDeniedException: no policy allows it {arn('a')} {arn('b')} {arn('c')} and 2 more subjects 5"
        in text
    )
    assert "denied nothing" in on_screen(a_report(gaps=(a_gap(error_code="", detail=""),))).section("gaps")


def test_gaps_beyond_the_bound_are_counted() -> None:
    gaps = [a_gap(operation=f"o{i:04d}") for i in range(view.SCREEN.gaps + 2)]
    assert "and 2 more in results.json" in on_screen(a_report(gaps=gaps)).section("gaps")


def test_no_gaps_is_an_answer_only_when_something_was_asked() -> None:
    assert "None: every question that was asked was answered." in on_screen(a_report()).section("gaps")
    assert "No question was asked of any system." in on_screen(a_report(sources=())).section("gaps")


def test_thresholds_are_listed_with_their_basis() -> None:
    text = on_screen(a_failure()).section("thresholds")
    assert (
        "kek max days 365 days the organization's policy, set in the estate file; the default, 730 days, rests on"
        in text
    )
    assert text.endswith("SP 800-57 Part 1 Rev. 5, Table 1, row 7 KM-ROT-04")
    assert "No control of this scan has a threshold." in on_screen(a_report()).section("thresholds")


def test_a_policy_that_nothing_used_is_said() -> None:
    report = renamed(a_failure(), policy={"dek_max_days": 90})
    assert on_screen(report).section("thresholds").endswith("used by no control of this scan: dek_max_days.")


def test_the_glossary_explains_what_was_observed() -> None:
    text = on_screen(a_failure()).section("glossary")
    assert "rotation enabled (keys) Automatic rotation is on; false where it is not supported." in text
    assert "next rotation at (keys) Next one. Unit: UTC." in text
