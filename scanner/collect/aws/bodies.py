"""What is kept of the answers that hold more than facts need: bytes, files, reports, and events as JSON inside JSON.

The transport gives every good answer through :func:`keep` before it becomes JSON. Bytes turn into what can be recorded
(a hash, lines of text, base64 of a public key), and what no fact needs is left out, so that it is never stored. The
contents of log files are hashed on the way and never kept.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from scanner.collect.aws.s3_headers import HEAD, object_head
from scanner.collect.interface import CallError
from scanner.model.observation import GapReason

MAX_FILE = 128 * 1024 * 1024
"""Bytes of one compressed file that are read."""
MAX_INFLATED = 1024 * 1024 * 1024
"""Bytes that it may inflate to: they are hashed piece by piece."""
MAX_DIGEST = 4 * 1024 * 1024
"""Characters of a digest file that are kept."""
PIECE = 64 * 1024
"""Bytes at a time, and characters of a kept text in one string: redaction cuts long ones."""

_PLACE = r"(?:[^\x00-\x1f]{1,200}/)?AWSLogs/(?:o-[a-z0-9]{10,32}/)?[0-9]{12}/"
_DAY = r"[a-z0-9-]{1,40}/20[0-9]{2}/[0-9]{2}/[0-9]{2}/"
DIGEST = re.compile(
    _PLACE + "CloudTrail-Digest/" + _DAY + r"[0-9]{12}_CloudTrail-Digest_[A-Za-z0-9._-]{1,300}"
    r"_(?P<end>20[0-9]{6}T[0-9]{6}Z)(?P<backfill>_backfill)?\.json\.gz"
)
"""Name of a digest file. Late ones that make up for a delay (``_backfill``) are not part of the chain."""
LOG = re.compile(_PLACE + "CloudTrail/" + _DAY + r"[A-Za-z0-9._-]{1,300}\.json\.gz")
"""Name of a log file."""

_EVENT = ("EventId", "EventName", "EventTime", "EventSource", "Username")
_RECORD = (
    *("eventID", "eventTime", "eventName", "eventSource", "eventType", "awsRegion", "readOnly"),
    *("errorCode", "sourceIPAddress", "userAgent", "recipientAccountId"),
)
_PARTS: Mapping[str, tuple[str, ...]] = {
    "userIdentity": ("type", "principalId", "arn", "accountId", "invokedBy"),
    "requestParameters": ("keyId", "pendingWindowInDays", "replicaRegion", "primaryRegion"),
    "responseElements": ("keyId",),
    "serviceEventDetails": ("keyId", "rotationType"),
}
_KEY = ("arn", "keyId")
_RESOURCE = ("ARN", "type", "accountId")
_HOLDER = ("UserName", "GroupName", "RoleName", "Arn", "AttachedManagedPolicies")
_INLINE = ("UserPolicyList", "GroupPolicyList", "RolePolicyList")
_API_KEY = (
    *("UserName", "Status", "CreateDate", "ExpirationDate", "ServiceName"),
    "ServiceSpecificCredentialId",
)
_POLICY = ("PolicyName", "Arn", "DefaultVersionId", "AttachmentCount", "IsAttachable")


def keep(
    operation: str, params: Mapping[str, Any], answer: Mapping[str, Any], headers: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return what is kept of an answer. Raises CallError for one that is no answer yet, or cannot be kept.

    ``headers`` are those of the HTTP answer, by lower-case name.
    """
    keeper = _KEEPERS.get(operation)
    return keeper(params, answer, headers) if keeper else answer


def _only(value: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value} if isinstance(value, Mapping) else {}


