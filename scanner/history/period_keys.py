"""A key on each day of an audit period: whether the material in use was within its cryptoperiod.

The age of material is counted as the controls count it: in UTC days from the start of the originator-usage period
(SP 800-57 Part 1 Rev. 5, 5.3.5). What was seen once tells of a whole interval: material that a scan saw, and that came
into use earlier, was in use all the time between, because a rotation would have ended it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scanner.history.days import DAY, Days, Span, count
from scanner.model.ids import Digest
from scanner.model.period import DayState, KeyLine

ROTATIONS = frozenset({"RotateKey", "RotateKeyOnDemand"})
"""Events after which new material is in use."""
STOPS = frozenset({"DisableKey", "ScheduleKeyDeletion"})
"""Events after which a key protects nothing, until it is enabled. CancelKeyDeletion leaves a key disabled."""
STARTS, DELETED = "EnableKey", "DeleteKey"
EVENTS = (*sorted(ROTATIONS | STOPS), STARTS, DELETED)
"""Events that count here, by their name in AWS CloudTrail."""
ACTIVE, DESTROYED = "active", "destroyed"
UNLISTED, UNSEEN = "unlisted", "unseen"
"""The key is no longer in a listing that was read to its end; it is not in one that was not."""

_FOREVER = 10**18
_IDLE = "seen "
_LOOKED = {
    "pre_activation": f"{_IDLE}before its activation",
    "suspended": f"{_IDLE}suspended",
    "deactivated": f"{_IDLE}deactivated",
    "compromised": f"{_IDLE}compromised",
    UNLISTED: "no longer listed",
}
_UNSURE = "; taken as active, because nothing tells its state"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a key's material that was made."""

    since: datetime | None
    """When its use began."""
    current: bool
    initial: bool
    """It is known to be the first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one scan saw of a key. None: not known."""

    at: datetime
    """As-of of the scan."""
    since: datetime | None
    """Start of use of the material that was current."""
    state: str | None
    """SP 800-57 key state, or ``unlisted``, or ``unseen``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvidence:
    """Everything that tells of one key."""

    key_id: str
    source: str
    label: str
    key_type: str
    created_at: datetime | None
    sightings: tuple[Sighting, ...]
    """By time."""
    versions: tuple[Version, ...] | None = None
    """None: they were not listed to the end, or there is no such list."""
    listable: bool = True
    """The key's service keeps a list of versions."""
    events: tuple[tuple[str, datetime], ...] = ()
    """(name, when), by time, of the log that was read to its end."""
    log_until: datetime | None = None
    """The log was read up to then; None: it was not read to its end."""
    ended_at: datetime | None = None
    """End of its originator-usage period where a registry tells it; nothing was protected after."""
    evidence: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """Longest originator-usage period of a key type."""

    days: int
    name: str
    """Parameter that holds it."""


@dataclass(frozen=True, slots=True)
class _Material:
    """Material that was in use from ``begin`` to before ``end``."""

    since: datetime
    begin: int
    end: int
    by: str


def judge_key(days: Days, key: KeyEvidence, limit: Limit) -> KeyLine | None:
    """Judge one key. None: it ended before the period, or came after it."""
    intervals = list(_intervals(days, key))
    if any(_whole(days, one) for one in intervals):
        return None
    points = list(_points(days, key, intervals))
    unsure = _UNSURE if any(one.why.startswith(_IDLE) for one in points) else ""
    spans = [*intervals, *points, *_spans(days, list(_materials(days, key)), limit.days, unsure)]
    stretches = days.stretches(spans, _missing(key))
    total = count(stretches)
    return KeyLine(
        id=key.key_id,
        label=key.label,
        stretches=stretches,
        verdict=total.verdict,
        days_in=total.within,
        days_out=total.out,
        days_unknown=total.unknown,
        evidence=key.evidence,
        source=key.source,
        key_type=key.key_type,
        limit_days=limit.days,
        limit_name=limit.name,
        rotations=tuple(at for at in _rotations(key) if days.first <= at.date() <= days.last),
    )


def _whole(days: Days, one: Span) -> bool:
    """Tell whether a key ended before the period, or came after it."""
    return (one.begin <= 0 and one.end == _FOREVER) or (one.begin == -_FOREVER and one.end >= days.size)


