"""``findings.csv``: what failed or could not be judged, one row each (RFC 4180), for a spreadsheet.

A cell that a spreadsheet would take for a formula (OWASP, "CSV Injection") gets an apostrophe in front, which
spreadsheets do not show. Control characters are spelled out, so no cell has a line break. A control that failed or
is unknown without a listed subject has a row whose subject is empty.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.model.verdict import Applied, Verdict
from scanner.render import words
from scanner.render.interchange import Statement, cited, compact, remedy, statements
from scanner.render.text import visible

COLUMNS: Final = (
    "control",
    "title",
    "severity",
    "verdict",
    "subject",
    "label",
    "source",
    "rests_on",
    "why",
    "observed",
    "remedy",
    "citations",
    "evidence",
    "waiver",
    "waiver_kind",
    "waiver_owner",
    "waiver_approver",
    "waiver_expires",
    "waiver_reason",
)
_SPACES: Final = " \u00a0\u3000"
"""Spaces that stay spaces: some programs skip them in front of a formula."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula starts. The last four are the full-width forms, which Excel folds."""
LISTED: Final = (Verdict.FAIL, Verdict.UNKNOWN)


def render(report: Report) -> Artifact:
    """Return ``findings.csv``: UTF-8, every cell quoted, rows in the order of the report."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for result in report.results:
        writer.writerows(_row(said) for said in statements(result) if said.verdict in LISTED)
    return Artifact("findings.csv", "text/csv", file.getvalue().encode())


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet computes."""
    return f"'{text}" if text.lstrip(_SPACES).startswith(_FORMULA) else text


def _row(said: Statement) -> list[str]:
    control, finding = said.control, said.finding
    values = [
        str(control.id),
        visible(control.title),
        control.severity.value,
        words.VERDICTS[said.verdict],
        said.subject,
        visible(finding.label) if finding else "",
        visible(finding.source) if finding else "",
        visible(finding.rests_on) if finding else control.rests_on.value,
        said.text,
        compact(finding.observed) if finding else "",
        remedy(control, finding.source if finding else "") if said.verdict is Verdict.FAIL else "",
        "; ".join(cited(control)),
        " ".join(finding.evidence) if finding else "",
        *_waiver(finding.waiver if finding else None),
    ]
    return [cell(value) for value in values]


def _waiver(applied: Applied | None) -> list[str]:
    if applied is None:
        return [""] * 6
    said = (applied.id, applied.kind, applied.owner, applied.approver, f"{applied.expires:%Y-%m-%d}", applied.reason)
    return [visible(one) for one in said]
