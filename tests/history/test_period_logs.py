"""The record of key events on each day: by scans, and by what trails tell of their starts and stops."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.history.period_logs import MISSING, ScopeEvidence, Trail, judge_log
from scanner.model.history import LoggingState
from scanner.model.verdict import Verdict
from tests.history.timelines import at, march, merged

Seen = tuple[float, bool | None, bool | None]


def a_trail(name: str = "trail", **given: Any) -> Trail:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "logging": True,
        "started_at": None,
        "stopped_at": None,
        "administers": True,
        "uses": True,
    }
    return Trail(name=name, **fields | given)


def a_scope(*seen: Seen, trails: tuple[Trail, ...] = (), complete: bool = True) -> ScopeEvidence:
    """Return a scope, by when it was seen and whether it recorded both kinds of event then."""
    sightings = tuple(
        (at(day), LoggingState(scope="aws:1:r", management_recorded=administers, use_recorded=uses))
        for day, administers, uses in seen
    )
    return ScopeEvidence(scope="aws:1:r", sightings=sightings, trails=trails, complete=complete)


NOW = (31.5, True, True)
BEFORE = a_trail(started_at=at(-90))
RESTARTED = a_trail(started_at=at(12.5), stopped_at=at(9.5))
STOPPED = a_trail(logging=False, started_at=at(-90), stopped_at=at(9.5))

TIMELINES: list[tuple[str, ScopeEvidence, str]] = [
    ("one scan, a provider that tells no start", a_scope(NOW, trails=(a_trail(),)), "unknown 1-30, in 31"),
    (
        "days of scans alone",
        a_scope((3, True, True), (9.5, True, False), NOW),
        "unknown 1-2, in 3, unknown 4-8, out 9, unknown 10-30, in 31",
    ),
    ("neither kind is recorded", a_scope((31.5, False, False)), "unknown 1-30, out 31"),
    ("one kind is not known", a_scope((31.5, True, None)), "unknown 1-31"),
    ("one kind is off, the other not known", a_scope((31.5, None, False)), "unknown 1-30, out 31"),
    ("records since long ago", a_scope(NOW, trails=(BEFORE,)), "unknown 1-30, in 31"),
    ("started inside the period", a_scope(NOW, trails=(a_trail(started_at=at(9.5)),)), "unknown 1-30, in 31"),
    ("stopped and started", a_scope(NOW, trails=(RESTARTED,)), "unknown 1-8, out 9-12, unknown 13-30, in 31"),
    ("stopped, and another recorded", a_scope(NOW, trails=(BEFORE, RESTARTED)), "unknown 1-30, in 31"),
    ("stopped, and another may have recorded", a_scope(NOW, trails=(a_trail(), RESTARTED)), "unknown 1-30, in 31"),
    (
        "stopped, and another never records keys",
        a_scope(NOW, trails=(a_trail(administers=False, uses=False), RESTARTED)),
        "unknown 1-8, out 9-12, unknown 13-30, in 31",
    ),
    (
        "stopped, and another may record keys",
        a_scope(NOW, trails=(a_trail(administers=None, uses=None), RESTARTED)),
        "unknown 1-30, in 31",
    ),
    (
        "stopped, and not every trail was listed",
        a_scope(NOW, trails=(RESTARTED,), complete=False),
        "unknown 1-30, in 31",
    ),
    ("stopped for good", a_scope((31.5, False, False), trails=(STOPPED,)), "unknown 1-8, out 9-31"),
    (
        "never started",
        a_scope((31.5, False, False), trails=(a_trail(logging=False, stopped_at=at(9.5)),)),
        "unknown 1-8, out 9-31",
    ),
    (
        "both stopped, one after the other",
        a_scope(
            (31.5, False, False), trails=(STOPPED, a_trail("b", logging=False, started_at=at(-9), stopped_at=at(20.5)))
        ),
        "unknown 1-19, out 20-31",
    ),
    (
        "off, and nobody tells since when",
        a_scope((31.5, False, False), trails=(a_trail(logging=False, started_at=at(-90)),)),
        "unknown 1-30, out 31",
    ),
    (
        "on or off is not known",
        a_scope((31.5, None, None), trails=(a_trail(logging=None, started_at=at(-9), stopped_at=at(-8)),)),
        "unknown 1-31",
    ),
    (
        "it is on, and was stopped after its last start",
        a_scope(NOW, trails=(a_trail(started_at=at(3), stopped_at=at(9)),)),
        "unknown 1-30, in 31",
    ),
    (
        "it is off, and was started after its last stop",
        a_scope((31.5, False, False), trails=(a_trail(logging=False, started_at=at(9), stopped_at=at(3)),)),
        "unknown 1-30, out 31",
    ),
    (
        "one trail administers, one uses",
        a_scope(NOW, trails=(a_trail(started_at=at(4), uses=False), a_trail(started_at=at(9), administers=False))),
        "unknown 1-30, in 31",
    ),
    (
        "of use nothing is known",
        a_scope((31.5, True, None), trails=(a_trail(started_at=at(4), uses=None),)),
        "unknown 1-31",
    ),
    (
        "a scan saw it off, though the trail was on",
        a_scope((9.5, True, False), NOW, trails=(BEFORE,)),
        "unknown 1-8, out 9, unknown 10-30, in 31",
    ),
    ("no scan at all", a_scope(), "unknown 1-31"),
]


@pytest.mark.parametrize(("name", "scope", "expected"), TIMELINES, ids=[one[0] for one in TIMELINES])
def test_days_of_a_record(name: str, scope: ScopeEvidence, expected: str) -> None:
    assert merged(judge_log(march(), scope)) == expected


def test_what_a_stretch_rests_on_is_said() -> None:
    line = judge_log(march(), a_scope((5, True, False), NOW, trails=(RESTARTED,)))
    assert [one.why for one in line.stretches] == [
        MISSING,
        "events that use keys were not recorded (scan of 2026-03-05)",
        MISSING,
        "stopped: trail",
        "trail ran, and nothing tells which events it took",
        "events that administer and that use keys were recorded (scan of 2026-03-31)",
    ]
    assert (line.id, line.verdict, line.days_out, line.days_in, line.days_unknown) == (
        "aws:1:r", Verdict.FAIL, 5, 1, 25,
    )  # fmt: skip


def test_what_a_scan_saw_on_is_said() -> None:
    line = judge_log(march(), a_scope((31.5, False, False), (31.6, True, True)))
    assert line.stretches[-1].why == "events that administer and use keys were not recorded (scan of 2026-03-31)"
    line = judge_log(march(), a_scope(NOW))
    assert line.stretches[-1].why == "events that administer and that use keys were recorded (scan of 2026-03-31)"
