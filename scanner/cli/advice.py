"""What to do about what could not be read, in words for the person who runs the scan."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.observation import Gap, GapReason

LOG_IN = "there are no credentials: log in (AWS_PROFILE, `aws sso login`), or name a `profile` in the estate file"
NEW_LOGIN = "the credentials are not valid or have expired: log in again"
BY_CODE = {
    "NoCredentialsError": LOG_IN,
    "PartialCredentialsError": LOG_IN,
    "ProfileNotFound": "check `profile` in the estate file against ~/.aws/config",
    "SSOTokenLoadError": NEW_LOGIN,
    "UnauthorizedSSOTokenError": NEW_LOGIN,
    "TokenRetrievalError": NEW_LOGIN,
    "ExpiredToken": NEW_LOGIN,
    "ExpiredTokenException": NEW_LOGIN,
    "InvalidClientTokenId": NEW_LOGIN,
    "InvalidSignatureException": NEW_LOGIN,
    "SignatureDoesNotMatch": NEW_LOGIN,
    "UnrecognizedClientException": NEW_LOGIN + ", or the region is not enabled in the account",
    "OptInRequired": "the region is not enabled in the account: leave it out of `regions`",
    "PlainHttpRefused": "use an https:// endpoint, or `insecure: true`, which the report shows",
    "SSLError": "check the certificate; `ca_bundle` names private certificate authorities",
    "NotInOrganization": "check `accounts` in the estate file",
}
"""Error code to what helps."""
BY_REASON = {
    GapReason.DENIED: "grant the read permissions that `keyaudit permissions aws` prints",
    GapReason.THROTTLED: "lower `concurrency` in the estate file, and resume the scan",
    GapReason.UNREACHABLE: "check `regions`, `endpoint_url`, `ca_bundle` and the proxy",
    GapReason.UNSUPPORTED: "the endpoint does not offer what was asked; the controls that need it stay unknown",
    GapReason.MALFORMED: "check that `endpoint_url` is the provider, and no proxy answers in its place",
    GapReason.FAILED: "resume the scan later; the report has the provider's words",
    GapReason.LIMIT: "raise `time_limit` in the estate file, and resume the scan",
}
"""Reason to what helps when the code says no more."""


def advice(gaps: Iterable[Gap]) -> list[str]:
    """Return what would close some gaps, each once, in the order of the gaps."""
    return list(dict.fromkeys(BY_CODE.get(gap.error_code) or BY_REASON[gap.reason] for gap in gaps))
