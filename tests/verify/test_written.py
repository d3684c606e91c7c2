"""What `keyaudit package` writes is what verifying reads: neither shares code with the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.package.keyfile import public_path, write_key
from scanner.package.manifest import read_previous
from scanner.package.signers import open_signer
from scanner.package.write import Extras, write_package
from scanner.replay import replay
from scanner.scandir import ScanDir
from scanner.verify.report import Outcome
from scanner.verify.statement import load_key
from scanner.verify.steps import Policy, verify
from tests.packages import small_catalogue
from tests.support import a_key, a_world, estate_text, scan, simulated


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> list[ScanDir]:
    """Return two scans, one after the other."""
    options = ("--controls", str(small_catalogue(tmp_path_factory.mktemp("catalogue"))), "--control", "KM-ROT-04")
    with simulated(a_world(a_key("one"), a_key("denied", denied=["kms:GetKeyRotationStatus"]))) as aws:
        folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
        return [ScanDir(scan(folder, estate_text(aws.url), *options).folder) for folder in folders]


def test_a_signed_series_verifies_and_replays(scans: list[ScanDir], tmp_path: Path) -> None:
    write_key(tmp_path / "key", None)
    signer = open_signer(f"file:{tmp_path / 'key'}", passphrase=str, pin=str)
    series = tmp_path / "series"
    series.mkdir()
    previous = None
    for number, folder in enumerate(scans, 1):
        pages = {"VERIFY.md": b"# How to check\n", "verify.html": b"<!doctype html>"}
        written = write_package(folder, series / f"{number}.zip", Extras(pages=pages, signer=signer, previous=previous))
        previous = read_previous(written.path)
    trusted = load_key(public_path(tmp_path / "key"))
    package = verify(written.path, Policy(trusted=(trusted,), chain=series))
    assert (package.checkpoint, package.number, package.signed_by) == (written.checkpoint, 2, trusted.fingerprint)
    assert package.steps[-1].detail == "2 scans, none missing; this is number 2"
    assert replay(package).outcome is Outcome.OK
