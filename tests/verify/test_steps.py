"""The steps together: what is told of each, and a series of packages verified one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.verify.report import Outcome, Step, VerificationError
from scanner.verify.statement import load_key
from scanner.verify.steps import Policy, verify
from tests.packages import as_json, hexdigest, key, loads, package, public_pem, scan_files, sealed


def a_series(folder: Path, *, days: tuple[int, ...] = (15, 16, 17)) -> list[Path]:
    """Write a series of signed packages and return their paths."""
    folder.mkdir()
    previous, paths = None, []
    for number, day in enumerate(days, 1):
        files = scan_files(f"scan-{number}", day)
        paths.append(folder / f"{number}.zip")
        paths[-1].write_bytes(package(files, number=number, previous=previous))
        previous = hexdigest(sealed(files, number=number, previous=previous)["manifest.json"])
    return paths


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    path = tmp_path / "operator.pub"
    path.write_bytes(public_pem(key()))
    return Policy(trusted=(load_key(path),))


def test_every_step_is_told_in_order(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    path.write_bytes(package())
    told = verify(path, policy).steps
    assert [one.step for one in told] == list(Step)[:-1]
    left = {one.step: one.outcome for one in told if one.outcome is not Outcome.OK}
    assert left == {Step.TIMESTAMP: Outcome.ABSENT, Step.PDF: Outcome.ABSENT, Step.CHAIN: Outcome.NOT_CHECKED}


def test_what_was_not_checked_is_told(tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    outcomes = []
    for data in (package(), package(signer=None)):
        path.write_bytes(data)
        outcomes.append({one.step: one.outcome for one in verify(path, Policy()).steps}[Step.STATEMENT])
    assert outcomes == [Outcome.NOT_CHECKED, Outcome.ABSENT]


def test_a_series_holds(policy: Policy, tmp_path: Path) -> None:
    paths = a_series(tmp_path / "series")
    told = verify(paths[1], Policy(policy.trusted, chain=tmp_path / "series")).steps[-1]
    assert (told.outcome, told.detail) == (Outcome.OK, "3 scans, none missing; this is number 2")


def test_of_a_removed_package_the_manifest_is_enough(policy: Policy, tmp_path: Path) -> None:
    paths = a_series(tmp_path / "series")
    asked = Policy(policy.trusted, chain=tmp_path / "series")
    link = tmp_path / "series" / "chain" / "000001.json"
    link.parent.mkdir()
    link.write_bytes(sealed(scan_files("scan-1", 15))["manifest.json"])
    paths[0].unlink()
    told = verify(paths[2], asked).steps[-1]
    assert told.detail == "3 scans, none missing; this is number 3; of 1 the manifest alone is there"
    link.write_bytes(sealed(scan_files("scan-1", 14))["manifest.json"])
    with pytest.raises(VerificationError, match=r"chain: 2\.zip: it does not follow 000001\.json"):
        verify(paths[2], asked)


def test_a_dropped_scan_and_a_spoiled_one_are_named(policy: Policy, tmp_path: Path) -> None:
    paths = a_series(tmp_path / "series")
    asked = Policy(policy.trusted, chain=tmp_path / "series")
    paths[1].write_bytes(package(signer=key("mallory")))
    with pytest.raises(VerificationError, match=r"chain: 2\.zip: statement: manifest\.dsse\.json: no trusted key"):
        verify(paths[0], asked)
    paths[1].unlink()
    with pytest.raises(VerificationError, match="number 2 is missing") as caught:
        verify(paths[2], asked)
    assert caught.value.passed[-1].step is Step.PDF


def test_a_back_dated_scan_shows_in_its_series(policy: Policy, tmp_path: Path) -> None:
    paths = a_series(tmp_path / "series", days=(15, 17, 16))
    with pytest.raises(VerificationError, match=r"chain: 3\.zip: it started before 2\.zip"):
        verify(paths[0], Policy(policy.trusted, chain=tmp_path / "series"))


def test_a_scan_that_asked_nothing_verifies(tmp_path: Path) -> None:
    files = {name: data for name, data in scan_files().items() if not name.startswith("evidence/")}
    results = loads(files["results.json"])
    files["results.json"] = as_json({**results, "findings": [], "gaps": []})
    path = tmp_path / "good.zip"
    path.write_bytes(package(files))
    told = {one.step: one.detail for one in verify(path, Policy()).steps}
    assert told[Step.OBSERVATIONS].startswith("0 records, Merkle root sha256:e3b0c442")
