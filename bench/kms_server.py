"""An AWS KMS stand-in: one account, one region, many keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bench.server import XML, Answer, Reply, running

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


def answer(count: int) -> Answer:
    """Return what answers for an account of ``count`` keys."""
    table = answers(count)

    def reply(headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        target = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2]
        return Reply(json.dumps(table[target](json.loads(body))).encode()) if target else Reply(IDENTITY, XML)

    return reply


@contextmanager
def kms_server(count: int, latency: float) -> Iterator[str]:
    """Run the server with ``count`` keys and ``latency`` seconds per answer; yield its URL."""
    with running(answer, count, latency=latency) as url:
        yield url
