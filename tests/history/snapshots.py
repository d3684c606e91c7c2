"""Snapshots made by hand, for what compares scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from scanner.model.control import Severity
from scanner.model.history import ControlState, FindingState, KeyState, ScanRecord, ScopeState, Snapshot
from scanner.model.ids import ControlId, Digest
from scanner.model.report import Totals
from scanner.model.verdict import Counts, Verdict

ONE, OTHER = ControlId("KM-ROT-04"), ControlId("KM-ACC-01")
ACCOUNT = "aws:111122223333"
REGION = f"{ACCOUNT}:us-east-1"
JUNE, JULY = datetime(2026, 6, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)


def sha(digit: str = "0") -> Digest:
    """Return a digest."""
    return Digest("sha256:" + digit * 64)


def a_record(id_: str = "scan-1", **given: Any) -> ScanRecord:  # noqa: ANN401 - any field
    """Return what a series keeps of a scan."""
    fields: dict[str, Any] = {
        "series": "Test Health",
        "organization": "Test Health",
        "as_of": JUNE,
        "started": JUNE,
        "ended": JUNE,
        "tool_version": "0.1.0",
        "catalogue_sha256": sha(),
        "estate_sha256": sha(),
        "selection": "all controls, all sources",
        "totals": Totals(1, 1, 0, 0),
        "gaps": 0,
    }
    return ScanRecord(id=id_, **{**fields, **given})


def a_control(id_: ControlId = ONE, **given: Any) -> ControlState:  # noqa: ANN401 - any field
    """Return a control of a scan."""
    fields: dict[str, Any] = {
        "title": "Automatic rotation is on",
        "severity": Severity.HIGH,
        "phase": "rotation",
        "clauses": (("hipaa-164.312", "164.312(a)(2)(iv)"),),
        "verdict": Verdict.FAIL,
        "counts": Counts(failed=1),
        "waived": 0,
        "unread": False,
        "digest": sha("1"),
        "thresholds": (("kek_max_days", 730),),
    }
    return ControlState(id=id_, **{**fields, **given})


def a_finding(
    subject: str = "key/a",
    verdict: Verdict = Verdict.FAIL,
    control: ControlId = ONE,
    **given: Any,  # noqa: ANN401 - any field
) -> FindingState:
    """Return a finding of a scan."""
    fields: dict[str, Any] = {
        "source": REGION,
        "label": "",
        "rests_on": "observed",
        "reason": "kms:GetKeyRotationStatus denied" if verdict is Verdict.UNKNOWN else "",
        "observed": {"rotation_enabled": False, "age_days": 400},
    }
    return FindingState(control=control, subject=subject, verdict=verdict, **{**fields, **given})


def a_key(key_id: str = "key/a", **given: Any) -> KeyState:  # noqa: ANN401 - any field
    """Return a key of a scan."""
    fields: dict[str, Any] = {
        "source": REGION,
        "provider": "aws",
        "name": "alias/a",
        "managed_by": "customer",
        "key_type": "symmetric_key_wrapping",
        "state": "active",
        "created_at": JUNE,
        "material_since": JUNE,
        "rotation_enabled": True,
        "rotation_period_days": 365,
        "expires": False,
        "expires_at": None,
    }
    return KeyState(key_id=key_id, **{**fields, **given})


def a_scope(source: str = REGION, *, whole: bool = True, keys: bool | None = True, name: str = "main") -> ScopeState:
    """Return a scope that gave an answer."""
    return ScopeState(source, name, whole=whole, keys_listed=keys)


def a_snapshot(
    *findings: FindingState,
    controls: Sequence[ControlState] = (a_control(), a_control(OTHER, title="No key is public")),
    keys: Sequence[KeyState] = (),
    scopes: Sequence[ScopeState] | None = (a_scope(),),
    settled: Mapping[tuple[str, str, str], Verdict] | None = None,
    **given: Any,  # noqa: ANN401 - any field
) -> Snapshot:
    """Return a scan as a scan directory gives it; without ``scopes`` (None), as the store does."""
    stored = scopes is None
    fields: dict[str, Any] = {"scan": a_record(), "keys_complete": True, "logging": ()}
    return Snapshot(
        controls=tuple(controls),
        findings=findings,
        keys=tuple(keys),
        settled=None if stored else dict(settled or {}),
        scopes=None if scopes is None else {scope.source: scope for scope in scopes},
        **{**fields, **given},
    )
