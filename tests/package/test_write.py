"""The archive: its bytes, its bounds, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.errors import EvidenceError, KeyauditError, UsageError
from scanner.evidence.merkle import Tree, inner_hash, leaf_hash
from scanner.package.dsse import pae
from scanner.package.keys import ALGORITHM
from scanner.package.manifest import read_previous
from scanner.package.timestamp import TimestampError
from scanner.package.write import Extras, _pack, write_package
from scanner.scandir import ScanDir
from tests.package.scans import HEADER, BrokenKey, HeldKey, finished, records, the_next

PAGES = {"VERIFY.md": b"how\n", "verify.html": b"<p>how"}
PLAIN = Extras(pages=PAGES)


def written(root: Path, extras: Extras = PLAIN) -> zipfile.ZipFile:
    write_package(finished(root / "scan"), root / "p.zip", extras)
    return zipfile.ZipFile(root / "p.zip")


def test_the_same_scan_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, umask in (("one", 0o022), ("two", 0o077)):
        before = os.umask(umask)
        try:
            folder = finished(tmp_path / name)
        finally:
            os.umask(before)
        for path in folder.root.rglob("*"):
            os.utime(path, (len(name), umask))
        write_package(folder, tmp_path / f"{name}.zip", PLAIN)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_members_are_in_order_with_the_manifest_and_its_seals_last(tmp_path: Path) -> None:
    extras = Extras(pages=PAGES, signer=HeldKey(), timestamp=lambda _: b"token")
    with written(tmp_path, extras) as archive:
        names = archive.namelist()
    assert names[-3:] == ["manifest.dsse.json", "manifest.json", "manifest.tsr"]
    assert names[:-3] == sorted(names[:-3], key=str.encode)
    assert {"VERIFY.md", "verify.html", "scan.json", "evidence/aws.a.jsonl"} < set(names)


def test_every_member_looks_alike(tmp_path: Path) -> None:
    with written(tmp_path) as archive:
        assert archive.comment == b""
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.external_attr, info.create_system, info.create_version) == (0o100644 << 16, 3, 20)
            assert (info.extra, info.comment, info.flag_bits) == (b"", b"", 0)
            stored = info.filename.endswith(".parquet")
            assert info.compress_type == (zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
            assert archive.read(info) is not None  # its CRC is right


def test_the_manifest_lists_what_is_there(tmp_path: Path) -> None:
    with written(tmp_path) as archive:
        listed = json.loads(archive.read("manifest.json"))["members"]
        assert [one["path"] for one in listed] == archive.namelist()[:-1]
        for one in listed:
            data = archive.read(one["path"])
            assert (one["size"], one["sha256"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")


def test_an_observation_can_be_proven_by_the_root(tmp_path: Path) -> None:
    with written(tmp_path) as archive:
        seen = json.loads(archive.read("manifest.json"))["observations"]
    assert seen["count"] == len(records()) == 3
    first, second, third = map(leaf_hash, records())
    assert seen["merkle_root"] == f"sha256:{inner_hash(inner_hash(first, second), third).hex()}"


def test_what_was_written_is_told(tmp_path: Path) -> None:
    made = write_package(finished(tmp_path / "scan"), tmp_path / "p.zip", PLAIN)
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        checkpoint = hashlib.sha256(archive.read("manifest.json")).hexdigest()
        assert (made.members, made.observations, made.number) == (len(archive.namelist()) - 1, 3, 1)
    assert made.checkpoint == f"sha256:{checkpoint}"


def test_the_next_scan_follows(tmp_path: Path) -> None:
    first = write_package(finished(tmp_path / "one"), tmp_path / "1.zip", PLAIN)
    extras = Extras(pages=PAGES, previous=read_previous(tmp_path / "1.zip"))
    second = write_package(finished(tmp_path / "two", the_next()), tmp_path / "2.zip", extras)
    with zipfile.ZipFile(tmp_path / "2.zip") as archive:
        point = json.loads(archive.read("manifest.json"))["checkpoint"]
    assert point == {"number": 2, "previous": first.checkpoint}
    assert second.number == 2


def test_a_signature_changes_nothing_else(tmp_path: Path) -> None:
    plain = write_package(finished(tmp_path / "scan"), tmp_path / "plain.zip", PLAIN)
    key = HeldKey()
    signed = write_package(ScanDir(tmp_path / "scan"), tmp_path / "signed.zip", Extras(pages=PAGES, signer=key))
    assert signed.checkpoint == plain.checkpoint
    with zipfile.ZipFile(tmp_path / "signed.zip") as archive, zipfile.ZipFile(tmp_path / "plain.zip") as other:
        assert set(archive.namelist()) - set(other.namelist()) == {"manifest.dsse.json"}
        signed_statement = json.loads(archive.read("manifest.dsse.json"))
    payload, signature = (
        base64.b64decode(text) for text in (signed_statement["payload"], signed_statement["signatures"][0]["sig"])
    )
    key.public_key.verify(signature, pae("application/vnd.in-toto+json", payload), ALGORITHM)
    totals = json.loads((tmp_path / "scan" / "scan.json").read_bytes())["totals"]
    assert json.loads(payload)["predicate"]["totals"] == totals == HEADER.to_json()["totals"]


@pytest.mark.parametrize(("signer", "stamped"), [(HeldKey(), "manifest.dsse.json"), (None, "manifest.json")])
def test_a_timestamp_is_over_the_signed_statement_or_the_manifest(
    tmp_path: Path, signer: HeldKey | None, stamped: str
) -> None:
    with written(tmp_path, Extras(pages=PAGES, signer=signer, timestamp=lambda message: b"over " + message)) as archive:
        assert archive.read("manifest.tsr") == b"over " + archive.read(stamped)


@pytest.mark.parametrize(
    ("state", "hint"), [("collecting", "keyaudit scan --resume"), ("collected", "keyaudit report")]
)
def test_a_scan_that_is_not_complete_is_refused(tmp_path: Path, state: str, hint: str) -> None:
    folder = finished(tmp_path, replace(HEADER, state=state))
    with pytest.raises(UsageError, match=f"not complete: it is {state}") as raised:
        write_package(folder, tmp_path / "p.zip", PLAIN)
    assert hint in raised.value.hint
    assert not (tmp_path / "p.zip").exists()


def lone_surrogate(root: Path) -> None:
    text = (root / "scan.json").read_text()
    (root / "scan.json").write_text(text.replace("Test Health", "\\ud800"))


def change(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (change("results.json", b"{}"), "not of this scan"),
        (change("results.json", b"["), "not of this scan"),
        (change("results.json", b'{"scan":{"id":"scan-2","estate_sha256":""}}'), "not of this scan"),
        (lambda root: (root / "results.json").unlink(), "results.json is missing"),
        (lambda root: (root / "verdicts.parquet").unlink(), "verdicts.parquet is missing"),
        (change("scan.json", b"{}"), "not of schema"),
        (lone_surrogate, "not what canonical JSON can hold"),
        (change("estate.yaml", b"keyaudit: 2\n"), "not the estate file"),
        (change("controls/access/KM-ACC-01.yaml", b"id: KM-ACC-01 "), "not the catalogue"),
        (change("controls/access/KM-ACC-99.yaml", b""), "not the catalogue"),
        (lambda root: (root / "controls" / "cmvp.yaml").unlink(), "not the catalogue"),
        (change("evidence/aws.a.jsonl", b'{"n":1}\n{"n":'), "aws.a.jsonl:2: not a record"),
        (change("evidence/aws.a.jsonl", b'{"n":1}\n\n'), "aws.a.jsonl:2: not a record"),
    ],
)
def test_a_damaged_scan_is_refused_and_leaves_nothing(
    tmp_path: Path, damage: Callable[[Path], object], why: str
) -> None:
    folder, out = finished(tmp_path / "scan"), tmp_path / "out"
    out.mkdir()
    damage(folder.root)
    with pytest.raises(EvidenceError, match=why):
        write_package(folder, out / "p.zip", PLAIN)
    assert list(out.iterdir()) == []


def no_timestamp(_: bytes) -> bytes:
    raise TimestampError("the authority is away")


@pytest.mark.parametrize(
    "extras", [Extras(pages=PAGES, signer=BrokenKey()), Extras(pages=PAGES, timestamp=no_timestamp)]
)
def test_a_package_that_fails_leaves_the_one_that_was_there(tmp_path: Path, extras: Extras) -> None:
    folder, out = finished(tmp_path / "scan"), tmp_path / "out"
    out.mkdir()
    (out / "p.zip").write_bytes(b"before")
    with pytest.raises(KeyauditError):
        write_package(folder, out / "p.zip", extras)
    assert [path.name for path in out.iterdir()] == ["p.zip"]
    assert (out / "p.zip").read_bytes() == b"before"


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path: Path) -> None:
    folder = finished(tmp_path / "scan")

    class Growing(Tree):
        """A tree during whose making another program writes."""

        def add(self, leaf: bytes) -> None:
            with (folder.evidence / "aws.a.jsonl").open("ab") as file:
                file.write(b'{"n":4}\n' if len(self) == 0 else b"")
            super().add(leaf)

    with (
        zipfile.ZipFile(tmp_path / "p.zip", "w") as archive,
        pytest.raises(EvidenceError, match=r"aws\.a\.jsonl changed while it was read"),
    ):
        list(_pack(archive, folder, PLAIN, Growing()))


SCRIPT = """
import os, resource, signal, sys
from pathlib import Path
from scanner.package.write import Extras, write_package
from scanner.scandir import ScanDir

