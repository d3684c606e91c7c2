"""A real timestamp of OpenSSL over a package's statement: trusted, not trusted, of something else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificates

from scanner.errors import MissingExtraError, UsageError
from scanner.verify.archive import Archive
from scanner.verify.report import Outcome, Step, VerificationError
from scanner.verify.steps import Policy, verify
from scanner.verify.timestamp import check_timestamp, load_authority
from tests.package.authority import Authority, authority
from tests.packages import entries, key, scan_files, sealed, zipped

TOKEN = "manifest.tsr"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    with authority(tmp_path_factory.mktemp("tsa")) as running:
        return running


def token(tsa: Authority, message: bytes) -> bytes:
    """Return the authority's response over a message."""
    (tsa.folder / "message").write_bytes(message)
    asked = ["openssl", "ts", "-query", "-data", "message", "-sha256", "-cert", "-out", "asked"]
    subprocess.run(asked, cwd=tsa.folder, check=True, capture_output=True)
    return tsa.answer((tsa.folder / "asked").read_bytes())


def stamped(folder: Path, seal: bytes, *, signed: bool = True) -> Path:
    """Write a package with a timestamp."""
    files = sealed(scan_files(), signer=key() if signed else None)
    path = folder / "stamped.zip"
    path.write_bytes(zipped(entries({**files, TOKEN: seal})))
    return path


@pytest.mark.parametrize(("signed", "over"), [(True, "manifest.dsse.json"), (False, "manifest.json")])
def test_a_timestamp_tells_when_the_statement_was_seen(signed: bool, over: str, tsa: Authority, tmp_path: Path) -> None:
    files = sealed(scan_files(), signer=key()) if signed else sealed(scan_files())
    path = tmp_path / "stamped.zip"
    path.write_bytes(zipped(entries({**files, TOKEN: token(tsa, files[over])})))
    package = verify(path, Policy(authority=load_authority(tsa.root)))
    assert package.stamped >= "2026-06-15T12:00:03Z"
    assert {one.step: one.outcome for one in package.steps}[Step.TIMESTAMP] is Outcome.OK


def test_a_statement_cannot_be_seen_before_the_scan_ended(tsa: Authority, tmp_path: Path) -> None:
    files = scan_files()
    files["scan.json"] = files["scan.json"].replace(b"2026-06-15T12:00:03", b"2096-06-15T12:00:03")
    sealed_files = sealed(files, signer=key())
    path = tmp_path / "stamped.zip"
    path.write_bytes(zipped(entries({**sealed_files, TOKEN: token(tsa, sealed_files["manifest.dsse.json"])})))
    with pytest.raises(VerificationError, match="seen before the scan ended") as caught:
        verify(path, Policy(authority=load_authority(tsa.root)))
    assert caught.value.step is Step.TIMESTAMP


def test_a_timestamp_that_nobody_asked_about_is_not_checked(tmp_path: Path) -> None:
    told = {one.step: one.outcome for one in verify(stamped(tmp_path, b"no token"), Policy()).steps}
    assert told[Step.TIMESTAMP] is Outcome.NOT_CHECKED


@pytest.mark.parametrize("seal", [b"", b"no token", b"\x30\x03\x02\x01\x00", None])
def test_what_is_no_timestamp_of_this_package_is_refused(seal: bytes | None, tsa: Authority, tmp_path: Path) -> None:
    path = stamped(tmp_path, token(tsa, b"another package") if seal is None else seal)
    with pytest.raises(VerificationError) as caught:
        verify(path, Policy(authority=load_authority(tsa.root)))
    assert (caught.value.step, caught.value.member) == (Step.TIMESTAMP, TOKEN)


def test_the_timestamp_of_another_authority_is_refused(tsa: Authority, tmp_path: Path) -> None:
    files = sealed(scan_files(), signer=key())
    path = stamped(tmp_path, token(tsa, files["manifest.dsse.json"]))
    (tmp_path / "other").mkdir()
    with authority(tmp_path / "other") as other, pytest.raises(VerificationError) as caught:
        verify(path, Policy(authority=load_authority(other.root)))
    assert caught.value.step is Step.TIMESTAMP


def test_who_names_an_authority_wants_a_timestamp(tsa: Authority, tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    path.write_bytes(zipped(entries(sealed(scan_files()))))
    with pytest.raises(VerificationError, match=r"timestamp: manifest\.tsr: it is missing"):
        verify(path, Policy(authority=load_authority(tsa.root)))


def test_without_the_library_it_is_told(tsa: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    trusted = tuple(load_pem_x509_certificates(tsa.root.read_bytes()))
    with Archive(stamped(tmp_path, b"x")) as archive, pytest.raises(MissingExtraError, match="rfc3161-client"):
        check_timestamp(archive, trusted)


def test_only_certificates_are_taken(tmp_path: Path) -> None:
    (tmp_path / "nothing.pem").touch()
    for name in ("nothing.pem", "missing.pem"):
        with pytest.raises(UsageError, match=name):
            load_authority(tmp_path / name)
