"""A whole scan behind a recording proxy: only declared, read-only operations leave, and only those that are needed."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError

import pytest

from scanner.collect.aws import s3_objects, services
from scanner.demo.aws.audio import seed
from scanner.demo.aws.wire import understand
from scanner.demo.azure.world import AzureWorld
from scanner.demo.ehr.world import Ehr
from scanner.demo.embedded import AWS_URL
from scanner.demo.gcp.world import GoogleCloud
from scanner.demo.leaks import Leaks
from scanner.demo.vendors.world import Vendors
from scanner.demo.world import CANARY, demo_estate, load_world
from tests.support import a_key, a_world, estate_text, scan, simulated

READ = re.compile(r"[a-z0-9-]+:(Get|List|Describe|Lookup)[A-Za-z0-9]+|sts:AssumeRole|iam:GenerateCredentialReport")
SIGNED_FOR = re.compile(r"Credential=[^/]+/[0-9]+/[^/]+/([^/]+)/")
NEVER_NEEDED = {"ec2:DescribeRegions", "s3:GetBucketAcl"}
"""In the reference estate: it names its regions, and no bucket of it has lists of access that count."""


class Recorder:
    """A reverse proxy that writes down what passes: operation, and every header."""

    def __init__(self, target: str) -> None:
        self.operations: list[str] = []
        self.methods: set[str] = set()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                recorder.operations.append(operation(self.command, self.path, dict(self.headers.items()), body))
                recorder.methods.add(self.command)
                request = urllib.request.Request(
                    target + self.path, data=body or None, headers=dict(self.headers), method=self.command
                )
                try:
                    with urllib.request.urlopen(request) as answer:
                        status, headers, content = answer.status, answer.headers, answer.read()
                except HTTPError as error:
                    with error:
                        status, headers, content = error.code, error.headers, error.read()
                self.send_response(status)
                self.send_header("Content-Type", headers["Content-Type"])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_POST  # noqa: N815 - as above

            def log_message(self, *_: object) -> None:
                """Keep the terminal clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def operation(method: str, address: str, headers: dict[str, str], body: bytes) -> str:
    """Return ``service:Operation`` of a request, read from the wire alone."""
    lower = {name.lower(): value for name, value in headers.items()}
    signed_for = SIGNED_FOR.search(lower["authorization"])
    assert signed_for
    path, _, query = address.partition("?")
    found = understand(signed_for[1], method, path, query, lower, body)
    return f"{found.service}:{found.name}"


@contextmanager
def recorded(target: str) -> Iterator[Recorder]:
    recorder = Recorder(target)
    thread = threading.Thread(target=recorder.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.server.shutdown()
        thread.join()
        recorder.server.server_close()


def test_only_declared_operations_leave_and_all_of_them_only_read(tmp_path: Path) -> None:
    # Under names of their own, the samples of objects are calls of S3 as well.
    declared = {s3_objects.CALLS.get(op.name, op.name) for op in services.operations()}
    whole = load_world()
    of_aws = whole.model_copy(
        update={
            "azure": AzureWorld(),
            "gcp": GoogleCloud(),
            "vendors": Vendors(),
            "ehr": Ehr(),
            "registers": False,
            "leaks": Leaks(),
            "postgres": [],
            "tokens": [],
            "keys": [k for k in whole.keys if k.alias != CANARY],
        }
    )
    with simulated(of_aws) as aws, recorded(aws.url) as recorder:
        seed(of_aws.audio[0], aws.wrap)
        scan(tmp_path, demo_estate(of_aws, {AWS_URL: recorder.url}), whole=True)
    sent = set(recorder.operations)
    assert sent <= declared
    assert [name for name in sent if not READ.fullmatch(name)] == []
    assert sent == declared - NEVER_NEEDED  # the whole catalogue asks all there is
    assert recorder.methods == {"GET", "POST"}
    assert counted(recorder.operations) == counted([r.operation for r in aws.requests])


def counted(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names))}


NEEDS = [
    (["--control", "KM-ROT-04"], {"kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus"}),
    (["--control", "KM-EMG-05"], {"kms:DescribeCustomKeyStores"}),
    (["--control", "KM-GEN-06"], {"kms:ListKeys", "kms:DescribeKey"}),
    (["--control", "KM-ACC-13"], {"kms:ListKeys", "kms:DescribeKey", "kms:ListGrants"}),
    (["--control", "KM-ACC-01"], {"kms:ListKeys", "kms:DescribeKey", "kms:GetKeyPolicy"}),
    (
        ["--phase", "rotation"],
        {
            *("kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:ListKeyRotations"),
            *("kms:GetKeyLastUsage", "cloudtrail:LookupEvents", "secretsmanager:ListSecrets"),
        },
    ),
]


@pytest.mark.parametrize(("selection", "needed"), NEEDS, ids=[" ".join(s) for s, _ in NEEDS])
def test_a_narrow_scan_sends_only_what_it_needs(tmp_path: Path, selection: list[str], needed: set[str]) -> None:
    with simulated(a_world(a_key("one"), a_key("two"))) as aws, recorded(aws.url) as recorder:
        scan(tmp_path, estate_text(recorder.url), *selection)
    assert {name for name in recorder.operations if not name.startswith("sts:")} == needed
    assert recorder.operations.count("sts:GetCallerIdentity") == 1


def test_each_question_is_asked_once(tmp_path: Path) -> None:
    with simulated(a_world(*(a_key(f"k{i}") for i in range(5))), page_size=2) as aws:
        scan(tmp_path, estate_text(aws.url))
        questions = [(r.operation, str(sorted(r.params.items()))) for r in aws.requests]
    assert len(questions) == len(set(questions))
