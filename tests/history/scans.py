"""Scans as the store and the series are given them: small ones, made up, any day of a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.model.control import Severity
from scanner.model.history import ControlState, FindingState, KeyState, LoggingState, ScanRecord, ScopeState, Snapshot
from scanner.model.ids import ControlId, Digest
from scanner.model.report import Totals
from scanner.model.verdict import Counts, Verdict

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
HOSTILE = "\x00<b>\x1b[31m=1+1\x1a0000 \U0001f511é"
"""Holds what PostgreSQL cannot, what an escape could be taken for, and what is more than a byte."""


def digest(letter: str) -> Digest:
    return Digest(f"sha256:{letter * 64}")


def a_finding(subject: str, **given: Any) -> FindingState:  # noqa: ANN401 - any field of FindingState
    fields: dict[str, Any] = {
        "control": ControlId("KM-ROT-04"),
        "subject": subject,
        "source": "aws:1:us-east-1",
        "label": f"alias/{subject}",
        "verdict": Verdict.FAIL,
        "rests_on": "observed",
        "reason": "",
        "observed": {"rotation_enabled": False, "days": [1, None]},
    }
    return FindingState(**{**fields, **given})


def a_key_state(key_id: str, **given: Any) -> KeyState:  # noqa: ANN401 - any field of KeyState
    fields: dict[str, Any] = {
        "key_id": key_id,
        "source": "aws:1:us-east-1",
        "provider": "aws",
        "name": None,
        "managed_by": "customer",
        "key_type": "symmetric_key_wrapping",
        "state": "active",
        "created_at": START - timedelta(days=400, microseconds=1),
        "material_since": None,
        "rotation_enabled": True,
        "rotation_period_days": 365,
        "expires": False,
        "expires_at": None,
    }
    return KeyState(**{**fields, **given})


def a_control(name: str = "KM-ROT-04", **given: Any) -> ControlState:  # noqa: ANN401 - any field of ControlState
    fields: dict[str, Any] = {
        "id": ControlId(name),
        "title": f"Title of {name}",
        "severity": Severity.HIGH,
        "phase": "rotation",
        "clauses": (("hipaa-164.312", "164.312(a)(2)(iv)"), ("sp800-57pt1r5", "5.3.6")),
        "verdict": Verdict.FAIL,
        "counts": Counts(3, 1, 0, 2),
        "waived": 0,
        "unread": False,
        "digest": digest("a"),
        "thresholds": (("kek_max_days", 365), ("names", ["a", "b"])),
    }
    return ControlState(**{**fields, **given})


def a_scan(day: float = 0, **given: Any) -> ScanRecord:  # noqa: ANN401 - any field of ScanRecord
    moment = START + timedelta(days=day)
    fields: dict[str, Any] = {
        "id": f"scan-{day}",
        "series": "nightly",
        "organization": "Test Health",
        "as_of": moment,
        "started": moment + timedelta(microseconds=7),
        "ended": moment + timedelta(seconds=9),
        "tool_version": "0.1.0",
        "catalogue_sha256": digest("c"),
        "estate_sha256": digest("e"),
        "selection": "all controls, all sources",
        "totals": Totals(1, 2, 3, 4, 5),
        "gaps": 6,
    }
    return ScanRecord(**{**fields, **given})


def a_snapshot(
    day: float = 0,
    *findings: FindingState | str,
    keys: Sequence[KeyState] = (),
    controls: Sequence[ControlState] | None = None,
    **given: Any,  # noqa: ANN401 - any field of ScanRecord
) -> Snapshot:
    """Return the scan of a day, with findings (or the subjects of them)."""
    made = [one if isinstance(one, FindingState) else a_finding(one) for one in findings]
    return Snapshot(
        scan=a_scan(day, **given),
        controls=tuple(sorted(controls if controls is not None else (a_control(),), key=lambda one: one.id)),
        findings=tuple(sorted(made, key=lambda one: (one.control, one.subject, one.source))),
        keys=tuple(sorted(keys, key=lambda one: (one.key_id, one.source))),
        keys_complete=True,
        logging=(
            LoggingState(scope="aws:1:us-east-1", management_recorded=True, use_recorded=None),
            LoggingState(scope="aws:1:us-west-2", management_recorded=False, use_recorded=True),
        ),
        scopes={"aws:1:us-east-1": ScopeState("aws:1:us-east-1", "main", whole=True, keys_listed=None)},
    )