def _each(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _events(_: Mapping[str, Any], answer: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = _only(answer, ("NextToken",))
    if "Events" in answer:
        kept["Events"] = [_event(event) for event in _each(answer["Events"])]
    with contextlib.suppress(KeyError, ValueError):
        # The log is read as it stands by the provider's clock, not by ours.
        kept["ServerTime"] = parsedate_to_datetime(headers["date"])
    return kept


def _event(event: object) -> dict[str, Any]:
    kept = _only(event, (*_EVENT, "Resources"))
    text = event.get("CloudTrailEvent") if isinstance(event, Mapping) else None
    try:
        record = json.loads(text or "")
    except (TypeError, ValueError, RecursionError):
        return kept
    kept["CloudTrailEvent"] = _only(record, _RECORD)
    if not isinstance(record, dict):
        return kept
    for name, members in _PARTS.items():
        if isinstance(record.get(name), dict):
            kept["CloudTrailEvent"][name] = _only(record[name], members)
    given = record.get("responseElements")
    for name in ("keyMetadata", "replicaKeyMetadata"):
        if isinstance(given, dict) and name in given:
            kept["CloudTrailEvent"]["responseElements"][name] = _only(given[name], _KEY)
    if "resources" in record:
        kept["CloudTrailEvent"]["resources"] = [_only(one, _RESOURCE) for one in _each(record["resources"])]
    return kept


def _public_keys(_: Mapping[str, Any], answer: Mapping[str, Any], __: Mapping[str, str]) -> dict[str, Any]:
    kept = _only(answer, ("NextToken",))
    if "PublicKeyList" in answer:
        kept["PublicKeyList"] = [_public_key(one) for one in _each(answer["PublicKeyList"])]
    return kept


def _public_key(one: object) -> dict[str, Any]:
    kept = _only(one, ("Value", "Fingerprint", "ValidityStartTime", "ValidityEndTime"))
    if isinstance(kept.get("Value"), bytes):
        kept["Value"] = base64.b64encode(kept["Value"]).decode("ascii")
    return kept


def _public_half(_: Mapping[str, Any], answer: Mapping[str, Any], __: Mapping[str, str]) -> dict[str, Any]:
    kept = _only(answer, ("KeyId", "KeySpec", "KeyUsage"))
    if isinstance(answer.get("PublicKey"), bytes):
        # It is SubjectPublicKeyInfo in DER: the hash tells which key it is.
        kept["PublicKeySha256"] = hashlib.sha256(answer["PublicKey"]).hexdigest()
    return kept


def _report_state(_: Mapping[str, Any], answer: Mapping[str, Any], __: Mapping[str, str]) -> Mapping[str, Any]:
    # The report is made in the background: to ask again is to look whether it is done.
    if answer.get("State") != "COMPLETE":
        detail = f"the credential report is not made yet ({answer.get('State')})"
        raise CallError(GapReason.FAILED, code="ReportNotReady", detail=detail, retry=True)
    return answer


def _report(_: Mapping[str, Any], answer: Mapping[str, Any], __: Mapping[str, str]) -> dict[str, Any]:
    content = answer.get("Content")
    try:
        lines = content.decode("utf-8").splitlines() if isinstance(content, bytes) else None
    except UnicodeDecodeError as error:
        detail = f"the credential report is not text: {error}"
        raise CallError(GapReason.MALFORMED, code="UnicodeDecodeError", detail=detail) from error
    return {**answer, "Content": lines}


def _authorizations(_: Mapping[str, Any], answer: Mapping[str, Any], __: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = _only(answer, ("IsTruncated", "Marker"))
    for name in ("UserDetailList", "GroupDetailList", "RoleDetailList"):
        kept[name] = [_only(one, (*_HOLDER, *_INLINE)) for one in _each(answer.get(name))]
    kept["Policies"] = [_policy(one) for one in _each(answer.get("Policies"))]
    return kept


def _api_keys(_: Mapping[str, Any], answer: Mapping[str, Any], __: Mapping[str, str]) -> dict[str, Any]:
    listed = [_only(one, _API_KEY) for one in _each(answer.get("ServiceSpecificCredentials"))]
    return {**_only(answer, ("IsTruncated", "Marker")), "ServiceSpecificCredentials": listed}


def _policy(policy: object) -> dict[str, Any]:
    kept = _only(policy, _POLICY)
    versions = _each(policy.get("PolicyVersionList")) if isinstance(policy, Mapping) else []
    # Only the default version is in force.
    kept["PolicyVersionList"] = [v for v in versions if isinstance(v, Mapping) and v.get("IsDefaultVersion") is True]
    return kept


def _file(params: Mapping[str, Any], answer: Mapping[str, Any], _: Mapping[str, str]) -> dict[str, Any]:
    name = str(params.get("Key", ""))
    if params.get("Range") == HEAD:  # the beginning of an object, for the header of its envelope
        return object_head(name, answer)
    digest = DIGEST.fullmatch(name) is not None
    if not digest and LOG.fullmatch(name) is None:
        detail = f"{name} is neither a digest nor a log file of an audit trail: it is not read"
        raise CallError(GapReason.UNSUPPORTED, code="NotALogFile", detail=detail)
    metadata = {str(key).lower(): value for key, value in (answer.get("Metadata") or {}).items()}
    read = _Reading(keeps=digest)
    for piece in iter(lambda: answer["Body"].read(PIECE), b""):
        read.take(piece)
    return {**read.result(), "Metadata": _only(metadata, ("signature", "signature-algorithm"))}


class _Reading:
    """Hashes a compressed file as it comes, packed and unpacked, and keeps the text of one that is a digest."""

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._packed, self._plain = hashlib.sha256(), hashlib.sha256()
        self._size = self._inflated = 0
        self._text = bytearray()
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._whole = True

    def take(self, piece: bytes) -> None:
        """Read on. Raises CallError for a file that is too large."""
        self._size += len(piece)
        self._packed.update(piece)
        self._within(self._size, MAX_FILE)
        if not self._whole:
            return
        try:
            for plain in self._inflate(piece):
                self._inflated += len(plain)
                self._plain.update(plain)
                self._within(self._inflated, MAX_INFLATED)
                if self._keeps:
                    self._text += plain
                    self._within(len(self._text), MAX_DIGEST)
        except zlib.error:
            self._whole = False

    def _inflate(self, piece: bytes) -> Iterator[bytes]:
        plain = b""
        while piece or len(plain) == PIECE:  # a full piece may have more behind it, inside the inflater
            if self._inflater.eof and piece:  # the file has another part
                self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
            plain = self._inflater.decompress(piece, PIECE)
            yield plain
            piece = self._inflater.unconsumed_tail or self._inflater.unused_data

    @staticmethod
    def _within(size: int, most: int) -> None:
        if size > most:
            raise CallError(GapReason.LIMIT, code="FileTooLarge", detail=f"the file has over {most} bytes")

    def result(self) -> dict[str, Any]:
        """Return sizes and hashes, and what is wrong with the file, or ``none``."""
        kept: dict[str, Any] = {"Size": self._size, "Sha256": self._packed.hexdigest(), "Problem": "none"}
        if not self._whole or not self._inflater.eof:
            return {**kept, "Problem": "not_gzip"}
        kept |= {"InflatedSize": self._inflated, "InflatedSha256": self._plain.hexdigest()}
        if not self._keeps:
            return kept
        text = self._digest_text()
        if text is None:
            return {**kept, "Problem": "not_a_digest"}
        return {**kept, "Text": [text[at : at + PIECE] for at in range(0, len(text), PIECE)]}

    def _digest_text(self) -> str | None:
        try:
            text = self._text.decode("utf-8")
            document = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return text if isinstance(document, dict) and "digestS3Object" in document else None


_Keeper = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]]
_KEEPERS: Mapping[str, _Keeper] = {
    "cloudtrail:ListPublicKeys": _public_keys,
    "cloudtrail:LookupEvents": _events,
    "iam:GenerateCredentialReport": _report_state,
    "iam:GetAccountAuthorizationDetails": _authorizations,
    "iam:GetCredentialReport": _report,
    "iam:ListServiceSpecificCredentials": _api_keys,
    "kms:GetPublicKey": _public_half,
    "s3:GetObject": _file,
}
