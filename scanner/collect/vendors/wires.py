"""The vendors' own SDKs as a line to them: each reads one path, once, through a gate that lets nothing else pass.

OpenAI's and Anthropic's SDKs speak by httpx2, ElevenLabs' and Deepgram's by httpx; the gate stands below either, where
a request leaves, so that whatever an SDK does by itself (retries, redirects, telemetry) meets it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.vendors.errors import missing, no_line

Query = Mapping[str, str | tuple[str, ...]]
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_PLAIN = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent"})
_OF_VENDOR: Mapping[str, frozenset[str]] = {
    "openai": frozenset({"authorization"}),
    "anthropic": frozenset({"authorization", "x-api-key", "anthropic-version"}),
    "elevenlabs": frozenset({"xi-api-key"}),
    "deepgram": frozenset({"authorization"}),
}
"""Headers that leave; what an SDK tells of this machine, or takes from its environment, stays here."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer as it came: status, headers by lower-case name, bytes."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire(Protocol):
    """Reads a path of one vendor with one key."""

    def get(self, path: str, query: Query) -> Got:
        """Ask once. Raises CallError without an answer, ForbiddenOperationError for what the gate refuses."""
        ...

    def close(self) -> None:
        """Give up the connections."""
        ...


class Gate:
    """The last thing that a request passes: a transport of httpx, or httpx2, around the one that sends."""

    def __init__(self, inner: Any, vendor: str, base: str, allows: Callable[[str], bool]) -> None:  # noqa: ANN401 - either library's transport
        self._inner = inner
        self._headers = _PLAIN | _OF_VENDOR[vendor]
        self._base = base
        self._allows = allows

    def handle_request(self, request: Any) -> Any:  # noqa: ANN401 - either library's request
        """Send what is allowed. Raises ForbiddenOperationError for everything else."""
        address = str(request.url).partition("?")[0]
        path = address.removeprefix(self._base)
        if request.method != "GET" or path == address or not self._allows(path):
            raise ForbiddenOperationError(f"{request.method} {address} is not a declared read-only call")
        for name in list(request.headers):
            if name.lower() not in self._headers:
                del request.headers[name]
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def connect(vendor: str, base: str, key: str, allows: Callable[[str], bool]) -> Wire:
    """Return the line to a vendor. Raises CallError when its SDK is not installed."""
    try:
        return _WIRES[vendor](vendor, base, key, allows)
    except ModuleNotFoundError as error:
        raise missing(error) from error


class _ByHttpx2:
    """OpenAI and Anthropic: their SDKs share their base."""

    def __init__(self, vendor: str, base: str, key: str, allows: Callable[[str], bool]) -> None:
        import httpx2

        self._httpx = httpx2
        gate: Any = Gate(httpx2.HTTPTransport(), vendor, base, allows)
        timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        client = httpx2.Client(transport=gate, timeout=timeout, follow_redirects=False)
        self._sdk: Any = _sdk(vendor)(
            base_url=base, http_client=client, max_retries=0, timeout=timeout, **_keys(vendor, key)
        )
        self._failed = _failures(vendor)

    def get(self, path: str, query: Query) -> Got:
        """Ask once; see :class:`Wire`."""
        disconnected, refused = self._failed
        asked = {name: list(value) if isinstance(value, tuple) else value for name, value in query.items()}
        options: Any = {"params": asked, "follow_redirects": False}
        try:
            answer = self._sdk.get(path, cast_to=self._httpx.Response, options=options)
        except refused as error:
            answer = error.response
        except disconnected as error:
            raise _understand(error.__cause__ or error, self._httpx) from error
        return Got(answer.status_code, _headers(answer), answer.content)

    def close(self) -> None:
        """Give up the connections."""
        self._sdk.close()


def _sdk(vendor: str) -> Any:  # noqa: ANN401 - a class of an SDK
    if vendor == "openai":
        from openai import OpenAI

        return OpenAI
    from anthropic import Anthropic

    return Anthropic


def _keys(vendor: str, key: str) -> dict[str, str]:
    return {"api_key": key, "admin_api_key": key} if vendor == "openai" else {"api_key": key}


def _failures(vendor: str) -> tuple[Any, Any]:
    """Return the SDK's classes for a line that broke, and for an answer that refuses."""
    sdk: Any = __import__(vendor)
    return sdk.APIConnectionError, sdk.APIStatusError


class _ByHttpx:
    """ElevenLabs and Deepgram: one generator made both SDKs."""

    def __init__(self, vendor: str, base: str, key: str, allows: Callable[[str], bool]) -> None:
        import httpx

        self._httpx = httpx
        self._base = base
        gate: Any = Gate(httpx.HTTPTransport(), vendor, base, allows)
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(transport=gate, timeout=timeout, follow_redirects=False)
        self._sdk = (
            _elevenlabs(base, key, self._client) if vendor == "elevenlabs" else _deepgram(base, key, self._client)
        )

    def get(self, path: str, query: Query) -> Got:
        """Ask once; see :class:`Wire`."""
        options: Any = {"max_retries": 0, "timeout_in_seconds": READ_SECONDS}
        try:
            answer = self._sdk.request(
                path.lstrip("/"), base_url=self._base, method="GET", params=dict(query), request_options=options
            )
        except self._httpx.HTTPError as error:
            raise _understand(error, self._httpx) from error
        return Got(answer.status_code, _headers(answer), answer.content)

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()


def _elevenlabs(base: str, key: str, client: Any) -> Any:  # noqa: ANN401 - of httpx and of the SDK
    from elevenlabs.core.client_wrapper import SyncClientWrapper

    return SyncClientWrapper(api_key=key, base_url=base, timeout=READ_SECONDS, httpx_client=client).httpx_client


def _deepgram(base: str, key: str, client: Any) -> Any:  # noqa: ANN401 - of httpx and of the SDK
    from deepgram.core.client_wrapper import SyncClientWrapper
    from deepgram.environment import DeepgramClientEnvironment

    there = DeepgramClientEnvironment(base=base, production=base, agent=base, agent_rest=base)
    wrapper = SyncClientWrapper(
        api_key=key, environment=there, timeout=READ_SECONDS, max_retries=0, httpx_client=client
    )
    return wrapper.httpx_client


_WIRES: Mapping[str, Callable[[str, str, str, Callable[[str], bool]], Wire]] = {
    "openai": _ByHttpx2,
    "anthropic": _ByHttpx2,
    "elevenlabs": _ByHttpx,
    "deepgram": _ByHttpx,
}


def _headers(answer: Any) -> dict[str, str]:  # noqa: ANN401 - either library's response
    return {name.lower(): value for name, value in answer.headers.items()}


def _understand(error: BaseException, httpx: Any) -> CallError | ForbiddenOperationError:  # noqa: ANN401 - either library
    """Return what a failure below the SDK is: what the gate refused stays refused, and a broken line is a gap."""
    if isinstance(error, ForbiddenOperationError):
        return error
    # What cannot be reached at all is told at once; a line that broke may hold the next time.
    retry = not isinstance(error, (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL))
    return no_line(type(error).__name__, str(error), retry=retry)
