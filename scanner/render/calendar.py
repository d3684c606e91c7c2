"""Deadlines as an iCalendar file (RFC 5545): one all-day event each, with an alarm two weeks before.

The UID of an event depends on what is due and not on when: a calendar that reads the file of a later scan moves the
event and has no second one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from scanner.model.forecast import Due, DueKind, Forecast
from scanner.render.interchange import stable_id
from scanner.render.text import visible

ALARM_DAYS: Final = 14
OCTETS: Final = 75
"""Longest line, without its end (RFC 5545, 3.1)."""
MOST_OF_TITLE: Final = 120
MOST_OF_TEXT: Final = 600
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as what is taken from it
_LAST_BUT_ONE: Final = date.max - timedelta(days=1)


def calendar(
    forecast: Forecast, organization: str, kinds: Mapping[DueKind, str], rests_on: Callable[[Due], str]
) -> bytes:
    """Return the deadlines as ``text/calendar``."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//keyaudit//forecast//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for due in forecast.due:
        lines += _event(due, forecast.as_of, organization, kinds[due.kind], rests_on(due))
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(due: Due, as_of: datetime, organization: str, kind: str, rests_on: str) -> Iterator[str]:
    day = due.at.date()
    title = f"{'OVERDUE ' if due.overdue else ''}{kind}: {visible(due.label or due.subject, MOST_OF_TITLE)}"
    about = [
        f"{due.what}.",
        f"To do: {due.action}.",
        f"Subject: {due.subject}",
        f"Scope: {due.source}",
        f"Organization: {organization}",
        f"Rests on: {rests_on}",
    ]
    stamp = as_of.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    yield "BEGIN:VEVENT"
    yield f"UID:{stable_id('due', organization, due.kind, due.rule, due.subject, due.source)}@keyaudit"
    yield f"DTSTAMP:{_date(stamp)}T{stamp:%H%M%S}Z"
    # What a later scan says is the newer version of an event.
    yield f"SEQUENCE:{max(0, (stamp - _EPOCH) // timedelta(minutes=1))}"
    yield f"DTSTART;VALUE=DATE:{_date(day)}"
    yield f"DTEND;VALUE=DATE:{_date(min(day, _LAST_BUT_ONE) + timedelta(days=1))}"
    yield f"SUMMARY:{_text(title)}"
    yield f"DESCRIPTION:{_text(*about)}"
    yield f"CATEGORIES:keyaudit,{due.kind.value.upper().replace('_', ' ')}"
    yield "CLASS:CONFIDENTIAL"
    yield "TRANSP:TRANSPARENT"
    if not due.overdue:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(title)}", f"TRIGGER:-P{ALARM_DAYS}D")
        yield "END:VALARM"
    yield "END:VEVENT"


def _date(day: date) -> str:
    return f"{day.year:04}{day:%m%d}"


def _text(*lines: str) -> str:
    """Return lines as a value: each visible and bounded, what has a meaning escaped (RFC 5545, 3.3.11)."""
    shown = "\n".join(visible(line, MOST_OF_TEXT) for line in lines)
    return shown.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Return a content line folded at 75 octets, never inside a character."""
    pieces, room = [""], OCTETS
    for char in line:
        size = len(char.encode())
        if size > room:
            # The space that begins the next line counts as well.
            pieces.append("")
            room = OCTETS - 1
        pieces[-1] += char
        room -= size
    return "\r\n ".join(pieces).encode() + b"\r\n"
