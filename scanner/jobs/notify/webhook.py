"""The generic webhook: canonical JSON, and an HMAC by which the receiver knows who wrote it. docs/notifications.md."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from scanner.jobs.notify.message import Notification


def headers(body: bytes, secret: str, id_: str, now: datetime) -> dict[str, str]:
    """Return the headers of a body: when it was sent, its id (the same in every try), and its signature.

    Signed are the time, a dot, and the body: HMAC-SHA256 (RFC 2104) under the shared secret. Without a secret there is
    no signature.
    """
    stamp = str(int(now.timestamp()))
    found = {
        "Content-Type": "application/json",
        "User-Agent": "keyaudit",
        "Keyaudit-Timestamp": stamp,
        "Keyaudit-Id": id_,
    }
    if secret:
        mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
        found["Keyaudit-Signature"] = f"v1={mac.hexdigest()}"
    return found


def body(told: Notification) -> bytes:
    """Return what is sent."""
    return told.body()
