"""The least-privilege IAM policy, from the same declarations that the transport enforces."""

from __future__ import annotations

import json
from collections.abc import Iterable

from scanner.model.operation import Operation


def iam_policy(operations: Iterable[Operation]) -> str:
    """Return an IAM policy document (JSON) that allows the operations and nothing else.

    Read operations list or describe across an account, so the resource is ``*``. Objects are read where trails write,
    and in the buckets that are sampled, which the reader names. Role assumption is held to roles, whose names the
    reader narrows.
    """
    chosen = list(operations)
    narrow = {"sts:AssumeRole", "s3:GetObject"}
    reads = sorted({p for op in chosen for p in op.permissions if p not in narrow})
    statements: list[dict[str, object]] = []
    if reads:
        statements.append({"Sid": "KeyauditRead", "Effect": "Allow", "Action": reads, "Resource": "*"})
    if any(op.name == "s3:GetObject" for op in chosen):
        # Only for sources with `verify_digests: true`.
        statements.append(
            {
                "Sid": "KeyauditVerifyDigests",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": "arn:*:s3:::*/AWSLogs/*",
            }
        )
    if any(op.name == "s3-objects:GetObject" for op in chosen):
        # Only for sources with `sample:`.
        statements.append(
            {
                "Sid": "KeyauditSampleHeaders",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": "arn:*:s3:::SAMPLED-BUCKET/*",
            }
        )
    if any("sts:AssumeRole" in op.permissions for op in chosen):
        statements.append(
            {
                "Sid": "KeyauditAssumeAuditRole",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": "arn:*:iam::*:role/keyaudit-audit",
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"
