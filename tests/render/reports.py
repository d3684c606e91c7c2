"""Reports to render: whole and small, with any part replaced by what a test needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scanner.evaluate.assemble import clause_coverage, phase_coverage, totals
from scanner.model.control import Basis, Citation, Clause, Control, Framework, RestsOn, Severity
from scanner.model.exceptions import ALTERNATIVE, WAIVER, Registered
from scanner.model.ids import ControlId, Digest, Json, SourceId
from scanner.model.observation import Gap, GapReason
from scanner.model.report import KeyAge, Population, Report, ScanInfo, SourceSummary
from scanner.model.verdict import Applied, ControlResult, Counts, Finding, ThresholdUse, Verdict

AS_OF = datetime(2026, 6, 15, 12, tzinfo=UTC)
SCOPE = "aws:111122223333:us-east-1"

LAW = Framework(
    "hipaa-164.312",
    "45 CFR 164.312 Technical safeguards",
    "as in force",
    "Passing a control does not show that the clause is met.",
    (
        Clause("164.312(a)(1)", "Access control", "Standard", "Implement technical policies.", binding=True),
        Clause("164.312(a)(2)(iv)", "Encryption and decryption", "Addressable", "Implement a mechanism.", binding=True),
    ),
)
NIST = Framework(
    "sp800-57pt1r5",
    "NIST SP 800-57 Part 1 Rev. 5, Recommendation for Key Management",
    "Rev. 5, May 2020",
    "Voluntary. See `Table 1`.",
    (
        Clause("5.3.6", "Cryptoperiod recommendations", "", "", binding=False),
        Clause("8.2.3", "Key change", "", "", binding=False),
    ),
)

LARGE = 40
"""Controls in the large report: enough to fill pages, few enough to lay out in seconds."""


def digest(of: str) -> Digest:
    """Return a digest that depends on ``of`` only."""
    written = of.encode("utf-8", "surrogatepass")
    return Digest(f"sha256:{hashlib.sha256(written).hexdigest()}")


def arn(name: str) -> str:
    """Return the ARN of a key."""
    return f"arn:aws:kms:us-east-1:111122223333:key/{name}"


def a_control(control: str = "KM-ROT-04", **given: Any) -> Control:  # noqa: ANN401 - any field of Control
    """Return a control of rotation, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "id": ControlId(control),
        "title": "Automatic rotation is on",
        "statement": "Automatic rotation is on for each key that has `rotation_supported`.",
        "severity": Severity.HIGH,
        "phase": "rotation",
        "citations": (Citation("hipaa-164.312", "164.312(a)(2)(iv)"), Citation("sp800-57pt1r5", "5.3.6")),
        "basis": Basis.PROVIDER,
        "parameters": (),
        "table": "keys",
        "related": (),
        "applies": "true",
        "pass_when": "rotation_enabled",
        "fail_when": "NOT rotation_enabled",
        "observe": ("rotation_enabled", "next_rotation_at"),
        "rests_on": RestsOn.OBSERVED,
        "rationale": "Rotation that a machine does is not forgotten.",
        "undecided": "",
        "remedy": (("aws", "aws kms enable-key-rotation --key-id KEY --rotation-period-in-days 365"),),
        "examples": (),
        "path": "controls/rotation/KM-ROT-04.yaml",
        "digest": digest("control"),
    }
    return Control(**{**fields, **given})


def a_finding(subject: str, verdict: Verdict = Verdict.FAIL, **given: Any) -> Finding:  # noqa: ANN401 - any field
    """Return a finding of a key without rotation."""
    observed: dict[str, Json] = {"rotation_enabled": False, "next_rotation_at": "2026-11-14T22:19:00Z"}
    fields: dict[str, Any] = {
        "control": ControlId("KM-ROT-04"),
        "subject": subject,
        "source": SCOPE,
        "label": "alias/one",
        "verdict": verdict,
        "rests_on": "observed",
        "reason": "" if verdict is Verdict.FAIL else "kms:GetKeyRotationStatus denied (AccessDeniedException)",
        "observed": observed,
        "evidence": (digest(subject),),
    }
    return Finding(**{**fields, **given})


def a_waiver(kind: str = WAIVER, **given: Any) -> Applied:  # noqa: ANN401 - any field of Applied
    """Return what covers a failure until the end of September 2026."""
    fields: dict[str, Any] = {
        "id": "one-exception",
        "owner": "Platform Team",
        "approver": "Chief Information Security Officer",
        "reason": "The appliance takes no longer key.",
        "measure": "A tunnel around it." if kind == ALTERNATIVE else "",
        "expires": datetime(2026, 9, 30, tzinfo=UTC),
    }
    return Applied(kind=kind, **{**fields, **given})


def an_exception(kind: str = WAIVER, **given: Any) -> Registered:  # noqa: ANN401 - any field of Registered
    """Return an exception in force that covers one failure."""
    fields: dict[str, Any] = {
        "id": "one-exception",
        "clause": "164.312(e)(2)(ii)" if kind == ALTERNATIVE else "none",
        "controls": ("KM-ROT-04",),
        "subjects": (arn("*"),),
        "scope": "*",
        "owner": "Platform Team",
        "approver": "Chief Information Security Officer",
        "reason": "The appliance takes no longer key.",
        "measure": "A tunnel around it." if kind == ALTERNATIVE else "none",
        "begins": datetime(2026, 3, 1, tzinfo=UTC),
        "ends": datetime(2026, 9, 30, tzinfo=UTC),
        "ticket": "none",
        "document": "none",
        "document_matches": False,
        "in_force": True,
        "matched": 1,
        "covered": 1,
    }
    return Registered(kind=kind, **{**fields, **given})


