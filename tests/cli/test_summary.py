"""The summary: what failed, what is unknown, what was not read, in 80 columns and without harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.cli.summary import MOST_LINES, print_summary, summary
from scanner.cli.text import WIDTH
from scanner.model.control import Severity
from scanner.model.ids import SourceId
from scanner.model.observation import GapReason
from scanner.model.report import Report
from tests import golden
from tests.cli.reports import CONTROLS, a_finding, a_gap, a_report, a_result
from tests.render.periods import a_period

MIXED = a_report(
    [
        a_result("KM-INV-06", severity=Severity.LOW, failed=1),
        a_result("KM-ROT-04", severity=Severity.HIGH, failed=2, passed=30, unknown=1, not_applicable=9),
        a_result("KM-GEN-02", severity=Severity.CRITICAL, failed=1, passed=1),
        a_result("KM-ACC-02", severity=Severity.HIGH, failed=1),
        a_result("KM-ACC-13", severity=Severity.MEDIUM, failed=12345, passed=67890),
        a_result("KM-ACC-01", unknown=3),
        a_result("KM-STO-11", passed=1, unread="kms:ListKeys denied (AccessDeniedException)"),
        a_result("KM-EMG-05", passed=2),
        a_result("KM-DES-04"),
    ],
    [
        a_gap(),
        a_gap(subject="b"),
        a_gap(reason=GapReason.UNREACHABLE, error_code="EndpointConnectionError", region="eu-west-1"),
        a_gap(reason=GapReason.LIMIT, error_code="", operation="kms:ListKeys"),
    ],
)


def text(report: Report, *, verbose: int = 0) -> str:
    return "".join(f"{line}\n" for line in summary(report, verbose=verbose))


def test_a_mixed_result_is_told_in_its_exact_words() -> None:
    golden.check("summary.txt", text(MIXED))


def test_a_clean_result_is_two_lines() -> None:
    assert text(a_report([a_result(passed=3)])).splitlines() == [
        "Test Health, as of 2026-06-15 12:00 UTC",
        "controls: 0 failed, 0 unknown, 1 passed, 0 not applicable",
    ]


def test_waived_failures_are_counted_and_stay_failures() -> None:
    waived = replace(a_result(failed=2), waived=1)
    documented = replace(a_result("KM-STO-01", failed=1), waived=1, alternative=True)
    report = a_report([waived, documented])
    lines = text(replace(report, totals=replace(report.totals, waived=2)))
    assert "controls: 2 failed" in lines
    assert "waived: 2 failed findings are under a waiver or documented alternative" in lines
    told = " ".join(lines.split())
    assert "(1 waived)" in told
    assert "(alternative documented)" in told
    one = text(replace(report, totals=replace(report.totals, waived=1)))
    assert "waived: 1 failed finding is under a waiver or documented alternative" in one


def test_failures_are_listed_worst_first() -> None:
    lines = text(MIXED).split("FAILED\n")[1].splitlines()
    assert [line.split()[1] for line in lines if line.startswith("  ") and line[2] != " "][:5] == [
        "KM-GEN-02",
        "KM-ACC-02",
        "KM-ROT-04",
        "KM-ACC-13",
        "KM-INV-06",
    ]


def test_long_lists_are_cut_unless_more_is_asked_for() -> None:
    many = a_report([a_result(control, failed=1) for control in CONTROLS])
    assert f"… and {len(CONTROLS) - MOST_LINES} more in the report" in text(many)
    assert "more in the report" not in text(many, verbose=1)
    assert all(control in text(many, verbose=1) for control in CONTROLS)


def test_the_most_common_reason_is_told() -> None:
    result = a_result(unknown=3)
    reasons = ("rare", "common", "common")
    result = replace(result, findings=tuple(a_finding("KM-ROT-04", reason) for reason in reasons))
    assert "KM-ROT-04  3 unknown: common" in text(a_report([result]))


def test_an_unknown_control_without_a_subject_says_why() -> None:
    assert "KM-ROT-04  unknown: kms:ListKeys denied" in text(a_report([a_result(unread="kms:ListKeys denied")]))
    nothing = replace(a_result(unread="x"), unread="")
    assert "KM-ROT-04  unknown: nothing of its kind was listed" in text(a_report([nothing]))


HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "a\x00b",
    "\r\nerror: x",
    "x" * 10_240,
    "é" * 10_240,
    "a " * 5_000,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_can_disturb_the_terminal(hostile: str) -> None:
    result = replace(a_result(unknown=1, title=hostile), findings=(a_finding("KM-ROT-04", hostile),))
    failed = a_result("KM-ACC-01", failed=1, title=hostile)
    gap = a_gap(source=SourceId(hostile), operation=hostile, error_code=hostile)
    shown = text(a_report([result, failed], [gap], organization=hostile))
    assert all(line.isprintable() for line in shown.splitlines())
    assert len(shown) < 3_000
    # A single word is never broken: half an ARN is of no use.
    assert all(len(line) <= WIDTH or max(map(len, line.split())) > 60 for line in shown.splitlines())


@pytest.mark.parametrize("report", [MIXED, a_report([a_result(c, failed=1, unknown=1) for c in CONTROLS])])
def test_the_summary_fits_80_columns(report: Report) -> None:
    assert max(len(line) for line in text(report, verbose=1).splitlines()) <= WIDTH


def test_the_files_that_were_written_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    print_summary(a_report([a_result(passed=1)]), Path("my\x1bscan"), ("json", "html", "pdf"), verbose=0)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "",
        "    json  my\\u001bscan/results.json",
        "    html  my\\u001bscan/report.html",
        "     pdf  my\\u001bscan/report.pdf",
        "verdicts  my\\u001bscan/verdicts.parquet",
    ]


def test_an_audit_period_is_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = replace(MIXED, period=a_period())
    assert text(report).splitlines()[-4:] == [
        "AUDIT PERIOD 2026-04-01 to 2026-06-29: 90 days, 88 without a scan",
        "  keys      1 out on a day, 2 with days unknown, 0 in on every day",
        "  logs      1 out on a day, 0 with days unknown, 0 in on every day",
        "  controls  1 out on a day, 1 with days unknown, 0 in on every day",
    ]
    print_summary(report, tmp_path, ["json"], verbose=0)
    assert capsys.readouterr().out.splitlines()[-1] == f"  period  {tmp_path / 'period.json'}"
