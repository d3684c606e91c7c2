"""Which failure of an Azure call means what: denied, throttled, unreachable or another gap."""

from __future__ import annotations

import json
from collections.abc import Mapping

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from requests.exceptions import InvalidProxyURL, InvalidURL, SSLError

from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

THROTTLED = frozenset({429, 503})
"""Azure Resource Manager and Key Vault throttle with both (learn.microsoft.com: request-limits-and-throttling)."""
UNSUPPORTED = frozenset({"InvalidApiVersionParameter", "InvalidResourceType", "NoRegisteredProviderFound"})
"""Codes by which Azure Resource Manager says that it does not offer what was asked, or not in this version."""
_LASTING = (SSLError, InvalidProxyURL, InvalidURL)
"""What asking again does not mend: a certificate that does not verify, a proxy that is none."""


def answered(status: int, body: str, headers: Mapping[str, str]) -> CallError:
    """Return the error that an answer with an HTTP status outside 200 to 299 is."""
    code, detail = told(body)
    reason, retry = _reason(code, status)
    return CallError(
        reason,
        code=code or f"HTTP {status}",
        detail=detail,
        request_id=request_id(headers),
        status=status,
        retry=retry,
    )


def _reason(code: str, status: int) -> tuple[GapReason, bool]:
    if status in THROTTLED:
        return GapReason.THROTTLED, True
    if status in {401, 403}:
        return GapReason.DENIED, False
    if code in UNSUPPORTED or status in {404, 405, 501}:
        return GapReason.UNSUPPORTED, False
    if 300 <= status < 400:
        # A redirection is never followed: who knows where the token would go.
        return GapReason.MALFORMED, False
    return GapReason.FAILED, status >= 500


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id that Azure gave to a request, or empty text."""
    return str(headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id") or "")


def told(body: str) -> tuple[str, str]:
    """Return code and message of an error's body; of Key Vault's, the inner code, which says why."""
    try:
        parsed: Json = json.loads(body)
    except ValueError:
        return "", ""
    problem = parsed.get("error") if isinstance(parsed, dict) else None
    if not isinstance(problem, dict):
        return "", ""
    inner = problem.get("innererror")
    why = inner.get("code") if isinstance(inner, dict) else None
    code = why if isinstance(why, str) and why else problem.get("code")
    message = problem.get("message")
    return code if isinstance(code, str) else "", message if isinstance(message, str) else ""


def understand(error: AzureError) -> CallError:
    """Turn an exception of azure-core or azure-identity into a CallError."""
    code, detail = type(error).__name__, str(error)
    if isinstance(error, ClientAuthenticationError):
        return CallError(GapReason.DENIED, code=code, detail=_plain(detail))
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        cause = error.inner_exception
        retry = not isinstance(cause, _LASTING)
        return CallError(GapReason.UNREACHABLE, code=type(cause or error).__name__, detail=detail, retry=retry)
    if isinstance(error, IncompleteReadError):
        return CallError(GapReason.UNREACHABLE, code=code, detail=detail, retry=True)
    return CallError(GapReason.FAILED, code=code, detail=detail)


def _plain(detail: str) -> str:
    """Return what a chain of credentials says in one line; its advice is a link that everybody gets."""
    return " ".join(detail.partition("\nTo mitigate")[0].split())
