"""Cryptographic calls of the simulated AWS KMS: what moto does wrong with them, and their events in the audit log.

moto lets a disabled key and one that is pending deletion work, answers changes of a key's state by an error of its own
where the key is named by its ARN, does not compare `SourceKeyId`, and takes every caller for one with rights. What the
layer before it answers has one request id for all.
"""

from __future__ import annotations

import base64
import json
import struct
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scanner.demo.aws.encode import Encoded
from scanner.demo.aws.request import Recorded

Json = dict[str, Any]

STRANGER = "AKIASTRANGER00000000"
"""Access key of a principal without rights on any key."""
USES: Mapping[str, tuple[str, ...]] = {
    "kms:Encrypt": ("KeyId",),
    "kms:Decrypt": ("KeyId",),
    "kms:GenerateDataKey": ("KeyId",),
    "kms:GenerateDataKeyWithoutPlaintext": ("KeyId",),
    "kms:ReEncrypt": ("SourceKeyId", "DestinationKeyId"),
}
"""Operations that use a key, to the parameters that name one."""
CHANGES = frozenset(
    {
        "kms:CancelKeyDeletion",
        "kms:DisableKey",
        "kms:EnableKey",
        "kms:RotateKeyOnDemand",
        "kms:ScheduleKeyDeletion",
    }
)
LOGGED = frozenset({*USES, *CHANGES, "kms:DescribeKey"})
"""Operations whose calls are in the audit log one by one, under a request id of their own."""
_STATES = {
    "CancelKeyDeletion": "Disabled",
    "DisableKey": "Disabled",
    "EnableKey": "Enabled",
    "ScheduleKeyDeletion": "PendingDeletion",
}
NOT_LOGGED = frozenset({"ThrottlingException", "ValidationException"})


