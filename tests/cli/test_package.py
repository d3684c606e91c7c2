"""The command ``package``, on a scan as a user makes it."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from scanner.cli.keygen import PASSPHRASE
from scanner.cli.main import run
from scanner.cli.package import PIN
from scanner.cli.packaging import pages
from scanner.errors import KeyauditError
from scanner.evidence.records import digest
from scanner.package.keyfile import write_key
from scanner.package.keys import fingerprint
from scanner.package.members import PAGES
from scanner.resources import templates_dir
from scanner.verify.statement import load_key
from scanner.verify.steps import Policy, verify
from scanner.verify.timestamp import load_authority
from tests.hsm import MODULE, SECOND, softhsm
from tests.package.authority import authority
from tests.package.scans import HEADER, finished, the_next
from tests.support import Scan, a_key, a_world, estate_text, scan, simulated


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    with simulated(a_world(a_key("one"))) as aws:
        return scan(tmp_path_factory.mktemp("real"), estate_text(aws.url), "--control", "KM-ROT-04")


def packaged(folder: Path, out: Path, *arguments: str, code: int = 0) -> Path:
    assert run(["package", str(folder), "-o", str(out), *arguments], traces=False) == code
    return out


def read(package: Path, name: str) -> bytes:
    with zipfile.ZipFile(package) as archive:
        return archive.read(name)


def test_a_real_scan_is_packaged_whole(real: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = packaged(real.folder, tmp_path / "p.zip")
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        for name in names - {"manifest.json", *PAGES}:
            assert archive.read(name) == (real.folder / name).read_bytes()
    files = {str(path.relative_to(real.folder)) for path in real.folder.rglob("*") if path.is_file()}
    assert files - names == {".lock"}
    manifest = json.loads(read(package, "manifest.json"))
    assert manifest["scan"]["id"] == real.results["scan"]["id"]
    lines = sum(len(path.read_bytes().splitlines()) for path in (real.folder / "evidence").iterdir())
    assert manifest["observations"]["count"] == lines > 0
    assert capsys.readouterr().out.splitlines() == [
        f"package     {package} (not signed)",
        f"holds       {len(names) - 1} files, {lines} observations and gaps",
        f"checkpoint  1 {digest(read(package, 'manifest.json'))}",
    ]


def test_what_is_packaged_verifies(real: Scan, tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client")
    key = write_key(tmp_path / "key", None)
    out, sign = tmp_path / "p.zip", f"file:{tmp_path / 'key'}"
    with authority(tmp_path) as tsa:
        packaged(real.folder, out, "--sign", sign, "--timestamp", tsa.url)
    policy = Policy(trusted=(load_key(tmp_path / "key.pub"),), authority=load_authority(tsa.root))
    verified = verify(out, policy)
    assert verified.signed_by == fingerprint(key)
    assert verified.stamped
    assert verified.checkpoint == digest(read(out, "manifest.json"))


def test_the_same_scan_gives_the_same_package(real: Scan, tmp_path: Path) -> None:
    one, two = (packaged(real.folder, tmp_path / name, "-q") for name in ("1.zip", "2.zip"))
    assert one.read_bytes() == two.read_bytes()


def test_a_key_file_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    key = write_key(tmp_path / "key", "correct horse")
    package = packaged(finished(tmp_path / "scan").root, tmp_path / "p.zip", "--sign", f"file:{tmp_path / 'key'}")
    (signed,) = json.loads(read(package, "manifest.dsse.json"))["signatures"]
    assert signed["keyid"] == fingerprint(key)
    assert "p.zip (signed)" in capsys.readouterr().out


def test_a_token_signs_with_the_pin_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"pkcs11:token=second%20%26%20last;object=signing?module-path={MODULE}"
    with softhsm() as values:
        monkeypatch.setenv(PIN, values[SECOND.pin_variable])
        package = packaged(finished(tmp_path / "scan").root, tmp_path / "p.zip", "--sign", uri)
    assert json.loads(read(package, "manifest.dsse.json"))["signatures"]


def test_an_authority_says_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rfc3161_client")
    write_key(tmp_path / "key", None)
    folder, out, sign = finished(tmp_path / "scan").root, tmp_path / "p.zip", f"file:{tmp_path / 'key'}"
    with authority(tmp_path) as tsa:
        packaged(folder, out, "--sign", sign, "--timestamp", tsa.url)
        assert "p.zip (signed and timestamped)" in capsys.readouterr().out
        assert read(out, "manifest.tsr").startswith(b"\x30")
        tsa.status = 500
        packaged(folder, tmp_path / "late.zip", "--timestamp", tsa.url, code=1)
    assert capsys.readouterr().err.startswith(f"error: {tsa.url} answered 500")
    assert not (tmp_path / "late.zip").exists()


def test_a_series_of_scans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = packaged(finished(tmp_path / "one").root, tmp_path / "1.zip")
    two = packaged(finished(tmp_path / "two", the_next()).root, tmp_path / "2.zip", "--previous", str(one))
    point = json.loads(read(two, "manifest.json"))["checkpoint"]
    assert point == {"number": 2, "previous": digest(read(one, "manifest.json"))}
    capsys.readouterr()
    packaged(tmp_path / "one", tmp_path / "3.zip", "--previous", str(two), code=2)
    assert "started after this one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("out", "arguments", "why"),
    [
        ("taken.zip", (), "taken.zip exists already"),
        (".", (), "cannot be a file"),
        ("nowhere/p.zip", (), "cannot be a file"),
        ("p.zip", ("--sign", "audit.key"), "names no key"),
        ("p.zip", ("--previous", "nowhere.zip"), "cannot read nowhere.zip"),
        ("p.zip", ("--timestamp", "file:///tmp"), "not the URL of a timestamp authority"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, arguments: tuple[str, ...], why: str
) -> None:
    folder = finished(tmp_path / "scan").root
    (tmp_path / "taken.zip").write_bytes(b"before")
    packaged(folder, tmp_path / out, *arguments, code=2)
    assert why in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scan", "taken.zip"]
    assert (tmp_path / "taken.zip").read_bytes() == b"before"


def test_a_package_is_replaced_when_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(b"before")
    packaged(finished(tmp_path / "scan").root, tmp_path / "p.zip", "--overwrite")
    assert json.loads(read(tmp_path / "p.zip", "manifest.json"))["scan"]["id"] == HEADER.id


def test_the_one_before_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = packaged(finished(tmp_path / "one").root, tmp_path / "1.zip", "-q")
    before = one.read_bytes()
    packaged(finished(tmp_path / "two", the_next()).root, one, "--previous", str(one), "--overwrite", code=2)
    assert "would replace the one before it" in capsys.readouterr().err
    assert one.read_bytes() == before


def test_a_folder_that_is_no_scan_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packaged(tmp_path / "nowhere", tmp_path / "p.zip", code=2)
    assert "is not a scan: there is no such folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_scan_under_way_is_not_packaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = finished(tmp_path / "scan")
    with folder.lock():
        packaged(folder.root, tmp_path / "p.zip", code=2)
    assert "is in use by another keyaudit" in capsys.readouterr().err


def test_the_pages_of_the_templates_are_members(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    for name in (*PAGES, "notes.txt"):
        (tmp_path / "package" / name).write_bytes(name.encode())
    assert pages(tmp_path) == {"VERIFY.md": b"VERIFY.md", "verify.html": b"verify.html"}
    assert pages(templates_dir()).keys() == set(PAGES)


@pytest.mark.parametrize("missing", PAGES)
def test_no_package_is_made_without_its_pages(missing: str, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    for name in PAGES:
        (tmp_path / "package" / name).touch()
    (tmp_path / "package" / missing).unlink()
    with pytest.raises(KeyauditError, match=f"{re.escape(missing)}: No such file") as caught:
        pages(tmp_path)
    assert caught.value.hint == "install keyaudit again"
