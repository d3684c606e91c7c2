"""A scan against a plain boto3 script with 32 threads that makes the same calls and keeps nothing."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.kms_server import REGION, kms_server
from scanner.model.control import Control

MOST_TIMES = 1.3
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_EC2_METADATA_DISABLED": "true"}
BARE = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
import boto3
from botocore.config import Config

start = time.perf_counter()
kms = boto3.client("kms", region_name=sys.argv[2], endpoint_url=sys.argv[1], config=Config(max_pool_connections=32))
arns = [k["KeyArn"] for page in kms.get_paginator("list_keys").paginate() for k in page["Keys"]]
aliases = list(kms.get_paginator("list_aliases").paginate())
stores = kms.describe_custom_key_stores()

def one(arn):
    kms.describe_key(KeyId=arn)
    kms.get_key_rotation_status(KeyId=arn)
    kms.list_key_rotations(KeyId=arn, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    kms.get_key_last_usage(KeyId=arn)
    kms.get_key_policy(KeyId=arn, PolicyName="default")
    kms.list_grants(KeyId=arn)
    kms.list_resource_tags(KeyId=arn)

with ThreadPoolExecutor(32) as pool:
    list(pool.map(one, arns))
print(len(arns), time.perf_counter() - start)
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the table. Returns 1 when the requirement is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=2000)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    bare: list[float] = []
    ours: list[float] = []
    with kms_server(given.keys, given.latency_ms / 1000) as url:
        for _ in range(given.rounds):
            bare.append(_bare(url))
            ours.append(_ours(url, given.keys))
    print(
        f"\nscan of {given.keys} keys, {given.latency_ms:g} ms latency; best of {given.rounds} rounds, whole processes"
    )
    print(f"{'bare boto3, 32 threads':<36}{min(bare):8.2f} s")
    print(
        f"{'keyaudit scan --no-report':<36}{min(ours):8.2f} s   "
        f"{min(ours) / min(bare):.2f} x (at most {MOST_TIMES:.2f})"
    )
    print(f"peak memory of the children {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")
    return int(min(ours) / min(bare) > MOST_TIMES)


def of_kms() -> list[str]:
    """Return the options that choose the controls which AWS KMS alone decides: those for which the script asks too."""
    from scanner import pipeline, sources
    from scanner.resources import controls_dir

    def asks_kms_alone(control: Control) -> bool:
        return all(name.startswith("kms:") or name in always for name in pipeline.operations_of(control))

    always = {operation.name for operation in sources.operations() if operation.always}
    chosen = [
        str(control.id) for control in pipeline.load_catalogue(controls_dir()).controls if asks_kms_alone(control)
    ]
    return [part for one in chosen for part in ("--control", one)]


def _bare(url: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", BARE, url, REGION],
        check=True,
        env={**os.environ, **CREDENTIALS},
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def _ours(url: str, keys: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        estate = Path(folder) / "estate.yaml"
        estate.write_text(
            "keyaudit: 1\norganization: Bench\n"
            f"sources: {{aws: [{{name: bench, regions: [{REGION}], endpoint_url: '{url}'}}]}}\n"
        )
        out = Path(folder) / "out"
        command = [
            sys.executable,
            "-m",
            "scanner",
            "scan",
            str(estate),
            *of_kms(),
            "-o",
            str(out),
            "--no-report",
            "--quiet",
        ]
        start = time.perf_counter()
        code = subprocess.run(command, check=False, env={**os.environ, **CREDENTIALS}).returncode
        elapsed = time.perf_counter() - start
        assert code in {3, 10}, code
        import duckdb

        rows = duckdb.connect().execute(f"SELECT count(*) FROM '{out}/facts/keys.parquet'").fetchall()
        assert rows == [(keys,)], rows
    return elapsed


if __name__ == "__main__":
    sys.exit(main())
