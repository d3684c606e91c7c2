"""What to do about what could not be read, in words for the person who runs the scan."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.observation import Gap, GapReason

LOG_IN = "there are no credentials: log in (AWS_PROFILE, `aws sso login`), or name a `profile` in the estate file"
NEW_LOGIN = "the credentials are not valid or have expired: log in again"
NO_REGISTER = (
    "name the registers in the estate file, `agreements:` of contracts and `documents:`; "
    "`keyaudit init baa` and `keyaudit init documents` write them"
)
NO_ALTERNATIVES = (
    "name the register of documented alternatives in the estate file, `alternatives:`; "
    "`keyaudit init alternatives` writes one"
)
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
    "Certificate": "check the endpoint's certificate; `ca_bundle` names private certificate authorities",
    "NoRegister": NO_REGISTER,
    "NoAlternatives": NO_ALTERNATIVES,
    "Revocation": "have the server staple answers (OCSP), or let its authority be asked: `revocation: ask`",
    "NotInOrganization": "check `accounts` in the estate file",
}
"""Error code to what helps."""
BY_REASON = {
    GapReason.DENIED: "grant the read permissions that `keyaudit permissions {provider}` prints",
    GapReason.THROTTLED: "lower `concurrency` in the estate file, and resume the scan",
    GapReason.UNREACHABLE: "check `regions`, `endpoint_url`, `ca_bundle` and the proxy",
    GapReason.NOT_ALLOWED: "if wanted, add to the estate file: `sample:`, `selftest:`, `agreements:`, `documents:`",
    GapReason.UNSUPPORTED: "the endpoint does not offer what was asked; the controls that need it stay unknown",
    GapReason.MALFORMED: "check that `endpoint_url` is the provider, and no proxy answers in its place",
    GapReason.FAILED: "resume the scan later; the report has the provider's words",
    GapReason.LIMIT: "raise `time_limit` in the estate file, and resume the scan",
}
"""Reason to what helps when the code says no more."""


OF_PROVIDER = {
    (
        "pkcs11",
        GapReason.UNREACHABLE,
    ): "check `module` and `token` in the estate file; the report says what is missing",
    ("pkcs11", GapReason.DENIED): "check the PIN that `pin` refers to; it is not tried again, for tries are counted",
    ("postgres", GapReason.UNREACHABLE): "check the connection string that `dsn` refers to, and the network",
}
"""Kind of source and reason to what helps there."""


def advice(gaps: Iterable[Gap]) -> list[str]:
    """Return what would close some gaps, each once, in the order of the gaps."""
    return list(dict.fromkeys(_advice(gap) for gap in gaps))


def _advice(gap: Gap) -> str:
    provider = gap.source.partition(":")[0]
    # A scope is named by the scan, but evidence can be edited: what is no word is not repeated.
    provider = provider if provider.isascii() and provider.isalnum() and len(provider) < 20 else "PROVIDER"
    told = BY_CODE.get(gap.error_code) or OF_PROVIDER.get((provider, gap.reason)) or BY_REASON[gap.reason]
    return told.replace("{provider}", provider)
