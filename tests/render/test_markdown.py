"""summary.md: short, UNKNOWN is no pass, and text from outside is only ever code."""

from __future__ import annotations

import re

import pytest

from scanner.model.control import Severity
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render.markdown import MOST_CONTROLS, code, render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.reports import a_control, a_failure, a_finding, a_gap, a_report, a_result, a_scan, a_waiver, arn

SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def summary(report: Report) -> str:
    return render(report).data.decode()


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report())
    assert (artifact.name, artifact.media_type) == ("summary.md", "text/markdown")
    assert artifact.data.endswith(b"\n")


def test_the_whole_of_a_failure() -> None:
    assert summary(a_failure()).split("\n")[:14] == [
        "## keyaudit: 1 control fails",
        "",
        "`Example Health Voice`, as of 2026-06-15T12:00:00Z, `all controls, all sources`",
        "",
        "| FAIL | UNKNOWN | PASS | NOT APPLICABLE |",
        "|---:|---:|---:|---:|",
        "| 1 | 0 | 1 | 0 |",
        "",
        "UNKNOWN is not a pass: it could not be judged.",
        "",
        "| verdict | severity | control | failed | unknown |",
        "|---|---|---|---:|---:|",
        "| FAIL | high | KM-ROT-04 `Automatic rotation is on` | 1 | 1 |",
        "",
    ]


@pytest.mark.parametrize(
    ("report", "headline"),
    [
        (a_report(a_result(passed=1)), "1 control passes"),
        (a_report(a_result(passed=1), a_result(passed=1)), "2 controls pass"),
        (a_report(a_result(a_finding(arn("a"))), a_result(a_finding(arn("b")))), "2 controls fail"),
        (a_report(a_result(verdict=Verdict.UNKNOWN)), "nothing failed, but the evidence is incomplete"),
        (a_report(a_result(passed=1), gaps=(a_gap(),)), "nothing failed, but the evidence is incomplete"),
        (a_report(), "nothing to judge"),
    ],
)
def test_the_headline_never_calls_an_unknown_a_pass(report: Report, headline: str) -> None:
    assert summary(report).split("\n")[0] == f"## keyaudit: {headline}"


def test_the_worst_comes_first_and_the_rest_is_counted() -> None:
    low = [
        a_result(a_finding(arn("a")), control=a_control(f"KM-LOW-{i:02d}", severity=Severity.LOW)) for i in range(30)
    ]
    unknown = a_result(verdict=Verdict.UNKNOWN, control=a_control("KM-UNK-01", severity=Severity.CRITICAL))
    worst = a_result(a_finding(arn("a")), control=a_control("KM-BAD-01", severity=Severity.CRITICAL))
    lines = summary(a_report(unknown, *low, worst)).split("\n")
    rows = [line for line in lines if line.startswith(("| FAIL | low", "| FAIL | crit", "| UNKNOWN | crit"))]
    assert len(rows) == MOST_CONTROLS
    assert "KM-BAD-01" in rows[0]
    assert "KM-LOW-00" in rows[1]
    assert f"In the report, not in this table: {31 - MOST_CONTROLS} FAIL, 1 UNKNOWN." in lines


def test_what_was_not_read_and_what_was_read_in_the_open_is_said() -> None:
    gaps = tuple(a_gap(source=f"aws:{i}") for i in range(7))
    text = summary(a_report(gaps=gaps, scan=a_scan(insecure=("http://a",))))
    assert "Questions without an answer: 7, in `aws:0`, `aws:1`, `aws:2`, `aws:3`, `aws:4` and 2 more." in text
    assert "Endpoints read over plain HTTP: 1." in text


def test_a_row_tells_how_many_are_waived() -> None:
    one = a_report(a_result(a_finding(arn("one"), waiver=a_waiver()), waived=1))
    assert "`Automatic rotation is on` | 1 (1 waived) | 0 |" in summary(one)


def test_a_waived_failure_stays_a_failure() -> None:
    report = a_failure()
    waived = a_report(*report.results, totals=type(report.totals)(1, 1, 0, 0, waived=1))
    assert "1 of the failed findings are under a waiver or a documented alternative; they stay failed." in summary(
        waived
    )


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a", "`a`"),
        ("", "`-`"),
        ("a|b", r"`a\|b`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("```", "```` ``` ````"),
        ("@team see #1", "`@team see #1`"),
    ],
)
def test_a_code_span_holds_its_text(text: str, span: str) -> None:
    assert code(text) == span


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_only_ever_in_code(name: str) -> None:
    text = summary(hostile_report(PAYLOADS[name]))
    bare = "\n".join(SPAN.sub("", line) for line in text.split("\n"))
    assert not [char for char in text if char != "\n" and hidden(char)]
    assert not re.search(r"[<>\[\]@`{}]|http|pwned", bare)
    assert {line.count("|") - line.count(r"\|") for line in text.split("\n") if line.startswith("| FAIL | high")} == {6}


def test_ten_megabytes_do_not_make_it_long() -> None:
    long = "x`|" * 3_000_000
    report = a_report(a_result(a_finding(arn("a")), control=a_control(title=long)), scan=a_scan(organization=long))
    assert len(render(report).data) < 3_000
