"""Which failure of Google Cloud means what."""

from __future__ import annotations

from typing import Any

import pytest
from google.auth import exceptions
from requests import exceptions as http

from scanner.collect.gcp.errors import no_line, no_login, refused
from scanner.model.ids import Json
from scanner.model.observation import GapReason

auth: Any = exceptions  # its constructors have no types


def status(code: int, word: str, reason: str = "") -> Json:
    """Return an error in the shape of google.rpc.Status."""
    details: list[Json] = [{"@type": "type.googleapis.com/google.rpc.Help"}]
    if reason:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a"})
    return {"error": {"code": code, "message": "why", "status": word, "details": details}}


@pytest.mark.parametrize(
    ("code", "body", "reason", "told", "retry"),
    [
        (403, status(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"), "denied", "PERMISSION_DENIED", False),
        (401, status(401, "UNAUTHENTICATED"), "denied", "UNAUTHENTICATED", False),
        (403, status(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), "unsupported", "SERVICE_DISABLED", False),
        (429, status(429, "RESOURCE_EXHAUSTED"), "throttled", "RESOURCE_EXHAUSTED", True),
        (403, status(403, "PERMISSION_DENIED", "RATE_LIMIT_EXCEEDED"), "throttled", "RATE_LIMIT_EXCEEDED", True),
        (404, status(404, "NOT_FOUND"), "unsupported", "NOT_FOUND", False),
        (501, status(501, "UNIMPLEMENTED"), "unsupported", "UNIMPLEMENTED", False),
        (400, status(400, "INVALID_ARGUMENT"), "failed", "INVALID_ARGUMENT", False),
        (500, status(500, "INTERNAL"), "failed", "INTERNAL", True),
        (503, None, "failed", "HTTP 503", True),
        (403, "<html>", "denied", "PERMISSION_DENIED", False),
        (429, None, "throttled", "RESOURCE_EXHAUSTED", True),
        (302, {"error": "moved"}, "failed", "HTTP 302", False),
        (400, {"error": {"status": 7, "message": 7, "details": "x"}}, "failed", "HTTP 400", False),
    ],
)
def test_an_answer_that_is_an_error(code: int, body: Json, reason: str, told: str, retry: bool) -> None:
    error = refused(code, body)
    assert (error.reason.value, error.code, error.retry, error.status) == (reason, told, retry, code)
    assert error.detail in {"why", f"HTTP status {code}"}


@pytest.mark.parametrize(
    ("error", "reason", "retry"),
    [
        (auth.DefaultCredentialsError("none"), GapReason.DENIED, False),
        (auth.RefreshError("invalid_grant"), GapReason.DENIED, False),
        (auth.RefreshError("busy", retryable=True), GapReason.DENIED, True),
        (auth.TransportError("no route"), GapReason.UNREACHABLE, True),
    ],
)
def test_a_login_that_fails(error: exceptions.GoogleAuthError, reason: GapReason, retry: bool) -> None:
    told = no_login(error)
    assert (told.reason, told.retry, told.code) == (reason, retry, type(error).__name__)


@pytest.mark.parametrize(
    ("error", "reason", "retry"),
    [
        (http.ConnectTimeout(), GapReason.UNREACHABLE, True),
        (http.ReadTimeout(), GapReason.UNREACHABLE, True),
        (http.ProxyError(), GapReason.UNREACHABLE, True),
        (http.SSLError("bad certificate"), GapReason.UNREACHABLE, False),
        (http.ChunkedEncodingError(), GapReason.UNREACHABLE, True),
        (http.InvalidURL(), GapReason.FAILED, False),
    ],
)
def test_a_line_that_breaks(error: http.RequestException, reason: GapReason, retry: bool) -> None:
    told = no_line(error)
    assert (told.reason, told.retry, told.code) == (reason, retry, type(error).__name__)