@dataclass(slots=True)
class Calls:
    """The calls that were made of AWS KMS, as the audit log tells them."""

    made: list[tuple[str, str, Json]] = field(default_factory=list)
    """Account, region, event."""
    drops: frozenset[str] = frozenset()
    """Operations whose events are lost, as in a broken log."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, request: Recorded, now: datetime, answer: Encoded) -> Encoded:
        """Give an answer a request id of its own, and keep its event."""
        status, headers, body = answer
        request_id = str(uuid.uuid4())
        kept = [(name, value) for name, value in headers if name.lower() != "x-amzn-requestid"]
        code = "" if status.startswith("200") else _code(body)
        if code not in NOT_LOGGED and request.operation not in self.drops:
            with self._lock:
                self.made.append((request.account, request.region, _event(request, now, request_id, code)))
        return status, [*kept, ("x-amzn-RequestId", request_id)], body

    def matching(self, request: Recorded) -> list[Json]:
        """Return the events that a `LookupEvents` asks for, the newest first."""
        wanted = {one["AttributeKey"]: one["AttributeValue"] for one in request.params.get("LookupAttributes", [])}
        with self._lock:
            here = [event for account, region, event in self.made if (account, region) == _place(request)]
        return [one for one in reversed(here) if all(one.get(name) == value for name, value in wanted.items())]


def answer(request: Recorded) -> Json | None:
    """Return the answer to a call that moto gets wrong, or None for what moto answers."""
    if request.operation == "sts:GetCallerIdentity" and request.access_key == STRANGER:
        return {"Account": request.account, "Arn": _user(request), "UserId": request.access_key}
    if request.operation not in LOGGED:
        return None
    if request.access_key == STRANGER:
        text = f"User: {_user(request)} is not authorized to perform: {request.operation}"
        return _error("AccessDeniedException", text)
    if request.operation in CHANGES:
        return _change(request)
    return _unusable(request) or _other_source(request)


def _unusable(request: Recorded) -> Json | None:
    """Return the refusal of a call that uses a key in a state that bears no use."""
    for name in USES.get(request.operation, ()):
        key = _key(request, str(request.params.get(name, "")))
        if key is not None and key.key_state == "Disabled":
            return _error("DisabledException", f"{key.arn} is disabled.")
        if key is not None and key.key_state == "PendingDeletion":
            return _error("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return None


def rotations(request: Recorded) -> int:
    """Return how often the key of a request was rotated since the world was made."""
    key = _key(request, str(request.params.get("KeyId", "")))
    return 0 if key is None else len(key.rotations)


def _change(request: Recorded) -> Json:
    """Change the state of a key, where its present state allows that."""
    key = _key(request, str(request.params.get("KeyId", "")))
    if key is None:
        return _error("NotFoundException", f"Key {request.params.get('KeyId')!r} does not exist")
    name = request.operation.partition(":")[2]
    if (key.key_state == "PendingDeletion") is not (name == "CancelKeyDeletion"):
        return _error("KMSInvalidStateException", f"{key.arn} is {key.key_state}.")
    if name == "RotateKeyOnDemand":
        if key.key_state == "Disabled":
            return _error("DisabledException", f"{key.arn} is disabled.")
        key.rotations.append({"KeyId": key.id, "RotationType": "ON_DEMAND"})
        return {"KeyId": key.arn}
    key.key_state = _STATES[name]
    key.enabled = key.key_state == "Enabled"
    return {"KeyId": key.arn} if name in {"CancelKeyDeletion", "ScheduleKeyDeletion"} else {}


def _other_source(request: Recorded) -> Json | None:
    """Return the refusal of a `ReEncrypt` whose `SourceKeyId` is not the key that wrapped."""
    from moto.kms.utils import _deserialize_ciphertext_blob

    if request.operation != "kms:ReEncrypt":
        return None
    source = _key(request, str(request.params.get("SourceKeyId", "")))
    try:
        wrapped = _deserialize_ciphertext_blob(base64.b64decode(str(request.params.get("CiphertextBlob", ""))))
    except (ValueError, struct.error):
        return None  # moto says so itself
    if source is None or source.id == wrapped.key_id:
        return None
    return _error("IncorrectKeyException", "The key ID in the request does not identify the key that wrapped this.")


def _key(request: Recorded, name: str) -> Any:  # noqa: ANN401 - moto's Key has no public type
    from moto.kms.models import kms_backends

    backend = kms_backends[request.account][request.region]
    alias = name.rpartition(":")[2]
    identity = backend.get_key_id_from_alias(alias) if alias.startswith("alias/") else backend.get_key_id(name)
    return backend.keys.get(backend.get_key_id(identity or ""))


def _place(request: Recorded) -> tuple[str, str]:
    return request.account, request.region


def _user(request: Recorded) -> str:
    who = "stranger" if request.access_key == STRANGER else "keyaudit"
    return f"arn:aws:iam::{request.account}:user/{who}"


def _code(body: bytes) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return "Unknown"
    return str(told.get("__type", "Unknown")) if isinstance(told, dict) else "Unknown"


def _event(request: Recorded, now: datetime, request_id: str, code: str) -> Json:
    """Return a call in the shape of `LookupEvents`. Its time is the world's."""
    name = request.operation.partition(":")[2]
    record: Json = {
        "eventVersion": "1.11",
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": request.region,
        "requestID": request_id,
        "eventID": request_id,
        "userIdentity": {"type": "IAMUser", "arn": _user(request), "accessKeyId": request.access_key},
        "managementEvent": True,
    }
    if code:
        record["errorCode"] = code
    return {
        "EventId": request_id,
        "EventName": name,
        "AccessKeyId": request.access_key,
        "EventTime": int(now.timestamp()),
        "EventSource": "kms.amazonaws.com",
        "Username": _user(request).rpartition("/")[2],
        "CloudTrailEvent": json.dumps(record),
    }


def _error(code: str, message: str) -> Json:
    return {"__type": code, "message": message}
