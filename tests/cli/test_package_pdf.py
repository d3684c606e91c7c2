"""The command ``package`` with a report to sign, and the order in which it asks and looks."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.cli.keygen import PASSPHRASE
from scanner.cli.main import run
from scanner.evidence.records import digest
from scanner.package.keyfile import write_key
from scanner.scandir import ScanDir
from tests.package.authority import authority
from tests.package.pdfs import pdfsig, report
from tests.package.scans import HEADER, finished


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished scan with a report, and beside it a key with a certificate."""
    root = finished(tmp_path / "scan").root
    (root / "report.pdf").write_bytes(report())
    assert (
        run(["keygen", str(tmp_path / "key"), "--no-passphrase", "--certificate", "Test Health", "-q"], traces=True)
        == 0
    )
    return root


def arguments(folder: Path, *more: str) -> list[str]:
    beside = folder.parent
    signing = ["--sign", f"file:{beside / 'key'}", "--sign-pdf", str(beside / "key.crt")]
    return ["package", str(folder), "-o", str(beside / "p.zip"), *signing, *more]


def read(package: Path, name: str) -> bytes:
    with zipfile.ZipFile(package) as archive:
        return archive.read(name)


def test_the_packages_report_is_signed_and_the_scans_is_not(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments(folder), traces=True) == 0
    assert "report.pdf  signed, too (PAdES)" in capsys.readouterr().out.splitlines()
    signed = read(tmp_path / "p.zip", "report.pdf")
    assert "Signature is Valid." in pdfsig(signed, tmp_path)
    assert (folder / "report.pdf").read_bytes() == report()
    listed = {one["path"]: one["sha256"] for one in json.loads(read(tmp_path / "p.zip", "manifest.json"))["members"]}
    assert listed["report.pdf"] == digest(signed) != digest(report())


def test_an_authority_says_when_the_report_was_signed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tsa").mkdir()
    with authority(tmp_path / "tsa") as tsa:
        assert run(arguments(folder, "--timestamp", tsa.url, "-q"), traces=True) == 0
        # One to know how large they are, one for the report, one for the statement.
        assert len(tsa.asked) == 3
    assert len(read(tmp_path / "p.zip", "report.pdf")) - len(report()) > 6000


@pytest.mark.parametrize(
    ("change", "more", "why"),
    [
        (lambda folder: (folder / "report.pdf").unlink(), (), "there is no report.pdf to sign"),
        (lambda folder: (folder.parent / "key.crt").unlink(), (), "cannot read"),
        (lambda folder: write_key(folder.parent / "other", None), ("--sign", "file:OTHER"), "of another key than"),
    ],
    ids=["no report", "no certificate", "another key"],
)
def test_what_cannot_be_signed_is_told(
    change: Callable[[Path], object], more: tuple[str, ...], why: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder)
    other = str(folder.parent / "other")
    assert run(arguments(folder, *(one.replace("OTHER", other) for one in more)), traces=False) == 2
    assert why in capsys.readouterr().err
    assert not list(folder.parent.glob("*p.zip*"))


def test_a_report_beyond_measure_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scanner.package.write.MOST_REPORT", len(report()) - 1)
    assert run(arguments(folder), traces=False) == 1
    assert f"report.pdf is larger than {len(report()) - 1} bytes" in capsys.readouterr().err


def test_a_report_is_not_signed_without_a_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["package", str(folder), "-o", str(folder.parent / "p.zip"), "--sign-pdf", str(folder.parent / "key.crt")]
    assert run(command, traces=False) == 2
    assert capsys.readouterr().err == "error: --sign-pdf needs a key\nhint: name it with --sign\n"


def test_without_the_extra_it_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "scanner.package.pades", raising=False)
    monkeypatch.delattr("scanner.package.pades", raising=False)
    monkeypatch.setitem(sys.modules, "pyhanko.sign", None)
    assert run(arguments(folder), traces=False) == 2
    assert capsys.readouterr().err == 'error: pyhanko is not installed\nhint: pip install "keyaudit[sign]"\n'


class Terminal(io.StringIO):
    """Where a person sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("change", "out", "why"),
    [
        (lambda scan: scan.write_header({**HEADER.to_json(), "state": "collecting"}), "p.zip", "is not complete"),
        (lambda scan: (scan.root / "results.json").unlink(), "p.zip", "results.json is missing"),
        (lambda scan: (scan.root.parent / ".p.zip.partial").mkdir(), "p.zip", "cannot write"),
        (lambda scan: None, "x" * 250, "cannot write"),
    ],
    ids=["not complete", "damaged", "in the way", "too long a name"],
)
def test_nobody_is_asked_for_a_passphrase_that_is_of_no_use(
    change: Callable[[ScanDir], object],
    out: str,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(PASSPHRASE, raising=False)
    monkeypatch.setattr(sys, "stdin", Terminal())  # which would be read from, and say nothing
    write_key(tmp_path / "key", "correct horse")
    scan = finished(tmp_path / "scan")
    change(scan)
    sign = ["--sign", f"file:{tmp_path / 'key'}"]
    assert run(["package", str(scan.root), "-o", str(tmp_path / out), *sign], traces=False) in {1, 2}
    told = capsys.readouterr()
    assert why in told.err
    assert "assphrase" not in told.out + told.err
