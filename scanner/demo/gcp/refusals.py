"""How Google Cloud refuses, and wrong answers on purpose: ``google.rpc.Status`` in an ``error`` object."""

from __future__ import annotations

import json
import time
from typing import Any

from scanner.demo.aws.faults import Fault

Json = dict[str, Any]
_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
}


class RefusalError(Exception):
    """The simulator says no, by a canonical code of Google's."""

    def __init__(self, code: str, message: str, reason: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.reason = reason

    @property
    def status(self) -> int:
        """HTTP status."""
        return _STATUS[self.code]

    def body(self) -> Json:
        """Return the error as it is written."""
        error: Json = {"code": self.status, "message": self.message, "status": self.code}
        if self.reason:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": self.reason, "domain": "googleapis.com"}]
        return {"error": error}


def no_such(name: str) -> RefusalError:
    """Return that there is no such thing."""
    return RefusalError("NOT_FOUND", f"{name} not found.")


FAULTS = {
    "deny": ("PERMISSION_DENIED", "Permission denied on resource (or it may not exist).", "IAM_PERMISSION_DENIED"),
    "throttle": ("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'.", "RATE_LIMIT_EXCEEDED"),
    "error": ("INTERNAL", "Internal error encountered.", ""),
    "unsupported": (
        "PERMISSION_DENIED",
        "The API has not been used in project before or it is disabled.",
        "SERVICE_DISABLED",
    ),
    "expired": ("UNAUTHENTICATED", "Request had invalid authentication credentials.", "ACCESS_TOKEN_EXPIRED"),
    "stale_page": ("INVALID_ARGUMENT", "The page token is invalid.", ""),
}
"""Kind of fault to code, message and reason."""


def broken(fault: Fault, answer: Json) -> bytes | None:
    """Return the wrong answer of a fault to what would be ``answer``; None where the right one goes out.

    Raises RefusalError, and ConnectionAbortedError to hang up.
    """
    if fault.kind in FAULTS:
        raise RefusalError(*FAULTS[fault.kind])
    if fault.kind == "disconnect":
        raise ConnectionAbortedError("the simulator hung up, as it was told to")
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    if fault.kind == "malformed":
        return b'{"keyRings": [ this is not JSON'
    if fault.kind == "wrong_types":
        return json.dumps(dict.fromkeys(answer or {"name": ""}, "surprise")).encode()
    return None
