"""The trend of a series of scans; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from scanner.errors import EvidenceError, UsageError
from scanner.history.episodes import Episodes, episodes
from scanner.model.control import Clause, Framework, Severity
from scanner.model.history import ControlHistory, FindingHistory, History
from scanner.model.trend import Recurring, Remediation, Track, Trend, TrendScan
from scanner.model.verdict import Verdict

MOST_RECURRING: Final = 1_000
_WORST: Final = {
    verdict: rank
    for rank, verdict in enumerate((Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE, None))
}
_SEVERITIES: Final = tuple(Severity)
_DAY: Final = 86_400.0
_Began = Sequence[tuple[FindingHistory, Episodes]]


def trend(history: History, frameworks: Sequence[Framework] = ()) -> Trend:
    """Return the trend of a series.

    ``frameworks`` give clauses their titles and order; one that is not among them is called by its id. Which clauses a
    control cites is taken from the newest scan that ran it. Raises EvidenceError for a finding of a control that none
    of the scans ran.
    """
    began = list(zip(history.findings, episodes(history), strict=True))
    back = _recurring(history, began)
    return Trend(
        series=history.scans[-1].series if history.scans else "",
        scans=_scans(history),
        clauses=_clauses(history, frameworks),
        controls=_controls(history),
        remediation=tuple(_remediation(history, began)),
        recurring=tuple(back[:MOST_RECURRING]),
        recurring_omitted=len(back[MOST_RECURRING:]),
    )


def narrow(history: History, *, controls: Collection[str] = (), clauses: Collection[str] = ()) -> History:
    """Return a series of those controls alone that are named, or cite a clause that is.

    Raises UsageError for a name that the series does not have.
    """
    if not controls and not clauses:
        return history
    ids = {str(one.id) for one in history.controls}
    refs = {ref for one in history.controls for _, ref in one.clauses}
    for what, wanted, known in (("control", controls, ids), ("clause", clauses, refs)):
        for name in wanted:
            if name not in known:
                raise UsageError(f"no scan of the series ran a control {_WHICH[what]} {name!r}", hint=_HINTS[what])
    kept = tuple(one for one in history.controls if one.id in controls or any(ref in clauses for _, ref in one.clauses))
    names = {one.id for one in kept}
    return replace(history, controls=kept, findings=tuple(f for f in history.findings if f.control in names))


_WHICH: Final = {"control": "called", "clause": "that cites"}
_HINTS: Final = {
    "control": "`keyaudit history` lists the controls of the series",
    "clause": "write it as the report does, such as 164.312(a)(2)(iv)",
}


def _scans(history: History) -> tuple[TrendScan, ...]:
    count = len(history.scans)
    verdicts = [dict.fromkeys(Verdict, 0) for _ in range(count)]
    failed = [dict.fromkeys(_SEVERITIES, 0) for _ in range(count)]
    waived = [0] * count
    for control in history.controls:
        for point in control.points:
            verdicts[point.scan][point.verdict] += 1
            failed[point.scan][control.severity] += point.failed
            waived[point.scan] += point.waived
    rules = [(scan.catalogue_sha256, scan.selection) for scan in history.scans]
    return tuple(
        TrendScan(
            id=scan.id,
            as_of=scan.as_of,
            failed=verdicts[place][Verdict.FAIL],
            unknown=verdicts[place][Verdict.UNKNOWN],
            passed=verdicts[place][Verdict.PASS],
            not_applicable=verdicts[place][Verdict.NOT_APPLICABLE],
            findings=sum(failed[place].values()),
            waived=waived[place],
            by_severity=tuple(failed[place].items()),
            catalogue_changed=place > 0 and rules[place] != rules[place - 1],
        )
        for place, scan in enumerate(history.scans)
    )


def _controls(history: History) -> tuple[Track, ...]:
    tracks = []
    for control in history.controls:
        verdicts: list[Verdict | None] = [None] * len(history.scans)
        failed: list[int | None] = [None] * len(history.scans)
        for point in control.points:
            verdicts[point.scan], failed[point.scan] = point.verdict, point.failed
        tracks.append(
            Track(
                name=control.id,
                title=control.title,
                verdicts=tuple(verdicts),
                failed=tuple(failed),
                severity=control.severity,
            )
        )
    return tuple(sorted(tracks, key=_by_last))


def _by_last(track: Track) -> tuple[int, int, int, str]:
    severity = _SEVERITIES.index(track.severity) if track.severity else 0
    return _WORST[track.verdicts[-1]], severity, -(track.failed[-1] or 0), track.name


def _clauses(history: History, frameworks: Sequence[Framework]) -> tuple[tuple[str, tuple[Track, ...]], ...]:
    citing: defaultdict[str, defaultdict[str, list[ControlHistory]]] = defaultdict(lambda: defaultdict(list))
    for control in history.controls:
        for framework, ref in control.clauses:
            citing[framework][ref].append(control)
    known = {framework.id: framework for framework in frameworks}
    found = []
    for name in sorted(citing, key=lambda one: _law_first(one, known)):
        told = {clause.ref: clause for clause in known[name].clauses} if name in known else {}
        order = {ref: place for place, ref in enumerate(told)}
        refs = sorted(citing[name], key=lambda ref: (order.get(ref, len(order)), ref))
        tracks = tuple(_clause(ref, told.get(ref), citing[name][ref], len(history.scans)) for ref in refs)
        found.append((known[name].title if name in known else name, tracks))
    return tuple(found)


def _law_first(name: str, known: Mapping[str, Framework]) -> tuple[bool, bool, str]:
    clauses = known[name].clauses if name in known else ()
    return not any(clause.binding for clause in clauses), not name.startswith("hipaa"), name


def _clause(ref: str, clause: Clause | None, controls: Iterable[ControlHistory], scans: int) -> Track:
    verdicts: list[Verdict | None] = [None] * scans
    failed: list[int | None] = [None] * scans
    for control in controls:
        for point in control.points:
            verdicts[point.scan] = min(verdicts[point.scan], point.verdict, key=_WORST.__getitem__)
            failed[point.scan] = (failed[point.scan] or 0) + (point.verdict is Verdict.FAIL)
    return Track(name=ref, title=clause.title if clause else "", verdicts=tuple(verdicts), failed=tuple(failed))


def _remediation(history: History, began: _Began) -> Iterator[Remediation]:
    """Yield how long findings stayed open, each severity in turn."""
    severities = {control.id: control.severity for control in history.controls}
    lasted: defaultdict[Severity, list[float]] = defaultdict(list)
    ages: defaultdict[Severity, list[float]] = defaultdict(list)
    untold = dict.fromkeys(_SEVERITIES, 0)
    last = len(history.scans) - 1
    for finding, them in began:
        if finding.control not in severities:
            raise EvidenceError(f"the series has a finding of {finding.control}, which none of its scans ran")
        severity = severities[finding.control]
        lasted[severity] += [_days(history, first, end) for first, end in them.mended]
        if them.running is not None:
            if them.last_failed == last:
                ages[severity].append(_days(history, them.running, last))
            else:
                untold[severity] += 1
    for severity in _SEVERITIES:
        done, ages_now = lasted[severity], ages[severity]
        yield Remediation(
            severity=severity,
            fixed=len(done),
            mean_days=sum(done) / len(done) if done else None,
            longest_days=max(done, default=None),
            open=len(ages_now),
            oldest_open_days=max(ages_now, default=None),
            untold=untold[severity],
        )


def _days(history: History, first: int, last: int) -> float:
    return (history.scans[last].as_of - history.scans[first].as_of).total_seconds() / _DAY


def _recurring(history: History, began: _Began) -> list[Recurring]:
    found = [
        Recurring(
            control=finding.control,
            subject=finding.subject,
            source=finding.source,
            label=finding.label,
            times=them.times,
            first_seen=history.scans[them.first_failed].as_of,
            last_seen=history.scans[them.last_failed].as_of,
            open=them.last_failed == len(history.scans) - 1,
        )
        for finding, them in began
        if them.times > 1
    ]
    return sorted(found, key=lambda one: (-one.times, not one.open, one.control, one.subject, one.source))
