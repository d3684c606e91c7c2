"""POST of JSON to an address that may be a secret: by https, without following redirects. The address is never told."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_AGAIN = frozenset({408, 425, 429})
"""Of the answers 4xx, those that may be another one later (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4)."""


class SendError(Exception):
    """A notification was not sent. The text never holds an address or a secret."""

    def __init__(self, why: str, *, permanent: bool = False, wait: float | None = None) -> None:
        super().__init__(why)
        self.permanent = permanent
        """Another try now would end in the same way."""
        self.wait = wait
        """Seconds that the receiver asked to wait."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def check(url: str) -> None:
    """Raise SendError for an address that a notification must not go to; the address is not repeated."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise SendError("its address is not a URL", permanent=True) from None
    if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise SendError("its address is not a URL", permanent=True)
    if not parts.hostname or "@" in parts.netloc:
        raise SendError("its address names no host, or holds a user name", permanent=True)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise SendError("its address does not begin with https://", permanent=True)


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, now: datetime, ca_bundle: str = "", seconds: float
) -> None:
    """Send a body. Raises SendError for every answer but 2xx, and for none.

    ``seconds``: how long the receiver may keep silent.
    """
    check(url)
    opener = urllib.request.build_opener(
        _NoRedirect,
        urllib.request.HTTPSHandler(context=tls_context(ca_bundle) if url[:6].lower() == "https:" else None),
    )
    # The scheme was checked; ftp, file and data are not among what is let through.
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310
    try:
        with opener.open(request, timeout=seconds):
            return
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error.code, error.headers.get("Retry-After"), now) from None
    except OSError as error:
        raise SendError(f"it did not answer: {reason(error)}") from None
    except HTTPException as error:
        # Its text may hold the address.
        raise SendError(f"its answer is not HTTP ({type(error).__name__})") from None


def tls_context(ca_bundle: str) -> ssl.SSLContext:
    """Return what verifies a server's certificate and name. Raises SendError for a bundle that cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca_bundle or None)
    except OSError as error:
        raise SendError(f"cannot read the ca_bundle: {reason(error)}", permanent=True) from None


def reason(error: OSError) -> str:
    """Return why there is no connection, without addresses."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({inner.verify_message})"
    if isinstance(inner, TimeoutError):
        return "it was silent too long"
    return (inner.strerror if isinstance(inner, OSError) else None) or "there is no connection"


def _refused(status: int, after: str | None, now: datetime) -> SendError:
    again = status in _AGAIN or status >= 500
    why = "it was redirected, and redirects are not followed" if 300 <= status < 400 else "it was refused"
    return SendError(f"{why}: HTTP {status}", permanent=not again, wait=_seconds(after, now) if again else None)


def _seconds(after: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After (RFC 9110, 10.2.3): a number, or an instant."""
    if after is None:
        return None
    if after.isascii() and after.isdigit():
        return float(after[:9])
    try:
        moment = parsedate_to_datetime(after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
