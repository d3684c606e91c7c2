"""Units at work together: none stops the others, a disk that is full stops all, and a stop stops at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.ask import StoppedError
from scanner.collect.interface import Asking, CallError, ForbiddenOperationError, Unit
from scanner.collect.runner import DiskError, Run, run_units
from scanner.collect.tally import Tally
from scanner.errors import EvidenceError
from scanner.evidence.log import EvidenceLog, read_segment, segment_name, segments
from scanner.model.observation import Gap, GapReason, Record
from tests.collect.fakes import LIST, ONE, Clock, FakeTransport, a_unit, denied, in_turn, throttled
from tests.evidence.disks import disk


class Runs:
    """Runs units over one evidence folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.tally = Tally()

    def run(self, *units: Unit, **given: Any) -> None:  # noqa: ANN401 - fields of Run
        log = EvidenceLog(self.folder, sync_seconds=60)
        try:
            run_units(units, Run(log, frozenset({ONE, LIST}), self.clock.outside(), self.tally, **given))
        finally:
            log.close()

    def records(self, unit: str = "") -> list[Record]:
        paths = [self.folder / segment_name(unit)] if unit else segments(self.folder)
        return [record for path in paths for record in read_segment(path)]

    def gaps(self, unit: str = "") -> list[Gap]:
        return [record for record in self.records(unit) if isinstance(record, Gap)]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "evidence")


def asks(*ids: str) -> Callable[[Asking], Iterable[Unit]]:
    def collect(asking: Asking) -> Iterable[Unit]:
        for one in ids:
            asking.call(ONE, {"id": one}, subject=one)
        return ()

    return collect


def fails(error: BaseException) -> Callable[[Asking], Iterable[Unit]]:
    def collect(_: Asking) -> Iterable[Unit]:
        raise error

    return collect


def test_every_unit_has_a_segment_of_its_own(runs: Runs) -> None:
    runs.run(a_unit(id="x/a", collect=asks("1")), a_unit(id="x/b", collect=asks("2", "3")))
    assert [r.subject for r in runs.records("x/a")] == ["1"]
    assert [r.subject for r in runs.records("x/b")] == ["2", "3"]
    (counts,) = runs.tally.snapshot()
    assert (counts.units, counts.units_done, counts.calls) == (2, 2, 3)


def test_no_units(runs: Runs) -> None:
    runs.run()
    assert runs.records() == []


def test_units_lead_to_further_units(runs: Runs) -> None:
    def tree(depth: int, name: str) -> Unit:
        def collect(asking: Asking) -> Iterator[Unit]:
            asking.call(ONE, {"id": name}, subject=name)
            if depth:
                yield tree(depth - 1, f"{name}/l")
                yield tree(depth - 1, f"{name}/r")

        return a_unit(id=name, collect=collect)

    runs.run(tree(4, "t"))
    assert len(segments(runs.folder)) == 31


def test_a_unit_that_is_found_twice_runs_once(runs: Runs) -> None:
    def twice(_asking: Asking) -> Iterator[Unit]:
        for _ in range(2):
            yield a_unit(id="found", collect=asks("1"))

    runs.run(a_unit(id="p", collect=twice), a_unit(id="q", collect=twice), a_unit(id="p", collect=twice))
    assert len(runs.records("found")) == 1
    assert runs.tally.snapshot()[0].units == 3


FAILURES: list[tuple[BaseException, GapReason, str]] = [
    (ZeroDivisionError("oh"), GapReason.FAILED, "ZeroDivisionError"),
    (KeyError("KeyArn"), GapReason.FAILED, "KeyError"),
    (RecursionError(), GapReason.FAILED, "RecursionError"),
    (MemoryError(), GapReason.FAILED, "MemoryError"),
    (FileNotFoundError(2, "no such program", "credential-helper"), GapReason.FAILED, "FileNotFoundError"),
    (ConnectionResetError("gone"), GapReason.FAILED, "ConnectionResetError"),
    (CallError(GapReason.DENIED, code="RoleNotAssumed"), GapReason.DENIED, "RoleNotAssumed"),
    (ForbiddenOperationError("test:Encrypt is not declared"), GapReason.FAILED, "ForbiddenOperationError"),
]


@pytest.mark.parametrize(("error", "reason", "code"), FAILURES, ids=[code for _, _, code in FAILURES])
def test_a_failing_unit_becomes_gaps_and_stops_nobody(
    runs: Runs, error: BaseException, reason: GapReason, code: str
) -> None:
    runs.run(a_unit(id="bad", collect=fails(error)), a_unit(id="good", collect=asks("1")))
    assert {(g.operation, g.subject, g.reason, g.error_code) for g in runs.gaps("bad")} == {
        (ONE, None, reason, code),
        (LIST, None, reason, code),
    }
    assert [r.subject for r in runs.records("good")] == ["1"]
    assert runs.tally.snapshot()[0].units_done == 2


