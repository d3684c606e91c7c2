"""Which failure of a call to Google Cloud means what: denied, throttled, unreachable or another gap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

THROTTLED = frozenset({"RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "RESOURCE_QUOTA_EXCEEDED"})
DENIED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})
UNSUPPORTED = frozenset({"SERVICE_DISABLED", "UNIMPLEMENTED"})
"""The API is off in the project that asks: what there is cannot be seen, and may be there all the same."""
_BY_STATUS = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED", 429: "RESOURCE_EXHAUSTED"}
"""What an answer means that is not of Google's shape: a proxy's, or another server's."""


def refused(status: int, body: Json) -> CallError:
    """Return what an HTTP status of 300 or more and its body mean: ``google.rpc.Status`` in an ``error`` object."""
    error = body.get("error") if isinstance(body, dict) else None
    told = error if isinstance(error, dict) else {}
    word = told.get("status")
    code = word if isinstance(word, str) else _BY_STATUS.get(status, "")
    reason = next(_reasons(told.get("details")), "")
    if reason in THROTTLED | UNSUPPORTED:
        code = reason
    kind, retry = _meaning(code, status)
    detail = told.get("message")
    text = detail if isinstance(detail, str) else f"HTTP status {status}"
    return CallError(kind, code=code or f"HTTP {status}", detail=text, status=status, retry=retry)


def _reasons(details: Json) -> Iterator[str]:
    """Yield the reasons of ``google.rpc.ErrorInfo``."""
    for one in details if isinstance(details, list) else []:
        if isinstance(one, dict) and isinstance(one.get("reason"), str):
            yield str(one["reason"])


def _meaning(code: str, status: int) -> tuple[GapReason, bool]:
    if code in THROTTLED:
        return GapReason.THROTTLED, True
    if code in DENIED:
        return GapReason.DENIED, False
    if code in UNSUPPORTED or status in {404, 405, 501}:
        return GapReason.UNSUPPORTED, False
    return GapReason.FAILED, status >= 500


def no_login(error: GoogleAuthError) -> CallError:
    """Return what a failure to log in means."""
    from google.auth import exceptions as auth

    retry = bool(error.retryable)
    if isinstance(error, auth.TransportError):
        return CallError(GapReason.UNREACHABLE, code=type(error).__name__, detail=str(error), retry=True)
    return CallError(GapReason.DENIED, code=type(error).__name__, detail=str(error), retry=retry)


def no_line(error: RequestException) -> CallError:
    """Return what a failure of the connection means: what may pass is tried again, a bad certificate is not."""
    from requests import exceptions as http

    passing = (http.ConnectionError, http.Timeout, http.ChunkedEncodingError, http.ContentDecodingError)
    if isinstance(error, passing):
        retry = not isinstance(error, http.SSLError)
        return CallError(GapReason.UNREACHABLE, code=type(error).__name__, detail=str(error), retry=retry)
    return CallError(GapReason.FAILED, code=type(error).__name__, detail=str(error))
