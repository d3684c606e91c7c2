"""Normalize and evaluate can be run again on a scan directory, and give the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.cli.main import run
from tests.support import Scan, a_key, a_world, estate_text, scan, simulated


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    keys = [a_key(f"k{i}", rotation=None if i % 3 else a_key("x").rotation, age_days=90 * i) for i in range(1, 13)]
    with simulated(a_world(*keys, a_key("denied", denied=["kms:GetKeyPolicy"])), page_size=5) as aws:
        return scan(tmp_path_factory.mktemp("finished"), estate_text(aws.url))


def digests(folder: Path) -> dict[str, str]:
    files = [folder / "verdicts.parquet", folder / "results.json", *sorted((folder / "facts").glob("*.parquet"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_judging_again_gives_the_same_bytes(finished: Scan, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.folder, copy)
    for name in ("verdicts.parquet", "results.json"):
        (copy / name).unlink()
    shutil.rmtree(copy / "facts")
    assert run(["report", str(copy), "--quiet"], traces=True) == 10
    assert digests(copy) == digests(finished.folder)


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_no_hash_seed_clock_or_locale_reaches_a_result(finished: Scan, tmp_path: Path, seed: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.folder, copy)
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.UTF-8"}
    command = [sys.executable, "-m", "scanner", "report", str(copy), "--quiet"]
    assert subprocess.run(command, env=environment, check=False).returncode == 10
    assert digests(copy) == digests(finished.folder)


def test_the_order_of_arrival_does_not_matter(finished: Scan, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.folder, copy)
    for path in (copy / "evidence").glob("*.kms.jsonl"):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(reversed(lines)))
    assert run(["report", str(copy), "--quiet"], traces=True) == 10
    assert digests(copy) == digests(finished.folder)


def test_damaged_evidence_is_named_and_not_judged(
    finished: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.folder, copy)
    (path,) = (copy / "evidence").glob("*.kms.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{broken\n", *lines[2:]]))
    assert run(["report", str(copy), "--quiet"], traces=False) == 1
    assert f"{path}:3: not a record" in capsys.readouterr().err
