"""Which failure of an AWS call means what: denied, throttled, unreachable or another gap."""

from __future__ import annotations

from botocore import exceptions as boto

from scanner.collect.interface import CallError
from scanner.model.observation import GapReason

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccessDeniedForDependencyException",
        "AuthFailure",
        "CloudHsmAccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "RegionDisabledException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Codes that botocore's own standard retry mode treats as throttling."""

UNSUPPORTED = frozenset(
    {
        "InvalidAction",
        "NotImplemented",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)

_UNREACHABLE = (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError)
_PASSING = (
    boto.ConnectTimeoutError,
    boto.ConnectionClosedError,
    boto.EndpointConnectionError,
    boto.IncompleteReadError,
    boto.ProxyConnectionError,
    boto.ReadTimeoutError,
    boto.ResponseStreamingError,
)
"""A name, a line or a proxy may be there again in a moment; a certificate that does not verify stays so."""
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.UnauthorizedSSOTokenError,
    boto.ProfileNotFound,
)


def understand(error: boto.BotoCoreError | boto.ClientError) -> CallError:
    """Turn a botocore exception into a CallError."""
    if isinstance(error, boto.ClientError):
        return _answered(error)
    detail = str(error)
    if isinstance(error, _NO_CREDENTIALS):
        return CallError(GapReason.DENIED, code=type(error).__name__, detail=detail)
    if isinstance(error, _UNREACHABLE):
        retry = isinstance(error, _PASSING)
        return CallError(GapReason.UNREACHABLE, code=type(error).__name__, detail=detail, retry=retry)
    return CallError(GapReason.FAILED, code=type(error).__name__, detail=detail)


def _answered(error: boto.ClientError) -> CallError:
    problem = error.response.get("Error", {})
    code = str(problem.get("Code", ""))
    meta = error.response.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    reason, retry = _reason(code, status)
    return CallError(
        reason,
        code=code,
        detail=str(problem.get("Message", "")),
        request_id=str(meta.get("RequestId", "")),
        status=status,
        retry=retry,
    )


def _reason(code: str, status: int) -> tuple[GapReason, bool]:
    if code in THROTTLED or status == 429:
        return GapReason.THROTTLED, True
    if code in DENIED or status in {401, 403}:
        return GapReason.DENIED, False
    if code in UNSUPPORTED or status in {404, 405, 501}:
        return GapReason.UNSUPPORTED, False
    return GapReason.FAILED, status >= 500
