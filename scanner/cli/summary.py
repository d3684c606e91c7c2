"""The summary at the end of a scan: what failed, what is unknown and why, and where the report is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scanner.cli.advice import advice
from scanner.cli.text import fold, safe, say
from scanner.model.observation import Gap
from scanner.model.period import Period
from scanner.model.report import Report
from scanner.model.verdict import ControlResult, Verdict

SEVERITY_ORDER = ("critical", "high", "medium", "low")
MOST_LINES = 12
MOST_PATH = 4096
FILES = {"json": "results.json", "html": "report.html", "pdf": "report.pdf"}


def print_summary(report: Report, root: Path, formats: Sequence[str], *, verbose: int) -> None:
    """Print the summary of a finished scan to standard output."""
    for text in summary(report, verbose=verbose):
        say(text)
    say()
    for name in formats:
        say(f"{name:>8}  {safe(str(root / FILES[name]), MOST_PATH)}")
    say(f"verdicts  {safe(str(root / 'verdicts.parquet'), MOST_PATH)}")
    if report.period is not None:
        say(f"  period  {safe(str(root / 'period.json'), MOST_PATH)}")


def summary(report: Report, *, verbose: int = 0) -> list[str]:
    """Return the summary's lines, each at most 80 columns wide where the names in it allow."""
    totals = report.totals
    most = 1000 if verbose else MOST_LINES
    lines = [
        fold(f"{safe(report.scan.organization)}, as of {report.scan.as_of:%Y-%m-%d %H:%M} UTC", 2),
        (
            f"controls: {totals.failed} failed, {totals.unknown} unknown, {totals.passed} passed, "
            f"{totals.not_applicable} not applicable"
        ),
    ]
    if totals.waived:
        what = "failed finding is" if totals.waived == 1 else "failed findings are"
        lines.append(fold(f"waived: {totals.waived} {what} under a waiver or documented alternative", 8))
    failed = sorted(
        (r for r in report.results if r.verdict is Verdict.FAIL),
        key=lambda r: (SEVERITY_ORDER.index(r.control.severity), r.control.id),
    )
    lines += _section("FAILED", [_failed(r) for r in failed], most)
    unknown = [r for r in report.results if r.counts.unknown or r.verdict is Verdict.UNKNOWN]
    lines += _section("UNKNOWN (never a pass)", [_unknown(r) for r in unknown], most)
    lines += _section("NOT READ", _gaps(report.gaps), most)
    lines += [fold(f"  to do: {text}", 9) for text in advice(report.gaps)]
    if report.period is not None:
        lines += _period(report.period)
    return lines


def _period(period: Period) -> list[str]:
    keys = period.keys_by_verdict
    counts = [("keys", keys.failed, keys.unknown, keys.passed)]
    for name, lines in (("logs", period.logs), ("controls", period.controls)):
        seen = Counter(line.verdict for line in lines)
        counts.append((name, seen[Verdict.FAIL], seen[Verdict.UNKNOWN], seen[Verdict.PASS]))
    days = (period.last - period.first).days + 1
    return [
        "",
        f"AUDIT PERIOD {period.first} to {period.last}: {days} days, {period.days_without_scan} without a scan",
        *(
            f"  {name:<9} {failed} out on a day, {unknown} with days unknown, {passed} in on every day"
            for name, failed, unknown, passed in counts
        ),
    ]


def _section(title: str, lines: list[str], most: int) -> list[str]:
    if not lines:
        return []
    more = [f"  … and {len(lines) - most} more in the report"] if len(lines) > most else []
    return ["", title, *lines[:most], *more]


def _failed(result: ControlResult) -> str:
    judged = result.counts.failed + result.counts.passed + result.counts.unknown
    control = result.control
    share = f"{result.counts.failed} of {judged}"
    covered = "alternative documented" if result.alternative else f"{result.waived} waived" if result.waived else ""
    more = f" ({covered})" if covered else ""
    return fold(f"  {control.severity.value:<8} {control.id:<10} {share:<9} {safe(control.title)}{more}", 32)


def _unknown(result: ControlResult) -> str:
    reasons = Counter(f.reason for f in result.findings if f.verdict is Verdict.UNKNOWN)
    why = reasons.most_common(1)[0][0] if reasons else result.unread or "nothing of its kind was listed"
    count = f"{result.counts.unknown} " if result.counts.unknown else ""
    return fold(f"  {result.control.id:<10} {count}unknown: {safe(why)}", 13)


def _gaps(gaps: Sequence[Gap]) -> list[str]:
    counted = Counter((g.source, g.operation, g.reason.value, g.error_code) for g in gaps)
    return [
        fold(f"  {safe(source)}  {safe(operation)} {reason}{_code(code)}{f' x{count}' if count > 1 else ''}", 6)
        for (source, operation, reason, code), count in sorted(counted.items())
    ]


def _code(code: str) -> str:
    return f" ({safe(code, 60)})" if code else ""
