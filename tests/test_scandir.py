"""The scan directory: begun only where nothing is lost, held by one process, and read with suspicion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner import resources
from scanner.errors import EvidenceError, KeyauditError, UsageError
from scanner.scandir import FILES, LOCK, SCHEMA, ScanDir, write_atomically
from tests.cli.system import as_nobody


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    folder = tmp_path / "catalogue"
    for name in ("frameworks/hipaa.yaml", "rotation/KM-ROT-04.yaml"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> ScanDir:
    return ScanDir(tmp_path / "out")


def begin(folder: ScanDir, catalogue: Path, *, overwrite: bool = False, estate: bytes = b"estate") -> None:
    folder.begin({"id": "a"}, estate=estate, controls=catalogue, overwrite=overwrite)


def names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def finish(folder: ScanDir) -> None:
    """Write what a whole scan writes."""
    for path in (folder.evidence / "a.jsonl", folder.facts / "keys.parquet"):
        path.parent.mkdir()
        path.touch()
    for name in FILES:
        (folder.root / name).touch()


def test_a_scan_begins_in_a_new_folder(folder: ScanDir, catalogue: Path) -> None:
    begin(ScanDir(folder.root / "deep" / "down"), catalogue)
    inner = ScanDir(folder.root / "deep" / "down")
    assert names(inner.root) == {
        "scan.json",
        "estate.yaml",
        "controls/frameworks/hipaa.yaml",
        "controls/rotation/KM-ROT-04.yaml",
    }
    assert inner.estate.read_bytes() == b"estate"
    assert inner.read_header() == {"schema": SCHEMA, "id": "a"}
    assert inner.is_scan()
    assert inner.verdicts == inner.root / "verdicts.parquet"


def test_a_scan_begins_in_an_empty_folder_and_beside_its_lock(folder: ScanDir, catalogue: Path) -> None:
    folder.root.mkdir()
    folder.check_free(overwrite=False)
    with folder.lock():
        begin(folder, catalogue)
    assert folder.is_scan()


def test_a_folder_with_something_else_is_left_alone(folder: ScanDir, catalogue: Path) -> None:
    folder.root.mkdir()
    (folder.root / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is not empty, and it is not a scan") as caught:
            begin(folder, catalogue, overwrite=overwrite)
        assert "replaces a scan and nothing else" in caught.value.hint
    assert names(folder.root) == {"thesis.txt"}


@pytest.mark.parametrize("text", ["{}", "[]", "not JSON", '{"schema": "sonar/scan/1"}'])
def test_the_scan_json_of_another_program_is_no_scan(folder: ScanDir, catalogue: Path, text: str) -> None:
    (folder.root / "evidence").mkdir(parents=True)
    (folder.root / "evidence" / "case.txt").touch()
    folder.scan_json.write_text(text)
    with pytest.raises(UsageError, match="it is not a scan"):
        begin(folder, catalogue, overwrite=True)
    assert names(folder.root) == {"scan.json", "evidence/case.txt"}


def test_a_scan_is_replaced_only_when_asked(folder: ScanDir, catalogue: Path) -> None:
    begin(folder, catalogue)
    with pytest.raises(UsageError, match="has a scan already") as caught:
        begin(folder, catalogue, estate=b"new")
    assert caught.value.hint == "name another folder, --resume it, or --overwrite it"
    assert folder.estate.read_bytes() == b"estate"
    begin(folder, catalogue, overwrite=True, estate=b"new")
    assert folder.estate.read_bytes() == b"new"


def test_replacing_a_scan_removes_all_of_it_and_nothing_else(folder: ScanDir, catalogue: Path) -> None:
    begin(folder, catalogue)
    before = names(folder.root)
    finish(folder)
    (folder.root / "notes.txt").touch()
    (folder.root / "demo").mkdir()
    (folder.root / "demo" / "world.yaml").touch()
    begin(folder, catalogue, overwrite=True)
    assert names(folder.root) == before | {"notes.txt", "demo/world.yaml"}


def test_a_catalogue_in_the_folder_itself_survives_its_replacement(folder: ScanDir, catalogue: Path) -> None:
    begin(folder, catalogue)
    before = names(folder.root)
    begin(folder, folder.controls, overwrite=True)
    assert names(folder.root) == before


def test_of_a_catalogue_only_what_is_read_is_copied(folder: ScanDir, catalogue: Path) -> None:
    (catalogue / "README.md").touch()
    (catalogue / "rotation" / "notes.txt").touch()
    (catalogue / "rotation" / "deep").mkdir()
    (catalogue / "rotation" / "deep" / "KM-ROT-99.yaml").touch()
    inside = ScanDir(catalogue / "out")  # a folder below its own catalogue would be copied into itself
    begin(inside, catalogue)
    assert names(inside.controls) == {"frameworks/hipaa.yaml", "rotation/KM-ROT-04.yaml"}


def test_the_whole_catalogue_is_copied(folder: ScanDir) -> None:
    begin(folder, resources.controls_dir())
    assert names(folder.controls) == {
        str(path.relative_to(resources.controls_dir())) for path in resources.controls_dir().rglob("*.yaml")
    }


def test_evidence_that_cannot_be_removed_never_becomes_part_of_a_new_scan(
    folder: ScanDir, catalogue: Path, tmp_path: Path
) -> None:
    begin(folder, catalogue)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.jsonl").touch()
    folder.evidence.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        begin(folder, catalogue, overwrite=True)
    assert names(elsewhere) == {"a.jsonl"}


def test_one_process_holds_a_folder(folder: ScanDir) -> None:
    with folder.lock():
        with pytest.raises(UsageError, match="is in use by another keyaudit") as caught, ScanDir(folder.root).lock():
            pass
        assert caught.value.hint == "wait for it to end"
    with folder.lock():  # and lets it go
        assert (folder.root / LOCK).exists()


def test_a_lock_is_given_back_after_a_failure(folder: ScanDir) -> None:
    with pytest.raises(KeyauditError, match="failed"), folder.lock():
        raise KeyauditError("failed")
    with folder.lock():
        pass


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for root, why in ((file, "there is a file in the way"), (file / "out", "Not a directory")):
        with pytest.raises(UsageError, match=f"cannot use the folder {root}: {why}") as caught, ScanDir(root).lock():
            pass
        assert caught.value.hint == "name another folder"
    with as_nobody(), pytest.raises(UsageError, match="Permission denied"), ScanDir(private / "out").lock():
        pass


def test_a_lock_file_that_leads_elsewhere_is_not_followed(folder: ScanDir, tmp_path: Path) -> None:
    folder.root.mkdir()
    (folder.root / LOCK).symlink_to(tmp_path / "created")
    with pytest.raises(UsageError, match="cannot use the folder"), folder.lock():
        pass
    assert not (tmp_path / "created").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("\x00", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not of schema keyaudit/scan/1"),
        ("{}", "not of schema keyaudit/scan/1"),
        ('{"schema": "keyaudit/scan/2"}', "not of schema keyaudit/scan/1"),
    ],
)
def test_a_damaged_header_is_told(folder: ScanDir, text: str, problem: str) -> None:
    folder.root.mkdir()
    folder.scan_json.write_text(text)
    with pytest.raises(EvidenceError, match=f"scan.json: {problem}") as caught:
        folder.check_scan()
    assert caught.value.hint
    assert not folder.is_scan()


def test_what_is_no_scan_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root, why in (
        (tmp_path, "has no scan.json"),
        (tmp_path / "file", "no such folder"),
        (tmp_path / "no", "no such folder"),
    ):
        with pytest.raises(UsageError, match=f"is not a scan: .*{why}") as caught:
            ScanDir(root).check_scan()
        assert caught.value.hint == "name the folder that was given to `keyaudit scan -o`"


def test_the_header_is_readable_text_with_every_letter(folder: ScanDir) -> None:
    folder.root.mkdir()
    folder.write_header({"organization": "Söhne", "id": "a"})
    text = folder.scan_json.read_text(encoding="utf-8")
    assert json.loads(text) == {"schema": SCHEMA, "organization": "Söhne", "id": "a"}
    assert "Söhne" in text
    assert text.endswith("}\n")


def test_writing_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    (tmp_path / ".b.json.partial").symlink_to("nowhere/at/all")
    with pytest.raises(OSError, match="No such file"):
        write_atomically(tmp_path / "b.json", b"new")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert {p.name for p in tmp_path.iterdir()} == {"a.json", ".b.json.partial"}


def test_what_a_killed_process_left_is_swept_away_and_nothing_else(folder: ScanDir, catalogue: Path) -> None:
    begin(folder, catalogue)
    before = names(folder.root)
    (folder.root / ".results.json.partial").touch()
    (folder.root / ".facts.partial").mkdir()
    (folder.root / ".judge-x").mkdir()
    (folder.root / ".judge-x" / "judge.duckdb").touch()
    (folder.root / "notes.partial").touch()
    folder.sweep()
    assert names(folder.root) == before | {"notes.partial"}
    assert not (folder.root / ".facts.partial").exists()
