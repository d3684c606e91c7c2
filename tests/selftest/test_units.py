"""Self-tests as units of a run: recorded, bounded by what the estate allows, resumed, and one after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scanner.collect.ask import StoppedError
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.observation import Gap, GapReason, Observation, Record
from scanner.selftest.bench import PutBackError
from scanner.selftest.interface import Call, CannotRunError, DeniedError, Outcome, RefusedError, Test
from scanner.selftest.record import of_family
from scanner.selftest.units import Job, Rig, Station, chain
from tests.collect.fakes import Clock

FAMILY = of_family("hsm")
ONE, TWO = (f"selftest:ST-HSM-0{n}" for n in (1, 2))
GOOD = Outcome(passed=True, detail="well", cases=3)


@dataclass
class Target:
    """Something under test, with what each of its tests does."""

    does: dict[str, Callable[[], Outcome]]
    error: Exception | None = None
    connected: int = 0
    closed: int = 0
    made: list[Call] = field(default_factory=list)
    heard: list[Call] = field(default_factory=list)
    """Calls of an earlier run, as the last test was told of them."""

    def connect(self, station: Station) -> Rig:
        self.connected += 1
        if self.error is not None:
            raise self.error

        def running(work: Callable[[], Outcome]) -> Callable[[], Outcome]:
            def run() -> Outcome:
                self.heard = list(station.earlier)
                return work()

            return run

        tests = [Test(number, number, changes_state=False, run=running(work)) for number, work in self.does.items()]
        return Rig(
            provider="vault",
            target="the key",
            principal="somebody",
            tests=tests,
            calls=lambda: self.made,
            close=self._close,
        )

    def calls(self, outcome: Outcome | CannotRunError) -> Callable[[], Outcome]:
        """Return a test that makes a call, and ends so."""

        def run() -> Outcome:
            self.made.append(Call("use", f"r-{len(self.made)}", "", "2026-06-15T12:00:00Z"))
            if isinstance(outcome, CannotRunError):
                raise outcome
            return outcome

        return run

    def _close(self) -> None:
        self.closed += 1

    def job(self, source: str = "vault") -> Job:
        return Job(source=source, target="the name", family="hsm", connect=self.connect)


def cannot(reason: GapReason = GapReason.NOT_ALLOWED) -> Callable[[], Outcome]:
    def run() -> Outcome:
        raise CannotRunError("not so", reason)

    return run


def execute(folder: Path, jobs: Sequence[Job], wanted: set[str], clock: Clock | None = None) -> list[Record]:
    """Run (or resume) jobs, and return everything that is recorded."""
    log, outside = EvidenceLog(folder, sync_seconds=60), (clock or Clock()).outside()
    try:
        run_units(chain(jobs, outside), Run(log, frozenset(wanted), outside, Tally()))
    finally:
        log.close()
    return [record for path in segments(folder) for record in read_segment(path)]


def last(records: Sequence[Record]) -> Record:
    return records[-1]


def body(record: Record) -> dict[str, object]:
    assert isinstance(record, Observation)
    assert isinstance(record.response, dict)
    return dict(record.response)


def test_a_test_is_one_observation_with_each_call_in_it(tmp_path: Path) -> None:
    target = Target({})
    target.does = {"ST-HSM-01": target.calls(GOOD), "ST-HSM-02": target.calls(GOOD)}
    first, second = execute(tmp_path, [target.job()], {ONE, TWO})
    assert (first.operation, first.subject, first.source) == (
        ONE,
        "ST-HSM-01 vault/the name",
        "selftest:vault:the%20name",
    )
    told = body(first)
    assert (told["test"], told["target"], told["outcome"], told["cases"]) == ("ST-HSM-01", "the key", "pass", 3)
    assert told["principal"] == "somebody"
    assert [[one["request_id"] for one in body(record)["calls"]] for record in (first, second)] == [["r-0"], ["r-1"]]  # type: ignore[attr-defined]
    assert (target.connected, target.closed) == (1, 1)


def test_what_is_not_wanted_is_not_run_and_needs_no_connection(tmp_path: Path) -> None:
    target = Target({"ST-HSM-01": lambda: GOOD, "ST-HSM-02": lambda: GOOD})
    assert [record.operation for record in execute(tmp_path, [target.job()], {TWO})] == [TWO]
    idle = Target({})
    assert execute(tmp_path / "idle", [idle.job()], set()) == []
    assert idle.connected == 0


def test_a_test_that_cannot_run_is_a_gap_and_its_reason_says_what_to_do(tmp_path: Path) -> None:
    target = Target({"ST-HSM-01": cannot(), "ST-HSM-02": lambda: GOOD})
    gap, answer = execute(tmp_path, [target.job()], {ONE, TWO})
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.detail, gap.subject) == (GapReason.NOT_ALLOWED, "not so", "ST-HSM-01 vault/the name")
    assert body(answer)["outcome"] == "pass"


def test_a_test_that_made_calls_and_cannot_tell_is_recorded_with_a_gap_beside_it(tmp_path: Path) -> None:
    target = Target({})
    target.does = {"ST-HSM-01": target.calls(CannotRunError("lost the line", GapReason.UNREACHABLE))}
    answer, gap = execute(tmp_path, [target.job()], {ONE})
    assert (body(answer)["outcome"], body(answer)["reason"]) == ("unknown", "unreachable")
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.detail) == (GapReason.UNREACHABLE, "lost the line")


def test_a_resumed_run_keeps_what_was_told_and_tries_again_what_was_not(tmp_path: Path) -> None:
    first = Target({})
    unclear = first.calls(CannotRunError("lost the line", GapReason.UNREACHABLE))
    first.does = {"ST-HSM-01": first.calls(GOOD), "ST-HSM-02": unclear}
    execute(tmp_path, [first.job()], {ONE, TWO})
    again = Target({})
    again.does = {"ST-HSM-01": cannot(), "ST-HSM-02": again.calls(CannotRunError("lost again"))}
    execute(tmp_path, [again.job()], {ONE, TWO})
    assert [call.request_id for call in again.heard] == ["r-0"]
    third = Target({})
    third.does = {"ST-HSM-01": cannot(), "ST-HSM-02": third.calls(GOOD)}
    records = execute(tmp_path, [third.job()], {ONE, TWO})
    assert [record.run for record in records if record.operation == TWO and isinstance(record, Observation)] == [
        1,
        2,
        3,
    ]
    assert body(last(records))["outcome"] == "pass"
    assert [record.run for record in records if isinstance(record, Gap)] == [1, 2]
    done = Target({})
    assert execute(tmp_path, [done.job()], {ONE, TWO}) == records
    assert done.connected == 0


@pytest.mark.parametrize(
    ("error", "reason", "code"),
    [
        (CannotRunError("name another key", GapReason.NOT_ALLOWED), GapReason.NOT_ALLOWED, "CannotRun"),
        (DeniedError("AccessDenied", "no"), GapReason.DENIED, "AccessDenied"),
        (RefusedError("NotFound", "no"), GapReason.FAILED, "NotFound"),
        (CallError(GapReason.UNREACHABLE, code="ConnectTimeout"), GapReason.UNREACHABLE, "ConnectTimeout"),
    ],
)
def test_a_target_that_is_not_reached_is_a_gap_of_each_test_and_tried_once(
    tmp_path: Path, error: Exception, reason: GapReason, code: str
) -> None:
    target = Target({}, error=error)
    gaps = execute(tmp_path, [target.job()], {ONE, TWO})
    assert [(gap.reason, gap.error_code) for gap in gaps if isinstance(gap, Gap)] == [(reason, code)] * 2
    assert (target.connected, target.closed) == (1, 0)


def test_a_test_that_the_target_does_not_have_is_a_gap(tmp_path: Path) -> None:
    [gap] = execute(tmp_path, [Target({}).job()], {ONE})
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.detail) == (GapReason.UNSUPPORTED, "vault has no ST-HSM-01 yet")


def test_a_source_without_a_target_says_what_to_add(tmp_path: Path) -> None:
    job = Job(source="root", target="", family="hsm", connect=None, lacks="selftest: {}")
    gaps = execute(tmp_path, [job], {ONE, TWO})
    assert {(type(gap), gap.subject) for gap in gaps} == {(Gap, None)}
    assert [gap.detail for gap in gaps if isinstance(gap, Gap)] == [
        "the estate names nothing for self-tests to use: add `selftest: {}`"
    ] * 2


def test_a_source_without_a_target_on_purpose_is_no_gap(tmp_path: Path) -> None:
    job = Job(source="root", target="", family="hsm", connect=None)
    assert [body(record) for record in execute(tmp_path, [job], {ONE})] == [{"declined": True}]


def test_jobs_run_one_after_another_whatever_becomes_of_one(tmp_path: Path) -> None:
    order: list[str] = []

    def noting(name: str) -> Callable[[], Outcome]:
        def run() -> Outcome:
            order.append(name)
            return GOOD

        return run

    def breaks() -> Outcome:
        order.append("broken")
        raise ZeroDivisionError

    a, b, c = (Target({"ST-HSM-01": work}) for work in (noting("a"), breaks, noting("c")))
    records = execute(tmp_path, [a.job("a"), b.job("b"), c.job("c")], {ONE})
    assert order == ["a", "broken", "c"]
    assert [record.source_name for record in records if isinstance(record, Gap)] == ["b"]
    assert b.closed == 1


def test_a_stopped_run_leaves_its_test_to_be_run_again(tmp_path: Path) -> None:
    clock = Clock()

    def stops() -> Outcome:
        clock.stopped = True
        raise CannotRunError("stopped", GapReason.LIMIT)

    target = Target({"ST-HSM-01": stops})
    with pytest.raises(StoppedError):
        execute(tmp_path, [target.job()], {ONE, TWO}, clock)
    assert target.closed == 1
    assert [record for path in segments(tmp_path) for record in read_segment(path)] == []
    again = Target({"ST-HSM-01": lambda: GOOD})
    assert [body(record)["outcome"] for record in execute(tmp_path, [again.job()], {ONE})] == ["pass"]


def test_a_run_that_is_stopped_while_it_connects_leaves_no_gap(tmp_path: Path) -> None:
    clock = Clock()

    def stops(_: Station) -> Rig:
        clock.stopped = True
        raise CannotRunError("stopped", GapReason.LIMIT)

    job = Job(source="vault", target="the name", family="hsm", connect=stops)
    with pytest.raises(StoppedError):
        execute(tmp_path, [job], {ONE}, clock)
    assert [record for path in segments(tmp_path) for record in read_segment(path)] == []


def test_a_canary_that_was_left_changed_is_told_at_once_even_by_a_stopped_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    target = Target({})
    left = target.calls(PutBackError("the key", "no line"))

    def stops() -> Outcome:
        clock.stopped = True
        return left()

    target.does = {"ST-HSM-01": stops}
    with caplog.at_level(logging.CRITICAL):
        answer, gap = execute(tmp_path, [target.job()], {ONE}, clock)
    assert caplog.messages == [
        "THE CANARY the key COULD NOT BE PUT BACK (no line): cancel its deletion and enable it by hand"
    ]
    assert body(answer)["detail"] == caplog.messages[0]
    assert isinstance(gap, Gap)


@pytest.mark.parametrize(
    ("operation", "params"), [("selftest:ST-KMS-01", {}), ("kms:Decrypt", {}), (ONE, {"key": "another"})]
)
def test_what_is_not_declared_is_refused(operation: str, params: dict[str, str]) -> None:
    station = Station(FAMILY, Target({}).connect, Clock().outside())
    with pytest.raises(ForbiddenOperationError):
        station.send(operation, dict(params))
