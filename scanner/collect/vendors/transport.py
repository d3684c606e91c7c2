"""The transport under every call to an AI vendor: one attempt, and only declared paths are read, never written to.

Two locks. :meth:`VendorTransport.send` refuses an operation that is not declared. Below it, where a request leaves the
vendor's SDK, :class:`~scanner.collect.vendors.wires.Gate` refuses every verb but GET and every other path.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping

from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.collect.vendors.errors import refused
from scanner.collect.vendors.methods import PAGING, Method
from scanner.collect.vendors.wires import Got, Wire, connect
from scanner.model.ids import Json
from scanner.model.observation import GapReason

BASES: Mapping[str, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "elevenlabs": "https://api.elevenlabs.io",
    "deepgram": "https://api.deepgram.com",
}
_REQUEST_IDS = ("x-request-id", "request-id", "dg-request-id")
OF_PROJECT = "openai-project"
"""Header in which OpenAI names the project that a key belongs to."""
PROJECT = "AnsweredFor"
"""Member of a recorded answer that holds it."""


class VendorTransport:
    """Reads one vendor with the keys of one source. For several threads."""

    def __init__(
        self,
        vendor: str,
        methods: Mapping[str, Method],
        *,
        endpoint: str,
        admin_key: str,
        project_key: str = "",
        wire: Callable[[str, str, str, Callable[[str], bool]], Wire] = connect,
    ) -> None:
        self._vendor = vendor
        self._methods = methods
        self._base = endpoint.rstrip("/") or BASES[vendor]
        self._keys = {False: admin_key, True: project_key or admin_key}
        self._wire = wire
        self._wires: dict[str, Wire] = {}
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Base URL that calls go to."""
        return self._base

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Send once. Raises CallError, or ForbiddenOperationError for what is not declared."""
        method = self._methods.get(operation)
        if method is None:
            raise ForbiddenOperationError(f"{operation} is not a declared read-only operation")
        path, query = method.address(params), method.questions(params)
        try:
            got = self._connected(self._keys[method.by_project]).get(path, query)
            return self._reply(method, params, got)
        except CallError as error:
            raise self._without_keys(error) from None

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for wire in self._wires.values():
                wire.close()
            self._wires.clear()

    def _reply(self, method: Method, params: Mapping[str, Json], got: Got) -> Reply:
        request_id = next((got.headers[name] for name in _REQUEST_IDS if name in got.headers), "")
        body = _parsed(got.content)
        if not 200 <= got.status < 300:
            raise refused(got.status, body, got.headers, request_id)
        if not isinstance(body, dict):
            detail = "the answer is not JSON" if body is None else "the answer is not a JSON object"
            raise CallError(
                GapReason.MALFORMED, code="NotJson", detail=detail, request_id=request_id, status=got.status
            )
        token = method.token(body, params)
        kept = method.kept(body)
        if got.headers.get(OF_PROJECT) and method.by_project:
            kept[PROJECT] = got.headers[OF_PROJECT]
        return Reply(got.status, request_id, {**kept, PAGING.answer: token} if token else kept)

    def _connected(self, key: str) -> Wire:
        with self._lock:
            if key not in self._wires:
                self._wires[key] = self._wire(self._vendor, self._base, key, self._permits)
            return self._wires[key]

    def _permits(self, path: str) -> bool:
        return any(method.permits(path) for method in self._methods.values())

    def _without_keys(self, error: CallError) -> CallError:
        """Return the error with no key in its words: some vendors repeat what they were given."""
        detail = error.detail
        for key in filter(None, self._keys.values()):
            detail = detail.replace(key, "[redacted]")
        return CallError(
            error.reason,
            code=error.code,
            detail=detail,
            request_id=error.request_id,
            status=error.status,
            retry=error.retry,
        )


def _parsed(content: bytes) -> Json:
    try:
        body: Json = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body