def _materials(days: Days, key: KeyEvidence) -> Iterator[_Material]:
    """Yield which material was in use when, the best evidence first."""
    listed = _listed(key)
    for place, since in enumerate(listed):
        end = days.at(listed[place + 1]) if place + 1 < len(listed) else days.known_until
        yield _Material(since, days.at(since), end, "list of versions")
    if key.log_until is not None:
        rotated = [at for name, at in key.events if name in ROTATIONS]
        for since, until in zip(rotated, [*rotated[1:], key.log_until], strict=False):
            yield _Material(since, days.at(since), days.at(until), "audit log")
    newest: dict[datetime, datetime] = {}
    for one in key.sightings:
        if one.since is not None:
            newest[one.since] = one.at
    for since, at in newest.items():
        # The age counts in days, so what a scan saw holds until its day ends: a later rotation makes it younger.
        yield _Material(since, days.at(since), days.end_of_day(at), f"scan of {at.date()}")


def _listed(key: KeyEvidence) -> list[datetime]:
    """Return when each version came into use, up to the current one; nothing unless every one is known.

    A version that is younger than the current one was made and never used, or was given up.
    """
    versions = key.versions or ()
    dates = sorted(one.since for one in versions if one.since is not None)
    current = [one.since for one in versions if one.current and one.since is not None]
    if len(dates) < len(versions) or not current:
        return []
    return [since for since in dates if since <= min(current)]


def _spans(days: Days, materials: Sequence[_Material], limit: int, unsure: str) -> Iterator[Span]:
    for one in materials:
        over = days.start_of_day(one.since) + (limit + 1) * DAY
        words = f"material of {one.since.date()} ({one.by}){unsure}"
        yield Span(one.begin, min(one.end, over), DayState.IN, words)
        yield Span(max(one.begin, over), one.end, DayState.OUT, f"over {limit} days: {words}")


def _intervals(days: Days, key: KeyEvidence) -> Iterator[Span]:
    """Yield when the key was not there, or could protect nothing, as its own dates, versions and the log tell."""
    if key.created_at is not None:
        yield Span(-_FOREVER, days.at(key.created_at), DayState.ABSENT, f"created on {key.created_at.date()}")
    if key.versions and (first := key.versions[0]).initial and first.since is not None:
        yield Span(-_FOREVER, days.at(first.since), DayState.ABSENT, f"no material before {first.since.date()}")
    if key.ended_at is not None:
        yield Span(days.at(key.ended_at), _FOREVER, DayState.ABSENT, f"retired on {key.ended_at.date()}")
    gone = next((one.at for one in key.sightings if one.state == DESTROYED), None)
    if gone is not None:
        yield Span(days.start_of_day(gone), _FOREVER, DayState.ABSENT, f"destroyed (scan of {gone.date()})")
    yield from _stopped(days, key)


def _points(days: Days, key: KeyEvidence, intervals: Sequence[Span]) -> Iterator[Span]:
    """Yield the days of scans that saw the key not active, where nothing tells since when."""
    for one in key.sightings:
        at = days.at(one.at)
        if one.state in _LOOKED and not any(span.begin <= at < span.end for span in intervals):
            begin = days.start_of_day(one.at)
            yield Span(begin, begin + DAY, DayState.ABSENT, f"{_LOOKED[one.state]} (scan of {one.at.date()})")


def _stopped(days: Days, key: KeyEvidence) -> Iterator[Span]:
    """Yield when events of the log tell that the key could protect nothing."""
    since: datetime | None = None
    if key.log_until is None:
        return
    for name, at in key.events:
        if name == DELETED:
            yield Span(days.at(at), _FOREVER, DayState.ABSENT, f"deleted on {at.date()} (audit log)")
        elif name in STOPS:
            since = since or at
        elif name == STARTS and since is not None:
            yield _stop(days, since, days.at(at))
            since = None
    if since is not None:
        last = key.sightings[-1].state if key.sightings else None
        # The log is read up to shortly before the scan, which then tells the rest.
        still = last is not None and last != ACTIVE
        yield _stop(days, since, days.known_until if still else days.at(key.log_until))


def _stop(days: Days, since: datetime, end: int) -> Span:
    return Span(days.at(since), end, DayState.ABSENT, f"not active from {since.date()} (audit log)")


def _rotations(key: KeyEvidence) -> list[datetime]:
    listed = _listed(key)
    if listed:
        return listed[1:]
    logged = [at for name, at in key.events if name in ROTATIONS]
    if logged:
        return logged
    seen = sorted({one.since for one in key.sightings if one.since is not None})
    return seen[1:] if key.created_at is None else [since for since in seen if since > key.created_at]


def _missing(key: KeyEvidence) -> str:
    if key.sightings and key.sightings[-1].state in (UNLISTED, UNSEEN):
        return "no scan of that time saw the key"
    if not key.versions and all(one.since is None for one in key.sightings):
        return "no evidence tells since when its material is in use"
    if key.versions is None and key.listable:
        return "the list of versions was not read to its end, and no scan tells of that time"
    return "no evidence tells which material was in use"
