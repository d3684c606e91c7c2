"""A fast AWS KMS stand-in with a fixed latency, in a process of its own, so that clients are what is measured."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

ACCOUNT = "111122223333"
REGION = "us-east-1"
NOW = 1_767_225_600  # 2026-01-01
DAY = 86_400
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
            },
        ],
    }
)
IDENTITY = (
    f'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>"
    f"</GetCallerIdentityResult></GetCallerIdentityResponse>"
).encode()


def arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08x}-0000-4000-8000-000000000000"


def answers(count: int) -> dict[str, Callable[[dict[str, str]], dict[str, object]]]:
    """Return what answers each operation for an account of ``count`` keys."""

    def keys(params: dict[str, str]) -> dict[str, object]:
        first = int(params.get("Marker", 0))
        last = min(first + 1000, count)
        page: dict[str, object] = {
            "Keys": [{"KeyId": arn(i).rpartition("/")[2], "KeyArn": arn(i)} for i in range(first, last)]
        }
        return page | ({"Truncated": True, "NextMarker": str(last)} if last < count else {"Truncated": False})

    def aliases(params: dict[str, str]) -> dict[str, object]:
        first = int(params.get("Marker", 0))
        last = min(first + 100, count)
        entries = [
            {"AliasName": f"alias/key-{i}", "AliasArn": f"{arn(i)}-alias", "TargetKeyId": arn(i).rpartition("/")[2]}
            for i in range(first, last)
        ]
        return {"Aliases": entries} | (
            {"Truncated": True, "NextMarker": str(last)} if last < count else {"Truncated": False}
        )

    def describe(params: dict[str, str]) -> dict[str, object]:
        return {
            "KeyMetadata": {
                "AWSAccountId": ACCOUNT,
                "KeyId": params["KeyId"].rpartition("/")[2],
                "Arn": params["KeyId"],
                "CreationDate": NOW - 200 * DAY,
                "Enabled": True,
                "Description": "bench",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "KeyState": "Enabled",
                "Origin": "AWS_KMS",
                "KeyManager": "CUSTOMER",
                "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
                "KeySpec": "SYMMETRIC_DEFAULT",
                "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
                "MultiRegion": False,
                "CurrentKeyMaterialId": "ab" * 32,
            }
        }

    def rotation(params: dict[str, str]) -> dict[str, object]:
        dates = {"NextRotationDate": NOW + 165 * DAY}
        return {"KeyId": params["KeyId"], "KeyRotationEnabled": True, "RotationPeriodInDays": 365, **dates}

    def rotations(params: dict[str, str]) -> dict[str, object]:
        first = {"KeyId": params["KeyId"], "KeyMaterialId": "ab" * 32, "KeyMaterialState": "CURRENT"}
        return {"Rotations": [first], "Truncated": False}

    def usage(params: dict[str, str]) -> dict[str, object]:
        use = {"Operation": "Decrypt", "Timestamp": NOW - DAY, "CloudTrailEventId": "e" * 36, "KmsRequestId": "r" * 36}
        return {"KeyId": params["KeyId"], "KeyLastUsage": use, "TrackingStartDate": NOW - 200 * DAY}

    return {
        "ListKeys": keys,
        "ListAliases": aliases,
        "DescribeKey": describe,
        "GetKeyRotationStatus": rotation,
        "ListKeyRotations": rotations,
        "GetKeyLastUsage": usage,
        "GetKeyPolicy": lambda _: {"Policy": POLICY, "PolicyName": "default"},
        "ListGrants": lambda _: {"Grants": [], "Truncated": False},
        "ListResourceTags": lambda _: {"Tags": [{"TagKey": "owner", "TagValue": "bench"}], "Truncated": False},
        "DescribeCustomKeyStores": lambda _: {"CustomKeyStores": [], "Truncated": False},
    }


async def _serve(count: int, latency: float, ready: Connection) -> None:
    table = answers(count)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
                lower = {name.lower(): value for name, value in fields.items()}
                body = await reader.readexactly(int(lower.get(b"content-length", b"0")))
                await asyncio.sleep(latency)
                target = lower.get(b"x-amz-target", b"").decode().rpartition(".")[2]
                if target:
                    kind, content = b"application/x-amz-json-1.1", json.dumps(table[target](json.loads(body))).encode()
                else:
                    kind, content = b"text/xml", IDENTITY
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: "
                    + kind
                    + b"\r\nx-amzn-RequestId: 00000000-0000-4000-8000-0000\r\n"
                    b"Content-Length: " + str(len(content)).encode() + b"\r\n\r\n" + content
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=512)
    ready.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


def _main(count: int, latency: float, ready: Connection) -> None:
    asyncio.run(_serve(count, latency, ready))


@contextmanager
def kms_server(count: int, latency: float) -> Iterator[str]:
    """Run the server with ``count`` keys and ``latency`` seconds per answer; yield its URL."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(count, latency, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
