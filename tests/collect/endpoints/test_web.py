"""One GET: what is understood, and what becomes which gap."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from scanner.collect.endpoints.lines import context
from scanner.collect.endpoints.web import get
from scanner.collect.interface import CallError
from scanner.demo.aws.faults import Fault
from scanner.model.observation import GapReason
from tests.demo.ehr.running import running

PATH = "/fhir/metadata"


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    yield
    running().faults.clear()


def asked(server: str = "good", path: str = PATH, *, bundle: bool = True) -> dict[str, object]:
    simulator = running()
    tls = context(str(simulator.ca_bundle) if bundle else "", host_too=True)
    body = get(simulator.urls[server] + path, tls, lambda found: found).body
    assert isinstance(body, dict)
    return dict(body)


def test_an_object_is_kept_as_it_is_told() -> None:
    assert asked()["resourceType"] == "CapabilityStatement"


def test_nothing_but_a_bare_get_is_sent() -> None:
    asked()
    request = running().requests[-1]
    assert (request.method, request.operation) == ("GET", "endpoints:CapabilityStatement")
    assert not {"authorization", "cookie"} & request.headers.keys()


@pytest.mark.parametrize(
    ("kind", "reason", "words", "retry"),
    [
        ("deny", GapReason.DENIED, "HTTP status 403 of 127.0.0.1: what SMART", False),
        ("expired", GapReason.DENIED, "HTTP status 401", False),
        ("throttle", GapReason.THROTTLED, "HTTP status 429", True),
        ("error", GapReason.FAILED, "HTTP status 503", True),
        ("unsupported", GapReason.UNSUPPORTED, "HTTP status 404", False),
        ("stale_page", GapReason.FAILED, "leads to login.example, and nobody is followed", False),
        ("malformed", GapReason.MALFORMED, "not JSON", False),
        ("disconnect", GapReason.UNREACHABLE, "no connection", True),
    ],
)
def test_failures_are_gaps(kind: str, reason: GapReason, words: str, retry: bool) -> None:
    running().faults.add(Fault(kind=kind, operation="endpoints:CapabilityStatement"))  # type: ignore[arg-type]
    with pytest.raises(CallError, match=words) as caught:
        asked()
    assert (caught.value.reason, caught.value.retry) == (reason, retry)


@pytest.mark.parametrize(
    ("server", "bundle", "words"), [("old", True, "self-signed certificate"), ("good", False, "is not trusted")]
)
def test_a_server_that_is_not_trusted_is_asked_nothing(server: str, bundle: bool, words: str) -> None:
    before = len(running().requests)
    with pytest.raises(CallError, match=words) as caught:
        asked(server, bundle=bundle)
    assert caught.value.reason is GapReason.UNREACHABLE
    assert len(running().requests) == before


def answered(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let the good server say these bytes."""
    monkeypatch.setattr("scanner.demo.ehr.simulator._serve", lambda handler, *_: handler.wfile.write(content))


def ok(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (ok(b"[1]"), GapReason.MALFORMED, "not an object"),
        (ok(b"[" * 100_000), GapReason.MALFORMED, "not JSON"),
        (ok(b"\xff\xfe"), GapReason.MALFORMED, "not JSON"),
        (b"220 ready\r\n", GapReason.MALFORMED, "not HTTP: BadStatusLine"),
        (b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", GapReason.FAILED, "another path"),
        (b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n", GapReason.FAILED, "HTTP status 418"),
    ],
)
def test_odd_answers_are_gaps(monkeypatch: pytest.MonkeyPatch, content: bytes, reason: GapReason, words: str) -> None:
    answered(monkeypatch, content)
    with pytest.raises(CallError, match=words) as caught:
        asked()
    assert caught.value.reason is reason


@pytest.mark.parametrize(("name", "value"), [("MOST_BYTES", 10), ("WHOLE_SECONDS", -1.0)])
def test_size_and_time_are_bounded(monkeypatch: pytest.MonkeyPatch, name: str, value: float) -> None:
    monkeypatch.setattr(f"scanner.collect.endpoints.web.{name}", value)
    with pytest.raises(CallError, match="too large or comes too slowly") as caught:
        asked()
    assert caught.value.reason is GapReason.LIMIT


def test_without_a_path_the_root_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler, *_: object) -> None:
        seen.append(handler.path)
        handler.wfile.write(ok(b"{}"))

    monkeypatch.setattr("scanner.demo.ehr.simulator._serve", answer)
    assert asked(path="") == {}
    assert seen == ["/"]
