"""What was asked of a live system and what came back: the raw evidence.

An :class:`Observation` is an answer, a :class:`Gap` is a question without one. Both are written to
the evidence log as one line of canonical JSON (RFC 8785); the line's SHA-256 is its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scanner.model.ids import Digest, Json, SourceId


class GapReason(StrEnum):
    """Why something could not be read. None of these can ever become a PASS."""

    DENIED = "denied"
    """The system refused: no permission, or no valid credentials."""
    THROTTLED = "throttled"
    """Still rate-limited after every retry."""
    UNREACHABLE = "unreachable"
    """No connection, TLS failure, or time-out."""
    NOT_ALLOWED = "not_allowed"
    """The estate file does not allow it: reading values, using a key for self-tests. The detail says what to add."""
    UNSUPPORTED = "unsupported"
    """The endpoint does not offer the operation."""
    MALFORMED = "malformed"
    """The answer could not be understood."""
    FAILED = "failed"
    """The system answered with an error of its own (HTTP 5xx, or one we do not know)."""
    LIMIT = "limit"
    """A bound of this scan was reached (time, pages, size) before the answer was complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question: who asked what, where and when. Shared by answers and gaps."""

    source: SourceId
    """Scope id, ``aws:111122223333:us-east-1``."""
    source_name: str
    """The source's name in the estate file."""
    account: str
    region: str
    collector: str
    """``aws.kms``: the collector that asked."""
    operation: str
    """The provider's own name of the call, ``kms:DescribeKey``."""
    params: Mapping[str, Json]
    """Parameters as sent, after redaction."""
    subject: str | None
    """The resource that the call is about, or None when it is about the whole scope."""
    endpoint: str
    principal: str
    """Who asked, as the provider names it (STS ARN); empty when that is not known."""
    started: str
    """UTC, RFC 3339."""
    ended: str
    """UTC, RFC 3339."""
    attempts: int
    """How often it was sent, retries included. 0: never left this machine."""
    request_id: str
    """The provider's request id of the last attempt, or empty."""
    page: int
    """Counts from 0 through a paged listing."""
    run: int
    """Counts from 1; a resumed scan adds one. It asks every earlier gap again, so only the last run's gaps count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Asked):
    """One answer, after redaction."""

    id: Digest
    status: int
    """HTTP status."""
    error_code: str
    """The provider's error code when the answer is an error that is knowledge (``NotFoundException``), else empty."""
    last: bool
    """True when no further page follows: the listing is complete."""
    response: Json
    redacted: tuple[str, ...]
    """JSON pointers (RFC 6901) into ``response`` and ``params`` whose values were removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Asked):
    """A question without an answer."""

    id: Digest
    reason: GapReason
    error_code: str
    detail: str
    """The provider's message, redacted and bounded."""


Record = Observation | Gap
