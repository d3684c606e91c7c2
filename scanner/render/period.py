"""The audit period in words, and ``period.json``: every line with all of its days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from markupsafe import Markup

from scanner.model.artifact import Artifact
from scanner.model.ids import Json
from scanner.model.period import ControlLine, DayState, KeyLine, Line, Outage, Period, Stretch
from scanner.model.verdict import Counts, Verdict
from scanner.render.period_svg import timeline
from scanner.render.results import encoded

SCHEMA = "keyaudit/period/1"
BARS = 40
"""Lines of a group that are drawn."""
PRINTED, ON_SCREEN = 15, 200
"""Rows of a group's table."""
STRETCHES = 6
"""Stretches of a row."""


@dataclass(frozen=True, slots=True)
class Said:
    """Days in words."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line that was out, or of which days are unknown."""

    line: Line
    note: str
    """Its limit, rotations, or how long it was out at most."""
    said: tuple[Said, ...]
    """What was out and what is unknown, up to a bound."""
    more: int


@dataclass(frozen=True, slots=True)
class Group:
    """Keys, logs or controls."""

    name: str
    title: str
    summary: str
    note: str
    chart: tuple[Markup, ...]
    undrawn: int
    rows: tuple[Row, ...]
    rows_more: int


@dataclass(frozen=True, slots=True)
class View:
    """What the page of an audit period shows."""

    days: int
    ahead: int
    """Days after the scan."""
    groups: tuple[Group, ...]


def view(period: Period, *, printed: bool) -> View:
    """Return what the page of the report shows."""
    most = PRINTED if printed else ON_SCREEN
    days = (period.last - period.first).days + 1
    groups = (
        _group(period, "keys", "Keys against their cryptoperiods", period.keys, most),
        _group(period, "logs", "Record of key events", period.logs, most),
        _group(period, "controls", "Controls", period.controls, most),
    )
    ahead = (period.last - max(period.as_of.date(), _before(period.first))).days
    return View(days, max(0, ahead), groups)


def _before(first: date) -> date:
    return date.fromordinal(max(1, first.toordinal() - 1))


def _group(period: Period, name: str, title: str, lines: Sequence[Line], most: int) -> Group:
    summary, note = _SUMMARIES[name](period)
    bad = [row for row in (_row(period, line) for line in lines) if row.said]
    omitted = period.keys_omitted if name == "keys" else 0
    drawn = lines[:BARS]
    return Group(
        name=name,
        title=title,
        summary=summary,
        note=note,
        chart=tuple(Markup(part) for part in timeline(drawn, period.first, period.last, name=name)),  # noqa: S704 - it escapes
        undrawn=len(lines) - len(drawn) + omitted,
        rows=tuple(bad[:most]),
        rows_more=max(0, len(bad) - most),
    )


def _row(period: Period, line: Line) -> Row:
    """Return a row: what was out before what is unknown. Days after the scan are told once, for all lines."""
    if isinstance(line, ControlLine):
        # Days without a scan are in the chart alone: most days are.
        said = [_outage(one) for one in line.outages]
    else:
        told = [one for one in line.stretches if one.first <= period.as_of.date()]
        said = [
            Said(state.value, f"{_span(one)}: {one.why}")
            for state in (DayState.OUT, DayState.UNKNOWN)
            for one in told
            if one.state is state
        ]
    return Row(line, _note(line), tuple(said[:STRETCHES]), max(0, len(said) - STRETCHES))


def _outage(one: Outage) -> Said:
    end = f"mended by the scan of {one.mended}" if one.mended else "not seen mended"
    return Said(DayState.OUT.value, f"from {one.first}, {end}: at most {_days(one.days)} of the period")


def _note(line: Line) -> str:
    if isinstance(line, KeyLine):
        turned = ", ".join(f"{at:%Y-%m-%d}" for at in line.rotations[:STRETCHES])
        return f"limit {_days(line.limit_days)}; {f'rotated {turned}' if turned else 'no rotation seen'}"
    if isinstance(line, ControlLine):
        return f"{_several(line.scans, 'scan')}; out for at most {_days(line.out_at_most_days)}"
    return ""


