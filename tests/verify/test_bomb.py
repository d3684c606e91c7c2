"""Ten gibibytes in a few megabytes: refused by name, in little memory and time, as an auditor verifies them."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages import Entry, changed, deflated, entries, key, scan_files, sealed, zipped

GIB, MIB = 2**30, 2**20
LARGE = 10 * GIB
MOST_MIB = 200
MOST_SECONDS = 10
"""Of the processor; what takes longer is killed."""
ALONE = f"""
import re, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CPU, ({MOST_SECONDS}, {MOST_SECONDS}))
from scanner.cli.main import run
code = run(["verify", sys.argv[1]], traces=False)
print(re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1])
sys.exit(code)
"""


def zeros(count: int) -> bytes:
    """Return so many zeros, deflated: a block of a mebibyte that can stand behind itself, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (count // MIB) + packer.flush()


def as_declared() -> bytes:
    """Return a package with a member that says how large it is."""
    wide = {"size": 0xFFFFFFFF, "extra": struct.pack("<2HQ", 1, 8, LARGE)}
    large = Entry(b"evidence/aws.main.kms.jsonl", b"", packed=zeros(LARGE), local=wide, central=wide)
    return zipped([large])


def smaller_than_it_is() -> bytes:
    """Return a package whose every digest is right for what a member says to be."""
    members = entries(sealed({**scan_files(), "report.html": bytes(MIB)}, signer=key()))
    return zipped(changed(members, "report.html", packed=zeros(LARGE)))


def in_many_members() -> bytes:
    """Return a package with members that are small, each by itself."""
    said, packed = {"size": MIB, "crc": zlib.crc32(bytes(MIB))}, deflated(bytes(MIB))
    names = (f"evidence/{number:05}.jsonl".encode() for number in range(LARGE // MIB))
    return zipped([Entry(name, b"", packed=packed, local=said, central=said) for name in names])


def test_it_is_a_bomb() -> None:
    inflate, packed, done = zlib.decompressobj(-zlib.MAX_WBITS), zeros(64 * MIB), 0
    while not inflate.eof:
        done += len(inflate.decompress(packed, MIB))
        packed = inflate.unconsumed_tail
    assert done == 64 * MIB


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (as_declared, f"archive: evidence/aws.main.kms.jsonl: it would unpack to {LARGE} bytes from "),
        (smaller_than_it_is, "members: report.html: it unpacks to more than it declares"),
        (in_many_members, f"archive: it would unpack to {LARGE} bytes from "),
    ],
)
def test_ten_gibibytes_are_refused_by_name(make: Callable[[], bytes], says: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(make())
    assert path.stat().st_size < 16 * MIB
    command = [sys.executable, "-c", ALONE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 20
    assert done.stderr.startswith(f"error: {says}")
    assert int(done.stdout.splitlines()[-1]) < MOST_MIB * 1024
