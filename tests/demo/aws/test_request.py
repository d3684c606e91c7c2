"""What arrives is understood: whose it is, where it goes, and the bucket wherever its name stands."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from scanner.demo.aws.request import Recorded, received

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=AKIAX/20260615/us-west-2/{}/aws4_request, SignedHeaders=host, Signature=0"


def environ(service: str = "s3", **given: Any) -> dict[str, Any]:  # noqa: ANN401 - any variable of WSGI
    """Return a request as a server gives it."""
    body = given.pop("body", b"")
    path = given.get("RAW_URI", "/")
    return {
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "REQUEST_URI": path,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "HTTP_HOST": "127.0.0.1:5000",
        "HTTP_AUTHORIZATION": AUTHORIZATION.format(service),
        "HTTP_USER_AGENT": "Botocore/1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **given,
    }


def ask(given: dict[str, Any]) -> Recorded:
    """Return what a request asks; every account's access key is its own name."""
    return received(given, lambda access_key: f"account of {access_key}")


def test_who_asks_is_in_the_signature() -> None:
    request = ask(environ("kms", HTTP_X_AMZ_TARGET="TrentService.ListKeys", body=b'{"Limit": 1}'))
    assert request == Recorded("kms:ListKeys", "account of AKIAX", "us-west-2", {"Limit": 1}, "AKIAX", "Botocore/1")
    assert request.service == "kms"


def test_a_request_without_a_signature_is_nobodys() -> None:
    given = environ()
    del given["HTTP_AUTHORIZATION"]
    assert ask(given) == Recorded(":", "account of ", "", {}, "", "Botocore/1")


def test_the_body_can_be_read_again() -> None:
    given = environ("kms", HTTP_X_AMZ_TARGET="TrentService.ListKeys", body=b"{}")
    ask(given)
    assert given["wsgi.input"].read() == b"{}"


HOSTS = [
    ("127.0.0.1:5000", "/audio?policy", "/audio"),
    ("localhost:5000", "/audio?policy", "/audio"),
    ("audio.localhost:5000", "/?policy", "/audio/"),
    ("audio.s3.amazonaws.com", "/?policy", "/audio/"),
    ("audio.s3.us-west-2.amazonaws.com", "/?policy", "/audio/"),
    ("my.audio.s3.us-west-2.amazonaws.com", "/?policy", "/my.audio/"),
    ("s3.us-west-2.amazonaws.com", "/audio?policy", "/audio"),
]


@pytest.mark.parametrize(("host", "address", "path"), HOSTS)
def test_a_bucket_is_found_in_the_host_and_in_the_path(host: str, address: str, path: str) -> None:
    given = environ(HTTP_HOST=host, RAW_URI=address)
    request = ask(given)
    assert (request.operation, request.params["Bucket"]) == ("s3:GetBucketPolicy", path.strip("/"))
    assert given["PATH_INFO"] == path  # where moto looks


def test_only_s3_has_buckets_in_its_host() -> None:
    given = environ("backup", HTTP_HOST="audio.localhost:5000", RAW_URI="/backup-vaults/")
    assert ask(given).operation == "backup:ListBackupVaults"
    assert given["HTTP_HOST"] == "audio.localhost:5000"


def test_an_arn_in_the_path_is_read_as_it_was_sent() -> None:
    raw = "/guardrails/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aguardrail%2Fx"
    request = ask(environ("bedrock", RAW_URI=raw, PATH_INFO="/guardrails/arn:aws:bedrock:us-east-1:1:guardrail/x"))
    assert request.params == {"guardrailIdentifier": "arn:aws:bedrock:us-east-1:1:guardrail/x"}
