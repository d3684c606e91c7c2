"""What of a scan directory becomes a member."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED

import pytest

from scanner.errors import EvidenceError
from scanner.package.members import NEEDED, Member, check_names, members, method, opened
from tests.package.scans import finished

NAMES = [
    "controls/access/KM-ACC-01.yaml",
    "controls/cmvp.yaml",
    "estate.yaml",
    "evidence/aws.a.jsonl",
    "evidence/aws.b.jsonl",
    "facts/keys.parquet",
    "layouts/db.yaml",
    "results.json",
    "scan.json",
    "verdicts.parquet",
]


def names(root: Path) -> list[str]:
    return [member.name for member in members(finished(root))]


def test_members_are_what_a_scan_writes_in_order(tmp_path: Path) -> None:
    assert names(tmp_path) == NAMES


def test_reports_and_certificates_are_members_when_they_are_there(tmp_path: Path) -> None:
    more = ["certificates.yaml", "report.html", "report.pdf"]
    for name in more:
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path) == sorted([*NAMES, *more])


@pytest.mark.parametrize(
    "name",
    [
        ".lock",
        ".results.json.partial",
        "notes.txt",
        "evidence/notes.txt",
        "evidence/.aws.jsonl",
        "evidence/deep/aws.jsonl",
        "facts/keys.csv",
        "controls/access/notes.md",
        "manifest.json",
        "package.zip",
    ],
)
def test_what_lies_beside_is_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path) == NAMES


@pytest.mark.parametrize("name", NEEDED)
def test_a_scan_that_lacks_a_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = finished(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(EvidenceError, match=f"{name} is missing"):
        members(folder)


@pytest.mark.parametrize(
    "name",
    ["a b", "ü", "a:b", "a\\b", "a\tb", "a\u202eb", "con", "COM1", "nul.x", "end.", "\udcff", "<b>"],
)
def test_a_name_that_not_every_system_holds_is_refused(tmp_path: Path, name: str) -> None:
    folder = finished(tmp_path)
    (tmp_path / "controls" / name).mkdir()
    (tmp_path / "controls" / name / "x.yaml").write_bytes(b"")
    with pytest.raises(EvidenceError, match="is not one that every system can hold"):
        members(folder)


def test_a_name_that_a_reader_refuses_for_its_length_is_not_written(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    # A catalogue is one folder deep today; what bounds a name must hold for whatever it becomes.
    long = {f"controls/{'a' * 250}/{'b' * 250}/{'c' * 20}.yaml": tmp_path}
    with pytest.raises(EvidenceError, match="is not one that every system can hold"):
        check_names(folder.root, long)
    with pytest.raises(EvidenceError, match="is not one that every system can hold"):
        check_names(folder.root, ["/".join("abcdefghi")])


def test_names_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    (tmp_path / "facts" / "KEYS.parquet").write_bytes(b"")
    with pytest.raises(EvidenceError, match="one name where case does not count"):
        members(folder)


def test_links_are_refused(tmp_path: Path) -> None:
    folder, secret = finished(tmp_path / "scan"), tmp_path / "secret"
    secret.write_bytes(b"x")
    link = folder.facts / "secret.parquet"
    link.symlink_to(secret)
    with pytest.raises(EvidenceError, match=r"secret\.parquet is a link"):
        members(folder)
    link.unlink()
    folder.facts.rename(tmp_path / "facts")
    folder.facts.symlink_to(tmp_path / "facts")
    with pytest.raises(EvidenceError, match="in a folder that is one"):
        members(folder)


def test_a_scan_is_found_by_a_link_to_its_folder(tmp_path: Path) -> None:
    finished(tmp_path / "scan")
    (tmp_path / "latest").symlink_to(tmp_path / "scan")
    assert names(tmp_path / "latest") == NAMES


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: Path(path).symlink_to("elsewhere")])
def test_what_is_no_file_is_not_opened(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "odd")
    with pytest.raises(EvidenceError), opened(Member("odd", tmp_path / "odd")):
        raise AssertionError("it was opened")


def test_a_file_is_opened_with_its_size(tmp_path: Path) -> None:
    member = members(finished(tmp_path))[5]
    with opened(member) as (file, size):
        assert (file.read(), size) == (b"PAR1" * 9, 36)
    shutil.rmtree(tmp_path / "facts")
    with pytest.raises(EvidenceError, match="No such file"), opened(member):
        raise AssertionError("it was opened")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("facts/keys.parquet", ZIP_STORED),
        ("report.pdf", ZIP_STORED),
        ("evidence/a.jsonl.zst", ZIP_STORED),
        ("evidence/a.jsonl", ZIP_DEFLATED),
        ("scan.json", ZIP_DEFLATED),
        ("VERIFY.md", ZIP_DEFLATED),
        ("manifest.tsr", ZIP_DEFLATED),
    ],
)
def test_methods(name: str, expected: int) -> None:
    assert method(name) == expected
