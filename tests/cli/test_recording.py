"""A scan's way into the store: as a user does it, with options, by the environment, and when the store fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from scanner.cli.main import run
from scanner.cli.recording import RecordingError, record
from scanner.history.decode import read_history
from scanner.history.snapshot import read_scan
from scanner.history.store import Store, open_store
from scanner.scandir import ScanDir
from scanner.scanheader import Header
from tests.support import a_key, a_world, estate_text, simulated


@dataclass(frozen=True, slots=True)
class Place:
    """Where a series was recorded, with its estate file."""

    root: Path

    @property
    def store(self) -> Store:
        return open_store(str(self.root / "store.sqlite"), create=False)

    def scan(self, name: str, as_of: str, *more: str) -> int:
        """Scan as a user would, one control."""
        given = ["scan", str(self.root / "estate.yaml"), "-o", str(self.root / name), "--as-of", as_of]
        return run([*given, "--control", "KM-ROT-04", "--no-report", "--quiet", *more], traces=True)

    def header(self, name: str) -> Header:
        return Header.from_json(ScanDir(self.root / name).read_header())

    def earlier(self, name: str) -> list[str]:
        """Return the folders of the scans that a scan was told of."""
        ids = {self.header(path.parent.name).id: path.parent.name for path in self.root.glob("*/scan.json")}
        return [ids[scan.id] for scan in read_history(self.root / name / "history.json").scans]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("series"))
    with simulated(a_world(a_key("good"), a_key("bad", rotation=None))) as aws:
        (place.root / "estate.yaml").write_text(estate_text(aws.url))
        store = ("--store", str(place.root / "store.sqlite"), "--series", "nightly")
        for name, as_of in (("ancient", "2024-06-13T23:59:59Z"), ("first", "2026-06-13"), ("third", "2026-06-15")):
            assert place.scan(name, as_of, *store) == 10
        assert place.scan("other", "2026-06-13", "--store", str(place.root / "store.sqlite")) == 10
        assert place.scan("second", "2026-06-14", "--period", "2026-06", *store) == 10
        yield place


def test_a_scan_is_told_of_those_before_it_in_its_series_and_of_two_years(place: Place) -> None:
    assert place.earlier("ancient") == []
    assert place.earlier("third") == ["first"]
    assert place.earlier("second") == ["first"]
    assert place.earlier("other") == []
    nightly = [scan.id for scan in place.store.scans("nightly")]
    assert nightly == [place.header(name).id for name in ("ancient", "first", "second", "third")]
    assert [one.name for one in place.store.series()] == ["Test Health", "nightly"]


def test_what_is_recorded_is_what_the_folder_has(place: Place) -> None:
    for name in ("first", "second", "other"):
        snapshot = read_scan(ScanDir(place.root / name))
        stored = place.store.snapshot(snapshot.scan.id)
        assert stored.scan == snapshot.scan
        assert (stored.controls, stored.findings, stored.keys) == (snapshot.controls, snapshot.findings, snapshot.keys)


def test_series_and_period_stand_in_scan_json(place: Place) -> None:
    header = place.header("second")
    assert (header.series, header.period) == ("nightly", (date(2026, 6, 1), date(2026, 6, 30)))
    assert (place.header("other").series, place.header("other").series_name) == ("", "Test Health")
    assert {"series", "period"}.isdisjoint(json.loads((place.root / "other" / "scan.json").read_text()))


def test_a_package_of_a_scan_with_a_past_can_be_judged_again(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = str(tmp_path / "second.zip")
    assert run(["package", str(place.root / "second"), "-o", package, "--quiet"], traces=True) == 0
    assert run(["verify", package, "--replay"], traces=True) == 0
    assert "replay        ok" in capsys.readouterr().out


def test_judging_again_reads_the_same_past_and_refuses_another(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(place.root / "second", tmp_path / "copy")
    before = (copy / "results.json").read_bytes()
    text = (copy / "history.json").read_text()
    (copy / "history.json").write_text(text.replace('"as_of":"2026-06-13', '"as_of":"2026-06-14'))
    assert run(["report", str(copy), "--quiet"], traces=False) == 1
    assert "history.json: scans.0 is not before the scan that it is for" in capsys.readouterr().err
    assert (copy / "results.json").read_bytes() == before


def test_a_store_that_cannot_be_is_told_before_anything_is_written(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").write_text("notes " * 200)
    assert place.scan("never", "2026-06-15", "--store", str(tmp_path / "notes")) == 2
    assert "notes is not an SQLite database" in capsys.readouterr().err
    assert not (place.root / "never").exists()


def test_the_environment_names_the_store_and_a_resumed_scan_goes_on_in_its_series(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(place.root / "second", tmp_path / "copy")
    (copy / "history.json").unlink()
    monkeypatch.setenv("KEYAUDIT_STORE", str(tmp_path / "another.sqlite"))
    assert run(["scan", "--resume", str(copy), "--quiet", "--no-report"], traces=True) == 10
    (scan,) = open_store(str(tmp_path / "another.sqlite"), create=False).scans()
    assert (scan.id, scan.series) == (place.header("second").id, "nightly")
    assert read_history(copy / "history.json").scans == ()
    assert Header.from_json(ScanDir(copy).read_header()).period == (date(2026, 6, 1), date(2026, 6, 30))
    for option in (["--series", "x"], ["--period", "2026"]):
        assert run(["scan", "--resume", str(copy), *option], traces=True) == 2
        assert "--resume takes no estate file and no selection" in capsys.readouterr().err


def test_a_scan_that_the_store_does_not_take_is_kept_and_the_way_to_record_it_shown(
    place: Place, tmp_path: Path
) -> None:
    store = open_store(str(tmp_path / "it's full.sqlite"))
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE finding RENAME TO away"))
    with pytest.raises(RecordingError) as caught:
        record(store, ScanDir(place.root / "first"))
    assert str(caught.value).startswith(
        f"the scan in {place.root / 'first'} is complete, but it was not recorded: the "
    )
    assert caught.value.hint == (
        f"record it with `keyaudit history record {place.root / 'first'} "
        f"""--store '{tmp_path}/it'"'"'s full.sqlite'`"""
    )
    assert store.scans() == ()
