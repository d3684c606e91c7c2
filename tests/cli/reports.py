"""Reports made by hand, for what is printed at the end of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scanner import pipeline, resources
from scanner.model.control import Severity
from scanner.model.ids import ControlId, Digest, SourceId
from scanner.model.observation import Gap, GapReason
from scanner.model.report import Report, ScanInfo, Totals
from scanner.model.verdict import ControlResult, Counts, Finding, Verdict

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SHA = Digest("sha256:" + "0" * 64)
CONTROLS = {str(c.id): c for c in pipeline.load_catalogue(resources.controls_dir()).controls}


def a_gap(**given: Any) -> Gap:  # noqa: ANN401 - any field of Gap
    """Return a gap of one account and region, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "source": SourceId("aws:111122223333:us-east-1"),
        "source_name": "main",
        "account": "111122223333",
        "region": "us-east-1",
        "collector": "aws.kms",
        "operation": "kms:DescribeKey",
        "params": {},
        "subject": None,
        "endpoint": "",
        "principal": "",
        "started": "",
        "ended": "",
        "attempts": 1,
        "request_id": "",
        "page": 0,
        "run": 1,
        "id": SHA,
        "reason": GapReason.DENIED,
        "error_code": "AccessDeniedException",
        "detail": "",
    }
    return Gap(**{**fields, **given})


def a_result(
    control: str = "KM-ROT-04", *, severity: Severity = Severity.HIGH, title: str = "", unread: str = "", **counts: int
) -> ControlResult:
    """Return a control's result with these counts (``failed=1``) and a finding per unknown."""
    counted = Counts(**counts)
    verdict = Verdict.PASS if counted.passed else Verdict.NOT_APPLICABLE
    verdict = Verdict.FAIL if counted.failed else Verdict.UNKNOWN if counted.unknown or unread else verdict
    one = CONTROLS[control]
    return ControlResult(
        control=replace(one, severity=severity, title=title or one.title),
        verdict=verdict,
        counts=counted,
        thresholds=(),
        findings=tuple(a_finding(control) for _ in range(counted.unknown)),
        omitted=0,
        addressable_only=False,
        unread=unread,
    )


def a_finding(control: str, reason: str = "kms:DescribeKey denied (AccessDeniedException)") -> Finding:
    """Return an unknown subject."""
    return Finding(
        control=ControlId(control),
        subject="arn:aws:kms:us-east-1:111122223333:key/a",
        source="aws:111122223333:us-east-1",
        label="",
        verdict=Verdict.UNKNOWN,
        rests_on="observed",
        reason=reason,
        observed={},
        evidence=(),
    )


def a_report(
    results: Sequence[ControlResult] = (), gaps: Sequence[Gap] = (), organization: str = "Test Health"
) -> Report:
    """Return a report over results and gaps."""
    verdicts = [result.verdict for result in results]
    return Report(
        scan=ScanInfo(
            id="a",
            organization=organization,
            as_of=NOON,
            started=NOON,
            ended=NOON,
            tool_version="1",
            catalogue_sha256=SHA,
            estate_sha256=SHA,
            principals=(),
            selection="all controls, all sources",
            policy={},
        ),
        totals=Totals(
            *(verdicts.count(v) for v in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE))
        ),
        results=tuple(results),
        gaps=tuple(gaps),
        sources=(),
        clauses=(),
        phases=(),
        key_ages=(),
        key_ages_omitted=0,
        key_ages_unknown=0,
    )
