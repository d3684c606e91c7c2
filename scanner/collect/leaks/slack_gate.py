"""Slack's SDK with a gate below it: whatever is no declared reading method is refused before it leaves this machine.

The SDK sends every call as POST, follows redirects, retries and logs by itself; here a call is one GET to one host,
with the token in a header, and nothing is logged. Imported where Slack is asked alone.
"""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.model.observation import GapReason

METHODS = frozenset({"auth.test", "conversations.list", "conversations.history", "conversations.replies"})
"""What may leave. None of them changes anything."""
SECONDS = 60
MOST_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer, at most: a page has 200 messages."""


class _NoRedirect(HTTPRedirectHandler):
    """An answer that leads elsewhere is an answer, and not followed: the token would go there too."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def _silent() -> logging.Logger:
    """Return a logger that says nothing: the SDK logs what it sends and gets."""
    made = logging.Logger("keyaudit.slack", logging.CRITICAL + 1)  # noqa: LOG001 - of nobody else, so nobody turns it up
    made.addHandler(logging.NullHandler())
    return made


class GatedClient(WebClient):
    """Slack's client, which can read and nothing else."""

    def __init__(self, base: str, token: str) -> None:
        super().__init__(token=token, base_url=base, timeout=SECONDS, retry_handlers=[], logger=_silent())
        self._opener = build_opener(ProxyHandler({}), _NoRedirect())

    def _perform_urllib_http_request(self, *, url: str, args: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Send once. Every call of the SDK passes here, pages that it asks for by itself too."""
        method = url.removeprefix(self.base_url)
        if method == url or method not in METHODS or any(args.get(name) for name in ("json", "data", "files")):
            raise ForbiddenOperationError(f"{url.partition('?')[0]} is not a declared read-only call")
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "keyaudit"}
        asked = urlencode(args.get("params") or {})
        request = Request(f"{url}?{asked}" if asked else url, headers=headers, method="GET")  # noqa: S310 - of our base
        status, told, content = self._sent(request)
        return {"status": status, "headers": told, "body": "", "parsed_body": _parsed(status, content)}

    def _upload_file(self, **_: object) -> NoReturn:
        raise ForbiddenOperationError("a file is never sent")

    def _sent(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return answer.status, dict(answer.headers), _bounded(answer)
        except HTTPError as error:
            with error:
                return error.code, dict(error.headers), _bounded(error)
        except URLError as error:
            # What cannot be reached at all is told at once; a line that broke may hold the next time.
            raise _no_line(error.reason, retry=False) from None
        except (http.client.HTTPException, OSError) as error:
            raise _no_line(error, retry=True) from None


def _bounded(answer: Any) -> bytes:  # noqa: ANN401 - a response, or an error that is one
    content: bytes = answer.read(MOST_ANSWER + 1)
    if len(content) > MOST_ANSWER:
        raise CallError(GapReason.LIMIT, code="TooLong", detail="an answer of Slack is longer than is read")
    return content


def _no_line(error: object, *, retry: bool) -> CallError:
    detail = f"no line to Slack: {error}"[:500]
    return CallError(GapReason.UNREACHABLE, code=type(error).__name__, detail=detail, retry=retry)


def _parsed(status: int, content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return body
    if status == 200:
        detail = "the answer is not JSON" if body is None else "the answer is not a JSON object"
        raise CallError(GapReason.MALFORMED, code="NotJson", detail=detail, status=status)
    return {}