def _keys(period: Period) -> tuple[str, str]:
    counts = period.keys_by_verdict
    text = (
        f"{_of(counts, 'key')} {counts.failed} had material past its cryptoperiod on at least one day, "
        f"{counts.passed} had none on any day that applied, and of {counts.unknown} some days are unknown."
    )
    if counts.not_applicable:
        text += f" {_several(counts.not_applicable, 'key')} protected nothing in the period."
    if period.keys_unjudged:
        text += f" Of {_several(period.keys_unjudged, 'more key')} the type or its limit is not known."
    return text, (
        "Material is taken from the list of versions, from the audit log, and from scans: what a scan saw in use since "
        "an earlier day was in use on all days between. That an older version was used again in the meantime, no list "
        "of versions tells."
    )


def _logs(period: Period) -> tuple[str, str]:
    counts = _counted(period.logs)
    text = (
        f"{_of(counts, 'scope')} {counts.failed} did not record key events on at least one day, {counts.passed} "
        f"recorded them on every day, and of {counts.unknown} some days are unknown."
    )
    return text, (
        "A day counts by the scan of that day: nothing tells which events a log took on other days. AWS CloudTrail "
        "tells when a trail was stopped and started again; between the two nothing was recorded."
    )


def _controls(period: Period) -> tuple[str, str]:
    counts = _counted(period.controls)
    text = (
        f"{_of(counts, 'control')} {counts.failed} failed on at least one day that was scanned, {counts.passed} passed "
        f"on every day of the period that applied, and of {counts.unknown} some days are unknown."
    )
    longest = max(period.controls, key=lambda one: one.out_at_most_days, default=None)
    if longest is not None and longest.out_at_most_days:
        text += f" The longest was out for at most {_days(longest.out_at_most_days)}: {longest.control}."
    return text, (
        "A day without a scan is unknown: nothing is filled in between two scans. Out for at most: from a scan that "
        "saw it fail to the next that saw it mended, or to the end; it may have begun before the first of them."
    )


_SUMMARIES = {"keys": _keys, "logs": _logs, "controls": _controls}


def _counted(lines: Sequence[Line]) -> Counts:
    passed, failed, unknown, other = (
        sum(line.verdict is verdict for line in lines)
        for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)
    )
    return Counts(passed, failed, unknown, other)


def _of(counts: Counts, word: str) -> str:
    return f"Of {_several(counts.passed + counts.failed + counts.unknown + counts.not_applicable, word)},"


def _several(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _days(number: int) -> str:
    return _several(number, "day")


def _span(one: Stretch) -> str:
    days = f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}"
    return f"{days}, {_days(one.days)}"


def render(period: Period) -> Artifact:
    """Return ``period.json``."""
    counts = period.keys_by_verdict
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "as_of": _instant(period.as_of),
        "scans": [{"id": scan, "as_of": _instant(at)} for scan, at in period.scans],
        "days_without_scan": period.days_without_scan,
        "keys_by_verdict": {
            "pass": counts.passed,
            "fail": counts.failed,
            "unknown": counts.unknown,
            "not_applicable": counts.not_applicable,
        },
        "keys_omitted": period.keys_omitted,
        "keys_unjudged": period.keys_unjudged,
        "keys": [_line(line) for line in period.keys],
        "logs": [_line(line) for line in period.logs],
        "controls": [_line(line) for line in period.controls],
    }
    return Artifact("period.json", "application/json", encoded(body))


def _line(line: Line) -> dict[str, Json]:
    body: dict[str, Json] = {
        "id": line.id,
        "label": line.label,
        "verdict": line.verdict.value,
        "days_in": line.days_in,
        "days_out": line.days_out,
        "days_unknown": line.days_unknown,
        "stretches": [
            {
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
                "days": one.days,
                "state": one.state.value,
                "why": one.why,
            }
            for one in line.stretches
        ],
        "evidence": list(line.evidence),
    }
    if isinstance(line, KeyLine):
        body["source"] = line.source
        body["key_type"] = line.key_type
        body["limit_days"] = line.limit_days
        body["limit"] = line.limit_name
        body["rotations"] = [_instant(at) for at in line.rotations]
    if isinstance(line, ControlLine):
        body["severity"] = line.severity.value
        body["scans"] = line.scans
        body["out_at_most_days"] = line.out_at_most_days
        body["outages"] = [
            {"first": one.first.isoformat(), "mended": one.mended.isoformat() if one.mended else None, "days": one.days}
            for one in line.outages
        ]
    return body


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
