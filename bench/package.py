"""A package of a million observations, written and verified in constant memory. ``python -m bench.package``.

Each size is written and verified in processes of their own, so that each peak of memory is its own; what is measured
begins when the scan lies on disk, and includes the start of Python. ``--replay`` is not part of it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.model.ids import Json
from scanner.package.keyfile import write_key
from tests.evidence.samples import line, observation_body
from tests.package.scans import HEADER
from tests.packages import as_json, loads, scan_files

SIZES = (100_000, 1_000_000)
SEGMENTS = 20
MOST_GROWTH_MIB = 16
"""Peak memory of the largest package over that of the smallest."""
ARN = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-{0:012}"
SPREAD = 0x9E3779B97F4A7C15
"""Odd, so that no two numbers become one."""
HOLE = 999_999_999_999
"""The number in the one record that is encoded; all others are that one with theirs."""
WRITE = """
import sys
from pathlib import Path
from scanner.package.keys import FileSigner
from scanner.package.write import Extras, write_package
from scanner.scandir import ScanDir
signer = FileSigner(Path(sys.argv[3]), str)
written = write_package(ScanDir(Path(sys.argv[1])), Path(sys.argv[2]), Extras(pages={}, signer=signer))
print(written.observations)
"""
VERIFY = """
import sys
from pathlib import Path
from scanner.verify.statement import load_key
from scanner.verify.steps import Policy, verify
verified = verify(Path(sys.argv[2]), Policy(trusted=(load_key(Path(sys.argv[3] + ".pub")),)))
print(verified.steps[3].detail.split()[0])
"""
TAIL = """
import json, re, resource
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: it begins with what the parent had when it forked.
peak = int(re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "peak": peak / 1024}))
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What a process took."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    """Seconds."""
    peak: float
    """MiB of memory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Returns 1 when memory grows."""
    parser = argparse.ArgumentParser(prog="python -m bench.package", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="OBSERVATIONS")
    given = parser.parse_args(arguments)
    return report({size: measure(size) for size in sorted(given.sizes)})


def report(found: Mapping[int, tuple[int, Mapping[str, Used]]]) -> int:
    """Print what was measured. Returns 1 when memory grows."""
    print(f"{'observations':>12} {'':8} {'CPU s':>8} {'wall s':>8} {'peak MiB':>9} {'package MB':>11}")
    peaks: dict[str, list[float]] = {}
    for size in sorted(found):
        packed, work = found[size]
        for name, used in work.items():
            peaks.setdefault(name, []).append(used.peak)
            print(f"{size:12,} {name:8} {used.cpu:8.1f} {used.wall:8.1f} {used.peak:9.1f} {packed / 1e6:11.1f}")
    missed = [name for name, them in peaks.items() if them[-1] - them[0] > MOST_GROWTH_MIB]
    print(f"missed: memory grows by more than {MOST_GROWTH_MIB} MiB: {', '.join(missed)}" if missed else "holds")
    return int(bool(missed))


def measure(size: int) -> tuple[int, dict[str, Used]]:
    """Return the bytes of a package of so many observations, and what writing and verifying it took."""
    with tempfile.TemporaryDirectory(prefix="keyaudit-bench-") as folder:
        scan, package, key = (Path(folder) / name for name in ("scan", "p.zip", "key"))
        write_scan(scan, size)
        write_key(key, None)
        work = {
            name: _in_a_process(script, size, [scan, package, key])
            for name, script in (("write", WRITE), ("verify", VERIFY))
        }
        return package.stat().st_size, work


def _in_a_process(script: str, size: int, paths: Sequence[Path]) -> Used:
    began = time.perf_counter()
    command = [sys.executable, "-c", script + TAIL, *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    wall = time.perf_counter() - began
    count, measured = done.stdout.splitlines()
    assert int(count) == size, count
    return Used(**json.loads(measured), wall=wall)


def write_scan(folder: Path, size: int) -> None:
    """Write a finished scan with so many observations, in segments."""
    files = scan_files()
    files["scan.json"] = as_json({**HEADER.to_json(), **loads(files["scan.json"])})
    few = sum(data.count(b"\n") for name, data in files.items() if name.startswith("evidence/"))
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    numbers = range(size - few)
    for segment in range(SEGMENTS):
        with (folder / f"evidence/aws.bench-{segment:02}.kms.jsonl").open("wb") as file:
            file.writelines(records(numbers[segment::SEGMENTS]))


def records(numbers: Sequence[int]) -> Iterator[bytes]:
    """Yield answers to kms:DescribeKey, each of another key."""
    name = ARN.format(HOLE)
    about: dict[str, Json] = {
        "AWSAccountId": "111122223333",
        "Arn": name,
        "CreationDate": "2024-02-03T04:05:06.789Z",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "data of a tenant",
        "Enabled": True,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyId": name,
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }
    started = "2026-06-15T12:00:00.000Z"
    body = observation_body(
        params={"KeyId": name}, subject=name, response={"KeyMetadata": about}, started=started, ended=started
    )
    parts = line(body).split(str(HOLE).encode())
    for number in numbers:
        yield (b"%012x" % (number * SPREAD % 2**48)).join(parts)


if __name__ == "__main__":
    sys.exit(main())
