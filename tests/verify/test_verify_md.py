"""VERIFY.md does what it says: the very commands of the page, in an empty folder, on good packages and bad ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.package.keyfile import write_key
from scanner.package.keys import fingerprint
from scanner.resources import templates_dir
from tests.browser import CHROMIUM
from tests.package.authority import Authority, authority
from tests.packages import as_json, entries, key, sealed, small_catalogue, zipped
from tests.support import a_key, a_world, estate_text, scan, simulated
from tests.verify.page import chromium, opened
from tests.verify.test_timestamp import token

pytest.importorskip("rfc3161_client")
TEXT = (templates_dir() / "package" / "VERIFY.md").read_text()
BLOCK = re.compile(r"^   ```\n(.*?)^   ```\n(.*?)(?=^   ```|\Z)", re.MULTILINE | re.DOTALL)
PROMISE = re.compile(r"It prints,?\s(?:among others,\s)?(?:(nothing)|`([^`]+)`|(the fingerprint))")


@dataclass(frozen=True, slots=True)
class Command:
    """A block of commands, and what the page says that it prints."""

    step: int
    text: str
    nothing: bool
    prints: str


def commands() -> list[Command]:
    """Return the blocks of the page in order."""
    found = []
    for number, step in enumerate(re.split(r"^\d\. ", TEXT, flags=re.MULTILINE)[1:], 1):
        for text, after in BLOCK.findall(step):
            promised = PROMISE.search(after)
            assert promised, f"step {number} does not say what it prints"
            found.append(Command(number, textwrap.dedent(text), bool(promised[1]), promised[2] or ""))
    return found


COMMANDS = commands()


@dataclass(frozen=True, slots=True)
class Made:
    """A signed and timestamped package of a real scan, and the keys that its reader got from their owners."""

    folder: Path
    fingerprint: str
    tsa: Authority

    def files(self) -> dict[str, bytes]:
        """Return the members."""
        with zipfile.ZipFile(self.folder / "PACKAGE.zip") as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder, tsa_folder = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("tsa")
    catalogue = str(small_catalogue(tmp_path_factory.mktemp("catalogue")))
    with simulated(a_world(a_key("one"), a_key("denied", denied=["kms:GetKeyRotationStatus"]))) as aws:
        options = ("--controls", catalogue, "--control", "KM-ROT-04")
        done = scan(tmp_path_factory.mktemp("scan"), estate_text(aws.url), *options)
    public = write_key(folder / "TRUSTED", None)
    with authority(tsa_folder) as tsa:
        sign = ("--sign", f"file:{folder / 'TRUSTED'}", "--timestamp", tsa.url)
        assert run(["package", str(done.folder), "-o", str(folder / "PACKAGE.zip"), "-q", *sign], traces=True) == 0
        shutil.copy(tsa.root, folder / "AUTHORITY.pem")
    return Made(folder, fingerprint(public), tsa)


def reader(made: Made, folder: Path, package: bytes | None = None) -> Path:
    """Return an empty folder with what the page tells to put there; ``package`` instead of the good one."""
    for name in ("PACKAGE.zip", "TRUSTED.pub", "AUTHORITY.pem"):
        shutil.copy(made.folder / name, folder)
    if package is not None:
        (folder / "PACKAGE.zip").write_bytes(package)
    return folder


def followed(folder: Path, last: int = 6) -> list[tuple[int, str]]:
    """Run the commands up to a step, as the page says, and return the step and output of each up to a failing one.

    The output of one that fails is an exclamation mark.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = []
    for command in COMMANDS:
        if command.step > last:
            break
        done = subprocess.run(
            ["sh", "-eu", "-c", command.text],
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        good = done.returncode == 0 and (not done.stdout if command.nothing else command.prints in done.stdout)
        told.append((command.step, done.stdout if good else "!"))
        if not good:
            break
    return told


def test_each_step_is_there_and_says_what_it_prints() -> None:
    assert [command.step for command in COMMANDS] == [1, 2, 3, 4, 4, 5, 5, 7]
    assert [command.step for command in COMMANDS if command.nothing] == [1, 2, 3]
    assert [command.prints for command in COMMANDS if command.prints] == [
        "Verified OK",
        "Verification: OK",
        "Time stamp:",
        "verified: signed by the trusted key, and not changed since",
    ]


def test_a_good_package_passes_every_step(made: Made, tmp_path: Path) -> None:
    told = followed(reader(made, tmp_path), last=7)
    assert [step for step, _ in told] == [command.step for command in COMMANDS]
    outputs = [output for _, output in told]
    assert "!" not in outputs
    assert outputs[4].split() == [made.fingerprint, "-"]
    assert "judged again, are the same" in outputs[-1]


def test_the_page_for_browsers_agrees(made: Made, tmp_path: Path) -> None:
    if not CHROMIUM:
        pytest.skip("no chromium is installed")
    with chromium() as browser, opened(browser, tmp_path) as page:
        page.trust((made.folder / "TRUSTED.pub").read_bytes())
        shown = page.check((made.folder / "PACKAGE.zip").read_bytes())
    assert shown.state == "verified"
    assert shown.facts["Signature"] == f"trusted key {made.fingerprint}"
    assert shown.facts["Timestamp"] == "there is one, not checked here"
    assert shown.facts["Organization"] == json.loads(made.files()["scan.json"])["organization"]


Spoil = Callable[[dict[str, bytes]], dict[str, bytes]]


def one_byte(name: str) -> Spoil:
    """Return what changes the last but one byte of the first member with content whose name begins so."""

    def spoil(files: dict[str, bytes]) -> dict[str, bytes]:
        found = next(one for one in files if one.startswith(name) and files[one])
        data = bytearray(files[found])
        data[-2] ^= 1
        return {**files, found: bytes(data)}

    return spoil


def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files whose manifest is of another organization."""
    manifest = json.loads(files["manifest.json"])
    manifest["scan"]["organization"] = "Other Health"
    return {**files, "manifest.json": as_json(manifest)}


def without(name: str) -> Spoil:
    """Return what drops a member."""
    return lambda files: {other: data for other, data in files.items() if other != name}


def signed_again(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files of which everything was made anew by somebody else, and the timestamp kept."""
    kept = {name: data for name, data in files.items() if not name.startswith("manifest.")}
    again = {**kept, "evidence/zzz.jsonl": b""}
    return {**sealed(again, signer=key("mallory")), "manifest.tsr": files["manifest.tsr"]}


def stamped_otherwise(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files with the same statement and signature, in an envelope that the authority did not see."""
    return {**files, "manifest.dsse.json": files["manifest.dsse.json"] + b"\n"}


@pytest.mark.parametrize(
    ("spoil", "step"),
    [
        (without("estate.yaml"), 1),
        (lambda files: {**files, "evidence/more.jsonl": b""}, 1),
        (one_byte("evidence/"), 2),
        (one_byte("verdicts.parquet"), 2),
        (renamed, 3),
        (one_byte("manifest.json"), 1),
        (without("manifest.dsse.json"), 3),
        (signed_again, 4),
        (stamped_otherwise, 5),
        (without("manifest.tsr"), 5),
    ],
    ids=[
        "a member dropped",
        "a member added",
        "an observation changed",
        "a verdict changed",
        "the manifest changed",
        "the manifest damaged",
        "the statement dropped",
        "signed again by somebody else",
        "stamped before it was signed again",
        "the timestamp dropped",
    ],
)
def test_a_bad_package_fails_at_the_step_that_looks_at_it(spoil: Spoil, step: int, made: Made, tmp_path: Path) -> None:
    told = followed(reader(made, tmp_path, zipped(entries(spoil(made.files())))))
    assert (told[-1], [output for _, output in told].count("!")) == ((step, "!"), 1)


def test_a_member_that_stands_twice_is_told(made: Made, tmp_path: Path) -> None:
    twice = [one for one in entries(made.files()) for _ in range(1 + (one.name == b"estate.yaml"))]
    assert followed(reader(made, tmp_path, zipped(twice)))[-1] == (1, "!")


@pytest.mark.parametrize(("name", "step"), [("TRUSTED.pub", 4), ("AUTHORITY.pem", 5)])
def test_a_key_of_somebody_else_fails(name: str, step: int, made: Made, tmp_path: Path) -> None:
    folder = reader(made, tmp_path)
    if name == "TRUSTED.pub":
        write_key(tmp_path / "other", None)
        shutil.copy(tmp_path / "other.pub", folder / name)
    else:
        (tmp_path / "other").mkdir()
        with authority(tmp_path / "other") as other:
            shutil.copy(other.root, folder / name)
    assert followed(folder)[-1] == (step, "!")


def test_the_timestamp_of_an_unsigned_package_is_over_its_manifest(made: Made, tmp_path: Path) -> None:
    assert "its timestamp, if any, is over `manifest.json`" in " ".join(TEXT.split())
    files = without("manifest.dsse.json")(made.files())
    files["manifest.tsr"] = token(made.tsa, files["manifest.json"])
    folder = reader(made, tmp_path, zipped(entries(files)))
    assert [step for step, output in followed(folder, last=2) if output != "!"] == [1, 2]
    (command, _) = [one.text for one in COMMANDS if one.step == 5]
    assert "manifest.dsse.json" in command
    for text, code in ((command.replace("manifest.dsse.json", "manifest.json"), 0), (command, 1)):
        assert subprocess.run(["sh", "-c", text], cwd=folder, capture_output=True, check=False).returncode == code
