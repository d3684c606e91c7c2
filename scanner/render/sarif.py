"""``results.sarif``: the verdicts as SARIF 2.1.0 (OASIS), for code scanning and IDEs.

The kind of a result is the verdict's: FAIL ``fail``, PASS ``pass``, NOT APPLICABLE ``notApplicable``, UNKNOWN ``open``,
which 3.27.9 gives to a rule of which "the tool concluded that there was insufficient information to decide whether a
problem exists". Only ``fail`` may have a level (3.27.10). What could not be read is a notification of the run
(3.20.21). A resource of a cloud is no file, so locations are logical. A waiver or a documented
alternative is a suppression (3.35) that was accepted outside of the tool: the result keeps its kind and level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scanner.model.artifact import Artifact
from scanner.model.control import Control, Severity
from scanner.model.ids import Json
from scanner.model.observation import Gap
from scanner.model.report import Report, ScanInfo
from scanner.model.verdict import Verdict
from scanner.render import words
from scanner.render.exceptions import cover
from scanner.render.interchange import (
    HOME,
    Statement,
    cited,
    document,
    heading,
    instant,
    named,
    remedy,
    shown,
    stable_id,
    statements,
)
from scanner.render.text import visible

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
KINDS: Final = {
    Verdict.FAIL: "fail",
    Verdict.UNKNOWN: "open",
    Verdict.PASS: "pass",
    Verdict.NOT_APPLICABLE: "notApplicable",
}
LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_MARKED = re.compile(r"([\\\[\]])")


def render(report: Report) -> Artifact:
    """Return ``results.sarif``."""
    run: dict[str, Json] = {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": f"keyaudit/{visible(report.scan.id)}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report.scan, report.gaps)],
        "results": list(_results(report)),
        "properties": {
            "asOf": instant(report.scan.as_of),
            "organization": visible(report.scan.organization),
            "selection": visible(report.scan.selection),
            "catalogueSha256": report.scan.catalogue_sha256,
            "estateSha256": report.scan.estate_sha256,
        },
    }
    body: dict[str, Json] = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return Artifact("results.sarif", "application/sarif+json", document(body))


def _results(report: Report) -> Iterator[Json]:
    # Where one result has the list of suppressions, every one has it: an empty one says that it has none.
    some = any(finding.waiver for result in report.results for finding in result.findings)
    for index, result in enumerate(report.results):
        for said in statements(result):
            body = _result(said, index)
            yield {**body, "suppressions": _suppressions(said)} if some else body


def message(text: str) -> Json:
    """Return visible text as a message that shows exactly that text: no placeholder (3.11.5), no link (3.11.6)."""
    return {"text": _MARKED.sub(r"\\\1", text).replace("{", "{{").replace("}", "}}")}


def _driver(report: Report) -> dict[str, Json]:
    return {
        "name": "keyaudit",
        "version": visible(report.scan.tool_version),
        "informationUri": HOME,
        "rules": [_rule(result.control) for result in report.results],
    }


def _rule(control: Control) -> Json:
    tags: list[Json] = [visible(control.phase), *cited(control)]
    help_text = remedy(control, "") or "The catalogue names no remedy."
    return {
        "id": control.id,
        "shortDescription": message(visible(control.title) or control.id),
        "fullDescription": message(visible(control.statement) or control.id),
        "help": message(help_text),
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {"severity": control.severity.value, "basis": control.basis.value, "tags": tags},
    }


def _result(said: Statement, index: int) -> dict[str, Json]:
    control, finding = said.control, said.finding
    body: dict[str, Json] = {
        "ruleId": control.id,
        "ruleIndex": index,
        "kind": KINDS[said.verdict],
        "level": LEVELS[control.severity] if said.verdict is Verdict.FAIL else "none",
        "message": message(f"{heading(said)}. {said.text}"),
        "partialFingerprints": {"keyaudit/v1": stable_id("finding", said.key)},
        "properties": {"verdict": words.VERDICTS[said.verdict], "severity": control.severity.value},
    }
    if finding is not None:
        location: dict[str, Json] = {"fullyQualifiedName": said.subject, "kind": "resource", "name": named(finding)}
        body["locations"] = [{"logicalLocations": [location]}]
        body["properties"] = {
            "verdict": words.VERDICTS[said.verdict],
            "severity": control.severity.value,
            "source": visible(finding.source),
            "restsOn": visible(finding.rests_on),
            "observed": shown(dict(finding.observed)),
            "evidence": list(finding.evidence),
        }
    return body


def _suppressions(said: Statement) -> Json:
    applied = said.finding.waiver if said.finding else None
    if applied is None:
        return []
    suppression: dict[str, Json] = {
        "guid": stable_id("suppression", applied.id, said.key),
        "kind": "external",
        "status": "accepted",
        "justification": cover(applied),
        "properties": {
            "id": visible(applied.id),
            "kind": visible(applied.kind),
            "owner": visible(applied.owner),
            "approver": visible(applied.approver),
            "expires": instant(applied.expires),
        },
    }
    return [suppression]


def _invocation(scan: ScanInfo, gaps: tuple[Gap, ...]) -> Json:
    return {
        "executionSuccessful": True,
        "startTimeUtc": instant(scan.started),
        "endTimeUtc": instant(scan.ended),
        "toolExecutionNotifications": [_notification(gap) for gap in gaps],
    }


def _notification(gap: Gap) -> Json:
    of = f" of {visible(gap.subject)}" if gap.subject else ""
    code = f" ({visible(gap.error_code)})" if gap.error_code else ""
    text = f"{visible(gap.source)}: {visible(gap.operation)}{of} {gap.reason.value}{code}: {visible(gap.detail)}"
    return {"level": "warning", "message": message(text), "properties": {"gap": gap.id, "reason": gap.reason.value}}