def ending(message):
    {ending}

extras = Extras(pages={{"big.txt": os.urandom(9999)}}, timestamp=ending)
write_package(ScanDir(Path(sys.argv[1])), Path(sys.argv[2]), extras)
"""


def ended(root: Path, ending: str) -> tuple[int, str, list[str]]:
    """Package in a process that ends before the package is whole, beside an older package."""
    folder, out = finished(root / "scan"), root / "out"
    out.mkdir()
    (out / "p.zip").write_bytes(b"before")
    command = [sys.executable, "-c", SCRIPT.format(ending=ending), str(folder.root), str(out / "p.zip")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (out / "p.zip").read_bytes() == b"before"
    return done.returncode, done.stderr, sorted(path.name for path in out.iterdir())


def test_a_killed_process_leaves_no_half_package(tmp_path: Path) -> None:
    code, _, left = ended(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    assert (code, left) == (-signal.SIGKILL, [".p.zip.partial", "p.zip"])
    write_package(ScanDir(tmp_path / "scan"), tmp_path / "out" / "p.zip", PLAIN)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["p.zip"]
    with zipfile.ZipFile(tmp_path / "out" / "p.zip") as archive:
        assert archive.testzip() is None


def test_a_full_disk_leaves_the_package_that_was_there(tmp_path: Path) -> None:
    # The disk fills while the timestamp comes: what follows is the end of the archive.
    full = "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)); return message"
    code, said, left = ended(tmp_path, full)
    assert code == 1
    assert "OSError: [Errno 27] File too large" in said.splitlines()[-1]
    assert left == ["p.zip"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = finished(tmp_path / "scan")
    with pytest.raises(UsageError, match="No such file or directory"):
        write_package(folder, tmp_path / "nowhere" / "p.zip", PLAIN)


def test_only_the_owner_can_read_a_package(tmp_path: Path) -> None:
    write_package(finished(tmp_path / "scan"), tmp_path / "p.zip", PLAIN)
    assert (tmp_path / "p.zip").stat().st_mode & 0o777 == 0o600


def test_many_observations_stream_through(tmp_path: Path) -> None:
    folder = finished(tmp_path / "scan")
    line = b'{"n":"' + b"x" * 500 + b'"}\n'
    with (folder.evidence / "aws.c.jsonl").open("wb") as file:
        file.writelines(line for _ in range(20_000))  # 10 MB
    (folder.facts / "keys.parquet").write_bytes(bytes(10_000_000))
    tracemalloc.start()
    try:
        made = write_package(folder, tmp_path / "p.zip", PLAIN)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert made.observations == 20_003
