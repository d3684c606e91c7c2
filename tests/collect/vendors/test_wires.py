"""The gate below the vendors' own SDKs: nothing but declared reads leaves, with nothing but what they need."""

from __future__ import annotations

import socket
import sys
from typing import Any

import httpx
import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.vendors.wires import Gate, connect
from scanner.demo.aws.faults import Fault
from scanner.model.observation import GapReason
from tests.demo.vendors.running import VENDORS, keys_of, reference, simulated

PATHS = {
    "openai": "/organization/projects",
    "anthropic": "/v1/organizations/me",
    "elevenlabs": "/v1/user",
    "deepgram": "/v1/projects",
}
ALLOWED = {"host", "accept", "accept-encoding", "connection", "user-agent"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_sdk_reads_once_and_tells_nothing_of_this_machine(vendor: str) -> None:
    with simulated() as simulator:
        wire = connect(vendor, simulator.endpoint(vendor), keys_of(reference(), vendor)[0], lambda path: True)
        got = wire.get(PATHS[vendor], {"limit": "1"})
        wire.close()
        (sent,) = simulator.requests
    assert (got.status, got.headers["x-request-id"]) == (200, "req-simulated")
    assert got.content.startswith(b"{")
    keys = {"authorization", "xi-api-key", "anthropic-version"}
    assert set(sent.headers) - ALLOWED <= keys
    assert (sent.method, sent.path.partition("?")[2]) == ("GET", "limit=1")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("error", 503), ("deny", 403)])
def test_no_sdk_asks_again_by_itself(vendor: str, kind: Any, status: int) -> None:  # noqa: ANN401 - a word of Fault
    with simulated() as simulator:
        simulator.faults.add(Fault(kind))
        wire = connect(vendor, simulator.endpoint(vendor), keys_of(reference(), vendor)[0], lambda path: True)
        assert wire.get(PATHS[vendor], {}).status == status
        wire.close()
        assert len(simulator.requests) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_gate_refuses_what_is_not_declared_below_every_sdk(vendor: str) -> None:
    with simulated() as simulator:
        wire = connect(vendor, simulator.endpoint(vendor), "key", lambda path: path == "/declared")
        with pytest.raises(ForbiddenOperationError, match="not a declared read-only call"):
            wire.get(PATHS[vendor], {})
        wire.close()
        assert simulator.requests == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_line_that_breaks_may_hold_again_and_a_host_that_is_not_there_does_not(vendor: str) -> None:
    with simulated() as simulator:
        simulator.faults.add(Fault("disconnect"))
        wire = connect(vendor, simulator.endpoint(vendor), "key", lambda path: True)
        with pytest.raises(CallError) as caught:
            wire.get(PATHS[vendor], {})
        wire.close()
    assert (caught.value.reason, caught.value.retry) == (GapReason.UNREACHABLE, True)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # a port that is held and listens to nobody
        wire = connect(vendor, f"http://127.0.0.1:{held.getsockname()[1]}", "key", lambda path: True)
        with pytest.raises(CallError) as caught:
            wire.get(PATHS[vendor], {})
        wire.close()
    assert (caught.value.reason, caught.value.code, caught.value.retry) == (
        GapReason.UNREACHABLE,
        "ConnectError",
        False,
    )


def passed(method: str, url: str) -> list[httpx.Request]:
    """Return what a gate lets through of one request."""
    seen: list[httpx.Request] = []

    class Inner:
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200)

        def close(self) -> None:
            seen.clear()

    gate: Any = Gate(Inner(), "openai", "https://api.example.com/v1", lambda path: path == "/files")
    headers = {"Authorization": "Bearer k", "OpenAI-Organization": "o", "X-Stainless-OS": "Linux"}
    client = httpx.Client(transport=gate)
    try:
        client.request(method, url, headers=headers)
        return list(seen)
    finally:
        client.close()


def test_a_declared_read_passes_without_what_an_sdk_tells_of_itself() -> None:
    (sent,) = passed("GET", "https://api.example.com/v1/files?limit=1")
    assert set(sent.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent", "authorization"}


@pytest.mark.parametrize(
    ("method", "url"),
    [
        *((verb, "https://api.example.com/v1/files") for verb in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")),
        ("GET", "https://api.example.com/v1/files/file-1/content"),
        ("GET", "https://api.example.com/v2/files"),
        ("GET", "https://other.example.com/v1/files"),
        ("GET", "http://api.example.com/v1/files"),
    ],
)
def test_everything_else_stops_at_the_gate(method: str, url: str) -> None:
    with pytest.raises(ForbiddenOperationError, match="not a declared read-only call"):
        passed(method, url)


def test_an_sdk_that_is_not_installed_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor, module in (("openai", "httpx2"), ("deepgram", "deepgram.core.client_wrapper")):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, module, None)
            with pytest.raises(CallError, match=r'pip install "keyaudit\[vendors\]"') as caught:
                connect(vendor, "http://127.0.0.1:1", "key", lambda path: True)
        assert caught.value.reason is GapReason.UNSUPPORTED
