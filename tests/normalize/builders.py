"""Records as a collector would have made them, and the identifiers that the tests share."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import botocore.session
from botocore.model import StringShape
from hypothesis import settings

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Gap, GapReason, Observation

PROPERTY = settings(deadline=None, derandomize=True)
"""For property tests: the same examples each time, and no clock."""

ACCOUNT = "111122223333"
OTHER = "999988887777"
REGION = "us-east-1"
SOURCE = SourceId(f"aws:{ACCOUNT}:{REGION}")
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"


def arn_of(number: int) -> str:
    """Return the ARN of the key with a number."""
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08x}-12ab-34cd-56ef-1234567890ab"


def observed(
    operation: str,
    response: Json,
    *,
    subject: str | None = None,
    page: int = 0,
    last: bool = True,
    run: int = 1,
    error: str = "",
    ended: str = "2026-06-15T12:00:01.000Z",
    redacted: tuple[str, ...] = (),
) -> Observation:
    """Return an answer. Its id is a digest of what makes it differ from others."""
    asked = _asked(operation, subject, page, run, ended)
    return Observation(
        **asked,
        id=_digest([operation, subject, page, run, ended, error, response]),
        status=400 if error else 200,
        error_code=error,
        last=last,
        response=response,
        redacted=redacted,
    )


def missed(
    operation: str,
    *,
    subject: str | None = None,
    page: int = 0,
    run: int = 1,
    reason: GapReason = GapReason.DENIED,
    detail: str = "",
) -> Gap:
    """Return a question without an answer."""
    return Gap(
        **_asked(operation, subject, page, run, "2026-06-15T12:00:01.000Z"),
        id=_digest([operation, subject, page, run, reason.value, detail]),
        reason=reason,
        error_code="AccessDeniedException",
        detail=detail,
    )


def described(arn: str = KEY, /, **fields: Json) -> Observation:
    """Return an answer of DescribeKey: a symmetric customer-managed key, but for ``fields`` (None: left out)."""
    metadata: dict[str, Json] = {
        "AWSAccountId": ACCOUNT,
        "Arn": arn,
        "KeyId": arn.rpartition("/")[2],
        "CreationDate": "2025-01-02T03:04:05.000Z",
        "Description": "",
        "Enabled": fields.get("KeyState", "Enabled") == "Enabled",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": fields.get("KeySpec", "SYMMETRIC_DEFAULT"),
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
        **fields,
    }
    return observed(
        "kms:DescribeKey",
        {"KeyMetadata": {name: value for name, value in metadata.items() if value is not None}},
        subject=arn,
    )


def listed(*arns: str, page: int = 0, last: bool = True, run: int = 1) -> Observation:
    """Return a page of ListKeys."""
    keys: list[Json] = [{"KeyArn": arn, "KeyId": arn.rpartition("/")[2]} for arn in arns]
    return observed("kms:ListKeys", {"Keys": keys, "Truncated": not last}, page=page, last=last, run=run)


def enumeration(shape: str) -> set[str]:
    """Return the values that botocore's KMS model documents for a type."""
    found = botocore.session.get_session().get_service_model("kms").shape_for(shape)
    assert isinstance(found, StringShape)
    return set(found.enum)


def rows(facts: list[Fact], kind: type[Fact]) -> list[Any]:
    """Return the rows of one table."""
    return [fact for fact in facts if isinstance(fact, kind)]


def _asked(operation: str, subject: str | None, page: int, run: int, ended: str) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "source_name": "main",
        "account": ACCOUNT,
        "region": REGION,
        "collector": "aws.kms",
        "operation": operation,
        "params": {"KeyId": subject} if subject else {},
        "subject": subject,
        "endpoint": "https://kms.us-east-1.amazonaws.com",
        "principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/audit/keyaudit",
        "started": "2026-06-15T12:00:00.000Z",
        "ended": ended,
        "attempts": 1,
        "request_id": "00000000-0000-4000-8000-000000000000",
        "page": page,
        "run": run,
    }


def _digest(parts: list[Json]) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()}")
