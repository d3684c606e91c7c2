"""A whole Organization at once: 200 accounts, 4 regions, 20 keys each, with latency and throttled calls."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

from bench import kms_server
from bench.scan import CREDENTIALS, of_kms
from bench.server import JSON, XML, Answer, Reply, running

REGIONS = ("us-east-1", "us-east-2", "us-west-2", "eu-west-1")
MANAGEMENT = 100_000_000_000
MOST_MB = 600
_CREDENTIAL = re.compile(rb"Credential=([A-Za-z0-9]+)/[0-9]+/([a-z0-9-]+)/")
SLOWER = Reply(b'{"__type": "ThrottlingException", "message": "Rate exceeded"}', JSON, 400)
SLOWER_XML = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
_NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


def account(number: int) -> str:
    return str(MANAGEMENT + number)


def answer(accounts: int, keys: int, every: int) -> Answer:
    """Return what answers for an Organization. Each ``every``-th call is throttled."""
    table = kms_server.answers(keys)
    calls = 0

    def reply(headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        nonlocal calls
        calls += 1
        if calls % every == 0:
            return SLOWER if b"x-amz-target" in headers else Reply(SLOWER_XML, XML, 400)
        found = _CREDENTIAL.search(headers.get(b"authorization", b""))
        key, region = (part.decode() for part in found.groups()) if found else ("", "")
        mine = key.removeprefix("ASIA") if key.startswith("ASIA") else account(0)
        target = headers.get(b"x-amz-target", b"").decode()
        if target.startswith("AWSOrganizations"):
            listed = [{"Id": account(n), "State": "ACTIVE", "Status": "ACTIVE"} for n in range(accounts)]
            return Reply(json.dumps({"Accounts": listed}).encode())
        if target:
            text = body.decode().replace(mine, kms_server.ACCOUNT).replace(region, kms_server.REGION)
            said = json.dumps(table[target.rpartition(".")[2]](json.loads(text)))
            return Reply(said.replace(kms_server.ACCOUNT, mine).replace(kms_server.REGION, region).encode())
        return _sts(parse_qs(body.decode()), mine)

    return reply


def _sts(form: Mapping[str, list[str]], mine: str) -> Reply:
    if form["Action"] == ["AssumeRole"]:
        other = form["RoleArn"][0].split(":")[4]
        inner = (
            f"<Credentials><AccessKeyId>ASIA{other}</AccessKeyId><SecretAccessKey>bench</SecretAccessKey>"
            f"<SessionToken>bench</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        )
    else:
        inner = f"<Arn>arn:aws:iam::{mine}:role/keyaudit-audit</Arn><UserId>AIDA</UserId><Account>{mine}</Account>"
    action = form["Action"][0]
    text = f"<{action}Response {_NAMESPACE}><{action}Result>{inner}</{action}Result></{action}Response>"
    return Reply(text.encode(), XML)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. Returns 1 when something is lost or the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--keys", type=int, default=20)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    given = parser.parse_args(arguments)
    with (
        running(answer, given.accounts, given.keys, 50, latency=given.latency_ms / 1000) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        estate, out = Path(folder) / "estate.yaml", Path(folder) / "out"
        estate.write_text(
            "keyaudit: 1\norganization: Bench\nsources:\n  aws:\n    - name: bench\n      organization: true\n"
            f"      regions: [{', '.join(REGIONS)}]\n      endpoint_url: '{url}'\n"
        )
        options = [*of_kms(), "-o", str(out), "--no-report", "--quiet"]
        command = [sys.executable, "-m", "scanner", "scan", str(estate), *options]
        start = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **CREDENTIALS})
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - start
        code = os.waitstatus_to_exitcode(status)
        import duckdb

        (rows,) = (
            duckdb.connect()
            .execute(f"SELECT count(*), count(DISTINCT source) FROM '{out}/facts/keys.parquet'")
            .fetchall()
        )
        lines = sum(path.read_bytes().count(b"\n") for path in (out / "evidence").iterdir())
        gaps = sum(path.read_bytes().count(b'"kind":"gap"') for path in (out / "evidence").iterdir())
    scopes = given.accounts * len(REGIONS)
    memory = usage.ru_maxrss / 1024
    print(f"\n{given.accounts} accounts x {len(REGIONS)} regions x {given.keys} keys, 2 % of calls throttled")
    print(f"{'keys read, of scopes':<36}{rows}  (expected {(scopes * given.keys, scopes)}), {gaps} gaps, exit {code}")
    print(f"{'wall time':<36}{elapsed:8.1f} s   {lines / elapsed:.0f} answers a second")
    print(f"{'peak memory':<36}{memory:8.0f} MB  (at most {MOST_MB})")
    return int(rows != (scopes * given.keys, scopes) or gaps > 0 or memory > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
