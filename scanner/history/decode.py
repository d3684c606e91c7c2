"""Reading ``history.json``. It travels in evidence packages, so it may have been made up to mislead or to do harm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from scanner.errors import EvidenceError
from scanner.model.control import Severity
from scanner.model.history import (
    ControlHistory,
    ControlPoint,
    FindingHistory,
    FindingPoint,
    History,
    KeyHistory,
    KeyState,
    LoggingState,
    ScanRecord,
    ScopeState,
)
from scanner.model.ids import ControlId, Digest
from scanner.model.report import Totals
from scanner.model.verdict import Verdict

SCHEMA: Final = "keyaudit/history/1"
MOST_POINTS: Final = 10_000_000
"""States of controls, findings and keys in one file. A few bytes can claim any number; this one fits into memory."""


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant is out of range") from None


_Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
_Count = Annotated[int, Field(ge=0, le=2**63)]
_Digest = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]
_ControlRun = tuple[_Count, _Count, Verdict, _Count, _Count, _Count, _Count, bool]
_FindingRun = tuple[_Count, _Count, Literal[Verdict.FAIL, Verdict.UNKNOWN], str]
_LoggingRun = tuple[_Count, _Count, list[tuple[str, bool | None, bool | None]]]
_ScopesRun = tuple[_Count, _Count, list[tuple[str, str, bool, bool | None]]]
_R = TypeVar("_R", bound=tuple[Any, ...])


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Totals(_Strict):
    passed: _Count
    failed: _Count
    unknown: _Count
    not_applicable: _Count
    waived: _Count


class _Scan(_Strict):
    id: str
    series: str
    organization: str
    as_of: _Instant
    started: _Instant
    ended: _Instant
    tool_version: str
    catalogue_sha256: _Digest
    estate_sha256: _Digest
    selection: str
    totals: _Totals
    gaps: _Count
    checkpoint: _Digest | None
    checkpoint_number: _Count | None


class _Control(_Strict):
    id: str
    title: str
    severity: Severity
    phase: str
    clauses: list[tuple[str, str]]
    points: list[_ControlRun]


class _Finding(_Strict):
    control: str
    subject: str
    source: str
    label: str
    points: list[_FindingRun]


class _Facts(_Strict):
    provider: str
    name: str | None = None
    managed_by: str | None = None
    key_type: str | None = None
    state: str | None = None
    created_at: _Instant | None = None
    material_since: _Instant | None = None
    rotation_enabled: bool | None = None
    rotation_period_days: int | None = None
    expires: bool | None = None
    expires_at: _Instant | None = None


class _Key(_Strict):
    key_id: str
    source: str
    points: list[tuple[_Count, _Count, _Facts]]


class _File(_Strict):
    schema_: Literal["keyaudit/history/1"] = Field(alias="schema")
    scans: list[_Scan]
    digests: list[_Digest]
    controls: list[_Control]
    findings: list[_Finding]
    keys: list[_Key]
    logging: list[_LoggingRun]
    scopes: list[_ScopesRun]


def read_history(path: Path, before: datetime | None = None) -> History:
    """Read the series in a file, all of whose scans are of an as-of ``before`` another.

    Raises EvidenceError, with the place, for what keyaudit does not write.
    """
    try:
        history = decode(path.read_bytes())
        if before is not None and history.scans and history.scans[-1].as_of >= before:
            raise ValueError(f"scans.{len(history.scans) - 1} is not before the scan that it is for")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise EvidenceError(f"{path}: {where[:200]}: {first['msg'][:200]}") from None
    except ValueError as error:
        raise EvidenceError(f"{path}: {error}") from None
    return history


def decode(data: bytes) -> History:
    """Return the series of its JSON form. Raises ValueError."""
    file = _File.model_validate_json(data)
    _check_order("scans", [(scan.as_of, scan.id) for scan in file.scans])
    _check_order("controls", [control.id for control in file.controls])
    _check_order("findings", [(one.control, one.subject, one.source) for one in file.findings])
    _check_order("keys", [(key.key_id, key.source) for key in file.keys])
    _check_runs(file)
    points = _Points()
    return History(
        scans=tuple(_scan(scan) for scan in file.scans),
        controls=tuple(_control(control, file.digests, n) for n, control in enumerate(file.controls)),
        findings=tuple(points.finding(one) for one in file.findings),
        keys=tuple(_key(key) for key in file.keys),
        logging=tuple((scan, tuple(map(_logging, states))) for scan, (_, _, states) in _expanded(file.logging)),
        scopes=tuple(
            (scan, tuple(ScopeState(*state) for state in states)) for scan, (_, _, states) in _expanded(file.scopes)
        ),
    )


def _check_order(what: str, names: Sequence[Any]) -> None:
    for place in range(1, len(names)):
        if names[place - 1] >= names[place]:
            raise ValueError(f"{what}.{place} is out of order, or there twice")


def _check_runs(file: _File) -> None:
    """Raise ValueError unless every run is of scans that there are, in order, and together they are not too many."""
    total = 0
    listed: tuple[tuple[str, Sequence[_Control | _Finding | _Key]], ...] = (
        ("controls", file.controls),
        ("findings", file.findings),
        ("keys", file.keys),
    )
    for what, ones in listed:
        for place, one in enumerate(ones):
            total += _check_points(f"{what}.{place}.points", one.points, len(file.scans))
            if total > MOST_POINTS:
                raise ValueError(f"{what}.{place}: there are more than {MOST_POINTS} states")
    for named, runs in (("logging", file.logging), ("scopes", file.scopes)):
        if runs:
            _check_points(named, runs, len(file.scans))


def _check_points(where: str, runs: Sequence[tuple[Any, ...]], scans: int) -> int:
    end, total = 0, 0
    for place, (first, count, *_) in enumerate(runs):
        if first < end or count < 1 or first + count > scans:
            raise ValueError(f"{where}.{place}: it is not of scans that follow, of {scans}")
        end, total = first + count, total + count
    if not total:
        raise ValueError(f"{where}: there is none")
    return total


def _expanded(runs: Sequence[_R]) -> Iterator[tuple[int, _R]]:
    for run in runs:
        for scan in range(run[0], run[0] + run[1]):
            yield scan, run


def _scan(scan: _Scan) -> ScanRecord:
    given = {name: getattr(scan, name) for name in type(scan).model_fields if name != "totals"}
    return ScanRecord(**given, totals=Totals(**scan.totals.model_dump()))


def _control(control: _Control, digests: Sequence[str], place: int) -> ControlHistory:
    for number, run in enumerate(control.points):
        if run[6] >= len(digests):
            raise ValueError(f"controls.{place}.points.{number}: there is no digest {run[6]}")
    points = (ControlPoint(scan, *run[2:6], Digest(digests[run[6]]), run[7]) for scan, run in _expanded(control.points))
    return ControlHistory(
        id=ControlId(control.id),
        title=control.title,
        severity=control.severity,
        phase=control.phase,
        clauses=tuple(control.clauses),
        points=tuple(points),
    )


class _Points:
    """Points of findings. Many findings have the same in the same scan: one object for all of them."""

    def __init__(self) -> None:
        self._same: dict[tuple[int, Verdict, str], FindingPoint] = {}

    def finding(self, one: _Finding) -> FindingHistory:
        """Return the finding."""
        points = []
        for scan, (_, _, verdict, waiver) in _expanded(one.points):
            name = (scan, verdict, waiver)
            points.append(self._same.get(name) or self._same.setdefault(name, FindingPoint(*name)))
        return FindingHistory(
            control=ControlId(one.control),
            subject=one.subject,
            source=one.source,
            label=one.label,
            points=tuple(points),
        )


def _key(key: _Key) -> KeyHistory:
    states = [
        (first, count, KeyState(key_id=key.key_id, source=key.source, **facts.model_dump()))
        for first, count, facts in key.points
    ]
    points = tuple((scan, state) for scan, (_, _, state) in _expanded(states))
    return KeyHistory(key_id=key.key_id, source=key.source, points=points)


def _logging(state: tuple[str, bool | None, bool | None]) -> LoggingState:
    scope, management, use = state
    return LoggingState(scope=scope, management_recorded=management, use_recorded=use)
