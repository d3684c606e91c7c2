"""What ``keyaudit history show --format json`` writes: the trend of a series, for machines."""

from __future__ import annotations

from scanner.model.artifact import Artifact
from scanner.model.ids import Json
from scanner.model.trend import Recurring, Remediation, Track, Trend, TrendScan
from scanner.render.interchange import instant
from scanner.render.results import encoded

SCHEMA = "keyaudit/trend/1"


def render(trend: Trend) -> Artifact:
    """Return the trend as JSON. A verdict is null in a scan that did not judge; days count between scans."""
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "series": trend.series,
        "scans": [_scan(scan) for scan in trend.scans],
        "frameworks": [
            {"title": title, "clauses": [_track(track) for track in tracks]} for title, tracks in trend.clauses
        ],
        "controls": [_track(track) for track in trend.controls],
        "remediation": [_remediation(one) for one in trend.remediation],
        "recurring": [_recurring(one) for one in trend.recurring],
        "recurring_omitted": trend.recurring_omitted,
    }
    return Artifact("trend.json", "application/json", encoded(body))


def _scan(scan: TrendScan) -> dict[str, Json]:
    return {
        "id": scan.id,
        "as_of": instant(scan.as_of),
        "controls": {
            "pass": scan.passed,
            "fail": scan.failed,
            "unknown": scan.unknown,
            "not_applicable": scan.not_applicable,
        },
        "findings": scan.findings,
        "waived": scan.waived,
        "by_severity": {severity.value: count for severity, count in scan.by_severity},
        "catalogue_changed": scan.catalogue_changed,
    }


def _track(track: Track) -> dict[str, Json]:
    return {
        "name": track.name,
        "title": track.title,
        "severity": track.severity.value if track.severity else None,
        "verdicts": [one.value if one else None for one in track.verdicts],
        "failed": list(track.failed),
    }


def _remediation(one: Remediation) -> dict[str, Json]:
    return {
        "severity": one.severity.value,
        "fixed": one.fixed,
        "mean_days": one.mean_days,
        "longest_days": one.longest_days,
        "open": one.open,
        "oldest_open_days": one.oldest_open_days,
        "untold": one.untold,
    }


def _recurring(one: Recurring) -> dict[str, Json]:
    return {
        "control": one.control,
        "subject": one.subject,
        "source": one.source,
        "label": one.label,
        "times": one.times,
        "first_seen": instant(one.first_seen),
        "last_seen": instant(one.last_seen),
        "open": one.open,
    }
