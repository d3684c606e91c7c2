"""Thirty simulated days: a profile runs over an estate that goes on, and tells what changed, day by day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.main import run
from scanner.demo.embedded import embedded, environment
from scanner.demo.world import FOLDER, load_world
from scanner.history.store import open_store
from tests.jobs.notify.samples import receiver

pytestmark = pytest.mark.slow

WORLD = FOLDER / "month.yaml"
BEGAN = datetime(2026, 10, 1, 6, tzinfo=UTC)
DAYS = 30
PROFILE = """
profiles:
  daily:
    folder: {folder}
    controls: [KM-ROT-03, KM-ROT-04, KM-AUD-01, KM-AUD-27, KM-ACC-01]
    store: {folder}/history.db
    report: false
    keep: {{scans: 10, packages: 12}}
    notify:
      - {{webhook: {{url: {{env: HOOK}}, secret: {{env: HOOK_SECRET}}}}, when: changed}}
"""
CHANGED = {
    # day: (new failures, mended ones) of the controls of the profile
    4: (("KM-ROT-04 exports",), ()),
    6: (("KM-ROT-03 voice-rows",), ()),
    8: ((), ("KM-ROT-04 exports",)),
    11: ((), ("KM-ROT-03 voice-rows",)),
    15: (("KM-AUD-01", "KM-AUD-27"), ()),
    17: ((), ("KM-AUD-01", "KM-AUD-27")),
    20: (("KM-ROT-04 exports",), ()),
    23: ((), ("KM-ROT-04 exports",)),
}
"""What month.yaml says: rotation off and on twice, one missed and made up for, the log stopped for two days."""


def as_of(day: int) -> str:
    return (BEGAN + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Month:
    """What thirty runs left behind."""

    folder: Path
    codes: tuple[int, ...]
    told: tuple[tuple[int, Any], ...]
    """(day, body of the webhook)"""

    def said(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
        """Run a command, and return its code and what it printed."""
        capsys.readouterr()
        code = run(arguments, traces=True)
        return code, capsys.readouterr().out

    def scan(self, day: int) -> Path:
        """Return the scan of a day."""
        return self.folder / "scans" / as_of(day).replace("-", "").replace(":", "")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    root = tmp_path_factory.mktemp("month")
    folder, codes, told = root / "daily", [], []
    with receiver() as server, environment({"HOOK": server.url, "HOOK_SECRET": "correct horse battery staple"}):
        for day in range(DAYS):
            with embedded(WORLD, BEGAN + timedelta(days=day)) as place:
                estate = place.write(root)
                estate.write_text(place.estate + PROFILE.format(folder=folder), encoding="utf-8")
                before = len(server.requests)
                codes.append(run(["run", "daily", "--estate", str(estate), "--as-of", as_of(day), "-q"], traces=True))
                told += [(day, json.loads(request.body)) for request in server.requests[before:]]
    return Month(folder, tuple(codes), tuple(told))


NAMES = {key.arn: key.alias for key in load_world(WORLD).keys}


def named(findings: Sequence[Any]) -> list[str]:
    """Return findings as ``CONTROL key``, each once: a trail shows in every region."""
    return sorted({f"{one['control']} {NAMES.get(one['subject'], '')}".strip() for one in findings})


def test_every_run_leaves_with_what_its_day_deserves(month: Month) -> None:
    failing = {*range(4, 11), 15, 16, *range(20, 23)}
    assert [day for day, code in enumerate(month.codes) if code == 10] == sorted(failing)
    assert {code for day, code in enumerate(month.codes) if day not in failing} == {0}


def test_who_listens_is_told_of_each_change_and_of_nothing_else(month: Month) -> None:
    got = {day: body["changes"] for day, body in month.told}
    assert got.pop(0) is None  # there is nothing to compare the first scan with
    parts = {
        day: tuple(tuple(named(changes[part]["first"])) for part in ("new", "fixed")) for day, changes in got.items()
    }
    assert parts == CHANGED
    assert {changes["unknown"]["count"] for changes in got.values()} == {0}


def test_two_days_differ_as_the_world_does(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [one.id for one in open_store(str(month.folder / "history.db")).scans()]
    assert len(ids) == DAYS
    where = ("--store", str(month.folder / "history.db"), "--format", "json")
    code, text = month.said(capsys, "diff", ids[10], ids[11], *where)
    diff = json.loads(text)
    assert (code, named(diff["fixed"]), diff["new"], diff["unknown"]) == (0, ["KM-ROT-03 voice-rows"], [], [])
    (key,) = diff["keys"]
    assert (NAMES[key["key_id"]], key["move"], key["changes"][0]["name"]) == ("voice-rows", "changed", "material_since")
    assert month.said(capsys, "diff", ids[14], ids[15], *where)[0] == 10


def test_the_trend_has_each_day_and_what_came_back(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("history", "show", "--store", str(month.folder / "history.db"), "--format", "json")
    trend = json.loads(month.said(capsys, *arguments)[1])
    assert len(trend["scans"]) == DAYS
    verdicts = {one["name"]: "".join(str(v)[0] for v in one["verdicts"]) for one in trend["controls"]}
    assert verdicts["KM-ROT-03"] == "p" * 6 + "f" * 5 + "p" * 19
    assert verdicts["KM-ROT-04"] == "p" * 4 + "f" * 4 + "p" * 12 + "f" * 3 + "p" * 7
    assert verdicts["KM-AUD-01"] == "p" * 15 + "ff" + "p" * 13
    assert verdicts["KM-ACC-01"] == "p" * DAYS
    assert [(one["control"], one["times"]) for one in trend["recurring"]] == [("KM-ROT-04", 2)]
    high = next(one for one in trend["remediation"] if one["severity"] == "high")
    assert (high["open"], high["longest_days"]) == (0, 5)


def test_the_period_has_the_days_that_were_out(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = month.said(capsys, "report", str(month.scan(29)), "--period", "2026-10-01..2026-11-01", "-q")
    assert code == 0
    period = json.loads((month.scan(29) / "period.json").read_text(encoding="utf-8"))
    assert period["days_without_scan"] == 2  # the two that are still to come
    keys = {NAMES[one["id"]]: one for one in period["keys"]}
    out = [(s["first"], s["last"]) for s in keys["voice-rows"]["stretches"] if s["state"] == "out"]
    assert out == [("2026-10-07", "2026-10-11")]
    assert keys["exports"]["days_out"] == keys["voice-audio"]["days_out"] == 0
    assert {one["days_unknown"] for one in keys.values()} == {2}
    for log in period["logs"]:
        assert [s["first"] for s in log["stretches"] if s["state"] == "out"] == ["2026-10-16", "2026-10-17"]
    controls = {one["id"]: one for one in period["controls"]}
    assert (controls["KM-ROT-04"]["days_out"], controls["KM-ROT-04"]["out_at_most_days"]) == (7, 7)
    assert (controls["KM-ACC-01"]["days_in"], controls["KM-ACC-01"]["verdict"]) == (30, "unknown")


def test_what_is_kept_is_a_chain_without_a_gap(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    packages = month.folder / "packages"
    assert len(list((month.folder / "scans").iterdir())) == 10
    assert len(list(packages.glob("*.zip"))) == 12
    newest = max(packages.glob("*.zip"))
    code, text = month.said(capsys, "verify", str(newest), "--chain", str(packages), "--replay")
    assert code == 0
    assert f"{DAYS} scans, none missing" in text


def test_a_day_that_was_run_is_not_run_again(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    estate = month.folder.parent / "estate.yaml"
    code, text = month.said(capsys, "run", "daily", "--estate", str(estate), "--as-of", as_of(29))
    assert (code, "complete already" in text) == (0, True)
