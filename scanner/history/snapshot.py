"""A finished scan directory as history sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from scanner.errors import EvidenceError, UsageError
from scanner.evaluate.store import query
from scanner.model.control import Severity
from scanner.model.history import ControlState, FindingState, KeyState, LoggingState, ScanRecord, ScopeState, Snapshot
from scanner.model.ids import ControlId, Digest, Json
from scanner.model.report import Totals
from scanner.model.verdict import Counts, Verdict
from scanner.scandir import ScanDir
from scanner.scanheader import Header

_SETTLED = (Verdict.PASS.value, Verdict.NOT_APPLICABLE.value)
_FINDINGS = """
SELECT v.control_id, v.subject, v.source, v.verdict, v.rests_on, v.reason, v.observed, coalesce(v.waiver, '')
FROM (
    FROM read_parquet($path)
    -- A scan of an earlier version has no such column.
    UNION ALL BY NAME SELECT NULL::VARCHAR AS waiver WHERE false
) v WHERE v.verdict IN ('fail', 'unknown') ORDER BY ALL
"""
_KEYS = """
SELECT key_id, source, provider, name, managed_by, key_type, state, created_at, material_since, rotation_enabled,
    rotation_period_days, expires, expires_at
FROM read_parquet($path) ORDER BY key_id, source
"""
_LOGGING = """
SELECT scope_id, key_management_recorded, key_use_recorded FROM read_parquet($path) ORDER BY scope_id, source
"""
_LISTED = "SELECT bool_and(complete) FROM read_parquet($path) WHERE listed_table = 'keys'"


def read_scan(folder: ScanDir, series: str = "") -> Snapshot:
    """Return a finished scan of ``series`` (empty: the one that it was begun for).

    Raises UsageError for what is no finished scan, EvidenceError for one whose files cannot be read.
    """
    header = Header.from_json(folder.read_header(), place=str(folder.scan_json))
    if header.state == "collecting":
        hint = f"finish it with `keyaudit scan --resume {folder.root}`"
        raise UsageError(f"the scan in {folder.root} was not finished", hint=hint)
    path = folder.root / "results.json"
    try:
        results = json.loads(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise _foreign(folder, error) from None
    return snapshot_of(folder, header, results, series)


def snapshot_of(folder: ScanDir, header: Header, results: Json, series: str = "") -> Snapshot:
    """Return the scan in ``folder`` whose ``results.json`` is ``results``, though it may not be written yet.

    Raises EvidenceError for files that cannot be read.
    """
    try:
        if not isinstance(results, dict):
            raise TypeError("it is not an object")
        return _snapshot(folder, header, results, series)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _foreign(folder, error) from None
    except (OSError, duckdb.Error) as error:
        raise EvidenceError(f"{folder.root}: {str(error).splitlines()[0]}") from None


def _foreign(folder: ScanDir, error: Exception) -> EvidenceError:
    return EvidenceError(f"{folder.root / 'results.json'}: not as keyaudit writes it: {error}")


def _snapshot(folder: ScanDir, header: Header, results: Mapping[str, Any], series: str) -> Snapshot:
    labels = {(one["control"], one["subject"], one["source"]): one["label"] for one in results["findings"]}
    ((listed,),) = query(_LISTED, {"path": str(folder.facts / "coverage.parquet")}).fetchall()
    return Snapshot(
        scan=_record(header, results, series),
        controls=tuple(_controls(results["controls"], folder.controls)),
        findings=tuple(_findings(folder.verdicts, labels)),
        keys=tuple(_keys(folder.facts / "keys.parquet")),
        keys_complete=listed,
        logging=tuple(
            LoggingState(scope=s, management_recorded=m, use_recorded=u)
            for s, m, u in _rows(_LOGGING, folder.facts / "audit_scopes.parquet")
        ),
        settled=_settled(folder.verdicts),
        scopes={scope.source: scope for scope in _scopes(results["sources"])},
    )


def _record(header: Header, results: Mapping[str, Any], series: str) -> ScanRecord:
    totals = results["totals"]
    return ScanRecord(
        id=header.id,
        series=series or header.series_name,
        organization=header.organization,
        as_of=header.as_of,
        started=header.started,
        ended=header.ended or header.started,
        tool_version=header.tool_version,
        catalogue_sha256=header.catalogue_sha256,
        estate_sha256=header.estate_sha256,
        selection=header.selection_text(),
        totals=Totals(totals["pass"], totals["fail"], totals["unknown"], totals["not_applicable"], totals["waived"]),
        gaps=len(results["gaps"]),
    )


def _controls(listed: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[ControlState]:
    files = {path.stem: path for path in folder.glob("*/*.yaml")}
    for one in sorted(listed, key=lambda control: str(control["id"])):
        counts = one["counts"]
        yield ControlState(
            id=ControlId(one["id"]),
            title=one["title"],
            severity=Severity(one["severity"]),
            phase=one["phase"],
            clauses=tuple(sorted((c["framework"], c["ref"]) for c in one["citations"])),
            verdict=Verdict(one["verdict"]),
            counts=Counts(counts["pass"], counts["fail"], counts["unknown"], counts["not_applicable"]),
            waived=one.get("waived", 0),
            unread=bool(one["unread"]),
            digest=Digest(f"sha256:{hashlib.sha256(files[one['id']].read_bytes()).hexdigest()}"),
            thresholds=tuple(sorted(((use["name"], use["value"]) for use in one["thresholds"]), key=lambda t: t[0])),
        )


def _scopes(listed: Sequence[Mapping[str, Any]]) -> Iterator[ScopeState]:
    for one in listed:
        populations = one["populations"]
        if one["answers"]:
            yield ScopeState(
                source=one["source"],
                name=one["name"],
                whole=not one["gaps"] and all(listing["complete"] is True for listing in populations),
                keys_listed=next((listing["complete"] for listing in populations if listing["table"] == "keys"), None),
            )


def _findings(verdicts: Path, labels: Mapping[tuple[str, str, str], str]) -> Iterator[FindingState]:
    for control, subject, source, verdict, rests_on, reason, observed, waiver in _rows(_FINDINGS, verdicts):
        seen: dict[str, Json] = json.loads(observed)
        yield FindingState(
            control=ControlId(control),
            subject=subject,
            source=source,
            label=labels.get((control, subject, source), ""),
            verdict=Verdict(verdict),
            rests_on=rests_on,
            reason=reason,
            observed=seen,
            waiver=waiver,
        )


def _settled(verdicts: Path) -> dict[tuple[str, str, str], Verdict]:
    sql = "SELECT control_id, subject, source, verdict FROM read_parquet($path) WHERE verdict IN $settled"
    rows = query(sql, {"path": str(verdicts), "settled": list(_SETTLED)}).fetchall()
    return {(control, subject, source): Verdict(verdict) for control, subject, source, verdict in rows}


def _keys(path: Path) -> Iterator[KeyState]:
    names = list(KeyState.__dataclass_fields__)
    for row in _rows(_KEYS, path):
        yield KeyState(**{name: _utc(value) for name, value in zip(names, row, strict=True)})


def _rows(sql: str, path: Path) -> list[tuple[Any, ...]]:
    return query(sql, {"path": str(path)}).fetchall()


def _utc(value: object) -> Any:  # noqa: ANN401 - a column of any type
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
