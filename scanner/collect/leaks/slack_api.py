"""A Slack workspace by its Web API: channels, groups, direct messages, and their threads, page by page.

Of people nothing is kept: a channel and a message are told by their ids. Files are not loaded: of a file its preview is
looked at where the message has one, and else it is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.collect.interface import CallError
from scanner.collect.leaks.finding import Piece
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report, Spot
from scanner.collect.leaks.slack_export import any_message, moment
from scanner.collect.leaks.slack_line import Got, Line, SlackError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

KINDS = ("public_channel", "private_channel", "mpim", "im")
"""Asked one by one: a token without the scope of one may list the others."""
PAGE = "200"
"""Items of a page: what Slack recommends at most."""
NAMED = 40
"""Channels that a gap names."""
_CHANNEL = re.compile("[A-Z0-9]{1,41}")
_STAMP = re.compile("[0-9]{1,12}[.][0-9]{1,9}")
_REASONS: Mapping[GapReason, str] = {
    GapReason.DENIED: "denied",
    GapReason.THROTTLED: "throttled",
    GapReason.UNREACHABLE: "no_line",
    GapReason.UNSUPPORTED: "no_channel",
    GapReason.MALFORMED: "answers",
    GapReason.LIMIT: "too_long",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read of a workspace."""

    channels: Sequence[str]
    """Ids; none: every channel that the token sees."""
    oldest: str = ""
    """Seconds from 1970, as Slack takes them; empty: from the first message on."""


def read_workspace(asked: Asked, line: Line, report: Report, lookers: Lookers, late: Callable[[], bool]) -> None:
    """Look at every message. What cannot be read is told to the report, by channel."""
    if asked.oldest:
        report.skip("older", moment(asked.oldest))
    try:
        for spot, looked in lookers.each(_pieces(asked, line, report), late):
            report.add(spot, looked, 0)
    except CallError as error:
        report.skip("time" if error.code == "Time" else "failed", "")


def _pieces(asked: Asked, line: Line, report: Report) -> Iterator[tuple[Spot, Piece]]:
    for channel in asked.channels or _channels(line, report):
        try:
            for spot, piece in _history(channel, asked.oldest, line, report):
                report.count("bytes", piece.end - piece.start)
                yield spot, piece
        except CallError as error:
            _tell(report, channel, error)


def _channels(line: Line, report: Report) -> Iterator[str]:
    """Yield the id of each channel that the token sees, once."""
    seen: set[str] = set()
    for kind in KINDS:
        try:
            for got in line.pages("conversations.list", {"types": kind, "limit": PAGE}):
                yield from _new(got, kind, seen, report)
        except CallError as error:
            _tell(report, f"list of {kind}", error)


def _new(got: Got, kind: str, seen: set[str], report: Report) -> Iterator[str]:
    for one in _listed(got, "channels"):
        channel = one.get("id") if isinstance(one, dict) else None
        if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel):
            report.skip("answers", f"list of {kind}", most=NAMED)
        elif channel not in seen:
            seen.add(channel)
            yield channel


def _history(channel: str, oldest: str, line: Line, report: Report) -> Iterator[tuple[Spot, Piece]]:
    since = {"oldest": oldest} if oldest else {}
    for got in line.pages("conversations.history", {"channel": channel, "limit": PAGE, **since}):
        if got.body.get("is_limited") is True:
            report.skip("hidden", channel, most=NAMED)
        for message in _listed(got, "messages"):
            told = _told(message)
            yield from any_message(told, channel, report)
            thread = _thread(told)
            if thread:
                yield from _replies(channel, thread, line, report)


def _replies(channel: str, thread: str, line: Line, report: Report) -> Iterator[tuple[Spot, Piece]]:
    """Yield what a thread says beside its first message, and beside what was sent to the channel too."""
    try:
        for got in line.pages("conversations.replies", {"channel": channel, "ts": thread, "limit": PAGE}):
            for message in _listed(got, "messages"):
                told = _told(message)
                if isinstance(told, dict) and (told.get("ts") == thread or told.get("subtype") == "thread_broadcast"):
                    continue
                yield from any_message(told, channel, report)
    except CallError as error:
        _tell(report, f"{channel} thread {thread}", error)


def _told(message: Json) -> Json:
    """Return a message whose stamp is one, or has none: it becomes the message's name."""
    if not isinstance(message, dict):
        return message
    stamp = message.get("ts")
    return message if isinstance(stamp, str) and _STAMP.fullmatch(stamp) else {**message, "ts": ""}


def _thread(message: Json) -> str:
    """Return the stamp of a message that others reply to, or an empty text."""
    if not isinstance(message, dict) or not message["ts"]:
        return ""
    stamp = str(message["ts"])
    return stamp if message.get("thread_ts") == stamp or message.get("reply_count") else ""


def _listed(got: Got, name: str) -> list[Json]:
    found = got.body.get(name)
    if not isinstance(found, list):
        raise CallError(GapReason.MALFORMED, code="NoList", detail=f"`{name}` is not a list")
    return found


def _tell(report: Report, what: str, error: CallError) -> None:
    """Tell that a channel, a thread or a list was not read to its end. Raises what ends the whole reading."""
    if error.code == "Time":
        raise error
    why = f"{error.code} {error.needed}" if isinstance(error, SlackError) else error.code
    report.skip(_REASONS.get(error.reason, "refused"), f"{what} ({why.strip()})", most=NAMED)
