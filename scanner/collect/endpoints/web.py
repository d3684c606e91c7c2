"""One GET over TLS, without credentials: redirects are not followed, size and time are bounded."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from scanner.collect.endpoints.lines import no_line
from scanner.collect.endpoints.offers import SECONDS
from scanner.collect.interface import CallError, Reply
from scanner.model.ids import Json
from scanner.model.observation import GapReason

MOST_BYTES = 16 * 1024 * 1024
"""Capability statements of large servers have several megabytes."""
WHOLE_SECONDS = 60.0
_ABSENT = frozenset({404, 410})
_HEADERS = {"Accept": "application/fhir+json, application/json", "User-Agent": "keyaudit"}


def get(url: str, tls: ssl.SSLContext, keep: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> Reply:
    """Return what ``keep`` leaves of the object at a URL. Raises CallError for everything else than one."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    line = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=tls)
    try:
        line.request("GET", parts.path or "/", headers=_HEADERS)
        with line.getresponse() as answer:
            if answer.status != http.client.OK:
                raise _refused(answer, host)
            body = _object(read(answer, MOST_BYTES, WHOLE_SECONDS))
    except OSError as error:
        raise no_line(host, port, error) from error
    except http.client.HTTPException as error:
        raise _nonsense(f"the answer is not HTTP: {type(error).__name__}") from error
    finally:
        line.close()
    return Reply(answer.status, answer.headers.get("x-request-id", ""), dict(keep(body)))


def read(answer: http.client.HTTPResponse, most: int, seconds: float) -> bytes:
    """Return the body of an answer. Raises CallError when it has more than ``most`` bytes, or takes longer."""
    until, parts, size = time.monotonic() + seconds, list[bytes](), 0
    while part := answer.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > most or time.monotonic() > until:
            raise CallError(GapReason.LIMIT, code="Size", detail="the answer is too large or comes too slowly")
    return b"".join(parts)


def _object(content: bytes) -> dict[str, Json]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _nonsense("the answer is not JSON") from error
    if not isinstance(body, dict):
        raise _nonsense("the answer is not an object")
    return body


def _refused(answer: http.client.HTTPResponse, host: str) -> CallError:
    status = answer.status
    reason, retry = GapReason.FAILED, status >= 500 or status == 408
    detail = f"HTTP status {status} of {host}"
    if 300 <= status < 400:
        there = urlsplit(answer.headers.get("location", "")).hostname or "another path"
        detail += f": it leads to {there}, and nobody is followed; write that address in the estate file"
    elif status in {401, 403}:
        reason, detail = GapReason.DENIED, f"{detail}: what SMART on FHIR makes public is not public there"
    elif status == 429:
        reason, retry = GapReason.THROTTLED, True
    elif status in _ABSENT:
        reason = GapReason.UNSUPPORTED
    return CallError(reason, code=f"HTTP {status}", detail=detail, status=status, retry=retry)


def _nonsense(detail: str) -> CallError:
    return CallError(GapReason.MALFORMED, code="Body", detail=detail)
