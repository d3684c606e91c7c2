"""Which failure means what: a refusal is not a breakdown, and what may pass is asked again."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as boto
import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from scanner.collect.aws.errors import DENIED, THROTTLED, UNSUPPORTED, understand
from scanner.model.observation import GapReason


def answered(code: Any, status: Any = 400, **error: Any) -> boto.ClientError:  # noqa: ANN401 - hostile shapes
    meta = {"HTTPStatusCode": status, "RequestId": "r"}
    return boto.ClientError({"Error": {"Code": code, **error}, "ResponseMetadata": meta}, "Op")  # type: ignore[typeddict-item]


CODES = [
    *((code, 400, GapReason.DENIED, False) for code in sorted(DENIED)),
    *((code, 400, GapReason.THROTTLED, True) for code in sorted(THROTTLED)),
    *((code, 400, GapReason.UNSUPPORTED, False) for code in sorted(UNSUPPORTED)),
    ("NotFoundException", 400, GapReason.FAILED, False),
    ("KMSInvalidStateException", 400, GapReason.FAILED, False),
    ("AWSOrganizationsNotInUseException", 400, GapReason.FAILED, False),
    ("KMSInternalException", 500, GapReason.FAILED, True),
    ("DependencyTimeoutException", 503, GapReason.FAILED, True),
    ("ThrottlingException", 503, GapReason.THROTTLED, True),
    ("AnythingElse", 429, GapReason.THROTTLED, True),
    ("AnythingElse", 401, GapReason.DENIED, False),
    ("AnythingElse", 403, GapReason.DENIED, False),
    ("AnythingElse", 404, GapReason.UNSUPPORTED, False),
    ("AnythingElse", 405, GapReason.UNSUPPORTED, False),
    ("NotImplemented", 501, GapReason.UNSUPPORTED, False),
    ("301", 301, GapReason.FAILED, False),
    ("", 0, GapReason.FAILED, False),
]


@pytest.mark.parametrize(("code", "status", "reason", "retry"), CODES)
def test_answers_with_an_error(code: str, status: int, reason: GapReason, retry: bool) -> None:
    error = understand(answered(code, status, Message="why"))
    assert (error.reason, error.code, error.retry) == (reason, code, retry)
    assert (error.status, error.detail, error.request_id) == (status, "why", "r")


def test_an_error_without_anything_in_it() -> None:
    error = understand(boto.ClientError({}, "Op"))
    assert (error.reason, error.code, error.detail, error.status) == (GapReason.FAILED, "", "", 0)


def test_an_error_of_wrong_types_is_read_as_text() -> None:
    error = understand(answered(None, 400, Message=["x"]))
    assert (error.code, error.detail) == ("None", "['x']")


def test_what_botocore_takes_for_throttling_is_throttling() -> None:
    assert set(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"]) == THROTTLED


URL = "https://kms.example"
RAISED: list[tuple[boto.BotoCoreError, GapReason, bool]] = [
    (boto.NoCredentialsError(), GapReason.DENIED, False),
    (boto.PartialCredentialsError(provider="env", cred_var="x"), GapReason.DENIED, False),
    (boto.CredentialRetrievalError(provider="process", error_msg="exit 1"), GapReason.DENIED, False),
    (boto.TokenRetrievalError(provider="sso", error_msg="x"), GapReason.DENIED, False),
    (boto.SSOTokenLoadError(error_msg="x"), GapReason.DENIED, False),
    (boto.UnauthorizedSSOTokenError(), GapReason.DENIED, False),
    (boto.ProfileNotFound(profile="p"), GapReason.DENIED, False),
    (boto.ConnectTimeoutError(endpoint_url=URL), GapReason.UNREACHABLE, True),
    (boto.ReadTimeoutError(endpoint_url=URL), GapReason.UNREACHABLE, True),
    (boto.ConnectionClosedError(endpoint_url=URL), GapReason.UNREACHABLE, True),
    (boto.ResponseStreamingError(error="x"), GapReason.UNREACHABLE, True),
    (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), GapReason.UNREACHABLE, True),
    (boto.EndpointConnectionError(endpoint_url=URL), GapReason.UNREACHABLE, True),
    (boto.SSLError(endpoint_url=URL, error=OSError("x")), GapReason.UNREACHABLE, False),
    (boto.ProxyConnectionError(proxy_url="http://p"), GapReason.UNREACHABLE, True),
    (boto.HTTPClientError(error="x"), GapReason.UNREACHABLE, False),
    (boto.NoRegionError(), GapReason.FAILED, False),
    (boto.UnknownServiceError(service_name="x", known_service_names="y"), GapReason.FAILED, False),
]


@pytest.mark.parametrize(("raised", "reason", "retry"), RAISED, ids=[type(e).__name__ for e, _, _ in RAISED])
def test_what_botocore_raises(raised: boto.BotoCoreError, reason: GapReason, retry: bool) -> None:
    error = understand(raised)
    assert (error.reason, error.retry, error.code) == (reason, retry, type(raised).__name__)
    assert error.detail == str(raised)


def test_a_code_has_one_meaning() -> None:
    assert not DENIED & THROTTLED
    assert not (DENIED | THROTTLED) & UNSUPPORTED