def a_result(
    *findings: Finding,
    control: Control | None = None,
    passed: int = 0,
    **given: Any,  # noqa: ANN401 - any field of ControlResult
) -> ControlResult:
    """Return the result that the findings and the number of passes make."""
    failed = sum(f.verdict is Verdict.FAIL for f in findings)
    unknown = len(findings) - failed
    quiet = Verdict.PASS if passed else Verdict.NOT_APPLICABLE
    fields: dict[str, Any] = {
        "control": control or a_control(),
        "verdict": Verdict.FAIL if failed else Verdict.UNKNOWN if unknown else quiet,
        "counts": Counts(passed, failed, unknown, 1),
        "thresholds": (),
        "findings": findings,
        "omitted": 0,
        "addressable_only": False,
    }
    return ControlResult(**{**fields, **given})


def a_threshold(**given: Any) -> ThresholdUse:  # noqa: ANN401 - any field of ThresholdUse
    """Return a threshold that NIST suggests, at its default."""
    fields: dict[str, Any] = {
        "name": "kek_max_days",
        "value": 730,
        "default": 730,
        "unit": "days",
        "basis": Basis.NIST_SUGGESTED,
        "default_basis": Basis.NIST_SUGGESTED,
        "source": "SP 800-57 Part 1 Rev. 5, Table 1, row 7",
        "overridden": False,
    }
    return ThresholdUse(**{**fields, **given})


def a_gap(**given: Any) -> Gap:  # noqa: ANN401 - any field of Gap
    """Return a denied question."""
    fields: dict[str, Any] = {
        "id": digest(f"gap {sorted(given.items())}"),
        "source": SourceId(SCOPE),
        "source_name": "main",
        "account": "111122223333",
        "region": "us-east-1",
        "collector": "aws.kms",
        "operation": "kms:GetKeyRotationStatus",
        "params": {},
        "subject": arn("hidden"),
        "endpoint": "https://kms.us-east-1.amazonaws.com",
        "principal": "arn:aws:iam::111122223333:role/audit",
        "started": "2026-06-15T12:00:00Z",
        "ended": "2026-06-15T12:00:01Z",
        "attempts": 1,
        "request_id": "request-1",
        "page": 0,
        "run": 1,
        "reason": GapReason.DENIED,
        "error_code": "AccessDeniedException",
        "detail": "no policy allows it",
    }
    return Gap(**{**fields, **given})


def a_source(source: str = SCOPE, **given: Any) -> SourceSummary:  # noqa: ANN401 - any field of SourceSummary
    """Return a source that was read to its end."""
    fields: dict[str, Any] = {
        "source": source,
        "name": "main",
        "endpoint": "https://kms.us-east-1.amazonaws.com",
        "calls": 12,
        "gaps": 0,
        "populations": (Population("keys", 3, complete=True), Population("key_grants", 2, complete=False)),
    }
    return SourceSummary(**{**fields, **given})


def a_scan(**given: Any) -> ScanInfo:  # noqa: ANN401 - any field of ScanInfo
    """Return who scanned what, when."""
    fields: dict[str, Any] = {
        "id": "11111111-2222-4333-8444-555555555555",
        "organization": "Example Health Voice",
        "as_of": AS_OF,
        "started": AS_OF,
        "ended": AS_OF.replace(minute=3, microsecond=250_000),
        "tool_version": "1.2.3",
        "catalogue_sha256": digest("catalogue"),
        "estate_sha256": digest("estate"),
        "principals": ("arn:aws:iam::111122223333:role/audit",),
        "selection": "all controls, all sources",
        "policy": {},
        "insecure": (),
    }
    return ScanInfo(**{**fields, **given})


def an_age(label: str = "alias/one", age: int = 100, limit: int = 365, **given: Any) -> KeyAge:  # noqa: ANN401 - any field
    """Return one bar of the chart."""
    fields: dict[str, Any] = {
        "key_id": arn(label or "unnamed"),
        "label": label,
        "key_type": "symmetric_key_wrapping",
        "age_days": age,
        "limit_days": limit,
        "limit_name": "kek_max_days",
    }
    return KeyAge(**{**fields, **given})


def a_report(*results: ControlResult, frameworks: Sequence[Framework] = (LAW, NIST), **given: Any) -> Report:  # noqa: ANN401 - any field
    """Return the report of some results, put together as the pipeline does."""
    fields: dict[str, Any] = {
        "scan": a_scan(),
        "totals": totals(results),
        "results": results,
        "gaps": (),
        "sources": (a_source(),),
        "clauses": tuple((f, clause_coverage(f, results)) for f in frameworks),
        "phases": phase_coverage(results),
        "key_ages": (an_age(),),
        "key_ages_omitted": 0,
        "key_ages_unknown": 0,
    }
    return Report(**{**fields, **given})


def a_failure() -> Report:
    """Return a report with one failure, one unknown, one gap and one pass."""
    findings = (a_finding(arn("one")), a_finding(arn("two"), Verdict.UNKNOWN, label="", observed={}))
    failing = a_result(
        *findings,
        passed=2,
        thresholds=(a_threshold(value=365, basis=Basis.POLICY, overridden=True),),
        addressable_only=True,
        unread="kms:GetKeyRotationStatus denied (AccessDeniedException)",
    )
    passing = a_result(passed=3, control=a_control("KM-GEN-01", title="Keys are AES", phase="generation"))
    return a_report(failing, passing, gaps=(a_gap(),), sources=(a_source(gaps=1),))


def renamed(report: Report, **scan: Any) -> Report:  # noqa: ANN401 - any field of ScanInfo
    """Return a report with other facts on its cover."""
    return replace(report, scan=replace(report.scan, **scan))
