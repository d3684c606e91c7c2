"""The transport: one attempt, declared methods alone, and nothing that passes the gate unseen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from scanner.collect.gcp.login import Login
from scanner.collect.gcp.methods import METHODS
from scanner.collect.gcp.transport import WHO, GcpTransport, check_endpoint, fence
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.gcp.simulator import GcpSimulator
from scanner.model.observation import GapReason
from tests.demo.gcp.reference import LAB, RING, VOICE

LOCATIONS = "cloudkms:projects.locations.list"
ALL = frozenset({WHO, *METHODS})
ASKED: dict[str, Any] = {"name": f"projects/{VOICE}"}


@pytest.fixture
def transport(gcp: GcpSimulator) -> Iterator[GcpTransport]:
    made = GcpTransport(Login(), allowed=ALL, endpoint=gcp.url)
    yield made
    made.close()


def test_an_answer_comes_back_as_it_was_on_the_wire(gcp: GcpSimulator, transport: GcpTransport) -> None:
    reply = transport.send(LOCATIONS, {**ASKED, "pageSize": 2})
    assert isinstance(reply.body, dict)
    assert reply.body["nextPageToken"] == "page-2"
    assert (reply.status, reply.error_code, transport.endpoint) == (200, "", gcp.url)
    (request,) = gcp.requests
    assert (request.operation, request.query) == (LOCATIONS, {"pageSize": "2"})


def test_who_asks_is_answered_here(gcp: GcpSimulator, transport: GcpTransport) -> None:
    reply = transport.send(WHO, {})
    assert isinstance(reply.body, dict)
    assert reply.body["principal"] == f"keyaudit@{VOICE}.iam.gserviceaccount.com"
    assert gcp.requests == []


def test_what_is_not_declared_is_refused_before_it_leaves(gcp: GcpSimulator) -> None:
    transport = GcpTransport(Login(), allowed={LOCATIONS}, endpoint=gcp.url)
    for operation in ("cloudkms:projects.locations.keyRings.list", "cloudkms:encrypt", WHO):
        with pytest.raises(ForbiddenOperationError):
            transport.send(operation, ASKED)
    assert gcp.requests == []


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", f"/v1/{RING}/cryptoKeys/tenants:encrypt"),
        ("POST", f"/v1/{RING}/cryptoKeys"),
        ("DELETE", f"/v1/{RING}/cryptoKeys/tenants"),
        ("PATCH", f"/v1/{RING}/cryptoKeys/tenants"),
        ("POST", f"/v3/projects/{LAB}:setIamPolicy"),
        ("GET", f"/v1/{RING}/cryptoKeys/tenants/cryptoKeyVersions/1"),
    ],
)
def test_the_gate_refuses_whoever_made_the_request(
    gcp: GcpSimulator, transport: GcpTransport, verb: str, path: str
) -> None:
    session = transport._connected()
    with pytest.raises(ForbiddenOperationError, match="is not a declared read-only call"):
        session.request(verb, f"{gcp.url}{path}", timeout=5)
    with pytest.raises(ForbiddenOperationError):
        session.request("GET", "http://127.0.0.1:1/v1/projects/a", timeout=5)
    assert gcp.requests == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (f"https://cloudkms.googleapis.com/v1/projects/{VOICE}/locations", True),
        (f"https://logging.googleapis.com/v1/projects/{VOICE}/locations", False),
        (f"https://cloudkms.googleapis.com.example.com/v1/projects/{VOICE}/locations", False),
        (f"http://cloudkms.googleapis.com/v1/projects/{VOICE}/locations", False),
    ],
)
def test_without_an_endpoint_each_method_goes_to_its_own_host_of_googles(url: str, allowed: bool) -> None:
    transport = GcpTransport(Login(), allowed=ALL)
    assert transport._allows("GET", url) is allowed
    assert transport.endpoint == "https://googleapis.com"


def test_an_endpoint_may_have_a_path_of_its_own() -> None:
    transport = GcpTransport(Login(), allowed=ALL, endpoint="https://gate.example.com/gcp/")
    assert transport._allows("GET", f"https://gate.example.com/gcp/v1/projects/{VOICE}/locations")
    assert not transport._allows("GET", f"https://gate.example.com/other/v1/projects/{VOICE}/locations")


@pytest.mark.parametrize(
    ("kind", "reason", "retry"),
    [
        ("deny", GapReason.DENIED, False),
        ("throttle", GapReason.THROTTLED, True),
        ("error", GapReason.FAILED, True),
        ("unsupported", GapReason.UNSUPPORTED, False),
        ("expired", GapReason.DENIED, False),
        ("malformed", GapReason.MALFORMED, False),
        ("disconnect", GapReason.UNREACHABLE, True),
    ],
)
def test_what_goes_wrong_is_told_once(
    gcp: GcpSimulator, transport: GcpTransport, kind: Kind, reason: GapReason, retry: bool
) -> None:
    gcp.faults.add(Fault(kind, LOCATIONS))
    with pytest.raises(CallError) as caught:
        transport.send(LOCATIONS, ASKED)
    assert (caught.value.reason, caught.value.retry) == (reason, retry)
    assert len(gcp.requests) == 1


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://kms.example.com", True),
        ("http://localhost:80", True),
        ("http://[::1]:80", True),
        ("http://10.0.0.1", False),
        ("http://kms.example.com", False),
        ("ftp://127.0.0.1", False),
    ],
)
def test_plain_http_goes_to_this_machine_alone(url: str, allowed: bool) -> None:
    if allowed:
        check_endpoint(url)
        return
    with pytest.raises(CallError, match="PlainHttpRefused"):
        GcpTransport(Login(), allowed=ALL, endpoint=url).send(LOCATIONS, ASKED)


def test_closing_it_twice_does_no_harm(gcp: GcpSimulator, transport: GcpTransport) -> None:
    transport.send(LOCATIONS, ASKED)
    transport.close()
    transport.close()
    assert len(gcp.requests) == 1


def test_without_the_library_the_hint_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(CallError, match=r'pip install "keyaudit\[gcp\]"'):
        GcpTransport(Login(), allowed=ALL).send(LOCATIONS, ASKED)


def test_a_fenced_session_sends_what_is_allowed_and_nothing_twice(gcp: GcpSimulator) -> None:
    with requests.Session() as session:
        fence(session, lambda verb, _: verb == "GET", 1)
        answer = session.get(f"{gcp.url}/v1/projects/{VOICE}/locations", timeout=5)
        assert answer.status_code == 401
        with pytest.raises(ForbiddenOperationError):
            session.post(gcp.url, timeout=5)
