"""``run.json``: read as it was written, and refused when it is anything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import EvidenceError
from scanner.jobs.state import (
    FILE,
    MOST_RUNS,
    STEPS,
    PackageRecord,
    RunRecord,
    State,
    is_stamp,
    read_state,
    stamp_of,
    write_state,
)

STAMP = "20260715T120000Z"
RUN = RunRecord(
    stamp=STAMP,
    scan="scan-1",
    code=10,
    done=("scan", "record"),
    package=PackageRecord(sha256="sha256:1", checkpoint="sha256:2", number=1),
    problems=("package: no room",),
)


def test_the_name_of_a_run_is_its_as_of_in_utc() -> None:
    assert stamp_of(datetime(2026, 7, 15, 14, tzinfo=timezone(timedelta(hours=2)))) == STAMP
    assert is_stamp(STAMP)
    assert not is_stamp(f"{STAMP}/..")
    assert stamp_of(datetime(2026, 7, 15, 12, 0, 0, 5, tzinfo=UTC)) == STAMP


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read_state(tmp_path, "nightly") == State("nightly")
    state = State("nightly").with_run(RUN).with_waiting(("slack: \ud800",))
    write_state(tmp_path, state)
    assert read_state(tmp_path, "nightly") == State("nightly", (RUN,), ("slack: ?",))


def test_runs_are_added_replaced_and_removed() -> None:
    later = RunRecord(stamp="20260716T120000Z")
    done = RUN.model_copy(update={"done": STEPS})
    state = State("nightly").with_run(RUN).with_run(later).with_run(done)
    assert state.runs == (done, later)
    assert state.unfinished == (later,)
    assert state.with_run(later.model_copy(update={"given_up": "damaged"})).unfinished == ()
    assert state.without(STAMP).runs == (later,)
    assert state.run("20260717T120000Z") is None


def test_the_oldest_runs_are_forgotten() -> None:
    runs = tuple(RunRecord.model_construct(stamp=str(n)) for n in range(MOST_RUNS))
    state = State("nightly", runs).with_run(RUN)
    assert (len(state.runs), state.runs[0].stamp, state.runs[-1].stamp) == (MOST_RUNS, "1", STAMP)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda _: "{", "not JSON"),
        (lambda _: "[" * 100_000, "not JSON"),
        (lambda _: "[]", "it: Input should be"),
        (lambda body: {**body, "schema": "keyaudit/run/2"}, "schema"),
        (lambda body: {**body, "more": 1}, "more"),
        (lambda body: {**body, "runs": [{"stamp": "../../etc"}]}, "runs.0.stamp"),
        (lambda body: {**body, "runs": [{"stamp": STAMP, "done": ["everything"]}]}, "runs.0.done.0"),
        (lambda body: {**body, "profile": "weekly"}, "belongs to the profile 'weekly'"),
    ],
)
def test_what_is_no_state_is_refused(change: Any, why: str, tmp_path: Path) -> None:  # noqa: ANN401 - a case
    write_state(tmp_path, State("nightly", (RUN,)))
    body = change(json.loads((tmp_path / FILE).read_text()))
    (tmp_path / FILE).write_text(body if isinstance(body, str) else json.dumps(body))
    with pytest.raises(EvidenceError, match=why):
        read_state(tmp_path, "nightly")
