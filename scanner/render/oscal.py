"""``assessment-results.oscal.json``: the verdicts as OSCAL assessment results (NIST, JSON).

The document says version 1.2.1, the newest that compliance-trestle reads; it is valid by NIST's schema of 1.2.3 too.

What each verdict becomes rests on the words of OSCAL's own model (``finding-target``/``status``). ``satisfied``:
"The objective has been completely satisfied"; ``not-satisfied``: "The objective has not been completely satisfied,
but may be partially satisfied". Its reasons are ``pass`` ("satisfied all the conditions"), ``fail`` ("did not satisfy
all the conditions") and ``other`` ("Some other event took place that is not a pass or a fail").

=============== ============= ======= ======
verdict         state         reason  risk
=============== ============= ======= ======
PASS            satisfied     pass    no
FAIL            not-satisfied fail    open, or deviation-approved
UNKNOWN         not-satisfied other   no: none was identified
NOT APPLICABLE  no finding, since both states would be untrue; an observation says it
=============== ============= ======= ======

A satisfied objective is one of this catalogue's own, not the clause that it cites. Waivers and documented alternatives
are mitigating factors of the risk, each with its owner and last day. Where they cover every failed subject the risk is
``deviation-approved`` until the first of them ends (``deadline``), which OSCAL counts as an open risk; the finding
stays ``not-satisfied``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from scanner.model.artifact import Artifact
from scanner.model.control import Control
from scanner.model.ids import Json
from scanner.model.observation import Gap
from scanner.model.report import Report, ScanInfo
from scanner.model.verdict import Applied, ControlResult, Finding, Verdict
from scanner.render import words
from scanner.render.exceptions import cover
from scanner.render.interchange import (
    HOME,
    Statement,
    cited,
    document,
    heading,
    instant,
    line,
    markup,
    named,
    remedy,
    stable_id,
    statements,
    tally,
)

VERSION: Final = "1.2.1"
NS: Final = f"{HOME}/ns/oscal"
STATUS: Final = {
    Verdict.PASS: ("satisfied", "pass"),
    Verdict.FAIL: ("not-satisfied", "fail"),
    Verdict.UNKNOWN: ("not-satisfied", "other"),
}
"""Verdict to the state and reason of a finding. NOT APPLICABLE has no finding."""
_TOOL: Final = stable_id("oscal", "tool")
_ORIGIN: Final[dict[str, Json]] = {"actors": [{"type": "tool", "actor-uuid": _TOOL}]}
_NOT_NAME: Final = re.compile(r"[^0-9A-Za-z._-]")


def render(report: Report) -> Artifact:
    """Return ``assessment-results.oscal.json``."""
    plan = stable_id("oscal", "plan", report.scan.catalogue_sha256)
    body: dict[str, Json] = {
        "uuid": stable_id("oscal", "document", report.scan.id),
        "metadata": _metadata(report.scan),
        "import-ap": {
            "href": f"#{plan}",
            "remarks": "There is no assessment plan in OSCAL; the catalogue stands for it.",
        },
        "results": [_result(report)],
        "back-matter": {"resources": [_plan(report.scan, plan)]},
    }
    if report.results:
        body["local-definitions"] = {"objectives-and-methods": [_objective(one.control) for one in report.results]}
    return Artifact("assessment-results.oscal.json", "application/oscal+json", document({"assessment-results": body}))


def _filled(body: dict[str, Json]) -> dict[str, Json]:
    """Return an object without its empty lists, which OSCAL does not allow."""
    return {key: value for key, value in body.items() if value != []}


def _prop(name: str, value: str) -> Json:
    return {"name": name, "ns": NS, "value": line(value)}


def token(text: str) -> str:
    """Return a text as OSCAL's token (an XML name without a colon)."""
    name = _NOT_NAME.sub("_", text)
    return name if name[:1].isalpha() or name.startswith("_") else f"_{name}"


def _metadata(scan: ScanInfo) -> Json:
    organization: dict[str, Json] = {
        "uuid": stable_id("oscal", "party", scan.organization),
        "type": "organization",
        "name": line(scan.organization),
    }
    return {
        "title": f"Key management of {markup(scan.organization)}",
        "last-modified": instant(scan.ended),
        "version": line(scan.id),
        "oscal-version": VERSION,
        "parties": [organization],
        "props": [
            _prop("as-of", instant(scan.as_of)),
            _prop("tool-version", scan.tool_version),
            _prop("catalogue-sha256", scan.catalogue_sha256),
            _prop("estate-sha256", scan.estate_sha256),
            _prop("selection", scan.selection),
        ],
    }


