"""Trends to render, written as text: a row a track, a letter a scan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from scanner.model.control import Severity
from scanner.model.ids import ControlId
from scanner.model.trend import Recurring, Remediation, Track, Trend, TrendScan
from scanner.model.verdict import Verdict
from tests.render.reports import AS_OF, SCOPE, arn

VERDICTS: dict[str, Verdict | None] = {
    "F": Verdict.FAIL,
    "U": Verdict.UNKNOWN,
    "P": Verdict.PASS,
    ".": Verdict.NOT_APPLICABLE,
    "-": None,
}
LAW, NIST = "45 CFR 164.312 Technical safeguards", "NIST SP 800-57 Part 1 Rev. 5"


def a_track(row: str, name: str = "KM-ROT-04", title: str = "Keys rotate", **given: Any) -> Track:  # noqa: ANN401 - any field
    """Return a track, with a failed subject wherever it fails."""
    failed = tuple({"F": 1, "-": None}.get(letter, 0) for letter in row)
    fields: dict[str, Any] = {"failed": failed, "severity": Severity.HIGH}
    return Track(name=name, title=title, verdicts=tuple(VERDICTS[one] for one in row), **{**fields, **given})


def a_clause(row: str, name: str = "164.312(b)", title: str = "Audit controls") -> Track:
    """Return the track of a clause."""
    return a_track(row, name, title, severity=None)


def some_scans(
    tracks: Sequence[Track], days: Sequence[float] = (), changed: Sequence[int] = ()
) -> tuple[TrendScan, ...]:
    """Return the scans of controls, the last as of the clock of reports; one a day unless ``days`` are given."""
    count = len(tracks[0].verdicts)
    places = list(days) or list(range(count))
    found = []
    for place, day in enumerate(places):
        verdicts = [track.verdicts[place] for track in tracks]
        failed = {s: sum(t.failed[place] or 0 for t in tracks if t.severity is s) for s in Severity}
        found.append(
            TrendScan(
                id=f"scan-{place}",
                as_of=AS_OF - timedelta(days=places[-1] - day),
                failed=verdicts.count(Verdict.FAIL),
                unknown=verdicts.count(Verdict.UNKNOWN),
                passed=verdicts.count(Verdict.PASS),
                not_applicable=verdicts.count(Verdict.NOT_APPLICABLE),
                findings=sum(failed.values()),
                waived=0,
                by_severity=tuple(failed.items()),
                catalogue_changed=place in changed,
            )
        )
    return tuple(found)


def a_remediation(severity: Severity = Severity.HIGH, **given: Any) -> Remediation:  # noqa: ANN401 - any field
    """Return how long findings of a severity stayed open."""
    fields: dict[str, Any] = {
        "fixed": 2,
        "mean_days": 6.5,
        "longest_days": 9.0,
        "open": 1,
        "oldest_open_days": 1.0,
        "untold": 3,
    }
    return Remediation(severity=severity, **{**fields, **given})


def a_recurring(name: str = "one", **given: Any) -> Recurring:  # noqa: ANN401 - any field
    """Return a finding that came back and is open."""
    fields: dict[str, Any] = {
        "control": ControlId("KM-ROT-04"),
        "source": SCOPE,
        "label": f"alias/{name}",
        "times": 3,
        "first_seen": AS_OF - timedelta(days=4),
        "last_seen": AS_OF,
        "open": True,
    }
    return Recurring(subject=arn(name), **{**fields, **given})


def a_trend(**given: Any) -> Trend:  # noqa: ANN401 - any field
    """Return five days in which one control came back, one was mended, and one never moved."""
    controls = (
        a_track("FFPPF"),
        a_track("UUUUU", "KM-AUD-01", "Events are recorded", severity=Severity.CRITICAL),
        a_track("-FFPP", "KM-GEN-01", "Keys are made in a module", severity=Severity.LOW),
        a_track("..PP.", "KM-VEN-01", "Vendors sign", severity=Severity.MEDIUM),
    )
    empty = {"fixed": 0, "mean_days": None, "longest_days": None, "open": 0, "oldest_open_days": None, "untold": 0}
    fields: dict[str, Any] = {
        "series": "nightly",
        "scans": some_scans(controls, changed=[3]),
        "clauses": (
            (LAW, (a_clause("FFUPF"), a_clause("PPPPP", "164.312(d)", "Person or entity authentication"))),
            (NIST, (a_clause("-FFPP", "5.3.6", "Cryptoperiods"), a_clause("..PP.", "8.2.3", "Key change"))),
        ),
        "controls": controls,
        "remediation": tuple(
            a_remediation(severity) if severity is Severity.HIGH else a_remediation(severity, **empty)
            for severity in Severity
        ),
        "recurring": (a_recurring(), a_recurring("two", label="", open=False, times=2)),
    }
    return Trend(**{**fields, **given})


def a_long_trend(scans: int, controls: int = 4) -> Trend:
    """Return a scan a day for a long time: controls take turns to fail."""
    rows = ["".join("FUP."[(place // (n + 3)) % 4] for place in range(scans)) for n in range(controls)]
    tracks = tuple(a_track(row, f"KM-ROT-{n:03}") for n, row in enumerate(rows))
    clauses = tuple(a_clause(row, f"164.{n}") for n, row in enumerate(rows))
    return a_trend(scans=some_scans(tracks), controls=tracks, clauses=((LAW, clauses),))


def hostile_trend(*texts: str) -> Trend:
    """Return a trend in which each of the texts stands wherever a store may hold one."""
    tracks = tuple(
        track for text in texts for track in (a_track("FFPPF", text, text), a_track("PPFFP", f"{text}2", text))
    )
    came_back = [
        Recurring(
            control=ControlId(text),
            subject=text,
            source=text,
            label=text,
            times=2,
            first_seen=AS_OF,
            last_seen=AS_OF,
            open=False,
        )
        for text in texts
    ]
    return a_trend(
        series=texts[0],
        scans=some_scans(tracks),
        controls=tracks,
        clauses=tuple((text, (a_clause("FFPPF", text, text),)) for text in texts),
        recurring=tuple(came_back),
    )
