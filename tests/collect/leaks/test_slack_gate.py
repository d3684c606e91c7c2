"""The gate below Slack's SDK: four reading methods leave, as GET, to one host; nothing else does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.leaks import slack_gate
from scanner.collect.leaks.slack_gate import GatedClient
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.slack import SlackSimulator, slack_simulator
from scanner.model.observation import GapReason
from tests.collect.leaks.slack_support import TOKEN, workspace


@pytest.fixture(scope="module")
def running() -> Iterator[SlackSimulator]:
    with slack_simulator(workspace(), TOKEN, page_size=2) as simulator:
        yield simulator


@pytest.fixture
def slack(running: SlackSimulator) -> Iterator[SlackSimulator]:
    running.requests.clear()
    yield running
    running.faults.clear()


WRITES: dict[str, Callable[[Any], object]] = {
    "chat.postMessage": lambda client: client.chat_postMessage(channel="C0OPEN", text="hello"),
    "chat.delete": lambda client: client.chat_delete(channel="C0OPEN", ts="1767225601.000100"),
    "conversations.join": lambda client: client.conversations_join(channel="C0OPEN"),
    "a reading method that is not declared": lambda client: client.users_list(),
    "files.upload": lambda client: client.files_upload_v2(channel="C0OPEN", content="hello"),
    "a file to an address": lambda client: client._upload_file(url="https://files.slack.com/x", data=b"x"),
    "another host": lambda client: client.api_call("http://127.0.0.1:9/api/auth.test"),
    "another path": lambda client: client.api_call("../auth.test"),
    "a method behind a method": lambda client: client.api_call("auth.test/../chat.postMessage"),
    "a body": lambda client: client.api_call("auth.test", json={"a": "b"}),
    "a form": lambda client: client.api_call("auth.test", files={"a": b"b"}),
}


@pytest.mark.parametrize("name", WRITES)
def test_whatever_else_the_sdk_can_do_does_not_leave(slack: SlackSimulator, name: str) -> None:
    with pytest.raises(ForbiddenOperationError):
        WRITES[name](GatedClient(slack.url, TOKEN))
    assert slack.requests == []


def test_what_leaves_is_a_get_with_the_token_in_a_header(slack: SlackSimulator) -> None:
    answer = GatedClient(slack.url, TOKEN).conversations_history(channel="C0OPEN", limit=2)
    assert len(answer["messages"]) == 2
    (asked,) = slack.requests
    assert (asked.verb, asked.method, asked.query) == (
        "GET",
        "conversations.history",
        {"channel": ["C0OPEN"], "limit": ["2"]},
    )
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["user-agent"] == "keyaudit"


def test_pages_that_the_sdk_asks_for_by_itself_pass_the_gate(slack: SlackSimulator) -> None:
    pages = list(GatedClient(slack.url, TOKEN).conversations_history(channel="C0OPEN", limit=2))
    assert len(pages) == 2
    assert {one.verb for one in slack.requests} == {"GET"}


@pytest.mark.parametrize(
    ("kind", "reason", "retry"),
    [("malformed", GapReason.MALFORMED, False), ("disconnect", GapReason.UNREACHABLE, True)],
)
def test_what_is_no_answer(slack: SlackSimulator, kind: Kind, reason: GapReason, *, retry: bool) -> None:
    slack.faults.add(Fault(kind))
    with pytest.raises(CallError) as caught:
        GatedClient(slack.url, TOKEN).auth_test()
    assert (caught.value.reason, caught.value.retry) == (reason, retry)
    assert len(slack.requests) == 1  # asking again is not the SDK's to decide


def test_a_host_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(CallError, match="no line to Slack") as caught:
        GatedClient("http://127.0.0.1:1/api", TOKEN).auth_test()
    assert (caught.value.reason, caught.value.retry) == (GapReason.UNREACHABLE, False)
    assert TOKEN not in str(caught.value)


def test_a_proxy_of_the_environment_does_not_see_the_token(
    slack: SlackSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert GatedClient(slack.url, TOKEN).auth_test()["ok"]


def test_an_answer_that_leads_elsewhere_is_not_followed(slack: SlackSimulator) -> None:
    from slack_sdk.errors import SlackApiError

    slack.faults.add(Fault("stale_page"))
    with pytest.raises(SlackApiError) as caught:
        GatedClient(slack.url, TOKEN).auth_test()
    assert caught.value.response.status_code == 302


@pytest.mark.parametrize(
    ("status", "content", "detail"),
    [
        (200, b"[" * 100_000, "the answer is not JSON"),
        (200, b"[]", "the answer is not a JSON object"),
        (200, b"\xff", "the answer is not JSON"),
    ],
)
def test_what_is_no_object_is_malformed(status: int, content: bytes, detail: str) -> None:
    with pytest.raises(CallError, match=detail) as caught:
        slack_gate._parsed(status, content)
    assert caught.value.reason is GapReason.MALFORMED
    assert slack_gate._parsed(503, content) == {}


def test_an_answer_without_end_is_not_read(slack: SlackSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_gate, "MOST_ANSWER", 20)
    with pytest.raises(CallError) as caught:
        GatedClient(slack.url, TOKEN).auth_test()
    assert caught.value.reason is GapReason.LIMIT


def test_the_sdk_logs_nothing(slack: SlackSimulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client = GatedClient(slack.url, TOKEN)
        client.auth_test()
        client.logger.critical("whatever it says")
    assert [one for one in caplog.records if "slack" in one.name] == []