def test_what_a_unit_found_before_it_failed_is_run(runs: Runs) -> None:
    def collect(_: Asking) -> Iterator[Unit]:
        yield a_unit(id="found", collect=asks("1"))
        raise ZeroDivisionError

    runs.run(a_unit(id="bad", collect=collect))
    assert len(runs.records("found")) == 1
    assert len(runs.gaps("bad")) == 2


def test_an_operation_that_is_not_declared_never_leaves_and_becomes_gaps(runs: Runs) -> None:
    transport = FakeTransport()

    def collect(asking: Asking) -> Iterable[Unit]:
        asking.call("test:Encrypt", {})
        return ()

    unit = a_unit(transport, collect=collect)
    log = EvidenceLog(runs.folder, sync_seconds=60)
    run_units([unit], Run(log, frozenset({ONE, "test:Encrypt"}), runs.clock.outside(), runs.tally))
    log.close()
    assert transport.asked == []
    (gap,) = runs.gaps()
    assert (gap.operation, gap.error_code) == (ONE, "ForbiddenOperationError")


def test_an_error_message_with_a_secret_is_redacted(runs: Runs) -> None:
    runs.run(a_unit(collect=fails(ValueError("cannot reach https://u:hunter2@host"))))
    assert "hunter2" not in runs.gaps()[0].detail


def test_connections_are_given_up_when_a_unit_ends(runs: Runs) -> None:
    good, bad = FakeTransport(), FakeTransport()

    def collect(asking: Asking) -> Iterable[Unit]:
        asking.call(ONE, {})
        raise ZeroDivisionError

    runs.run(a_unit(good, id="good", collect=asks("1")), a_unit(bad, id="bad", collect=collect))
    assert (good.closed, bad.closed) == (1, 1)


def test_scopes_that_share_a_quota_share_a_gate(runs: Runs) -> None:
    limiters: dict[tuple[str, str, str], Any] = {}
    units = [a_unit(id=name, account=account, collect=asks()) for name, account in (("a", "1"), ("b", "1"), ("c", "2"))]
    runs.run(*units, limiters=limiters)
    assert set(limiters) == {("1", "here", "test"), ("2", "here", "test")}


def test_many_subjects_in_many_units(runs: Runs) -> None:
    def collect(asking: Asking) -> Iterable[Unit]:
        asking.each(lambda one: ignore(asking.call(ONE, {"id": one}, subject=one)), map(str, range(30)))
        return ()

    runs.run(*(a_unit(id=f"u{i}", collect=collect) for i in range(20)), units_at_once=8, calls_at_once=4)
    assert len(runs.records()) == 600


def ignore(_: object) -> None:
    """Take an answer and do nothing with it."""


# Resuming.
def test_a_resumed_run_asks_only_what_is_missing(runs: Runs) -> None:
    runs.run(a_unit(FakeTransport(in_turn({}, denied())), collect=asks("1", "2")))
    again = FakeTransport(in_turn({}))
    runs.run(a_unit(again, collect=asks("1", "2")))
    assert again.asked == [(ONE, {"id": "2"})]
    assert [r.run for r in runs.records()] == [1, 1, 2]


def test_a_torn_last_line_is_asked_again(runs: Runs) -> None:
    runs.run(a_unit(collect=asks("1", "2")))
    (path,) = segments(runs.folder)
    path.write_bytes(path.read_bytes()[:-20])
    again = FakeTransport()
    runs.run(a_unit(again, collect=asks("1", "2")))
    assert again.asked == [(ONE, {"id": "2"})]
    assert [r.subject for r in runs.records()] == ["1", "2"]


def test_damaged_evidence_ends_the_run(runs: Runs) -> None:
    runs.run(a_unit(collect=asks("1")))
    (path,) = segments(runs.folder)
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(EvidenceError, match=r"unit\.jsonl:1"):
        runs.run(a_unit(collect=asks("1")))


# A disk that does not take it.
def endless(asking: Asking) -> Iterable[Unit]:
    asking.each(lambda one: ignore(asking.call(ONE, {"id": one}, subject=one)), map(str, range(10**9)))
    return ()


