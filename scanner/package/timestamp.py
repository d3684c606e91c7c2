"""An RFC 3161 timestamp: an authority that the operator does not control says when a package existed.

The authority sees a SHA-256 and nothing else. What is kept is its whole response, as `openssl ts -verify` reads it.
That the authority may be trusted is for whoever verifies to say; here is checked that it answered what was asked.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlsplit

from scanner.errors import KeyauditError, MissingExtraError, UsageError

SECONDS = 30
"""How long an authority may keep silent."""
MOST_BYTES = 256 * 1024
"""Of a response. With a chain of certificates it has some 6 KB."""
GRANTED = 0
Post = Callable[[str, bytes], bytes]
"""Sends a request to a URL and returns the response's body."""


class TimestampError(KeyauditError):
    """A timestamp authority gave no timestamp. Exit code 1."""

    hint = "try again, name another authority with --timestamp, or leave it out"


def check_url(url: str) -> str:
    """Return the URL of an authority. Raises UsageError for what is none, and MissingExtraError without the extra."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(f"{url!r} is not the URL of a timestamp authority", hint="write http://… or https://…")
    try:
        import rfc3161_client  # noqa: F401 - whether it is there
    except ImportError:
        raise MissingExtraError("rfc3161-client is not installed", hint='pip install "keyaudit[sign]"') from None
    return url


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An authority answers where it was asked, or not at all."""

    def redirect_request(self, *_: object) -> None:
        return None


def post(url: str, body: bytes) -> bytes:
    """Send a request by HTTP (RFC 3161, 3.4). Raises TimestampError for any answer that is not a timestamp response."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - check_url() saw the scheme
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            data: bytes = answer.read(MOST_BYTES + 1)
            kind = answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        error.close()
        raise TimestampError(f"{url} answered {error.code} {error.reason}") from None
    except (OSError, HTTPException) as error:
        raise TimestampError(f"{url} did not answer: {getattr(error, 'reason', None) or error}") from None
    if kind != "application/timestamp-reply":
        raise TimestampError(f"{url} answered {kind}, not application/timestamp-reply")
    if len(data) > MOST_BYTES:
        raise TimestampError(f"{url} answered more than {MOST_BYTES} bytes")
    return data


def timestamp(message: bytes, url: str, send: Post = post) -> bytes:
    """Return an authority's RFC 3161 response over the SHA-256 of ``message``, in DER. Raises TimestampError.

    Checked are status, imprint and nonce (2.4.2): that it is a timestamp, of this message, given now.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

    asked = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    raw = send(url, asked.as_bytes())
    try:
        answer = decode_timestamp_response(raw)
        if answer.status != GRANTED:
            said = "; ".join(answer.status_string) or "without a reason"
            raise TimestampError(f"{url} refused with status {answer.status}: {said}")
        info = answer.tst_info
        same = info.message_imprint.message == hashlib.sha256(message).digest() and info.nonce == asked.nonce
    except ValueError as error:
        raise TimestampError(f"{url} did not answer with a timestamp: {error}") from None
    if not same:
        raise TimestampError(f"{url} answered with the timestamp of another request")
    return raw
