"""Runs of a profile, a day apart, stopped and gone on with, as a scheduler would start them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.main import run
from scanner.demo.embedded import environment
from scanner.history.store import open_store
from scanner.jobs.lock import alone
from scanner.jobs.state import STEPS
from scanner.scandir import ScanDir
from tests.cli.runs import FIRST, SECOND, SECRET, THIRD, Days, Place, stamp, three_days
from tests.jobs.notify.samples import receiver


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    return three_days(tmp_path_factory.mktemp("runs") / "estate")


@pytest.fixture
def place(days: Days, tmp_path: Path) -> Iterator[Place]:
    """Give a copy that can be spoiled; nobody is there to be told."""
    with environment({"HOOK_SECRET": SECRET}):
        yield days.copy(tmp_path / "estate")


def undone(place: Place, as_of: str, *steps: str, **changes: Any) -> None:  # noqa: ANN401 - fields of a run
    """Make steps of a run undone."""
    state = place.state
    run = next(one for one in state["runs"] if one["stamp"] == stamp(as_of))
    run["done"] = [step for step in run["done"] if step not in steps]
    run |= changes
    if "package" in steps:
        run["package"] = None
    place.set_state(state)


def stop(place: Place, as_of: str) -> None:
    """Make a scan what it was while it scanned."""
    path = place.folder / "scans" / stamp(as_of) / "scan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "state": "collecting", "ended": None}))


def the_run(place: Place, as_of: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in place.state["runs"] if one["stamp"] == stamp(as_of))
    return found


def test_every_day_leaves_a_scan_a_package_a_record_and_a_notification(days: Days) -> None:
    place = Place(days.root / "estate.yaml")
    assert days.codes == (130, 10, 10)
    assert [run["stamp"] for run in place.state["runs"]] == [stamp(day) for day in (FIRST, SECOND, THIRD)]
    assert all(run["done"] == list(STEPS) and run["problems"] == [] for run in place.state["runs"])
    store = open_store(str(days.root / "history.db"))
    assert [scan.id for scan in store.scans("nightly")] == [run["scan"] for run in place.state["runs"]]
    kept = [(one.number, one.digest, one.name) for one in store.checkpoints("nightly")]
    packages = [(run["package"], run["stamp"]) for run in place.state["runs"]]
    assert kept == [(one["number"], one["checkpoint"], f"{name}.zip") for one, name in packages]
    period = json.loads((place.folder / "scans" / stamp(THIRD) / "period.json").read_text())
    assert (period["first"], period["last"]) == ("2026-06-16", "2026-06-17")


def test_what_is_kept_verifies_as_a_chain(days: Days, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(days.root / "estate.yaml")
    assert days.links == ()
    assert place.names("scans") == [stamp(SECOND), stamp(THIRD)]
    assert place.names("packages") == [f"{stamp(SECOND)}.zip", f"{stamp(THIRD)}.zip", "chain"]
    assert place.names("packages/chain") == ["000001.json"]
    assert place.verify(THIRD) == 0
    assert "3 scans, none missing; this is number 3; of 1 the manifest alone is there" in capsys.readouterr().out


def test_a_forged_link_does_not_verify(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    link = place.folder / "packages" / "chain" / "000001.json"
    link.write_bytes(link.read_bytes().replace(b"Test Health", b"Best Health"))
    assert place.verify(THIRD) == 20
    assert "does not follow 000001.json" in capsys.readouterr().err


def test_notifications_tell_what_is_new_and_what_is_fixed(days: Days) -> None:
    hooks = [request for request in days.requests if "Keyaudit-Id" in request.headers]
    told = [json.loads(request.body) for request in hooks]
    first, last = told  # on the second day nothing changed
    assert [body["as_of"] for body in told] == [FIRST, THIRD]
    assert first["changes"] is None
    new, fixed = last["changes"]["new"], last["changes"]["fixed"]
    assert [(one["control"], one["before"], one["now"]) for one in new["first"]] == [("KM-ROT-04", "pass", "fail")]
    assert [(one["control"], one["before"], one["now"]) for one in fixed["first"]] == [("KM-ROT-04", "fail", "pass")]
    assert new["first"][0]["subject"] != fixed["first"][0]["subject"]
    assert last["compared_with"] == SECOND
    assert last["package"]["number"] == 3
    for request in hooks:
        mac = hmac.new(SECRET.encode(), request.headers["Keyaudit-Timestamp"].encode() + b"." + request.body, "sha256")
        assert request.headers["Keyaudit-Signature"] == f"v1={mac.hexdigest()}"
    assert len(days.requests) - len(hooks) == 3  # Slack, of all: every run failed


def test_no_address_and_no_secret_is_kept(days: Days) -> None:
    for path in days.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"5ECRET" not in data, path
            assert SECRET.encode() not in data, path


def test_the_same_as_of_again_does_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
    assert place.run(THIRD) == 10
    assert {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()} == before
    assert capsys.readouterr() == ("", "")
    assert run(["run", "nightly", "--estate", str(place.estate), "--as-of", THIRD], traces=True) == 10
    assert capsys.readouterr().out == f"run       {stamp(THIRD)} is complete already; nothing to do\n"


def test_a_run_that_is_stopped_after_packaging_goes_on_from_there(place: Place, days: Days) -> None:
    package = the_run(place, THIRD)["package"]
    undone(place, THIRD, "package", "checkpoint", "notify")
    with receiver() as server, environment({"HOOK": server.url}):
        assert place.run(THIRD) == 10
    assert the_run(place, THIRD)["package"] == package
    assert the_run(place, THIRD)["done"] == list(STEPS)
    sent = {request.headers.get("Keyaudit-Id") for request in server.requests}
    assert sent == {request.headers.get("Keyaudit-Id") for request in days.requests[-2:]}
    assert len(sent) == 2
    assert place.verify(THIRD) == 0


def test_a_run_that_is_stopped_after_the_scan_does_not_scan_again(place: Place) -> None:
    undone(place, THIRD, *STEPS, scan="", code=None)
    (place.folder / "packages" / f"{stamp(THIRD)}.zip").unlink()
    header = (place.folder / "scans" / stamp(THIRD) / "scan.json").read_bytes()
    assert place.run(THIRD, "--offline-notify") == 10
    assert (place.folder / "scans" / stamp(THIRD) / "scan.json").read_bytes() == header
    assert the_run(place, THIRD)["done"] == list(STEPS)
    assert place.verify(THIRD) == 0
    assert len(place.names("outbox")) == 2
    assert [one.endswith("--offline-notify") for one in place.state["waiting"]] == [True, True]


def test_two_runs_do_not_overlap(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with alone(place.folder):
        assert place.run("2026-06-18") == 75
        assert place.retry() == 75
    assert "another run holds" in capsys.readouterr().err


def test_what_could_not_be_sent_waits_and_is_sent_later(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    undone(place, THIRD, "notify", code=0)
    assert place.run(THIRD) == 4
    said = capsys.readouterr().err
    assert "warning: notification: slack" not in said  # it passed, and Slack is told of failures
    assert "warning: notification: webhook, run 20260617T120000Z: not sent: the environment variable HOOK" in said
    assert len(place.state["waiting"]) == 1
    assert place.retry() == 4
    with receiver() as server, environment({"HOOK": server.url}):
        assert place.retry() == 0
    assert "notified  webhook, run 20260617T120000Z: sent" in capsys.readouterr().out
    assert (len(server.requests), place.names("outbox"), place.state["waiting"]) == (1, [], [])


def test_a_damaged_newest_package_is_told_and_tried_again(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    undone(place, THIRD, "package", "checkpoint", "notify")
    packages = place.folder / "packages"
    (packages / f"{stamp(THIRD)}.zip").unlink()
    newest = packages / f"{stamp(SECOND)}.zip"
    good = newest.read_bytes()
    newest.write_bytes(good[: len(good) // 2] + b"?" + good[len(good) // 2 + 1 :])
    assert place.run(THIRD, "--offline-notify") == 1
    first, second = the_run(place, THIRD)["problems"]
    assert first.startswith("package: ")
    assert second == "checkpoint: it waits for the scan to be recorded and packaged"
    assert the_run(place, THIRD)["done"] == ["scan", "record", "notify"]
    assert "error: package: " in capsys.readouterr().err
    newest.rename(packages / "away")
    assert place.run(THIRD, "--offline-notify") == 1
    assert the_run(place, THIRD)["problems"][0] == "package: the newest package, number 2, is missing"
    assert f"hint: put it back into {packages}" in capsys.readouterr().err
    newest.write_bytes(good)
    assert place.run(THIRD, "--offline-notify") == 10
    assert the_run(place, THIRD)["problems"] == []
    assert place.verify(THIRD) == 0


def test_a_package_of_another_scan_is_not_taken_for_ours(place: Place) -> None:
    undone(place, THIRD, "package", "checkpoint")
    packages = place.folder / "packages"
    (packages / f"{stamp(THIRD)}.zip").write_bytes((packages / f"{stamp(SECOND)}.zip").read_bytes())
    assert place.run(THIRD) == 1
    assert "is the package of another scan" in the_run(place, THIRD)["problems"][0]


def test_packages_are_made_in_the_order_of_the_scans(place: Place) -> None:
    for day in (SECOND, THIRD):
        undone(place, day, "package", "checkpoint")
        (place.folder / "packages" / f"{stamp(day)}.zip").unlink()
    assert place.run(THIRD) == 1
    assert the_run(place, SECOND)["problems"][0] == "package: the newest package, number 1, is missing"
    assert the_run(place, THIRD)["problems"][0] == f"package: it waits for the package of the run {stamp(SECOND)}"


def test_damaged_evidence_is_given_up_and_kept_and_the_next_goes_on(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    undone(place, THIRD, "package", "checkpoint")
    (place.folder / "packages" / f"{stamp(THIRD)}.zip").unlink()
    estate = place.folder / "scans" / stamp(THIRD) / "estate.yaml"
    estate.write_bytes(estate.read_bytes() + b"# changed\n")
    assert place.run(THIRD) == 1
    assert the_run(place, THIRD)["given_up"].startswith("package: estate.yaml is not the estate file")
    assert estate.exists()
    assert place.run(THIRD) == 2
    assert "the run 20260617T120000Z was given up: package: estate.yaml is not" in capsys.readouterr().err


def test_a_scan_that_cannot_be_gone_on_with_is_given_up(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    undone(place, SECOND, *STEPS, scan="", code=None)
    undone(place, THIRD, "notify")
    (place.folder / "scans" / stamp(SECOND) / "scan.json").write_text("{")
    state = place.state
    state["runs"].insert(0, {"stamp": "20260614T120000Z"})
    place.set_state(state)
    assert place.run(THIRD, "--offline-notify") == 1
    assert "scan.json: not JSON" in the_run(place, SECOND)["given_up"]
    assert [run["stamp"] for run in place.state["runs"]] == [stamp(day) for day in (FIRST, SECOND, THIRD)]
    assert f"error: the run {stamp(SECOND)} cannot be gone on with, and is kept" in capsys.readouterr().err


def test_a_scan_by_rules_that_are_not_understood_any_more_is_given_up(place: Place) -> None:
    undone(place, SECOND, *STEPS, scan="", code=None)
    undone(place, THIRD, "notify")
    stop(place, SECOND)
    (place.folder / "scans" / stamp(SECOND) / "estate.yaml").write_text("keyaudit: 0")
    assert place.run(THIRD, "--offline-notify") == 1
    assert "estate.yaml" in the_run(place, SECOND)["given_up"]


def test_a_scan_that_somebody_else_goes_on_with_is_left_to_them(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    undone(place, SECOND, *STEPS, scan="", code=None)
    undone(place, THIRD, "notify")
    stop(place, SECOND)
    with ScanDir(place.folder / "scans" / stamp(SECOND)).lock():
        assert place.run(THIRD, "--offline-notify") == 1
    assert "is not finished yet: " in capsys.readouterr().err
    assert [the_run(place, day)["done"] for day in (SECOND, THIRD)] == [[], list(STEPS)]
    assert the_run(place, SECOND)["given_up"] == ""
    assert the_run(place, SECOND)["problems"][0].startswith("scan: ")


@pytest.mark.usefixtures("_ctrl_c")
def test_ctrl_c_stops_all_and_the_next_run_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    undone(place, SECOND, *STEPS, scan="", code=None)
    undone(place, THIRD, "notify")
    stop(place, SECOND)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scanner.pipeline.scan", stopped)
    assert place.run(THIRD, "--offline-notify") == 130
    assert the_run(place, THIRD)["done"] == list(STEPS[:-1])
    assert the_run(place, SECOND)["problems"] == ["scan: stopped; what was collected is kept"]


def test_a_file_in_the_way_of_retention_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    undone(place, THIRD, "notify")
    (place.folder / "scans" / ".removing-x").touch()
    assert place.run(THIRD, "--offline-notify") == 1
    assert "error: retention: " in capsys.readouterr().err


def test_digests_in_the_state_are_those_of_the_files(days: Days) -> None:
    place = Place(days.root / "estate.yaml")
    data = (place.folder / "packages" / f"{stamp(THIRD)}.zip").read_bytes()
    assert the_run(place, THIRD)["package"]["sha256"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
