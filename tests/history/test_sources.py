"""Where the scans of a comparison come from: folders, packages, the store."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.errors import EvidenceError, KeyauditError, UsageError
from scanner.history import sources
from scanner.history.snapshot import read_scan
from scanner.history.sources import Places, open_snapshot
from scanner.history.store import Store, open_store
from scanner.scandir import ScanDir
from scanner.verify.report import VerificationError, VerifiedPackage
from scanner.verify.statement import TrustedKey, load_key
from scanner.verify.steps import Policy, verify
from tests.diffs import Scans, scans
from tests.packages import entries, key, package, public_pem, zipped

__all__ = ["scans"]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(unpacked=tmp_path)


def test_a_folder_is_read_where_it_is(scans: Scans, places: Places) -> None:
    opened = open_snapshot(str(scans.old), places)
    assert opened.folder == ScanDir(scans.old)
    assert opened.snapshot == read_scan(ScanDir(scans.old))
    assert opened.note == ""
    assert list(places.unpacked.iterdir()) == []


def test_a_package_gives_the_same_and_says_that_nobody_signed_it(scans: Scans, places: Places) -> None:
    opened = open_snapshot(str(scans.package), places)
    assert opened.snapshot == read_scan(ScanDir(scans.old))
    assert opened.note == "old.zip is whole, but it is not signed by a key you trust"
    assert opened.folder is not None
    unpacked = {path.relative_to(opened.folder.root).parts[0] for path in opened.folder.root.rglob("*")}
    assert unpacked == {"scan.json", "results.json", "verdicts.parquet", "facts", "controls"}
    assert open_snapshot(str(scans.package), places).folder != opened.folder


def test_a_package_that_was_changed_is_not_compared(scans: Scans, places: Places, tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    data = bytearray(scans.package.read_bytes())
    data[len(data) // 2] ^= 1
    bad.write_bytes(data)
    with pytest.raises(VerificationError):
        open_snapshot(str(bad), places)


@pytest.mark.parametrize(
    ("member", "message"),
    [("manifest.json", "members: the file was replaced"), ("results.json", "results.json: the file was replaced")],
)
def test_a_package_that_is_replaced_meanwhile_is_noticed(
    scans: Scans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str, message: str
) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(scans.package.read_bytes())
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files[member] = files[member].replace(b"Test Health", b"Next Health")

    def slow(which: Path, policy: Policy) -> VerifiedPackage:
        verified = verify(which, policy)
        which.write_bytes(zipped(entries(files)))
        return verified

    monkeypatch.setattr(sources, "verify", slow)
    with pytest.raises(VerificationError, match=message):
        open_snapshot(str(path), Places(unpacked=tmp_path))


@pytest.mark.parametrize("ref", ["no/such", "none.zip", "0123abcd"])
def test_what_is_no_scan_at_all(ref: str, places: Places) -> None:
    with pytest.raises(UsageError, match="there is no scan '") as caught:
        open_snapshot(ref, places)
    assert "--store (or KEYAUDIT_STORE)" in caught.value.hint


def test_a_folder_that_is_no_scan(places: Places, tmp_path: Path) -> None:
    with pytest.raises(KeyauditError, match="is not a scan: it has no scan"):
        open_snapshot(str(tmp_path), places)


def test_a_scan_of_the_store(scans: Scans, tmp_path: Path) -> None:
    def shelf() -> Store:
        return open_store(str(tmp_path / "keyaudit.db"))

    old = read_scan(ScanDir(scans.old))
    shelf().record(old)
    opened = open_snapshot(old.scan.id[:6], Places(unpacked=tmp_path, store=shelf))
    assert (opened.snapshot.scan.id, opened.folder, opened.note) == (old.scan.id, None, "")
    assert opened.snapshot.findings == old.findings
    with pytest.raises(UsageError, match="there is no scan 'a/b'"):
        open_snapshot("a/b", Places(unpacked=tmp_path, store=shelf))


def test_a_package_that_verifies_and_holds_no_results_of_ours(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "made-up.zip"
    path.write_bytes(package())
    with pytest.raises(EvidenceError, match=r"made-up\.zip") as caught:
        open_snapshot(str(path), replace(places, policy=Policy(trusted=(trusted(tmp_path),))))
    assert caught.value.hint == "its members are as listed, and yet no results of keyaudit: ask who made it"
    assert str(places.unpacked / "0") not in str(caught.value)


def trusted(folder: Path) -> TrustedKey:
    path = folder / "key.pub"
    path.write_bytes(public_pem(key()))
    return load_key(path)
