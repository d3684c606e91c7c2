"""A Slack export, zip or folder: every message with its threads, edits, attachments and the text of its files.

Of people nothing is kept: a channel and a message are told by their ids.
"""

from __future__ import annotations

import html
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from scanner.collect.interface import CallError
from scanner.collect.leaks.archives import ALLOWANCE, BROKEN, GROWTH, MOST_MEMBERS, TooLargeError, bounded, texts
from scanner.collect.leaks.files import Late, not_there, walk
from scanner.collect.leaks.finding import Piece, whole
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report, Spot
from scanner.collect.leaks.stream import BLOCK, pieces
from scanner.model.ids import Json
from scanner.model.observation import GapReason

MOST_JSON = 64 * 1024 * 1024
"""Bytes of one day of one channel, at most."""
_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json")
_OF_PEOPLE = frozenset(
    {
        *("user", "user_id", "username", "user_profile", "bot_profile", "reactions", "reply_users", "members", "icons"),
        *("ts", "thread_ts", "client_msg_id", "type", "subtype", "team", "parent_user_id", "latest_reply", "bot_id"),
        *("author_name", "author_link", "author_icon", "permalink", "permalink_public", "url_private", "external_url"),
        *("url_private_download", "edit_link", "app_id", "block_id", "source_team", "user_team", "files", "mimetype"),
    }
)
"""Members of a message that are no words of it: who wrote, who reacted, and addresses of Slack's own."""
_WORDS_OF_FILE = ("title", "name", "preview", "plain_text", "initial_comment", "preview_plain_text")
_CONTENT = ("plain_text", "preview")
_ID = re.compile("[A-Z0-9]{1,40}")
_NO_CONTENT = frozenset({"tombstone", "hidden_by_limit"})


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an export."""

    name: str
    size: int
    opened: Callable[[], IO[bytes]]


def read_export(root: Path, report: Report, lookers: Lookers, late: Late) -> None:
    """Look at every message of an export. Raises CallError when it is not there, or is no export."""
    try:
        real = root.resolve(strict=True)
        if real.is_dir():
            _read(list(_of_folder(real, report)), report, lookers, late)
            return
        with zipfile.ZipFile(real) as archive:
            _read(list(_of_zip(archive, report)), report, lookers, late)
    except zipfile.BadZipFile:
        detail = f"{root} is no zip file, or a damaged one: export it again"
        raise CallError(GapReason.MALFORMED, code="Broken", detail=detail) from None
    except (OSError, RuntimeError) as error:
        raise not_there(root, error) from None


def _of_folder(root: Path, report: Report) -> Iterator[Member]:
    for path, name in walk(root, (), report):
        yield Member(name, path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc] # its default binds it


def _of_zip(archive: zipfile.ZipFile, report: Report) -> Iterator[Member]:
    for number, info in enumerate(archive.infolist()):
        if number >= MOST_MEMBERS:
            report.skip("too_large", "")
            return
        if info.is_dir():
            continue
        if info.flag_bits & 1:
            report.skip("locked", info.filename)
            continue
        yield Member(info.filename, info.compress_size, lambda info=info: archive.open(info))  # type: ignore[misc] # as above


def _read(members: list[Member], report: Report, lookers: Lookers, late: Late) -> None:
    if not any(member.name.rpartition("/")[2] in _LISTS for member in members):
        detail = "there is none of channels.json, groups.json, dms.json and mpims.json: it is no export of Slack"
        raise CallError(GapReason.MALFORMED, code="NoExport", detail=detail)
    channels = _channels(members, report)
    try:
        lines: dict[str, int] = {}
        for spot, looked in lookers.each(_pieces(members, channels, report), late):
            line = 0 if spot.message else lines.get(spot.path, 1)
            report.add(spot, looked, line)
            lines = {spot.path: line + looked.lines}
    except CallError as error:
        report.skip("time" if error.code == "Time" else "failed", "")


def _channels(members: list[Member], report: Report) -> dict[str, str]:
    """Return the ids of channels by the names of their folders."""
    found: dict[str, str] = {}
    for member in members:
        if member.name.rpartition("/")[2] in _LISTS:
            listed = _json(member, report)
            for one in listed if isinstance(listed, list) else []:
                name = one.get("name") or one.get("id") if isinstance(one, dict) else None
                if isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(name, str):
                    found[name] = str(one["id"])
    return found


def _pieces(members: list[Member], channels: Mapping[str, str], report: Report) -> Iterator[tuple[Spot, Piece]]:
    for member in sorted(members, key=lambda one: one.name):
        folder, _, file = member.name.rpartition("/")
        if file in _LISTS or file in {"users.json", "org_users.json"}:
            report.count("files")
            continue  # names of people and channels
        report.count("files")
        if file.endswith(".json") and file[:4].isdigit():
            channel = channels.get(folder.rpartition("/")[2]) or _unknown(folder, report)
            messages = _json(member, report)
            for message in messages if isinstance(messages, list) else []:
                yield from any_message(message, channel, report)
        else:
            yield from _file(member, report)


def _unknown(folder: str, report: Report) -> str:
    """Return a name for a channel that no list has: the names of groups are made of the names of people."""
    return f"channel {report.hashes.of('channel', folder)[:12]}"


def _json(member: Member, report: Report) -> Json:
    try:
        with member.opened() as file:
            read = bounded(file.read, min(MOST_JSON, GROWTH * member.size + ALLOWANCE))
            value: Json = json.loads(b"".join(iter(lambda: read(BLOCK), b"")))
            report.count("bytes", member.size)
    except TooLargeError:
        report.skip("too_large", member.name)
    except PermissionError:
        report.skip("unreadable", member.name)
    except (*BROKEN, RecursionError, UnicodeDecodeError):
        report.skip("broken", member.name)
    else:
        return value
    return None


def _file(member: Member, report: Report) -> Iterator[tuple[Spot, Piece]]:
    """Yield the pieces of a file that was put into the export."""
    name = os.fsencode(member.name).decode("utf-8", "backslashreplace")
    try:
        with member.opened() as file:
            for text in texts(name, file, member.size):
                if text.read is None:
                    report.skip(text.skip, text.path)
                    continue
                for piece in pieces(bounded(text.read, GROWTH * member.size + ALLOWANCE)):
                    report.count("bytes", piece.end - piece.start)
                    yield Spot(text.path), piece
    except TooLargeError:
        report.skip("too_large", name)
    except PermissionError:
        report.skip("unreadable", name)
    except BROKEN:
        report.skip("broken", name)


def any_message(message: Json, channel: str, report: Report) -> Iterator[tuple[Spot, Piece]]:
    """Yield what a message says, or tell that it is none."""
    if not isinstance(message, dict):
        report.skip("broken", channel)
        return
    yield from of_message(message, channel, report)


def of_message(message: Mapping[str, Json], channel: str, report: Report) -> Iterator[tuple[Spot, Piece]]:
    """Yield what one message says, with what it said before it was edited or deleted, where that is kept."""
    report.count("messages")
    stamp = message.get("ts")
    name = stamp if isinstance(stamp, str) else ""
    said = [*_words(dict(message)), *_of_files(message, channel, report)]
    text = "\n".join(dict.fromkeys(said)).encode("utf-8", "replace")
    if not text:
        return
    # Twice the same in a message, as text and as its blocks, is one leak: the report tells them by their hashes.
    spot = Spot(channel, message=name or "no ts", at=moment(name))
    yield from ((spot, piece) for piece in (whole(text) if len(text) <= BLOCK else pieces(_reader(text))))


def _words(value: Json, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield html.unescape(value)
    elif depth < 40 and isinstance(value, dict):
        for name, item in value.items():
            if name not in _OF_PEOPLE:
                yield from _words(item, depth + 1)
    elif depth < 40 and isinstance(value, list):
        for item in value:
            yield from _words(item, depth + 1)


def _of_files(message: Mapping[str, Json], channel: str, report: Report) -> Iterator[str]:
    files = message.get("files")
    for one in files if isinstance(files, list) else []:
        if not isinstance(one, dict):
            continue
        yield from (html.unescape(str(one[name])) for name in _WORDS_OF_FILE if isinstance(one.get(name), str))
        has = any(isinstance(one.get(name), str) for name in _CONTENT) and not one.get("preview_is_truncated")
        if not has and one.get("mode") not in _NO_CONTENT:
            named = one.get("id")
            file = named if isinstance(named, str) and _ID.fullmatch(named) else ""
            report.skip("not_exported", f"{channel} {file}".strip())


def _reader(text: bytes) -> Callable[[int], bytes]:
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        part = text[at : at + size]
        at += len(part)
        return part

    return read


def moment(stamp: str) -> str:
    """Return when a message was written, RFC 3339 in UTC, by its stamp; empty: that does not tell."""
    try:
        return datetime.fromtimestamp(float(stamp), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""
