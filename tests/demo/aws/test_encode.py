"""Answers and errors as bytes that real botocore reads, in every protocol that the data stores speak."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from scanner.demo.aws.encode import encode
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment

HOSTILE = "<b>&\"'\u2028 é"


@contextmanager
def sending(operation: str, answer: dict[str, Any]) -> Iterator[str]:
    """Run a server that answers everything with one encoded answer."""
    status, headers, body = encode(operation, answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(status[:3]))
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - a method of HTTP

        def log_message(self, *_: object) -> None:
            """Keep the terminal clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with environment(ENVIRON):
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reads(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return what botocore makes of an answer."""
    service, _, name = operation.partition(":")
    with sending(operation, answer) as url:
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        client = botocore.session.Session().create_client(service, endpoint_url=url, config=config)
        try:
            read: dict[str, Any] = getattr(client, xform_name(name))()
        finally:
            client.close()
    assert read.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return read


ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("s3:ListBuckets", {"Buckets": [{"Name": "one", "BucketRegion": "us-east-1"}], "ContinuationToken": "2"}),
    ("s3:ListBuckets", {"Buckets": []}),
    ("rds:DescribeDBInstances", {"DBInstances": [{"DBInstanceIdentifier": HOSTILE, "StorageEncrypted": False}]}),
    ("rds:DescribeDBInstances", {"DBInstances": []}),
    ("rds:DescribeDBClusters", {"DBClusters": [{"TagList": [{"Key": "a", "Value": HOSTILE}]}], "Marker": "1"}),
    ("ec2:GetEbsDefaultKmsKeyId", {"KmsKeyId": "alias/aws/ebs"}),
    ("ec2:GetEbsEncryptionByDefault", {"EbsEncryptionByDefault": False}),
    ("logs:DescribeLogGroups", {"logGroups": [{"logGroupName": HOSTILE, "creationTime": 1}]}),
    ("backup:ListBackupVaults", {"BackupVaultList": [{"BackupVaultName": HOSTILE, "Locked": True}]}),
    ("secretsmanager:ListSecrets", {"SecretList": [{"Name": HOSTILE}], "NextToken": "x"}),
    ("kms:ListKeys", {"Keys": [], "Truncated": False}),
]


@pytest.mark.parametrize(("operation", "answer"), ANSWERS)
def test_an_answer_is_read_as_it_was_meant(operation: str, answer: dict[str, Any]) -> None:
    assert reads(operation, answer) == answer


def test_instants_are_unix_seconds_in_every_protocol() -> None:
    bucket = reads("s3:ListBuckets", {"Buckets": [{"Name": "one", "CreationDate": 1700000000}]})["Buckets"][0]
    database = reads("rds:DescribeDBInstances", {"DBInstances": [{"InstanceCreateTime": 1700000000}]})
    secret = reads("secretsmanager:ListSecrets", {"SecretList": [{"CreatedDate": 1700000000}]})["SecretList"][0]
    found = [bucket["CreationDate"], database["DBInstances"][0]["InstanceCreateTime"], secret["CreatedDate"]]
    assert [instant.timestamp() for instant in found] == [1700000000] * 3


@pytest.mark.parametrize("operation", sorted({operation for operation, _ in ANSWERS}))
def test_an_error_has_its_code_and_message(operation: str) -> None:
    with pytest.raises(ClientError) as caught:
        reads(operation, {"__type": "AccessDenied", "message": f"no {HOSTILE}"})
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("AccessDenied", f"no {HOSTILE}")


def test_the_same_answer_gives_the_same_bytes() -> None:
    assert encode(*ANSWERS[0]) == encode(*ANSWERS[0])
