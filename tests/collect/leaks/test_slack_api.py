"""A workspace is read whole: messages, threads, groups, direct messages; and what cannot be read is told by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from scanner.collect.leaks.report import Report
from scanner.collect.leaks.slack_api import Asked, read_workspace
from scanner.collect.leaks.slack_line import Got, Line
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.slack import SCOPES, Conversation, Said, SlackSimulator, Workspace, slack_simulator
from scanner.model.ids import Json
from tests.collect.fakes import Clock
from tests.collect.leaks.slack_support import FOUND, KEYS, NAME, TOKEN, line, outside, said, workspace
from tests.collect.leaks.support import after, lookers, never, report, skipped

EVERY = Asked(())


@pytest.fixture(scope="module")
def running() -> Iterator[SlackSimulator]:
    with slack_simulator(workspace(), TOKEN, page_size=2) as simulator:
        yield simulator


@pytest.fixture
def slack(running: SlackSimulator) -> Iterator[SlackSimulator]:
    running.requests.clear()
    yield running
    running.faults.clear()


def read(asked: Asked, asking: Line, late: Callable[[], bool] = never) -> Report:
    made = report("slack", "Slack workspace T0SIMULATED")
    looking = lookers()
    read_workspace(asked, asking, made, looking, late)
    looking.close()
    return made


def of(world: Workspace, asked: Asked = EVERY) -> Report:
    with slack_simulator(world, TOKEN, page_size=2) as simulator:
        return read(asked, line(simulator))


def found(made: Report) -> list[tuple[Json, Json]]:
    return sorted((one["path"], one["message"]) for one in made.leaks.values())


def test_every_place_where_somebody_writes_is_read(slack: SlackSimulator) -> None:
    made = read(EVERY, line(slack))
    assert found(made) == FOUND
    assert made.skipped == {}
    assert (made.counts["messages"], made.counts["bytes"] > 400) == (11, True)
    # The reply that was sent to the channel too is one message.
    assert {one["occurrences"] for one in made.leaks.values()} == {1}
    told = str(made.answer())
    assert [word for word in (*KEYS, NAME, "U0SOMEBODY", TOKEN, "good morning") if word in told] == []
    assert next(iter(made.leaks.values()))["at"] != ""


def test_only_the_channels_that_are_named_are_read(slack: SlackSimulator) -> None:
    made = read(Asked(("D0PAIR", "C0NONE")), line(slack))
    assert {path for path, _ in found(made)} == {"D0PAIR"}
    assert made.skipped == {"denied": (1, ["C0NONE (channel_not_found)"])}
    assert "conversations.list" not in {one.method for one in slack.requests}


def test_what_is_older_than_the_bound_is_a_gap(slack: SlackSimulator) -> None:
    made = read(Asked((), "1767225620.000000"), line(slack))
    assert {path for path, _ in found(made)} == {"G0GROUP", "G0MANY", "D0PAIR"}
    assert made.skipped == {"older": (1, ["2026-01-01T00:00:20Z"])}


def test_a_channel_that_refuses_is_told_by_its_id_and_the_others_are_read() -> None:
    shut = [Conversation(id=f"C0SHUT{n}", member=False) for n in range(9)]
    limited = Conversation(id="C0OLD", limited=True, messages=[said(1, KEYS[0])])
    made = of(Workspace(channels=[*shut, limited]))
    assert [path for path, _ in found(made)] == ["C0OLD"]
    number, names = made.skipped["denied"]
    assert (number, names) == (9, [f"C0SHUT{n} (not_in_channel)" for n in range(9)])
    assert made.skipped["hidden"] == (1, ["C0OLD"])


def test_a_scope_that_is_missing_is_told_and_the_rest_is_read() -> None:
    scopes = [scope for scope in SCOPES if scope not in {"im:read", "groups:history"}]
    made = of(workspace(scopes=scopes))
    assert {path for path, _ in found(made)} == {"C0OPEN", "G0MANY"}
    assert made.skipped == {
        "denied": (2, ["G0GROUP (missing_scope groups:history)", "list of im (missing_scope im:read)"])
    }


@pytest.mark.parametrize(
    ("kind", "operation", "reason", "name"),
    [
        ("throttle", "conversations.history", "throttled", "C0OPEN (ratelimited)"),
        ("error", "conversations.history", "refused", "C0OPEN (service_unavailable)"),
        ("malformed", "conversations.history", "answers", "C0OPEN (NotJson)"),
        ("wrong_types", "conversations.history", "answers", "C0OPEN (NoList)"),
        ("disconnect", "conversations.history", "no_line", "C0OPEN (RemoteDisconnected)"),
        ("unsupported", "conversations.history", "no_channel", "C0OPEN (unknown_method)"),
        ("deny", "conversations.replies", "denied", "C0OPEN thread 1767225610.000100 (access_denied)"),
        ("expired", "conversations.list", "denied", "list of public_channel (token_expired)"),
        ("endless", "conversations.list", "answers", "list of public_channel (Cursor)"),
    ],
)
def test_what_goes_wrong_is_a_reason_of_its_own(
    slack: SlackSimulator, kind: Kind, operation: str, reason: str, name: str
) -> None:
    slack.faults.add(Fault(kind, operation=f"slack:{operation}"))
    made = read(EVERY, line(slack))
    assert name in made.skipped[reason][1]
    assert skipped(made).keys() == {reason}


def test_a_moment_of_trouble_leaves_nothing_out(slack: SlackSimulator) -> None:
    for kind in ("throttle", "error", "disconnect"):
        slack.faults.add(Fault(kind, operation="slack:conversations.history", times=1))
    clock = Clock(chance=0.5)
    made = read(EVERY, line(slack, clock))
    assert (found(made), made.skipped) == (FOUND, {})
    assert clock.waits == [30.0, 0.1, 0.2]


def test_time_that_is_up_is_told_whoever_finds_out(slack: SlackSimulator) -> None:
    late = read(EVERY, line(slack), after(3))
    assert skipped(late) == {"time": 1}
    slack.faults.add(Fault("throttle", operation="slack:conversations.replies"))
    waiting = read(EVERY, line(slack, deadline=10.0))
    assert skipped(waiting) == {"time": 1}
    slack.faults.add(Fault("throttle", operation="slack:conversations.list"))
    assert skipped(read(EVERY, line(slack, deadline=10.0))) == {"time": 1}


def test_a_process_that_is_lost_is_told(slack: SlackSimulator) -> None:
    from scanner.collect.interface import CallError
    from scanner.model.observation import GapReason

    class Lost:
        def each(self, *_: object) -> Iterator[Any]:
            raise CallError(GapReason.FAILED, code="ProcessLost")

    made = report("slack", "a")
    read_workspace(EVERY, line(slack), made, Lost(), never)  # type: ignore[arg-type] # a fake
    assert skipped(made) == {"failed": 1}


class _Told(Line):
    """Answers by method, whatever else is asked."""

    def __init__(self, bodies: Mapping[str, Mapping[str, Json]]) -> None:
        super().__init__("", TOKEN, outside(), 1e9)
        self._bodies = bodies

    def get(self, method: str, params: Mapping[str, str]) -> Got:
        """Give the body of the method."""
        return Got(self._bodies[method], "")


HOSTILE = "<script>\x1b[2J" * 3


def test_hostile_names_are_no_names() -> None:
    channels: list[Json] = [7, {"id": HOSTILE}, {"id": 7}, {}, {"id": "C0A"}, {"id": "C0A"}]
    texts: list[Json] = [
        7,
        {"ts": HOSTILE, "text": f"master_key = {KEYS[0]}", "thread_ts": HOSTILE},
        {"ts": 7, "text": f"kek = {KEYS[1]}", "reply_count": 1},
        {"text": "", "files": [{"id": HOSTILE}, {"id": ["F0"]}]},
    ]
    bodies = {"conversations.list": {"channels": channels}, "conversations.history": {"messages": texts}}
    made = read(EVERY, _Told(bodies))
    assert found(made) == [("C0A", "no ts"), ("C0A", "no ts")]
    assert made.skipped["answers"] == (16, [f"list of {kind}" for kind in KINDS])
    assert made.skipped["broken"] == (1, ["C0A"])
    assert made.skipped["not_exported"] == (2, ["C0A"])
    assert "<script>" not in str(made.answer())


KINDS = ("public_channel", "private_channel", "mpim", "im")


def test_replies_of_another_shape_are_told() -> None:
    parent: Json = {"ts": "1.000001", "thread_ts": "1.000001", "text": "a"}
    bodies: dict[str, Mapping[str, Json]] = {
        "conversations.history": {"messages": [parent]},
        "conversations.replies": {"messages": [parent, 7, {"ts": "2.000001", "text": f"kek = {KEYS[0]}"}]},
    }
    made = read(Asked(("C0A",)), _Told(bodies))
    assert (found(made), made.skipped) == ([("C0A", "2.000001")], {"broken": (1, ["C0A"])})


def test_memory_is_bounded_by_a_page_and_not_by_a_channel() -> None:
    """The next page is asked for when the one before was looked at, not earlier."""
    many = [Said(ts=f"{n}.000000", text=f"hello {n}") for n in range(1, 41)]
    asked: list[int] = []
    with slack_simulator(Workspace(channels=[Conversation(id="C0A", messages=many)]), TOKEN, page_size=10) as simulator:

        def looked() -> bool:
            asked.append(len([one for one in simulator.requests if one.method == "conversations.history"]))
            return False

        made = read(Asked(("C0A",)), line(simulator), looked)
    assert made.counts["messages"] == 40
    assert [asked.count(n) for n in (1, 2, 3, 4)] == [10, 10, 10, 10]