def _plan(scan: ScanInfo, plan: str) -> Json:
    return {
        "uuid": plan,
        "title": "Control catalogue of keyaudit",
        "description": "The controls that were run, a file each under controls/; the digest is over all.",
        "props": [_prop("catalogue-sha256", scan.catalogue_sha256)],
    }


def _objective(control: Control) -> Json:
    part: dict[str, Json] = {
        "id": token(control.id),
        "name": "objective",
        "title": markup(control.title),
        "prose": markup(control.statement),
    }
    return _filled(
        {
            "control-id": token(control.id),
            "description": "An objective of keyaudit's catalogue. Clauses it bears on are named, not shown to be met.",
            "props": [
                _prop("severity", control.severity.value),
                _prop("basis", control.basis.value),
                *(_prop("citation", clause) for clause in cited(control)),
            ],
            "parts": [part],
        }
    )


def _result(report: Report) -> Json:
    scan = report.scan
    said = [(result, list(statements(result))) for result in report.results]
    return _filled(
        {
            "uuid": stable_id("oscal", "result", scan.id),
            "title": f"Scan {markup(scan.id)}",
            "description": "Machine-made: each control over every subject that was read. UNKNOWN is never satisfied.",
            "start": instant(scan.started),
            "end": instant(scan.ended),
            "local-definitions": _definitions(report, [one for _, of in said for one in of]),
            "reviewed-controls": _reviewed(report.results),
            "observations": [
                *(_observation(one, scan) for _, of in said for one in of),
                *(_gap(gap, scan) for gap in report.gaps),
            ],
            "risks": [_risk(result, of, scan) for result, of in said if result.verdict is Verdict.FAIL],
            "findings": [_finding(result, of, scan) for result, of in said if result.verdict in STATUS],
        }
    )


def _definitions(report: Report, said: Iterable[Statement]) -> Json:
    tool: dict[str, Json] = {
        "uuid": _TOOL,
        "type": "software",
        "title": "keyaudit",
        "description": "Compliance audit and evidence-collection scanner for cryptographic keys.",
        "props": [{"name": "version", "value": line(report.scan.tool_version)}],
        "status": {"state": "operational"},
    }
    platform: dict[str, Json] = {
        "uuid": stable_id("oscal", "platform"),
        "title": "keyaudit",
        "uses-components": [{"component-uuid": _TOOL}],
    }
    items = {_subject_id(one.finding): _item(one.finding) for one in said if one.finding}
    return _filled(
        {
            "inventory-items": list(items.values()),
            "assessment-assets": {"components": [tool], "assessment-platforms": [platform]},
        }
    )


def _subject_id(finding: Finding) -> str:
    return stable_id("oscal", "subject", finding.source, finding.subject)


def _item(finding: Finding) -> Json:
    return {
        "uuid": _subject_id(finding),
        "description": markup(named(finding)),
        "props": [_prop("identifier", finding.subject), _prop("source", finding.source)],
    }


def _reviewed(results: Iterable[ControlResult]) -> Json:
    ids = [token(result.control.id) for result in results]
    if not ids:
        # OSCAL asks for a selection; "all of none" is the only one that names no control.
        return {"control-selections": [{"description": "No control was run.", "include-all": {}}]}
    return {
        "control-selections": [{"include-controls": [{"control-id": one} for one in ids]}],
        "control-objective-selections": [{"include-objectives": [{"objective-id": one} for one in ids]}],
    }


def _observation_id(said: Statement, scan: ScanInfo) -> str:
    return stable_id("oscal", "observation", scan.id, said.key)


def _observation(said: Statement, scan: ScanInfo) -> Json:
    finding = said.finding
    rests_on = finding.rests_on if finding else said.control.rests_on.value
    body: dict[str, Json] = {
        "uuid": _observation_id(said, scan),
        "title": markup(heading(said)),
        "description": f"{words.VERDICTS[said.verdict]}: {markup(said.text)}",
        "props": [_prop("verdict", words.VERDICTS[said.verdict]), _prop("rests-on", rests_on)],
        "methods": ["TEST" if rests_on == "proven" else "EXAMINE"],
        "types": ["control-objective"],
        "origins": [_ORIGIN],
        "collected": instant(scan.ended),
    }
    if finding is not None:
        body["subjects"] = [{"subject-uuid": _subject_id(finding), "type": "inventory-item"}]
        body["relevant-evidence"] = [
            {"description": "A raw answer in the evidence log, by its id.", "props": [_prop("observation", one)]}
            for one in finding.evidence
        ]
    return _filled(body)


