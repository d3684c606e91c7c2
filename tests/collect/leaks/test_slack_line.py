"""The line to Slack: what each refusal means, how long is waited, and when nothing is asked any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from scanner.collect.ask import StoppedError
from scanner.collect.interface import CallError
from scanner.collect.leaks.slack_line import Got, Line, SlackError, _meaning
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.slack import SlackSimulator, slack_simulator
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.fakes import Clock
from tests.collect.leaks.slack_support import TOKEN, line, outside, workspace


@pytest.fixture(scope="module")
def running() -> Iterator[SlackSimulator]:
    with slack_simulator(workspace(), TOKEN, page_size=2) as simulator:
        yield simulator


@pytest.fixture
def slack(running: SlackSimulator) -> Iterator[SlackSimulator]:
    running.requests.clear()
    yield running
    running.faults.clear()


def test_an_answer_tells_the_scopes(slack: SlackSimulator) -> None:
    got = line(slack).get("auth.test", {})
    assert got.body["team_id"] == "T0SIMULATED"
    assert got.scopes.split(",")[:2] == ["channels:read", "channels:history"]


@pytest.mark.parametrize(
    ("status", "body", "reason", "words", "retry"),
    [
        (200, {"error": "not_authed"}, GapReason.DENIED, "Slack does not take the token (not_authed)", False),
        (200, {"error": "invalid_auth"}, GapReason.DENIED, "check what `slack.token` names", False),
        (200, {"error": "token_revoked"}, GapReason.DENIED, "`keyaudit permissions leaks` prints", False),
        (401, {}, GapReason.DENIED, "Slack does not take the token (401)", False),
        (200, {"error": "missing_scope", "needed": "im:read"}, GapReason.DENIED, "may not read this", False),
        (200, {"error": "not_in_channel"}, GapReason.DENIED, "may not read this", False),
        (200, {"error": "channel_not_found"}, GapReason.DENIED, "may not read this", False),
        (429, {}, GapReason.THROTTLED, "Slack asks to wait", True),
        (200, {"error": "ratelimited"}, GapReason.THROTTLED, "Slack asks to wait", True),
        (200, {"error": "unknown_method"}, GapReason.UNSUPPORTED, "does not offer", False),
        (404, {}, GapReason.UNSUPPORTED, "does not offer", False),
        (200, {"error": "internal_error"}, GapReason.FAILED, "Slack answers internal_error", True),
        (503, {}, GapReason.FAILED, "Slack answers with HTTP status 503", True),
        (408, {}, GapReason.FAILED, "HTTP status 408", True),
        (302, {}, GapReason.FAILED, "HTTP status 302", False),
        (200, {}, GapReason.FAILED, "HTTP status 200", False),
        (200, {"error": 7}, GapReason.FAILED, "HTTP status 200", False),
        (200, {"error": "fatal <b>xoxp-1"}, GapReason.FAILED, "HTTP status 200", False),
    ],
)
def test_what_a_refusal_means(
    status: int, body: dict[str, Json], reason: GapReason, words: str, *, retry: bool
) -> None:
    error = _meaning(status, body, {"Retry-After": "7"})
    assert (error.reason, error.retry, error.status) == (reason, retry, status)
    assert words in error.detail
    assert "xoxp" not in f"{error} {error.code}"
    assert isinstance(error, SlackError)
    assert error.after == 7


@pytest.mark.parametrize(
    ("told", "seconds"), [("30", 30.0), ("", 0.0), ("soon", 0.0), ("9" * 30, 0.0), ("-1", 0.0), ("\u0663", 0.0)]
)
def test_only_whole_seconds_are_understood(told: str, seconds: float) -> None:
    error = _meaning(429, {"needed": "<script>"}, {"retry-after": told})
    assert isinstance(error, SlackError)
    assert (error.after, error.needed) == (seconds, "")


def test_it_waits_as_long_as_slack_asks(slack: SlackSimulator) -> None:
    slack.faults.add(Fault("throttle", times=2))
    clock = Clock()
    assert line(slack, clock).get("auth.test", {}).body["ok"]
    assert clock.waits == [30.0, 30.0]


def test_without_a_word_of_slack_the_wait_doubles(slack: SlackSimulator) -> None:
    slack.faults.add(Fault("error", times=3))
    clock = Clock(chance=0.5)
    assert line(slack, clock).get("auth.test", {}).body["ok"]
    assert clock.waits == [0.05, 0.1, 0.2]


@pytest.mark.parametrize(("kind", "reason"), [("throttle", GapReason.THROTTLED), ("disconnect", GapReason.UNREACHABLE)])
def test_it_gives_up_in_the_end_and_nobody_asks_again(slack: SlackSimulator, kind: Kind, reason: GapReason) -> None:
    slack.faults.add(Fault(kind))
    with pytest.raises(CallError) as caught:
        line(slack).get("auth.test", {})
    assert (caught.value.reason, caught.value.retry, len(slack.requests)) == (reason, False, 8)


def test_it_does_not_wait_beyond_its_time(slack: SlackSimulator) -> None:
    slack.faults.add(Fault("throttle"))
    clock = Clock()
    with pytest.raises(CallError, match="time limit") as caught:
        line(slack, clock, deadline=70.0).get("auth.test", {})
    assert (caught.value.code, clock.waits) == ("Time", [30.0, 30.0])
    clock.seconds = 71.0
    with pytest.raises(CallError, match="time limit"):
        line(slack, clock, deadline=70.0).get("auth.test", {})
    assert len(slack.requests) == 3


def test_a_stop_ends_the_wait_and_nothing_is_asked_after_it(slack: SlackSimulator) -> None:
    slack.faults.add(Fault("throttle"))
    clock = Clock(stops_after=1)
    for _ in range(2):
        with pytest.raises(StoppedError):
            line(slack, clock).get("auth.test", {})
    assert len(slack.requests) == 1


def test_every_page_is_asked_for(slack: SlackSimulator) -> None:
    pages = list(line(slack).pages("conversations.history", {"channel": "C0OPEN", "limit": "200"}))
    assert [len(str(page.body["messages"]).split("'ts'")) for page in pages] == [5, 5]
    assert ["cursor" in one.query for one in slack.requests] == [False, True]


def test_a_listing_that_repeats_its_cursor_ends(slack: SlackSimulator) -> None:
    slack.faults.add(Fault("endless"))
    with pytest.raises(CallError, match="repeats its cursor") as caught:
        list(line(slack).pages("conversations.list", {}))
    assert caught.value.reason is GapReason.MALFORMED


class _Told(Line):
    """Gives one body, whatever is asked."""

    def __init__(self, body: Mapping[str, Json]) -> None:
        super().__init__("", TOKEN, outside(), 1e9)
        self._body = body

    def get(self, method: str, params: Mapping[str, str]) -> Got:
        """Give it."""
        return Got(self._body, "")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"response_metadata": {"next_cursor": 7}}, "`next_cursor` is not text"),
        ({"response_metadata": {"next_cursor": ""}, "has_more": True}, "`next_cursor` is missing"),
        ({"has_more": True}, "`next_cursor` is missing"),
    ],
)
def test_a_listing_that_contradicts_itself_is_malformed(body: dict[str, Json], detail: str) -> None:
    with pytest.raises(CallError, match=detail) as caught:
        list(_Told(body).pages("conversations.list", {}))
    assert caught.value.reason is GapReason.MALFORMED


@pytest.mark.parametrize("body", [{}, {"response_metadata": 7}, {"response_metadata": {"next_cursor": None}}])
def test_a_page_that_names_no_other_is_the_last(body: dict[str, Json]) -> None:
    assert len(list(_Told(body).pages("conversations.list", {}))) == 1
