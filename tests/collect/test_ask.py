"""How a unit asks: single calls, retries, the time limit, stopping, and what is written of it all."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scanner.collect.ask import MAX_ATTEMPTS, MAX_DETAIL, MAX_REQUEST_ID, StoppedError, stamp
from scanner.collect.interface import CallError, Reply
from scanner.evidence.canonical import canonical
from scanner.model.ids import Json
from scanner.model.observation import GapReason, Observation
from tests.collect.fakes import LIST, ONE, Bench, Clock, denied, in_turn, throttled


def test_an_answer_is_given_and_recorded_with_everything_about_the_question(bench: Bench) -> None:
    work = bench.work(lambda _operation, _params: {"name": "n"})
    answer = work.ask.call(ONE, {"id": "k"}, subject="k")
    assert answer is not None
    assert (answer.body, answer.error_code, answer.last) == ({"name": "n"}, "", True)
    (record,) = work.records
    assert record == Observation(
        id=record.id,
        source=work.unit.source,
        source_name="main",
        account="111122223333",
        region="here",
        collector="test",
        operation=ONE,
        params={"id": "k"},
        subject="k",
        endpoint="https://fake.example",
        principal="me",
        started="2026-06-15T12:00:00.000Z",
        ended="2026-06-15T12:00:00.000Z",
        attempts=1,
        request_id="request-1",
        page=0,
        run=1,
        status=200,
        error_code="",
        last=True,
        response={"name": "n"},
        redacted=(),
    )
    assert (work.counts.calls, work.counts.gaps, work.counts.reused) == (1, 0, 0)


def test_what_no_control_needs_is_not_asked(bench: Bench) -> None:
    work = bench.work(wanted=frozenset({LIST}))
    assert not work.ask.wants(ONE)
    assert work.ask.call(ONE, {}) is None
    work.ask.close()
    assert (work.transport.asked, work.records, work.transport.closed) == ([], [], 0)


def test_a_refusal_is_a_gap(bench: Bench) -> None:
    work = bench.work(in_turn(denied()))
    assert work.ask.call(ONE, {"id": "k"}, subject="k") is None
    (gap,) = work.gaps
    assert (gap.reason, gap.error_code, gap.detail) == (GapReason.DENIED, "AccessDenied", "no")
    assert (gap.subject, gap.params, gap.request_id, gap.attempts) == ("k", {"id": "k"}, "r-denied", 1)
    assert work.counts.gaps == 1


def test_an_error_that_is_knowledge_is_an_answer(bench: Bench) -> None:
    gone = CallError(GapReason.FAILED, code="NotFound", detail="no such key", request_id="r", status=400)
    work = bench.work(in_turn(gone))
    answer = work.ask.call(ONE, {}, known=("NotFound",), check=lambda _: "an error has another shape")
    assert answer is not None
    assert (answer.body, answer.error_code, answer.last) == ({"message": "no such key"}, "NotFound", True)
    (record,) = work.answers
    assert (record.status, record.error_code, record.request_id, record.last) == (400, "NotFound", "r", True)


def test_an_unknown_error_code_is_no_knowledge(bench: Bench) -> None:
    work = bench.work(in_turn(CallError(GapReason.FAILED, code="", detail="?")))
    assert work.ask.call(ONE, {}, known=("NotFound",)) is None
    assert work.gaps[0].reason is GapReason.FAILED


@pytest.mark.parametrize("body", [None, [], "text", 7, True])
def test_an_answer_that_is_no_object_is_malformed(bench: Bench, body: Json) -> None:
    work = bench.work(in_turn(Reply(200, "r", body)))
    assert work.ask.call(ONE, {}) is None
    assert (work.gaps[0].reason, work.gaps[0].request_id) == (GapReason.MALFORMED, "r")


def test_an_answer_of_a_wrong_shape_is_malformed(bench: Bench) -> None:
    work = bench.work(in_turn({"name": 1}))
    assert (
        work.ask.call(ONE, {}, check=lambda body: "" if isinstance(body["name"], str) else "`name` is no text") is None
    )
    (gap,) = work.gaps
    assert (gap.reason, gap.detail) == (GapReason.MALFORMED, "`name` is no text")


@pytest.mark.parametrize("number", [2**53 + 1, float("nan"), float("inf")])
def test_an_answer_that_json_cannot_hold_is_malformed(bench: Bench, number: float) -> None:
    work = bench.work(in_turn({"n": [number]}))
    assert work.ask.call(ONE, {}) is None
    assert "cannot be kept" in work.gaps[0].detail
    assert work.gaps[0].reason is GapReason.MALFORMED


# Retries.
def test_throttling_is_waited_out_with_full_jitter(bench: Bench) -> None:
    clock = Clock(chance=0.5)
    work = bench.work(in_turn(*[throttled()] * 4, {"ok": True}), clock=clock)
    assert work.ask.call(ONE, {}) is not None
    assert clock.waits == pytest.approx([0.05, 0.1, 0.2, 0.4])
    (record,) = work.answers
    assert (record.attempts, record.started, record.ended) == (
        5,
        "2026-06-15T12:00:00.000Z",
        "2026-06-15T12:00:00.750Z",
    )
    assert (work.counts.calls, work.counts.throttles) == (5, 4)


def test_waits_double_up_to_ten_seconds_and_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.ask.MAX_ATTEMPTS", 11)
    clock = Clock()
    work = bench.work(in_turn(*[throttled()] * 11), clock=clock)
    assert work.ask.call(ONE, {}) is None
    assert clock.waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10])
    assert (work.gaps[0].reason, work.gaps[0].attempts) == (GapReason.THROTTLED, 11)


def test_throttling_for_ever_is_a_gap(bench: Bench) -> None:
    work = bench.work(in_turn(*[throttled()] * MAX_ATTEMPTS))
    assert work.ask.call(ONE, {}) is None
    (gap,) = work.gaps
    assert (gap.reason, gap.error_code, gap.attempts) == (GapReason.THROTTLED, "Throttling", MAX_ATTEMPTS)


def test_throttling_narrows_the_gate_and_answers_widen_it(bench: Bench) -> None:
    work = bench.work(in_turn(throttled(), throttled(), {}, {}, {}, {}))
    limits = []
    for i in range(4):
        work.ask.call(ONE, {"id": i})
        limits.append(work.limiter.limit)
    assert limits == [2, 2, 2, 3]  # 4, halved twice, then one more for each round of answers


@pytest.mark.parametrize("reason", [GapReason.UNREACHABLE, GapReason.FAILED])
def test_only_what_may_pass_is_asked_again(bench: Bench, reason: GapReason) -> None:
    passing = CallError(reason, code="x", retry=True)
    work = bench.work(in_turn(passing, {}, CallError(reason, code="x")))
    assert work.ask.call(ONE, {"id": 1}) is not None
    assert work.ask.call(ONE, {"id": 2}) is None
    assert (work.counts.calls, work.counts.throttles) == (3, 0)


def test_a_connection_that_never_comes_up_is_tried_as_often_and_was_never_sent(bench: Bench) -> None:
    tries = []

    def connect() -> Any:  # noqa: ANN401 - never returns
        tries.append(1)
        raise CallError(GapReason.UNREACHABLE, code="ConnectTimeout", retry=True)

    work = bench.work(transport=connect)
    assert work.ask.call(ONE, {}) is None
    assert len(tries) == MAX_ATTEMPTS
    (gap,) = work.gaps
    assert (gap.attempts, gap.endpoint, gap.error_code) == (0, "", "ConnectTimeout")


# The time limit.
def test_what_is_not_asked_in_time_is_a_gap(bench: Bench) -> None:
    work = bench.work(clock=Clock(seconds=1000.1))
    assert work.ask.call(ONE, {"id": "k"}, subject="k") is None
    (gap,) = work.gaps
    assert (gap.reason, gap.attempts, gap.subject) == (GapReason.LIMIT, 0, "k")
    assert work.transport.asked == []


def test_no_wait_goes_beyond_the_time_limit(bench: Bench) -> None:
    clock = Clock(seconds=999.8)
    work = bench.work(in_turn(throttled(), throttled(), throttled()), clock=clock)
    assert work.ask.call(ONE, {}) is None
    assert clock.waits == pytest.approx([0.1])
    assert (work.gaps[0].reason, work.gaps[0].attempts) == (GapReason.THROTTLED, 2)


def test_time_can_run_out_while_a_call_waits_for_its_turn(bench: Bench) -> None:
    clock = Clock(seconds=999)
    work = bench.work(clock=clock)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with work.limiter.slot(), work.limiter.slot(), work.limiter.slot(), work.limiter.slot():
            entered.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(30)
    asker = threading.Thread(target=lambda: work.ask.call(ONE, {}))
    asker.start()
    clock.seconds = 1001
    leave.set()
    holder.join()
    asker.join()
    assert work.gaps[0].reason is GapReason.LIMIT
    assert work.transport.asked == []


# Stopping.
def test_a_stopped_scan_asks_nothing_more_and_writes_nothing(bench: Bench) -> None:
    work = bench.work(clock=Clock(stopped=True))
    with pytest.raises(StoppedError):
        work.ask.call(ONE, {})
    with pytest.raises(StoppedError):
        list(work.ask.pages(LIST, {}, paging=None))  # type: ignore[arg-type]  # not reached
    assert (work.records, work.transport.asked) == ([], [])


def test_a_wait_ends_when_the_scan_is_stopped(bench: Bench) -> None:
    clock = Clock(stops_after=2)
    work = bench.work(in_turn(throttled(), throttled()), clock=clock)
    with pytest.raises(StoppedError):
        work.ask.call(ONE, {})
    assert len(clock.waits) == 2
    assert work.records == []


# What a collector says itself.
def test_a_collector_can_note_what_is_missing(bench: Bench) -> None:
    work = bench.work()
    work.ask.note(LIST, CallError(GapReason.DENIED, code="NotInOrganization", detail="d"), subject=None)
    (gap,) = work.gaps
    assert (gap.operation, gap.params, gap.subject, gap.attempts) == (LIST, {}, None, 0)


def test_abandoning_makes_a_gap_of_every_operation_of_the_plan(bench: Bench) -> None:
    work = bench.work(wanted=frozenset({ONE, "other:Get"}))
    work.ask.abandon(None, denied())
    assert [(g.operation, g.subject) for g in work.gaps] == [(ONE, None)]


# Nothing secret, nothing unbounded.
CANARY = "canary-0123456789-hunter2"


def test_no_secret_of_an_answer_or_of_its_question_is_written(bench: Bench) -> None:
    work = bench.work(lambda _operation, _params: {"Password": CANARY, "note": f"password={CANARY}"})
    answer = work.ask.call(ONE, {"ExternalId": CANARY, "id": "k"})
    assert answer is not None
    assert work.transport.asked == [(ONE, {"ExternalId": CANARY, "id": "k"})]  # sent as it is
    assert CANARY not in work.path.read_text()
    assert CANARY not in json.dumps(answer.body)
    (record,) = work.answers
    assert record.redacted == ("/params/ExternalId", "/response/Password", "/response/note")


def test_no_secret_of_an_error_is_written_and_all_of_it_is_bounded(bench: Bench) -> None:
    error = CallError(
        GapReason.FAILED,
        code=f"https://u:{CANARY}@x " + "c" * 10**6,
        detail=f"at https://u:{CANARY}@x " + "d" * 10**6,
        request_id=f"token={CANARY} " + "r" * 10**6,
    )
    work = bench.work(in_turn(error, Reply(200, f"token={CANARY} \ud800" + "r" * 10**6, {})))
    work.ask.call(ONE, {"id": 1})
    work.ask.call(ONE, {"id": 2})
    assert CANARY not in work.path.read_text()
    assert len(work.gaps[0].detail) == len(work.gaps[0].error_code) == MAX_DETAIL
    assert len(work.gaps[0].request_id) == len(work.answers[0].request_id) == MAX_REQUEST_ID


def test_no_secret_of_an_endpoint_is_written(bench: Bench) -> None:
    work = bench.work()
    work.transport.endpoint = f"https://u:{CANARY}@host"
    work.ask.call(ONE, {})
    assert work.records[0].endpoint == "https://[redacted]@host"


def test_a_huge_answer_is_bounded(bench: Bench) -> None:
    work = bench.work(lambda _operation, _params: {"a": "x" * 10**7})
    work.ask.call(ONE, {})
    assert work.path.stat().st_size < 300_000
    assert work.answers[0].redacted == ("/response/a",)


def test_instants_are_written_in_utc() -> None:
    east = datetime(2026, 1, 1, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(east) == "2025-12-31T23:30:00.123Z"


def test_records_are_canonical(bench: Bench) -> None:
    work = bench.work(in_turn({"b": 1, "a": "ü"}, denied()))
    work.ask.call(ONE, {"id": 1})
    work.ask.call(ONE, {"id": 2})
    for line in work.path.read_bytes().splitlines():
        assert canonical(json.loads(line)) == line
