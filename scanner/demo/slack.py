"""A simulated Slack: the reading methods of its Web API over HTTP on loopback, in their documented shapes.

It answers a wrong token, a missing scope or an unknown channel as Slack does: with status 200 and ``ok: false``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints

from scanner.demo.aws.faults import Faults
from scanner.demo.leaks import Leaks, secret
from scanner.demo.serving import serving

Body = dict[str, Any]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+$")]
Stamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}\.[0-9]{6}$")]
Kind = Literal["public_channel", "private_channel", "mpim", "im"]
_PREFIX: Mapping[str, str] = {"public_channel": "channels", "private_channel": "groups", "mpim": "mpim", "im": "im"}
"""Kind of a channel to what its scopes begin with."""
SCOPES: tuple[str, ...] = tuple(f"{prefix}:{right}" for prefix in _PREFIX.values() for right in ("read", "history"))
_STATUS = {"throttle": 429, "error": 503, "unsupported": 404, "stale_page": 302}
_CODES = {
    "throttle": "ratelimited",
    "error": "service_unavailable",
    "deny": "access_denied",
    "expired": "token_expired",
}
WAIT_SECONDS = 30
"""What a throttled answer says in `Retry-After`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Said(_Strict):
    """A message, with those that reply to it."""

    ts: Stamp
    text: str = ""
    replies: list[Said] = []
    broadcast: bool = False
    """A reply that was sent to the channel, too."""
    more: dict[str, Any] = {}
    """Further members, as Slack gives them: `blocks`, `files`, `edited`."""


class Conversation(_Strict):
    """A channel, a group, or direct messages."""

    id: Id
    kind: Kind = "public_channel"
    name: str = ""
    member: bool = True
    """Whether who asks is in it."""
    limited: bool = False
    """The workspace's plan hides older messages."""
    messages: list[Said] = []


