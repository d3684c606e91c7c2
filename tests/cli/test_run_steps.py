"""The steps of a run that no day shows: stores that do not answer, keys that are locked, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.cli.options import FailOn, Output
from scanner.cli.recording import RecordingError
from scanner.cli.run_job import Job
from scanner.cli.run_steps import Steps, verdict_code
from scanner.cli.running import Show
from scanner.errors import ConfigError, KeyauditError
from scanner.jobs.notify.outbox import Outbox
from scanner.jobs.state import RunRecord, State
from scanner.model.control import Severity
from scanner.model.estate import SecretRef
from scanner.model.history import Snapshot
from scanner.model.profile import Packaging, Profile
from scanner.model.verdict import Counts, Verdict
from scanner.package.keyfile import write_key
from tests.history.snapshots import a_control, a_record, a_snapshot

SHOW = Show(Output.TEXT, quiet=True, verbose=0, fail_on=FailOn.LOW)
RUN = RunRecord(stamp="20260615T120000Z", scan="scan-1", done=("scan",))
NOBODY = "postgresql://keyaudit@127.0.0.1:1/history?connect_timeout=1"


def steps(folder: Path, **given: object) -> Steps:
    profile = replace(Profile(name="nightly", folder=folder), **given)  # type: ignore[arg-type]  # any field
    return Steps(Job(profile=profile, estate=folder / "estate.yaml", show=SHOW), Outbox(folder / "outbox"))


@pytest.mark.parametrize(
    ("snapshot", "given", "code"),
    [
        (a_snapshot(controls=(a_control(),)), {}, 10),
        (a_snapshot(controls=(a_control(severity=Severity.MEDIUM),)), {"fail_on": FailOn.HIGH}, 0),
        (a_snapshot(controls=(a_control(),)), {"fail_on": FailOn.NEVER}, 0),
        (a_snapshot(controls=(a_control(waived=1),)), {}, 10),
        (a_snapshot(controls=(a_control(waived=1),)), {"accept_waived": True}, 0),
        (a_snapshot(controls=(a_control(waived=1, counts=Counts(failed=2)),)), {"accept_waived": True}, 10),
        (a_snapshot(controls=(a_control(verdict=Verdict.UNKNOWN, counts=Counts()),)), {}, 3),
        (a_snapshot(controls=(a_control(counts=Counts(failed=1, unknown=1)),)), {"fail_on": FailOn.NEVER}, 3),
        (a_snapshot(controls=(), scan=a_record(gaps=1)), {}, 3),
        (a_snapshot(controls=(a_control(verdict=Verdict.PASS, counts=Counts(1)),)), {}, 0),
    ],
)
def test_the_exit_code_is_that_of_the_verdicts(snapshot: Snapshot, given: dict[str, object], code: int) -> None:
    assert verdict_code(snapshot, replace(SHOW, **given)) == code  # type: ignore[arg-type]  # any field


def test_a_store_that_does_not_answer_is_no_reason_not_to_scan(tmp_path: Path) -> None:
    given = steps(tmp_path, store=NOBODY)
    given.prepare()
    asked: list[str | None] = []
    assert given._scanning(RUN, asked.append) == ""
    assert asked == [None]
    with pytest.raises(KeyauditError, match="history"):
        given.take("record", RUN, State("nightly"))
    with pytest.raises(KeyauditError, match="history"):
        given.take("checkpoint", RUN, State("nightly"))
    assert given._before(a_snapshot(), State("nightly")) is None


def test_a_scan_that_the_store_did_not_take_is_complete(tmp_path: Path) -> None:
    given = steps(tmp_path, store=str(tmp_path / "history.db"))

    def refused(url: str | None) -> None:
        raise RecordingError(f"{url} is full")

    assert given._scanning(RUN, refused) == ""
    assert given._scanning(RUN, lambda _: None) == RUN.stamp


def test_the_scan_before_can_be_in_the_store_alone(tmp_path: Path) -> None:
    from scanner.history.store import open_store

    store = str(tmp_path / "history.db")
    open_store(store).record(a_snapshot(scan=a_record(series="nightly")))
    later = a_snapshot(scan=a_record("scan-2", series="nightly", as_of=a_record().as_of.replace(day=20)))
    found = steps(tmp_path, store=store)._before(later, State("nightly"))
    assert found is not None
    assert (found.snapshot.scan.id, found.folder) == ("scan-1", None)


def test_a_run_that_did_not_begin_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(KeyauditError, match="did not begin to scan"):
        steps(tmp_path).scan(RUN, None)


@pytest.mark.parametrize(("evidence", "left"), [(False, False), (True, True)])
def test_what_was_never_asked_is_removed(evidence: bool, left: bool, tmp_path: Path) -> None:
    given = steps(tmp_path)
    folder = given._folder(RUN)
    (folder.evidence if evidence else folder.controls).mkdir(parents=True)
    given._clear(folder)
    assert folder.root.exists() is left


def test_without_targets_and_store_there_is_nothing_to_do(tmp_path: Path) -> None:
    for step in ("record", "checkpoint", "notify"):
        assert steps(tmp_path).take(step, RUN, State("nightly")) == {}


def passphrase_of(given: Steps) -> Callable[[], str]:
    return given._wanted().wanted.passphrase


def test_secrets_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSPHRASE", "correct horse")
    path = tmp_path / "audit.key"
    write_key(path, "correct horse", None)
    sign = f"file:{path}"
    ref = SecretRef("env", "PASSPHRASE")
    assert passphrase_of(steps(tmp_path, package=Packaging(sign=sign, passphrase=ref)))() == "correct horse"
    with pytest.raises(ConfigError, match="the key of the profile 'nightly' needs a passphrase") as caught:
        passphrase_of(steps(tmp_path, package=Packaging(sign=sign)))()
    assert "passphrase: {env: NAME}" in caught.value.hint
