"""Series written as text: a row a finding, a letter a scan.

``F`` fail, ``U`` unknown, ``P`` judged and no finding, ``-`` its control was not run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scanner.history.series import history_of
from scanner.model.history import ControlState, FindingState, History, LoggingState, ScopeState, Snapshot
from scanner.model.ids import ControlId
from scanner.model.report import Totals
from scanner.model.verdict import Counts, Verdict
from tests.history.scans import a_control, a_finding, a_key_state, a_scan

REGION = "aws:1:us-east-1"


def snapshots(
    rows: Mapping[str, str],
    *,
    days: Sequence[float] = (),
    keys: Mapping[str, str] | None = None,
    seen: str = "",
    unread: str = "",
    scopes: Mapping[str, str] | None = None,
    controls: Mapping[str, Mapping[str, Any]] | None = None,
    scans: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Snapshot]:
    """Return the scans of a grid. A row is called ``CONTROL SUBJECT`` or ``CONTROL SUBJECT SOURCE``.

    ``keys``: key to ``x`` where a scan saw it. ``seen``: ``x`` where a scan saw anything of the region.
    ``unread``: ``x`` where a gap touched the controls. ``scopes``: scope to ``w`` where it was read whole, ``x`` where
    it gave an answer. ``controls`` and ``scans`` give fields of theirs.
    """
    count = max(map(len, rows.values()))
    assert {len(row) for row in rows.values()} == {count}
    found = []
    for place in range(count):
        findings = [_finding(name, row[place]) for name, row in rows.items() if row[place] in "FU"]
        states = [
            _control(ControlId(name), [row[place] for of, row in rows.items() if of.split()[0] == name], controls or {})
            for name in dict.fromkeys(row.split()[0] for row in rows)
        ]
        missed = bool(unread) and unread[place] == "x"
        run = tuple(replace(state, unread=missed) for state in states if state is not None)
        totals = [sum(state.verdict is of for state in run) for of in Verdict]
        there = [a_key_state(key, source=REGION) for key, row in (keys or {}).items() if row[place] == "x"]
        logged = (LoggingState(scope=REGION, management_recorded=True, use_recorded=True),)
        scan = a_scan(days[place] if days else place, totals=Totals(*totals), **(scans or {}).get(place, {}))
        found.append(
            Snapshot(
                scan=scan,
                controls=tuple(sorted(run, key=lambda one: one.id)),
                findings=tuple(sorted(findings, key=lambda one: (one.control, one.subject, one.source))),
                keys=tuple(there),
                keys_complete=True,
                logging=logged if seen and seen[place] == "x" else (),
                scopes={
                    source: ScopeState(source, "main", whole=row[place] == "w", keys_listed=None)
                    for source, row in (scopes or {}).items()
                    if row[place] in "wx"
                }
                or None,
            )
        )
    return found


def series(rows: Mapping[str, str], **given: Any) -> History:  # noqa: ANN401 - as snapshots takes them
    """Return the history of a grid."""
    return history_of(snapshots(rows, **given))


def _finding(name: str, letter: str) -> FindingState:
    control, subject, *source = name.split()
    verdict = Verdict.FAIL if letter == "F" else Verdict.UNKNOWN
    return a_finding(subject, control=ControlId(control), verdict=verdict, source=source[0] if source else REGION)


def _control(name: ControlId, letters: Sequence[str], given: Mapping[str, Mapping[str, Any]]) -> ControlState | None:
    if set(letters) == {"-"}:
        return None
    counts = Counts(letters.count("P"), letters.count("F"), letters.count("U"))
    verdict = Verdict.FAIL if counts.failed else Verdict.UNKNOWN if counts.unknown else Verdict.PASS
    return replace(a_control(name, verdict=verdict, counts=counts), **given.get(name, {}))
