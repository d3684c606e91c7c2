"""``summary.md``: the report in one screen, for the comment of a pull request (GitHub Flavored Markdown).

Every text from outside stands in a code span: there GitHub makes no link, no HTML, no mention and no reference of it.
"""

from __future__ import annotations

import re
from collections import Counter

from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.model.verdict import ControlResult, Verdict
from scanner.render import words
from scanner.render.interchange import instant, severity_rank
from scanner.render.text import visible

MOST_CONTROLS = 25
"""Rows of the table. A comment of GitHub holds 65,536 characters."""
MOST_OF_CELL = 160

_TICKS = re.compile("`+")


def render(report: Report) -> Artifact:
    """Return ``summary.md``: totals, the controls that fail, then those that are unknown, and what was not read."""
    scan = report.scan
    lines = [
        f"## keyaudit: {_headline(report)}",
        "",
        f"{code(scan.organization)}, as of {instant(scan.as_of)}, {code(scan.selection)}",
        "",
        *_totals(report),
        *_controls(report),
        *_caveats(report),
        f"Scan {code(scan.id)}, keyaudit {code(scan.tool_version)}, catalogue {code(scan.catalogue_sha256)}",
    ]
    return Artifact("summary.md", "text/markdown", ("\n".join(lines) + "\n").encode())


def code(text: str, most: int = MOST_OF_CELL) -> str:
    """Return text as a code span that shows exactly that text, also in a cell of a table."""
    shown = visible(text, most).strip() or "-"
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(shown)), default=0))
    padded = f" {shown} " if "`" in (shown[0], shown[-1]) else shown
    return f"{fence}{padded}{fence}".replace("|", r"\|")


def _headline(report: Report) -> str:
    totals = report.totals
    if totals.failed:
        return f"{totals.failed} {'control fails' if totals.failed == 1 else 'controls fail'}"
    if totals.unknown or report.gaps:
        return "nothing failed, but the evidence is incomplete"
    return (
        f"{totals.passed} {'control passes' if totals.passed == 1 else 'controls pass'}"
        if totals.passed
        else "nothing to judge"
    )


def _totals(report: Report) -> list[str]:
    totals = report.totals
    few = f" {totals.waived} of the failed findings are under a waiver or a documented alternative; they stay failed."
    waived = few if totals.waived else ""
    return [
        "| FAIL | UNKNOWN | PASS | NOT APPLICABLE |",
        "|---:|---:|---:|---:|",
        f"| {totals.failed} | {totals.unknown} | {totals.passed} | {totals.not_applicable} |",
        "",
        f"UNKNOWN is not a pass: it could not be judged.{waived}",
        "",
    ]


def _controls(report: Report) -> list[str]:
    asking = [result for result in report.results if result.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    if not asking:
        return []
    order = list(words.VERDICTS)
    asking.sort(key=lambda one: (order.index(one.verdict), -severity_rank(one.control.severity)))
    rest = Counter(words.VERDICTS[one.verdict] for one in asking[MOST_CONTROLS:])
    more = ", ".join(f"{count} {verdict}" for verdict, count in rest.items())
    return [
        "| verdict | severity | control | failed | unknown |",
        "|---|---|---|---:|---:|",
        *map(_row, asking[:MOST_CONTROLS]),
        "",
        *([f"In the report, not in this table: {more}.", ""] if more else []),
    ]


def _row(result: ControlResult) -> str:
    control, counts = result.control, result.counts
    name = f"{control.id} {code(control.title)}"
    verdict = words.VERDICTS[result.verdict]
    waived = f" ({result.waived} waived)" if result.waived else ""
    return f"| {verdict} | {control.severity.value} | {name} | {counts.failed}{waived} | {counts.unknown} |"


def _caveats(report: Report) -> list[str]:
    said = []
    if report.gaps:
        sources = sorted({str(gap.source) for gap in report.gaps})
        shown = ", ".join(code(source, 60) for source in sources[:5])
        more = f" and {len(sources) - 5} more" if len(sources) > 5 else ""
        said += [f"Questions without an answer: {len(report.gaps)}, in {shown}{more}.", ""]
    if report.scan.insecure:
        said += [f"Endpoints read over plain HTTP: {len(report.scan.insecure)}.", ""]
    return said
