"""What the page can be narrowed to, and where findings and raw answers stand in it."""

from __future__ import annotations

import json

from scanner.model.control import Citation, Severity
from scanner.model.verdict import ControlResult, Verdict
from scanner.render import finding
from tests.render.inventories import an_answer
from tests.render.reports import a_control, a_failure, a_finding, a_report, a_result, arn, digest


def test_filters_offer_only_what_the_page_has() -> None:
    other = a_control("KM-X", severity=Severity.LOW, citations=(Citation("sp800-57pt1r5", "8.2.3"),))
    report = a_report(*a_failure().results, a_result(a_finding("k", source="aws:2"), control=other))
    found = finding.filters(report)
    assert found.verdicts == (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)
    assert found.severities == (Severity.HIGH, Severity.LOW)
    assert [[ref for _, ref in clauses] for _, clauses in found.clauses] == [["164.312(a)(2)(iv)"], ["5.3.6", "8.2.3"]]
    assert found.sources == ((0, "aws:111122223333:us-east-1"), (1, "aws:2"))
    assert found.clauses_of(report.results[0]) == "0 1"
    assert found.clauses_of(report.results[2]) == "2"


def test_a_report_without_findings_has_nothing_to_narrow() -> None:
    found = finding.filters(a_report())
    assert (found.verdicts, found.severities, found.clauses, found.sources) == ((), (), (), ())


def test_a_clause_that_no_framework_of_the_report_has_is_no_filter() -> None:
    result = a_result(control=a_control(citations=(Citation("elsewhere", "1"),)))
    assert finding.filters(a_report(result)).clauses_of(result) == ""


def test_a_control_is_found_by_its_verdict_and_by_those_of_its_subjects() -> None:
    def verdicts(result: ControlResult) -> list[str]:
        return [one.value for one in finding.verdicts_of(result)]

    assert verdicts(a_result(passed=2)) == ["pass"]
    assert verdicts(a_result(a_finding("a"), passed=2)) == ["fail"]
    assert verdicts(a_result(a_finding("a"), a_finding("b", Verdict.UNKNOWN))) == ["fail", "unknown"]
    assert verdicts(a_result(verdict=Verdict.UNKNOWN)) == ["unknown"]


def test_an_anchor_depends_on_what_the_finding_is_and_on_nothing_else() -> None:
    one = a_finding(arn("one"))
    assert finding.anchor(one) == finding.anchor(a_finding(arn("one"), reason="another", evidence=()))
    others = [a_finding(arn("two")), a_finding(arn("one"), Verdict.UNKNOWN), a_finding(arn("one"), source="aws:2")]
    assert len({finding.anchor(f) for f in (one, *others)}) == 4
    assert finding.anchor(a_finding("\ud800")).startswith("f-")


def test_a_raw_answer_stands_under_its_digest() -> None:
    assert finding.place(digest("a")) == f"o-{digest('a')[7:]}"


def test_a_raw_answer_is_json_with_everything_that_was_recorded() -> None:
    answer = an_answer("k", response={"b": "<x>&\u202e", "a": [1, None]}, redacted=("/a/0",))
    body = json.loads(finding.raw(answer).unescape())
    assert body["response"] == {"a": [1, None], "b": "<x>&\u202e"}
    assert (body["operation"], body["subject"], body["redacted"]) == ("kms:GetKeyRotationStatus", "k", ["/a/0"])
    assert "id" not in body
    assert "\u202e" not in finding.raw(answer)
    assert "<x>" not in finding.raw(answer)


def test_a_long_answer_is_cut_and_says_where_the_rest_is() -> None:
    shown = finding.raw(an_answer("k", response="x" * 10_000))
    assert len(shown) < finding.MOST_OF_ANSWER + 2_000
    assert shown.endswith("the rest is in evidence/)")
