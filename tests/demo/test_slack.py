"""The simulated Slack: the shapes of its Web API, who is let in, and what goes wrong on purpose."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.slack import Conversation, Said, SlackSimulator, Workspace, of_leaks, slack_simulator
from scanner.demo.world import load_world

THREAD = Said(
    ts="1000.000001",
    text="first",
    replies=[Said(ts=f"{1000 + n}.000001", text=f"reply {n}", broadcast=n == 3) for n in range(1, 4)],
)
WORLD = Workspace(
    bot=True,
    scopes=["channels:read", "channels:history", "im:read", "mpim:read"],
    channels=[
        Conversation(id="C01", name="one", limited=True, messages=[THREAD, Said(ts="900.000000", more={"files": []})]),
        *(Conversation(id=f"C0{n}", name=f"n{n}", member=False) for n in range(2, 6)),
        Conversation(id="D01", kind="im"),
    ],
)
TOKEN = "slack-word"


@pytest.fixture(scope="module")
def running() -> Iterator[SlackSimulator]:
    with slack_simulator(WORLD, TOKEN, page_size=2) as simulator:
        yield simulator


@pytest.fixture
def slack(running: SlackSimulator) -> Iterator[SlackSimulator]:
    running.requests.clear()
    yield running
    running.faults.clear()


def ask(
    simulator: SlackSimulator, method: str, query: Mapping[str, str] = {}, token: str = TOKEN, data: bytes | None = None
) -> tuple[int, Mapping[str, str], Any]:
    """Return (status, headers, body) of one request."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{simulator.url}/{method}?{urlencode(query)}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.loads(error.read())


def test_who_asks_is_told_and_the_scopes_stand_in_a_header(slack: SlackSimulator) -> None:
    status, headers, body = ask(slack, "auth.test")
    assert (status, body["ok"], body["team_id"], body["bot_id"]) == (200, True, "T0SIMULATED", "B0SIMULATED")
    assert headers["x-oauth-scopes"] == "channels:read,channels:history,im:read,mpim:read"
    assert (slack.requests[0].verb, slack.requests[0].method) == ("GET", "auth.test")


@pytest.mark.parametrize(
    ("method", "token", "query", "error"),
    [
        ("auth.test", "", {}, "not_authed"),
        ("auth.test", "other", {}, "invalid_auth"),
        ("chat.postMessage", TOKEN, {}, "unknown_method"),
        ("conversations.list", TOKEN, {"types": "secret_channel"}, "invalid_types"),
        ("conversations.list", TOKEN, {"types": "private_channel"}, "missing_scope"),
        ("conversations.list", TOKEN, {"cursor": "bm9uc2Vuc2U="}, "invalid_cursor"),
        ("conversations.history", TOKEN, {"channel": "C99"}, "channel_not_found"),
        ("conversations.history", TOKEN, {"channel": "C02"}, "not_in_channel"),
        ("conversations.history", TOKEN, {"channel": "D01"}, "missing_scope"),
        ("conversations.replies", TOKEN, {"channel": "C01", "ts": "1.000000"}, "thread_not_found"),
    ],
)
def test_a_refusal_is_an_answer(
    slack: SlackSimulator, method: str, token: str, query: dict[str, str], error: str
) -> None:
    status, _, body = ask(slack, method, query, token)
    assert (status, body["ok"], body["error"]) == (200, False, error)
    assert ("needed" in body) == (error == "missing_scope")


def test_listings_have_pages(slack: SlackSimulator) -> None:
    found, cursor = [], ""
    for _ in range(3):
        _, _, body = ask(slack, "conversations.list", {"types": "public_channel,im", "cursor": cursor})
        found += [one["id"] for one in body["channels"]]
        cursor = body["response_metadata"]["next_cursor"]
    assert (found, cursor) == (["C01", "C02", "C03", "C04", "C05", "D01"], "")


def test_a_history_is_newest_first_and_a_thread_begins_with_its_first_message(slack: SlackSimulator) -> None:
    _, _, first = ask(slack, "conversations.history", {"channel": "C01"})
    assert [one["ts"] for one in first["messages"]] == ["1003.000001", "1000.000001"]
    assert (first["has_more"], first["is_limited"], first["messages"][1]["reply_count"]) == (True, True, 3)
    assert first["messages"][0]["subtype"] == "thread_broadcast"
    _, _, late = ask(slack, "conversations.history", {"channel": "C01", "oldest": "950.000000", "limit": "9"})
    assert [one["ts"] for one in late["messages"]] == ["1003.000001", "1000.000001"]
    _, _, thread = ask(slack, "conversations.replies", {"channel": "C01", "ts": "1000.000001"})
    assert [one["text"] for one in thread["messages"]] == ["first", "reply 1", "reply 2"]
    _, _, rest = ask(
        slack,
        "conversations.replies",
        {"channel": "C01", "ts": "1000.000001", "cursor": thread["response_metadata"]["next_cursor"]},
    )
    assert [one["text"] for one in rest["messages"]] == ["first", "reply 3"]


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("throttle", 429, "ratelimited"),
        ("error", 503, "service_unavailable"),
        ("unsupported", 404, "unknown_method"),
        ("deny", 200, "access_denied"),
        ("expired", 200, "token_expired"),
    ],
)
def test_it_refuses_on_purpose(slack: SlackSimulator, kind: Kind, status: int, error: str) -> None:
    slack.faults.add(Fault(kind, operation="slack:auth.test", times=1))
    got, headers, body = ask(slack, "auth.test")
    assert (got, body) == (status, {"ok": False, "error": error})
    assert headers.get("Retry-After") == ("30" if kind == "throttle" else None)
    assert ask(slack, "auth.test")[2]["ok"]


def test_it_answers_wrongly_on_purpose(slack: SlackSimulator) -> None:
    for kind in ("malformed", "disconnect", "wrong_types", "endless"):
        slack.faults.add(Fault(kind, times=1))
    with pytest.raises(json.JSONDecodeError):
        ask(slack, "auth.test")
    with pytest.raises(RemoteDisconnected):
        ask(slack, "auth.test")
    assert ask(slack, "conversations.list")[2] == {"ok": True, "channels": 7, "response_metadata": 7}
    assert ask(slack, "conversations.list", {"limit": "9"})[2]["response_metadata"] == {"next_cursor": "bmV4dDow"}


def test_what_is_sent_by_post_is_recorded(slack: SlackSimulator) -> None:
    assert ask(slack, "chat.postMessage", data=b"text=hello")[2]["error"] == "unknown_method"
    assert (slack.requests[0].verb, slack.requests[0].query) == ("POST", {"text": ["hello"]})


def test_it_serves_the_messages_of_the_demo() -> None:
    leaks = load_world().leaks
    workspace = of_leaks(leaks)
    assert sum(len(one.messages) for one in workspace.channels) == len(leaks.messages) > 3
    with slack_simulator(leaks, TOKEN) as simulator:
        channel = workspace.channels[0]
        _, _, body = ask(simulator, "conversations.history", {"channel": channel.id})
        assert {one["text"] for one in body["messages"]} == {one.text for one in channel.messages}


def test_the_world_is_strict() -> None:
    with pytest.raises(ValidationError):
        Said.model_validate({"ts": "yesterday"})
    with pytest.raises(ValidationError):
        Workspace.model_validate({"teams": []})
