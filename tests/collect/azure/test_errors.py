"""Which failure means what."""

from __future__ import annotations

import json

import pytest
import requests
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from scanner.collect.azure.errors import answered, told, understand
from scanner.model.observation import GapReason


def body(code: object, inner: object = None) -> str:
    problem: dict[str, object] = {"code": code, "message": "said"}
    return json.dumps({"error": problem | ({"innererror": {"code": inner}} if inner is not None else {})})


@pytest.mark.parametrize(
    ("status", "text", "reason", "code", "retry"),
    [
        (401, body("Unauthorized"), GapReason.DENIED, "Unauthorized", False),
        (403, body("AuthorizationFailed"), GapReason.DENIED, "AuthorizationFailed", False),
        (403, body("Forbidden", "ForbiddenByFirewall"), GapReason.DENIED, "ForbiddenByFirewall", False),
        (404, body("KeyNotFound"), GapReason.UNSUPPORTED, "KeyNotFound", False),
        (400, body("NoRegisteredProviderFound"), GapReason.UNSUPPORTED, "NoRegisteredProviderFound", False),
        (400, body("BadParameter"), GapReason.FAILED, "BadParameter", False),
        (409, body("MissingSubscriptionRegistration"), GapReason.FAILED, "MissingSubscriptionRegistration", False),
        (429, body("TooManyRequests"), GapReason.THROTTLED, "TooManyRequests", True),
        (503, "", GapReason.THROTTLED, "HTTP 503", True),
        (500, "<html>", GapReason.FAILED, "HTTP 500", True),
        (302, "", GapReason.MALFORMED, "HTTP 302", False),
    ],
)
def test_an_answer_that_is_an_error(status: int, text: str, reason: GapReason, code: str, retry: bool) -> None:
    error = answered(status, text, {"x-ms-request-id": "r-1"})
    assert (error.reason, error.code, error.retry, error.status) == (reason, code, retry, status)
    assert error.request_id == "r-1"


@pytest.mark.parametrize("text", ["[]", '{"error": []}', '{"error": {"code": 1, "message": 2}}', "{}"])
def test_a_body_of_another_shape_tells_nothing(text: str) -> None:
    assert told(text) == ("", "")


def test_the_correlation_stands_in_for_a_request_id() -> None:
    assert answered(500, "", {"x-ms-correlation-request-id": "c-1"}).request_id == "c-1"


@pytest.mark.parametrize(
    ("error", "reason", "code", "retry"),
    [
        (ClientAuthenticationError("no credential"), GapReason.DENIED, "ClientAuthenticationError", False),
        (ServiceRequestError("x", error=requests.exceptions.SSLError()), GapReason.UNREACHABLE, "SSLError", False),
        (
            ServiceRequestError("x", error=requests.exceptions.ConnectionError()),
            GapReason.UNREACHABLE,
            "ConnectionError",
            True,
        ),
        (
            ServiceResponseError("x", error=requests.exceptions.ReadTimeout()),
            GapReason.UNREACHABLE,
            "ReadTimeout",
            True,
        ),
        (ServiceRequestError("x"), GapReason.UNREACHABLE, "ServiceRequestError", True),
        (IncompleteReadError("x"), GapReason.UNREACHABLE, "IncompleteReadError", True),
        (HttpResponseError("x"), GapReason.FAILED, "HttpResponseError", False),
    ],
)
def test_an_exception_of_the_sdk(error: AzureError, reason: GapReason, code: str, retry: bool) -> None:
    understood = understand(error)
    assert (understood.reason, understood.code, understood.retry) == (reason, code, retry)


def test_what_a_chain_of_credentials_says_is_told_without_its_advice() -> None:
    said = "no token.\nAttempted credentials:\n\tEnvironment: none\nTo mitigate this issue, see https://aka.ms/x"
    assert understand(ClientAuthenticationError(said)).detail == "no token. Attempted credentials: Environment: none"
