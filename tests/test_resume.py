"""A scan killed at any moment resumes without asking again what it has, and ends with the same verdicts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.simulator import AwsSimulator
from tests.support import AS_OF, Scan, a_key, a_world, estate_text, grant, of_keys, scan, simulated

KEYS = [
    a_key("one", grants=[grant("g", "arn:aws:iam::111122223333:role/a", "Decrypt")]),
    a_key("two", rotation=None),
    a_key("three", denied=["kms:GetKeyRotationStatus"]),
    a_key("four", spec="ECC_NIST_P256", usage="SIGN_VERIFY", rotation=None),
    a_key("west", region="us-west-2"),
]
REGIONS = "[us-east-1, us-west-2]"
VERDICTS = "SELECT control_id, subject, verdict, reason, observed FROM verdicts ORDER BY ALL"

Asked = Counter[tuple[str, str, str]]


def asked(aws: AwsSimulator) -> Asked:
    return Counter((r.operation, r.region, json.dumps(r.params, sort_keys=True)) for r in aws.requests)


def answered(folder: Path) -> set[tuple[str, str, str]]:
    """Return the questions whose answers are in the evidence."""
    found = set()
    for path in (folder / "evidence").glob("*.jsonl"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            record = json.loads(line)
            if record["kind"] == "observation" and record["operation"].startswith("kms:"):
                params = json.dumps(record["params"], sort_keys=True)
                found.add((record["operation"], record["region"], params))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    with simulated(a_world(*KEYS), page_size=2) as aws:
        result = scan(tmp_path_factory.mktemp("undisturbed"), estate_text(aws.url, regions=REGIONS))
    assert result.code == 10
    return result.query(VERDICTS)


def killed(aws: AwsSimulator, folder: Path, now: Callable[[], bool]) -> Path:
    """Scan in a process of its own and kill it when ``now`` is true. Returns the scan directory."""
    estate = folder / "estate.yaml"
    estate.write_text(estate_text(aws.url, regions=REGIONS), encoding="utf-8")
    out = folder / "out"
    command = [
        sys.executable,
        "-m",
        "scanner",
        "scan",
        str(estate),
        "-o",
        str(out),
        "--as-of",
        AS_OF,
        "--quiet",
        *of_keys(),
    ]
    process = subprocess.Popen([*command, "--no-report"], env=dict(os.environ))
    while process.poll() is None and not now():
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    settle(aws)
    return out


def settle(aws: AwsSimulator) -> None:
    """Wait for what the killed process had already sent: it can still arrive."""
    before = -1
    while before != len(aws.requests):
        before = len(aws.requests)
        time.sleep(0.2)


@pytest.mark.parametrize("count", [1, 8, 35])
def test_killed_while_asking(tmp_path: Path, count: int, undisturbed: list[tuple[object, ...]]) -> None:
    with simulated(a_world(*KEYS), page_size=2) as aws:
        aws.layer.latency = 0.01
        out = killed(aws, tmp_path, lambda: len(aws.requests) >= count)
        has = answered(out)
        aws.requests.clear()
        aws.layer.latency = 0.0
        assert run(["scan", "--resume", str(out), "--quiet"], traces=True) == 10
        again = asked(aws)
    assert not has & set(again)
    assert max(again.values()) == 1
    assert Scan(10, out).query(VERDICTS) == undisturbed


def has_file(folder: Path, name: str) -> Callable[[], bool]:
    return (folder / "out" / name).exists


@pytest.mark.parametrize("name", ["scan.json", ".facts.partial", ".verdicts.parquet.partial"])
def test_killed_while_judging(tmp_path: Path, name: str, undisturbed: list[tuple[object, ...]]) -> None:
    with simulated(a_world(*KEYS), page_size=2) as aws:
        out = killed(aws, tmp_path, has_file(tmp_path, name))
        assert run(["scan", "--resume", str(out), "--quiet"], traces=True) == 10
    assert Scan(10, out).query(VERDICTS) == undisturbed
    leftover = [p.name for p in out.iterdir() if p.name.startswith((".judge", ".spool", "."))]
    assert leftover == [".lock"]


def test_a_resumed_scan_asks_its_gaps_again(tmp_path: Path) -> None:
    with simulated(a_world(KEYS[0])) as aws:
        fault = Fault("deny", "kms:GetKeyPolicy")
        aws.faults.add(fault)
        first = scan(tmp_path, estate_text(aws.url))
        assert first.control("KM-ACC-01") == "unknown"
        aws.faults.clear()
        aws.requests.clear()
        code = run(["scan", "--resume", str(first.folder), "--quiet"], traces=True)
        assert [r.operation for r in aws.requests if r.operation.startswith("kms:")] == ["kms:GetKeyPolicy"]
    assert code == 0
    assert first.control("KM-ACC-01") == "pass"
    assert first.gaps == []
