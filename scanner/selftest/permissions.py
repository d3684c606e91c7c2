"""The least-privilege IAM policy of self-tests: use and change of the keys that the estate names, and of no other."""

from __future__ import annotations

import json
from collections.abc import Iterable

from scanner.model.operation import Operation

KEYS = "arn:aws:kms:REGION:ACCOUNT:key/KEY-THAT-THE-ESTATE-NAMES-UNDER-SELFTEST"
"""To be replaced by the reader: this program does not know the keys before it asks for them."""
CANARIES = "arn:aws:kms:REGION:ACCOUNT:key/CANARY"
OBJECTS = ["arn:aws:s3:::BUCKET-OF-MADE-UP-OBJECTS", "arn:aws:s3:::BUCKET-OF-MADE-UP-OBJECTS/PREFIX*"]
CHANGES = frozenset(
    {"kms:RotateKeyOnDemand", "kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"}
)
"""Only canaries suffer these; the transport holds to it."""


def iam_policy(operations: Iterable[Operation]) -> str:
    """Return an IAM policy document (JSON) that allows the self-tests and nothing else.

    Never with ``*`` for a key: who may disable or use any key is what the audit looks for.
    """
    actions = {action for operation in operations for action in operation.permissions}
    keys = {action for action in actions if action.startswith("kms:")}
    objects = {action for action in actions if action.startswith("s3:")}
    parts = (
        ("KeyauditSelftestUse", keys - CHANGES, KEYS),
        ("KeyauditSelftestChange", keys & CHANGES, CANARIES),
        ("KeyauditSelftestObjects", objects, OBJECTS),
        ("KeyauditSelftestAudit", actions - keys - objects, "*"),
    )
    statements = [
        {"Sid": name, "Effect": "Allow", "Action": sorted(allowed), "Resource": resource}
        for name, allowed, resource in parts
        if allowed
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"