def _gap(gap: Gap, scan: ScanInfo) -> Json:
    of = f" of {gap.subject}" if gap.subject else ""
    return {
        "uuid": stable_id("oscal", "gap", scan.id, gap.id),
        "title": markup(f"Not read: {gap.operation}"),
        "description": f"No answer: {markup(f'{gap.source}: {gap.operation}{of}: {gap.reason.value} {gap.detail}')}",
        "props": [_prop("gap", gap.id), _prop("reason", gap.reason.value), _prop("error-code", gap.error_code)],
        "methods": ["EXAMINE"],
        "types": ["discovery"],
        "origins": [_ORIGIN],
        "collected": instant(scan.ended),
    }


def _related(said: Iterable[Statement], scan: ScanInfo) -> Iterator[Json]:
    for one in said:
        yield {"observation-uuid": _observation_id(one, scan)}


def _risk_id(control: Control, scan: ScanInfo) -> str:
    return stable_id("oscal", "risk", scan.id, control.id)


def _risk(result: ControlResult, said: list[Statement], scan: ScanInfo) -> Json:
    control = result.control
    failed = [one for one in said if one.verdict is Verdict.FAIL]
    todo = dict.fromkeys(remedy(control, one.finding.source if one.finding else "") for one in failed)
    responses: list[Json] = [
        {
            "uuid": stable_id("oscal", "response", scan.id, control.id, text),
            "lifecycle": "recommendation",
            "title": "Remedy",
            "description": markup(text),
        }
        for text in todo
        if text
    ]
    applied = {one.finding.waiver.id: one.finding.waiver for one in failed if one.finding and one.finding.waiver}
    covered = bool(applied) and result.waived == result.counts.failed
    facet: dict[str, Json] = {"name": "severity", "system": NS, "value": control.severity.value}
    until = {"deadline": instant(min(one.expires for one in applied.values()))} if covered else {}
    return _filled(
        {
            **until,
            "uuid": _risk_id(control, scan),
            "title": f"{control.id} {markup(control.title)}",
            "description": tally(result),
            "statement": markup(control.rationale, "The catalogue gives no rationale."),
            "status": "deviation-approved" if covered else "open",
            "mitigating-factors": [_factor(one, control, scan) for one in applied.values()],
            "origins": [_ORIGIN],
            "characterizations": [{"origin": _ORIGIN, "facets": [facet]}],
            "remediations": responses,
            "related-observations": list(_related(failed, scan)),
        }
    )


def _factor(applied: Applied, control: Control, scan: ScanInfo) -> Json:
    return {
        "uuid": stable_id("oscal", "factor", scan.id, control.id, applied.id),
        "description": markup(cover(applied)),
        "props": [
            _prop("exception", applied.id),
            _prop("exception-kind", applied.kind),
            _prop("owner", applied.owner),
            _prop("approver", applied.approver),
            _prop("expires", instant(applied.expires)),
        ],
    }


def _finding(result: ControlResult, said: list[Statement], scan: ScanInfo) -> Json:
    control = result.control
    state, reason = STATUS[result.verdict]
    verdict = words.VERDICTS[result.verdict]
    status: dict[str, Json] = {"state": state, "reason": reason}
    if result.verdict is Verdict.UNKNOWN:
        status["remarks"] = "It could not be judged: neither met nor shown to be unmet."
    target: dict[str, Json] = {"type": "objective-id", "target-id": token(control.id), "status": status}
    body: dict[str, Json] = {
        "uuid": stable_id("oscal", "finding", scan.id, control.id),
        "title": f"{verdict} {control.id} {markup(control.title)}",
        "description": f"{verdict}: {tally(result)}.",
        "props": [_prop("verdict", verdict)],
        "origins": [_ORIGIN],
        "target": target,
        "related-observations": list(_related(said, scan)),
    }
    if result.unread:
        body["remarks"] = f"Not read: {markup(result.unread)}"
    if result.verdict is Verdict.FAIL:
        body["related-risks"] = [{"risk-uuid": _risk_id(control, scan)}]
    return _filled(body)
