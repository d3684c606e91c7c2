"""``keyaudit history record``: scans that were made before there was a store, or while it was away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scanner.cli.history_record import record
from scanner.errors import ConfigError, UsageError
from scanner.history.store import open_store
from tests.support import Scan, scan


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "notes.txt").write_text("no key in here")
    leaks = f"leaks: [{{name: notes, paths: [{folder}/notes.txt]}}]"
    return scan(folder, f"keyaudit: 1\norganization: Test Health\nsources: {{{leaks}}}\n", "--control", "KM-ROT-04")


def test_finished_scans_are_recorded_as_often_as_one_likes(
    finished: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "s.sqlite")
    assert record([finished.folder], store) == 0
    (scan,) = open_store(store).scans()
    assert capsys.readouterr().out == f"recorded  {scan.id} as of 2026-06-15 12:00 UTC, series Test Health\n"
    assert record([finished.folder, finished.folder], store, series="by hand", quiet=True) == 0
    assert capsys.readouterr().out == ""
    assert [one.series for one in open_store(store).scans()] == ["by hand"]


def test_what_is_wrong_is_told_before_anything_is_recorded(finished: Scan, tmp_path: Path) -> None:
    unfinished = shutil.copytree(finished.folder, tmp_path / "unfinished")
    header = (unfinished / "scan.json").read_text()
    (unfinished / "scan.json").write_text(header.replace('"state": "complete"', '"state": "collecting"'))
    store = tmp_path / "s.sqlite"
    with pytest.raises(UsageError, match="unfinished was not finished"):
        record([finished.folder, unfinished], str(store))
    with pytest.raises(UsageError, match="which store"):
        record([finished.folder])
    with pytest.raises(ConfigError, match="is a folder"):
        record([finished.folder], str(tmp_path))
    assert not store.exists()
