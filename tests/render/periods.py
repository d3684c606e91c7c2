"""Audit periods to render: three groups of lines, with any part replaced by what a test needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from scanner.model.control import Severity
from scanner.model.ids import ControlId
from scanner.model.period import ControlLine, DayState, KeyLine, Line, LogLine, Outage, Period, Stretch
from scanner.model.verdict import Counts, Verdict
from tests.render.reports import SCOPE, arn, digest

FIRST, LAST = date(2026, 4, 1), date(2026, 6, 29)
AS_OF = datetime(2026, 6, 15, 12, tzinfo=UTC)
WORDS = {"i": DayState.IN, "o": DayState.OUT, "u": DayState.UNKNOWN, "a": DayState.ABSENT}


def stretches(*parts: str, first: date = FIRST, why: str = "list of versions") -> tuple[Stretch, ...]:
    """Return stretches from `i30 o2 u5`: the letter of a state and a number of days."""
    made: list[Stretch] = []
    for part in parts:
        after = first + timedelta(days=int(part[1:]))
        made.append(Stretch(first, after - timedelta(days=1), WORDS[part[0]], why))
        first = after
    return tuple(made)


def days_of(*parts: str, why: str = "list of versions") -> dict[str, Any]:
    """Return what a line says of its days."""
    found = stretches(*parts, why=why)
    within, out, unknown = (sum(s.days for s in found if s.state is WORDS[letter]) for letter in "iou")
    verdict = (
        Verdict.FAIL if out else Verdict.UNKNOWN if unknown else Verdict.PASS if within else Verdict.NOT_APPLICABLE
    )
    return {
        "stretches": found,
        "verdict": verdict,
        "days_in": within,
        "days_out": out,
        "days_unknown": unknown,
    }


def a_key(*parts: str, name: str = "one", why: str = "list of versions", **given: Any) -> KeyLine:  # noqa: ANN401 - any field
    """Return a key over the period."""
    fields: dict[str, Any] = {
        "id": arn(name),
        "label": f"alias/{name}",
        "source": SCOPE,
        "key_type": "symmetric_key_wrapping",
        "limit_days": 365,
        "limit_name": "kek_max_days",
        "rotations": (),
        "evidence": (digest(name),),
    }
    return KeyLine(**{**fields, **days_of(*parts, why=why), **given})


def a_log(*parts: str, scope: str = SCOPE, why: str = "recorded: trail") -> LogLine:
    """Return the record of a scope over the period."""
    return LogLine(id=scope, label="", **days_of(*parts, why=why))


def a_control(*parts: str, control: str = "KM-ROT-04", **given: Any) -> ControlLine:  # noqa: ANN401 - any field
    """Return a control over the period."""
    fields: dict[str, Any] = {
        "id": control,
        "label": "Keys rotate",
        "control": ControlId(control),
        "severity": Severity.HIGH,
        "scans": 3,
        "outages": (),
        "out_at_most_days": 0,
    }
    return ControlLine(**{**fields, **days_of(*parts, why="no scan"), **given})


def a_period(**given: Any) -> Period:  # noqa: ANN401 - any field
    """Return a period of 90 days, of which 14 come after the scan."""
    keys: tuple[Line, ...] = (
        a_key("i30", "o46", "u14", name="late", rotations=(AS_OF - timedelta(days=45),)),
        a_key("u10", "i66", "u14", name="partly"),
        a_key("a20", "i56", "u14", name="new"),
    )
    outages = (Outage(date(2026, 4, 3), date(2026, 4, 9), 6), Outage(date(2026, 6, 1), None, 15))
    fields: dict[str, Any] = {
        "first": FIRST,
        "last": LAST,
        "as_of": AS_OF,
        "scans": (("scan-1", AS_OF - timedelta(days=14)), ("scan-2", AS_OF)),
        "days_without_scan": 88,
        "keys": keys,
        "keys_by_verdict": Counts(0, 1, 2, 0),
        "keys_omitted": 0,
        "keys_unjudged": 0,
        "logs": (a_log("i20", "o3", "i53", "u14"),),
        "controls": (
            a_control("u61", "o1", "u13", "o1", "u14", outages=outages, out_at_most_days=21),
            a_control("u75", "i1", "u14", control="KM-GEN-01"),
        ),
    }
    return Period(**{**fields, **given})


def hostile_period(*texts: str) -> Period:
    """Return a period in which each of the texts stands wherever the facts may hold one."""
    named: dict[str, Any] = {"evidence": ()}
    return a_period(
        scans=tuple((text, AS_OF) for text in texts),
        keys=tuple(
            a_key("o76", "u14", why=text, id=text, label=text, source=text, key_type=text, limit_name=text, **named)
            for text in texts
        ),
        keys_by_verdict=Counts(0, len(texts), 0, 0),
        logs=tuple(a_log("o76", "u14", scope=text, why=text) for text in texts),
        controls=tuple(a_control("o76", "u14", label=text) for text in texts),
    )
