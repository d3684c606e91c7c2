"""``results.json``: the report for machines, by the schema that ``keyaudit schema results`` prints."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from scanner.model.artifact import Artifact
from scanner.model.ids import Json
from scanner.model.observation import Gap
from scanner.model.report import Report, ScanInfo, SourceSummary
from scanner.model.verdict import Applied, ControlResult, Finding, ThresholdUse
from scanner.render.text import Translation, hidden, spelled

SCHEMA = "keyaudit/results/1"
_LONE = re.compile("[\ud800-\udfff]")


def render(report: Report) -> Artifact:
    """Return ``results.json``."""
    totals = report.totals
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "scan": _scan(report.scan),
        "totals": {
            "pass": totals.passed,
            "fail": totals.failed,
            "unknown": totals.unknown,
            "not_applicable": totals.not_applicable,
            "waived": totals.waived,
        },
        "controls": [_control(result) for result in report.results],
        "findings": [_finding(finding) for result in report.results for finding in result.findings],
        "gaps": [_gap(gap) for gap in report.gaps],
        "sources": [_source(source) for source in report.sources],
    }
    return Artifact("results.json", "application/json", encoded(body))


def encoded(body: Mapping[str, Json]) -> bytes:
    """Return a JSON file that keeps every text whole and can still be shown on a terminal."""
    text = json.dumps(_exact(dict(body)), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    return f"{text.translate(_ESCAPED)}\n".encode()


def _escaped(char: str) -> str:
    """Return a hidden character as an escape of JSON, so that the file can be shown on a terminal: nothing is lost."""
    if char == "\n" or not hidden(char):
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else json.dumps(char)[1:-1]


_ESCAPED = Translation(_escaped)


def _exact(value: Json) -> Json:
    """Return a value without what JSON cannot say: lone surrogates are spelled out, NaN and infinities are words."""
    if isinstance(value, str):
        return _LONE.sub(lambda match: spelled(match[0]), value)
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {str(_exact(key)): _exact(item) for key, item in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _scan(scan: ScanInfo) -> dict[str, Json]:
    return {
        "id": scan.id,
        "organization": scan.organization,
        "as_of": _instant(scan.as_of),
        "started": _instant(scan.started),
        "ended": _instant(scan.ended),
        "tool_version": scan.tool_version,
        "catalogue_sha256": scan.catalogue_sha256,
        "estate_sha256": scan.estate_sha256,
        "principals": list(scan.principals),
        "selection": scan.selection,
        "policy": dict(scan.policy),
        "insecure": list(scan.insecure),
    }


def _control(result: ControlResult) -> dict[str, Json]:
    control, counts = result.control, result.counts
    return {
        "id": control.id,
        "title": control.title,
        "severity": control.severity.value,
        "phase": control.phase,
        "basis": control.basis.value,
        "rests_on": control.rests_on.value,
        "verdict": result.verdict.value,
        "addressable_only": result.addressable_only,
        "citations": [{"framework": c.framework, "ref": c.ref, "mapping": c.mapping} for c in control.citations],
        "thresholds": [_threshold(use) for use in result.thresholds],
        "counts": {
            "pass": counts.passed,
            "fail": counts.failed,
            "unknown": counts.unknown,
            "not_applicable": counts.not_applicable,
        },
        "waived": result.waived,
        "alternative_documented": result.alternative,
        "omitted": result.omitted,
        "unread": result.unread,
    }


def _threshold(use: ThresholdUse) -> dict[str, Json]:
    return {
        "name": use.name,
        "value": use.value,
        "default": use.default,
        "unit": use.unit,
        "basis": use.basis.value,
        "default_basis": use.default_basis.value,
        "source": use.source,
        "overridden": use.overridden,
    }


def _finding(finding: Finding) -> dict[str, Json]:
    return {
        "control": finding.control,
        "subject": finding.subject,
        "source": finding.source,
        "label": finding.label,
        "verdict": finding.verdict.value,
        "rests_on": finding.rests_on,
        "reason": finding.reason,
        "observed": dict(finding.observed),
        "evidence": list(finding.evidence),
        "waiver": _waiver(finding.waiver) if finding.waiver else None,
    }


def _waiver(applied: Applied) -> dict[str, Json]:
    return {
        "id": applied.id,
        "kind": applied.kind,
        "owner": applied.owner,
        "approver": applied.approver,
        "reason": applied.reason,
        "measure": applied.measure,
        "expires": _instant(applied.expires),
    }


def _gap(gap: Gap) -> dict[str, Json]:
    return {
        "id": gap.id,
        "source": gap.source,
        "operation": gap.operation,
        "subject": gap.subject,
        "reason": gap.reason.value,
        "error_code": gap.error_code,
        "detail": gap.detail,
        "request_id": gap.request_id,
    }


def _source(source: SourceSummary) -> dict[str, Json]:
    return {
        "source": source.source,
        "name": source.name,
        "endpoint": source.endpoint,
        "answers": source.calls,
        "gaps": source.gaps,
        "populations": [{"table": p.table, "rows": p.rows, "complete": p.complete} for p in source.populations],
    }