class Workspace(_Strict):
    """A workspace as one token sees it."""

    team: Id = "T0SIMULATED"
    bot: bool = False
    scopes: list[str] = list(SCOPES)
    channels: list[Conversation] = []


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that arrived."""

    verb: str
    method: str
    """``conversations.list``, whatever it is."""
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SlackSimulator:
    """A running simulator."""

    url: str
    """Base URL, as the SDK takes it."""
    faults: Faults = field(default_factory=Faults)
    """Operations are called ``slack:conversations.list``; the subject is in the query."""
    requests: list[Recorded] = field(default_factory=list)


class _RefusalError(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, error: str, **more: str) -> None:
        super().__init__(error)
        self.body: Body = {"ok": False, "error": error, **more}


@dataclass(frozen=True, slots=True)
class _Asked:
    world: Workspace
    query: Mapping[str, list[str]]
    page_size: int

    def first(self, name: str, default: str = "") -> str:
        return next(iter(self.query.get(name, [])), default)

    def needs(self, kind: str, right: str) -> None:
        scope = f"{_PREFIX[kind]}:{right}"
        if scope not in self.world.scopes:
            raise _RefusalError("missing_scope", needed=scope, provided=",".join(self.world.scopes))

    def channel(self) -> Conversation:
        found = next((one for one in self.world.channels if one.id == self.first("channel")), None)
        if found is None:
            raise _RefusalError("channel_not_found")
        self.needs(found.kind, "history")
        if not found.member:
            raise _RefusalError("not_in_channel")
        return found

    def page(self, items: Sequence[Body]) -> tuple[list[Body], str]:
        """Return the items of the page that is asked for, and the cursor of the next one, or empty text."""
        try:
            start = int(base64.b64decode(self.first("cursor")).decode().removeprefix("next:") or 0)
            size = min(self.page_size, int(self.first("limit", "100")))
        except ValueError:
            raise _RefusalError("invalid_cursor") from None
        end = start + size
        cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
        return [*items[start:end]], cursor


def of_leaks(leaks: Leaks) -> Workspace:
    """Return the workspace of which the demo has an export."""
    channels = [
        Conversation(
            id=channel.id,
            name=channel.name,
            messages=[
                Said(ts=one.stamp, text=one.text.replace("{secret}", secret(leaks, one)))
                for one in leaks.messages
                if one.channel == channel.name
            ],
        )
        for channel in leaks.channels
    ]
    return Workspace(channels=channels)


@contextmanager
def slack_simulator(world: Workspace | Leaks, token: str, *, page_size: int = 200) -> Iterator[SlackSimulator]:
    """Run a simulated Slack that takes one token."""
    workspace = of_leaks(world) if isinstance(world, Leaks) else world

    def answer(handler: BaseHTTPRequestHandler) -> None:
        _serve(handler, simulator, workspace, token, page_size)

    with serving(answer) as url:
        simulator = SlackSimulator(f"{url}/api")
        yield simulator


def _serve(
    handler: BaseHTTPRequestHandler, simulator: SlackSimulator, world: Workspace, token: str, page_size: int
) -> None:
    parts = urlsplit(handler.path)
    method, query = parts.path.removeprefix("/api/"), parse_qs(parts.query)
    sent = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    simulator.requests.append(Recorded(handler.command, method, query or parse_qs(sent.decode("latin-1")), headers))
    fault = simulator.faults.hit(f"slack:{method}", parts.query, "", "")
    kind = fault.kind if fault is not None else ""
    if kind == "disconnect":
        handler.close_connection = True
    elif kind == "malformed":
        _write(handler, 200, b"<html>maintenance</html>", {})
    elif kind in _STATUS or kind in _CODES:
        told = {"ok": False, "error": _CODES.get(kind, "unknown_method")}
        more = {"throttle": {"Retry-After": str(WAIT_SECONDS)}, "stale_page": {"Location": "https://login.example/"}}
        _write(handler, _STATUS.get(kind, 200), json.dumps(told).encode(), more.get(kind, {}))
    else:
        body = _answer(_Asked(world, query, page_size), method, headers.get("authorization", ""), token)
        if kind == "wrong_types":
            body = {**dict.fromkeys(body, 7), "ok": True}
        if kind == "endless":
            body = {**body, "response_metadata": {"next_cursor": "bmV4dDow"}}
        _write(handler, 200, json.dumps(body).encode(), {"x-oauth-scopes": ",".join(world.scopes)})


def _answer(asked: _Asked, method: str, authorization: str, token: str) -> Body:
    if method not in _METHODS:
        return {"ok": False, "error": "unknown_method"}
    if not authorization:
        return {"ok": False, "error": "not_authed"}
    if authorization != f"Bearer {token}":
        return {"ok": False, "error": "invalid_auth"}
    try:
        return {"ok": True, **_METHODS[method](asked)}
    except _RefusalError as refused:
        return refused.body


def _test(asked: _Asked) -> Body:
    team = asked.world.team
    bot = {"bot_id": "B0SIMULATED"} if asked.world.bot else {}
    named = {"url": "https://simulated.slack.com/", "team": "Simulated Clinic", "user": "jane.doe"}
    return {**named, "team_id": team, "user_id": "U0SIMULATED", **bot, "is_enterprise_install": False}


def _list(asked: _Asked) -> Body:
    kinds = asked.first("types", "public_channel").split(",")
    for kind in kinds:
        if kind not in _PREFIX:
            raise _RefusalError("invalid_types")
        asked.needs(kind, "read")
    items: list[Body] = [
        {"id": one.id, "user": "U0SOMEBODY"}
        if one.kind == "im"
        else {"id": one.id, "name": one.name, "is_member": one.member, "creator": "U0SOMEBODY"}
        for one in asked.world.channels
        if one.kind in kinds
    ]
    page, cursor = asked.page(items)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def _history(asked: _Asked) -> Body:
    channel = asked.channel()
    sent = [(reply, one.ts) for one in channel.messages for reply in one.replies if reply.broadcast]
    told = [*((one, "") for one in channel.messages), *sent]
    oldest = float(asked.first("oldest", "0"))
    wanted = [(float(one.ts), one, thread) for one, thread in told if float(one.ts) > oldest]
    newest_first = sorted(wanted, key=lambda entry: -entry[0])
    page, cursor = asked.page([_message(one, thread) for _, one, thread in newest_first])
    more = {"is_limited": True} if channel.limited else {}
    return {"messages": page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}, **more}


def _replies(asked: _Asked) -> Body:
    parent = next((one for one in asked.channel().messages if one.ts == asked.first("ts")), None)
    if parent is None:
        raise _RefusalError("thread_not_found")
    page, cursor = asked.page([_message(one, parent.ts) for one in parent.replies])
    # The first message of the thread stands before each page.
    told = [_message(parent, ""), *page]
    return {"messages": told, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _message(one: Said, thread: str) -> Body:
    body: Body = {"type": "message", "user": "U0SOMEBODY", "ts": one.ts, "text": one.text}
    if one.replies:
        body |= {"thread_ts": one.ts, "reply_count": len(one.replies), "reply_users": ["U0SOMEBODY"]}
    if thread:
        body |= {"thread_ts": thread, "parent_user_id": "U0SOMEBODY"}
    if one.broadcast:
        body |= {"subtype": "thread_broadcast"}
    return {**body, **one.more}


_METHODS: Mapping[str, Callable[[_Asked], Body]] = {
    "auth.test": _test,
    "conversations.list": _list,
    "conversations.history": _history,
    "conversations.replies": _replies,
}


def _write(handler: BaseHTTPRequestHandler, status: int, content: bytes, more: Mapping[str, str]) -> None:
    handler.send_response(status)
    told = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(content))}
    for name, value in {**told, "x-slack-req-id": "simulated", **more}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
