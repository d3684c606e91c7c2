"""A region with very many log groups: read in pages, in bounded memory."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.kms_server import ACCOUNT, IDENTITY, REGION
from bench.scan import CREDENTIALS
from bench.server import XML, Answer, Reply, running

MOST_MB = 400
PAGE = 50
"""Log groups of a page: the most that the service gives."""


def answer(groups: int) -> Answer:
    """Return what answers for a region of ``groups`` log groups."""

    def group(number: int) -> dict[str, object]:
        name = f"/aws/lambda/tenant-{number:06d}-voice-handler"
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
        retention = {} if number % 7 == 0 else {"retentionInDays": 90 if number % 5 == 0 else 2557}
        key = {} if number % 3 == 0 else {"kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number % 100:08x}"}
        common = {"creationTime": 1_700_000_000_000 + number, "storedBytes": 10, "metricFilterCount": 0}
        return {"logGroupName": name, "arn": f"{arn}:*", "logGroupArn": arn, **common, **retention, **key}

    def reply(headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        target = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2]
        if target != "DescribeLogGroups":
            # Nothing else has anything here: each other listing is empty.
            empty: dict[str, object] = {"Keys": [], "Aliases": [], "CustomKeyStores": []}
            return Reply(json.dumps(empty).encode()) if target else Reply(IDENTITY, XML)
        first = int(json.loads(body).get("nextToken", 0))
        last = min(first + PAGE, groups)
        page: dict[str, object] = {"logGroups": [group(number) for number in range(first, last)]}
        return Reply(json.dumps(page | ({"nextToken": str(last)} if last < groups else {})).encode())

    return reply


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. Returns 1 when a log group is lost or the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=285_000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    given = parser.parse_args(arguments)
    with (
        running(answer, given.groups, latency=given.latency_ms / 1000) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        estate, out = Path(folder) / "estate.yaml", Path(folder) / "out"
        estate.write_text(
            "keyaudit: 1\norganization: Bench\n"
            f"sources: {{aws: [{{name: bench, regions: [{REGION}], endpoint_url: '{url}'}}]}}\n"
        )
        controls = [part for one in of_log_groups() for part in ("--control", one)]
        command = [sys.executable, "-m", "scanner", "scan", str(estate), *controls, "-o", str(out), "--quiet"]
        start = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **CREDENTIALS})
        _, _, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - start
        import duckdb

        query = f"SELECT count(*) FROM '{out}/facts/data_stores.parquet' WHERE kind = 'log_group'"
        ((rows,),) = duckdb.connect().execute(query).fetchall()
        calls = sum(path.read_bytes().count(b'"logs:DescribeLogGroups"') for path in (out / "evidence").iterdir())
    memory = usage.ru_maxrss / 1024
    print(f"\n{given.groups} log groups in one region, {len(controls) // 2} controls, reports included")
    print(f"{'log groups read':<36}{rows:8d}   in {calls} calls")
    print(f"{'wall time':<36}{elapsed:8.1f} s")
    print(f"{'peak memory':<36}{memory:8.0f} MB  (at most {MOST_MB})")
    return int(rows != given.groups or memory > MOST_MB)


def of_log_groups() -> list[str]:
    """Return the controls that the log groups and the keys decide."""
    from scanner import pipeline, sources
    from scanner.resources import controls_dir

    known = {operation.name for operation in sources.operations() if operation.always}
    chosen = {
        str(control.id): pipeline.operations_of(control) for control in pipeline.load_catalogue(controls_dir()).controls
    }
    return [
        one
        for one, operations in chosen.items()
        if "logs:DescribeLogGroups" in operations
        and all(name.partition(":")[0] in {"logs", "kms", "estate"} or name in known for name in operations)
    ]


if __name__ == "__main__":
    sys.exit(main())
