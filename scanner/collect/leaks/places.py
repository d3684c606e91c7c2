"""Places where keys leak to: what lies there in the plain, and whether each was read whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from scanner.collect.ask import Outside
from scanner.collect.hashes import Hashes
from scanner.collect.interface import Answer, Asking, CallError, Transport, Unit
from scanner.collect.leaks.operations import OPERATIONS, PLACES, READ
from scanner.evidence.records import source_id
from scanner.model.estate import LeakSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason

NAME = "leaks.places"


def unit(source: LeakSource, salt: str, deadline: float, token: str = "", outside: Outside | None = None) -> Unit:
    """Return the unit that reads one source.

    ``salt`` keys the hashes; empty: they are under a key of this process, and of no use to a later scan. ``deadline``
    is on the monotonic clock, in seconds. ``token`` and ``outside`` are for a source that asks Slack.
    """
    slack = Access(token, outside) if source.kind == "slack" and outside is not None else None
    return Unit(
        id=f"leaks/{source.name}",
        source=source_id("leaks", source.name),
        source_name=source.name,
        account="",
        region="",
        collector=NAME,
        principal="",
        operations=OPERATIONS,
        collect=partial(collect, source=source),
        transport=lambda: connect(source, salt, deadline, slack),
        deadline=deadline,
        # One place at a time: each is read on every core.
        concurrency=1,
    )


@dataclass(frozen=True, slots=True)
class Access:
    """What asking Slack needs beside the source."""

    token: str
    outside: Outside


def connect(source: LeakSource, salt: str, deadline: float, slack: Access | None = None) -> Transport:
    """Return the transport of a source. Raises CallError when a package of the extra is not installed."""
    hashes = Hashes(salt.encode()) if salt else PROCESS
    if slack is not None:
        from scanner.collect.leaks.slack_transport import Workspace

        return Workspace(source, slack.token, hashes, slack.outside, deadline)
    from scanner.collect.leaks.transport import Places

    return Places(source, hashes, lambda: time.monotonic() > deadline)


PROCESS = Hashes()
"""Without a salt of the estate: the same for every source of a scan, so that a secret in two places shows."""


def collect(asking: Asking, source: LeakSource) -> Iterator[Unit]:
    """Read each place, and tell what of it was not read."""
    listed = asking.call(PLACES, {})
    # Which workspace a token opens, Slack alone can tell; paths are read though the list of them were not kept.
    for place in source.places or _named(listed):
        answer = asking.call(READ, {"place": place}, subject=place)
        if answer is not None:
            _gaps(asking, place, answer.body)
    yield from ()


def _gaps(asking: Asking, place: str, body: dict[str, Json]) -> None:
    """Note one gap for each reason: what was not read may hold anything."""
    from scanner.collect.leaks.report import REASONS

    told: dict[GapReason, list[str]] = {}
    skipped = body.get("skipped")
    for one in skipped if isinstance(skipped, list) else []:
        if isinstance(one, dict) and one.get("reason") in REASONS:
            reason, words = REASONS[str(one["reason"])]
            names = [str(name) for name in _each(one.get("names")) if name]
            said = f"{one.get('count')} {words}" if one["reason"] != "time" else words
            told.setdefault(reason, []).append(f"{said}: {', '.join(names)}" if names else said)
    for reason, said_of in told.items():
        asking.note(READ, CallError(reason, code="NotWhole", detail="; ".join(said_of)), subject=place)


def _named(listed: Answer | None) -> list[str]:
    places = _each(listed.body.get("places")) if listed is not None else []
    return [str(one["place"]) for one in places if isinstance(one, dict) and "place" in one]


def _each(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