def test_a_full_disk_ends_the_run_and_what_is_there_can_be_gone_on_with(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as place:
        runs = Runs(place / "evidence")
        with pytest.raises(DiskError):
            runs.run(a_unit(id="a", collect=endless), a_unit(id="b", collect=endless))
        assert runs.clock.stopped
        kept = {(record.source, record.subject) for record in runs.records()}
        assert kept
        assert runs.gaps() == []
        (place / "ballast").unlink()
        again = Runs(place / "evidence")
        again.run(a_unit(id="c", collect=asks("1")))
        assert len(again.records("c")) == 1


def test_what_cannot_be_made_durable_ends_the_run(runs: Runs) -> None:
    runs.folder.mkdir()
    (runs.folder / segment_name("bad")).symlink_to("/dev/null")
    asked = threading.Event()

    def good(asking: Asking) -> Iterable[Unit]:
        asking.call(ONE, {})
        asked.set()
        return endless(asking)

    def bad(asking: Asking) -> Iterable[Unit]:
        asked.wait(30)
        asking.call(ONE, {})
        return ()

    with pytest.raises(DiskError):
        runs.run(a_unit(id="bad", collect=bad), a_unit(id="good", collect=good))
    assert runs.clock.stopped
    assert runs.gaps("good") == []


def test_a_segment_that_cannot_be_opened_ends_the_run(runs: Runs) -> None:
    (runs.folder / segment_name("bad")).mkdir(parents=True)
    with pytest.raises(DiskError):
        runs.run(a_unit(id="bad", collect=asks("1")))


# Stopping.
def test_a_stop_from_outside_ends_the_run_and_keeps_what_is_there(runs: Runs) -> None:
    runs.clock.stops_after = 1
    transport = FakeTransport(in_turn({}, throttled()))
    with pytest.raises(StoppedError):
        runs.run(a_unit(transport, collect=asks("1", "2")))
    assert [r.subject for r in runs.records()] == ["1"]


def test_units_that_wait_for_their_turn_do_not_begin_after_a_stop(runs: Runs) -> None:
    began = []

    def stopping(_: Asking) -> Iterable[Unit]:
        raise StoppedError

    def beginning(name: str) -> Callable[[Asking], Iterable[Unit]]:
        def collect(asking: Asking) -> Iterable[Unit]:
            began.append(name)
            asking.call(ONE, {})
            return ()

        return collect

    units = [a_unit(id=str(i), collect=beginning(str(i))) for i in range(50)]
    with pytest.raises(StoppedError):
        runs.run(a_unit(id="first", collect=stopping), *units, units_at_once=1)
    assert len(began) < 50
    assert runs.clock.stopped


INTERRUPTED = """
    import os, signal, sys, threading, time
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what starts in a script's background ignores it
    from datetime import UTC, datetime
    from pathlib import Path
    from scanner.collect.ask import Outside
    from scanner.collect.runner import Run, run_units
    from scanner.collect.tally import Tally
    from scanner.evidence.log import EvidenceLog
    from tests.collect.fakes import LIST, ONE, FakeTransport, a_unit, throttled

    stop = threading.Event()
    outside = Outside(lambda: datetime.now(UTC), time.monotonic, stop.wait, stop.is_set, stop.set, lambda: 1.0)

    def behave(operation, params):
        if params["id"] == "good":
            return {}
        os.write(1, b"throttled\\n")
        raise throttled()

    def collect(asking):
        asking.call(ONE, {"id": "good"})
        asking.each(lambda one: asking.call(ONE, {"id": one}), map(str, range(10**9)))
        return ()

    log = EvidenceLog(Path(sys.argv[1]))
    units = [a_unit(FakeTransport(behave), id=f"u{i}", collect=collect, deadline=1e12) for i in range(40)]
    try:
        run_units(units, Run(log, frozenset({ONE, LIST}), outside, Tally()))
    except KeyboardInterrupt:
        log.close()
        print("interrupted", [t.name for t in threading.enumerate() if t.name.startswith(("unit", "call"))])
"""


def test_ctrl_c_stops_all_threads_and_keeps_what_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), str(tmp_path / "evidence")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for _ in range(20):
            assert process.stdout.readline() == "throttled\n"
        process.send_signal(signal.SIGINT)
        # Waiting out the retries of all subjects would take years.
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()  # or it would go on for as long as the machine does
    assert out.splitlines()[-1] == "interrupted []"
    assert process.returncode == 0
    records = [record for path in segments(tmp_path / "evidence") for record in read_segment(path)]
    assert records
    assert not [record for record in records if isinstance(record, Gap)]


def test_nothing_is_left_running_or_open(runs: Runs) -> None:
    threads, files = set(threading.enumerate()), len(list(Path("/proc/self/fd").iterdir()))
    runs.run(*(a_unit(id=f"u{i}", collect=asks("1")) for i in range(10)))
    assert set(threading.enumerate()) <= threads
    assert len(list(Path("/proc/self/fd").iterdir())) <= files
