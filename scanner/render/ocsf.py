"""``findings.ocsf.jsonl``: the verdicts as OCSF 1.8.0 events, class Compliance Finding (2003), one a line.

A lake or SIEM reads one event a line. The status of the compliance check is the verdict's: FAIL ``Fail``, PASS
``Pass``, UNKNOWN ``Unknown`` (status 0), NOT APPLICABLE ``Other`` with its own word, as the schema asks for what it
has no number for. A waiver or documented alternative makes ``status_id`` 3 (Suppressed) and tells its owner and last
day; the compliance status stays ``Fail``.
"""

from __future__ import annotations

import json
from typing import Final

from scanner.model.artifact import Artifact
from scanner.model.control import Severity
from scanner.model.ids import Json
from scanner.model.report import Report, ScanInfo
from scanner.model.verdict import Verdict
from scanner.render import words
from scanner.render.exceptions import cover
from scanner.render.interchange import HOME, Statement, cited, heading, remedy, shown, stable_id, statements
from scanner.render.text import value_text, visible

VERSION: Final = "1.8.0"
_CLASS, _CREATE = 2003, 1
STATUSES: Final = {
    Verdict.UNKNOWN: (0, "Unknown"),
    Verdict.PASS: (1, "Pass"),
    Verdict.FAIL: (3, "Fail"),
    Verdict.NOT_APPLICABLE: (99, "Not Applicable"),
}
SEVERITIES: Final = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_INFORMATIONAL: Final = (1, "Informational")


def render(report: Report) -> Artifact:
    """Return ``findings.ocsf.jsonl``: an event for each finding, and one for each control that has none."""
    titles = {framework.id: framework.title for framework, _ in report.clauses}
    lines = [
        json.dumps(_event(said, report.scan, titles), ensure_ascii=False, allow_nan=False, sort_keys=True)
        for result in report.results
        for said in statements(result)
    ]
    return Artifact("findings.ocsf.jsonl", "application/jsonl", "".join(f"{line}\n" for line in lines).encode())


def _event(said: Statement, scan: ScanInfo, titles: dict[str, str]) -> dict[str, Json]:
    asks = said.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    severity, severity_name = SEVERITIES[said.control.severity] if asks else _INFORMATIONAL
    event: dict[str, Json] = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + _CREATE,
        "type_name": "Compliance Finding: Create",
        "time": round(scan.ended.timestamp() * 1000),
        "start_time": round(scan.started.timestamp() * 1000),
        "end_time": round(scan.ended.timestamp() * 1000),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": 1,
        "status": "New",
        "message": f"{heading(said)}. {said.text}",
        "metadata": _metadata(said, scan),
        "compliance": _compliance(said, titles),
        "finding_info": _info(said),
    }
    finding = said.finding
    if finding is not None:
        resource: dict[str, Json] = {"uid": said.subject, "type": visible(said.control.table)}
        if finding.label:
            resource["name"] = visible(finding.label)
        event["resources"] = [resource]
        if finding.waiver:
            event["status_id"], event["status"] = 3, "Suppressed"
            event["status_detail"] = cover(finding.waiver)
        event["evidences"] = [{"data": {"observed": shown(dict(finding.observed)), "ids": list(finding.evidence)}}]
    if said.verdict is Verdict.FAIL and (text := remedy(said.control, finding.source if finding else "")):
        event["remediation"] = {"desc": text}
    return event


def _metadata(said: Statement, scan: ScanInfo) -> Json:
    product: dict[str, Json] = {
        "name": "keyaudit",
        "vendor_name": "keyaudit",
        "version": visible(scan.tool_version),
        "url_string": HOME,
    }
    return {
        "version": VERSION,
        "product": product,
        "uid": stable_id("event", scan.id, said.key),
        "correlation_uid": visible(scan.id),
        "tenant_uid": visible(scan.organization),
    }


def _compliance(said: Statement, titles: dict[str, str]) -> Json:
    control = said.control
    status, status_name = STATUSES[said.verdict]
    standards = dict.fromkeys(titles.get(c.framework, c.framework) for c in control.citations)
    return {
        "control": f"{control.id} {visible(control.title)}",
        "desc": visible(control.statement),
        "category": visible(control.phase),
        "standards": [visible(standard) for standard in standards],
        "requirements": list(cited(control)),
        "status_id": status,
        "status": status_name,
        "status_code": words.VERDICTS[said.verdict],
        "status_details": [said.text],
        "control_parameters": [
            {"name": visible(use.name), "value": f"{value_text(use.value)} {visible(use.unit)}".strip()}
            for use in said.result.thresholds
        ],
    }


def _info(said: Statement) -> Json:
    sources: list[Json] = [visible(said.finding.source)] if said.finding else []
    info: dict[str, Json] = {
        "uid": stable_id("finding", said.key),
        "title": heading(said),
        "desc": said.text,
        "types": [f"keyaudit {words.VERDICTS[said.verdict]}"],
        "product_uid": "keyaudit",
    }
    return {**info, "data_sources": sources} if sources else info
