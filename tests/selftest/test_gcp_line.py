"""The line to Cloud KMS: which requests may leave, what is tried again, and what every call leaves behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.gcp.login import Login
from scanner.collect.interface import CallError
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.gcp.simulator import GcpSimulator, gcp_simulator
from scanner.model.observation import GapReason
from scanner.selftest.gcp_line import ATTEMPTS, SCOPES, KeyGate, Line, base_of, client, crc32c
from scanner.selftest.interface import CannotRunError
from tests.collect.fakes import Clock
from tests.demo.gcp.reference import NOW, RING, reference

KEY, OTHER = f"{RING}/cryptoKeys/keyaudit-canary", f"{RING}/cryptoKeys/tenants"
BASE = "https://cloudkms.googleapis.com"
GET = "cloudkms:projects.locations.keyRings.cryptoKeys.get"


@pytest.mark.parametrize(
    ("verb", "url", "used", "canary"),
    [
        ("GET", f"{BASE}/v1/{KEY}", True, True),
        ("GET", f"{BASE}/v1/{KEY}?$alt=json", True, True),
        ("POST", f"{BASE}/v1/{KEY}:encrypt", True, True),
        ("POST", f"{BASE}/v1/{KEY}:decrypt", True, True),
        ("POST", f"{BASE}/v1/{KEY}:setIamPolicy", False, False),
        ("PATCH", f"{BASE}/v1/{KEY}", False, False),
        ("DELETE", f"{BASE}/v1/{KEY}", False, False),
        ("POST", f"{BASE}/v1/{KEY}/cryptoKeyVersions", False, True),
        ("PATCH", f"{BASE}/v1/{KEY}/cryptoKeyVersions/2", False, True),
        ("POST", f"{BASE}/v1/{KEY}/cryptoKeyVersions/2:destroy", False, True),
        ("POST", f"{BASE}/v1/{KEY}/cryptoKeyVersions/2:restore", False, True),
        ("POST", f"{BASE}/v1/{KEY}:updatePrimaryVersion", False, True),
        ("POST", f"{BASE}/v1/{KEY}2:encrypt", False, False),
        ("POST", f"{BASE}/v1/{OTHER}:encrypt", False, False),
        ("GET", f"http://cloudkms.googleapis.com/v1/{KEY}", False, False),
        ("GET", f"https://example.com/v1/{KEY}", False, False),
    ],
)
def test_the_gate_knows_keys_and_calls(verb: str, url: str, used: bool, canary: bool) -> None:
    named = frozenset({KEY})
    assert KeyGate(BASE, named).allows(verb, url) is used
    assert KeyGate(BASE, named, named).allows(verb, url) is canary


def test_the_checksum_is_castagnolis() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # the check value of the polynomial
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, appendix B.4
    assert crc32c(b"") == 0


def test_where_cloud_kms_is() -> None:
    assert base_of("") == BASE
    assert base_of("http://127.0.0.1:80/") == "http://127.0.0.1:80"


@pytest.fixture(scope="module")
def gcp() -> Iterator[GcpSimulator]:
    with gcp_simulator(reference(), NOW) as simulator:
        yield simulator


@pytest.fixture
def line(gcp: GcpSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Line]:
    for name, value in gcp.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    gate = KeyGate(gcp.url, frozenset({KEY}))
    made = client(Login(SCOPES), gcp.url, gate)
    yield Line(client=made, outside=Clock().outside())
    gcp.faults.clear()
    transport: Any = made.transport
    transport.close()


def test_what_may_pass_is_tried_again_and_every_call_is_kept(gcp: GcpSimulator, line: Line) -> None:
    gcp.faults.add(Fault("throttle", GET, times=2))
    assert line.call("get_crypto_key", {"name": KEY}).name == KEY
    assert [call.code for call in line.calls] == ["RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED", ""]
    assert [call.logged for call in line.calls] == [False, False, True]
    assert {(call.operation, call.request_id) for call in line.calls} == {("cloudkms:get_crypto_key", "")}


@pytest.mark.parametrize(
    ("kind", "reason", "calls"),
    [
        ("error", GapReason.FAILED, ATTEMPTS),
        ("disconnect", GapReason.UNREACHABLE, ATTEMPTS),
        ("malformed", GapReason.MALFORMED, 1),
        ("unsupported", GapReason.UNSUPPORTED, 1),
        ("expired", GapReason.DENIED, 1),
    ],
)
def test_what_is_no_answer_cannot_run(gcp: GcpSimulator, line: Line, kind: Kind, reason: GapReason, calls: int) -> None:
    gcp.faults.add(Fault(kind, GET))
    slept: list[float] = []
    line.sleep = slept.append
    with pytest.raises(CannotRunError) as caught:
        line.call("get_crypto_key", {"name": KEY}, always=True)
    assert caught.value.reason is reason
    assert (len(line.calls), len(slept)) == (calls, calls - 1)


def test_a_stopped_run_tries_nothing_again(gcp: GcpSimulator, line: Line) -> None:
    gcp.faults.add(Fault("throttle", GET))
    clock = Clock(stopped=True)
    line.outside = clock.outside()
    with pytest.raises(CannotRunError, match="stopped"):
        line.call("get_crypto_key", {"name": KEY})
    assert len(line.calls) == 1


def test_a_login_that_ends_on_the_way_cannot_run(gcp: GcpSimulator, line: Line) -> None:
    transport: Any = line.client.transport
    credentials = transport._session.credentials
    credentials.token, credentials.expiry = None, None
    credentials._token_uri = f"{gcp.url}/nowhere"
    with pytest.raises(CannotRunError, match="denied") as caught:
        line.call("get_crypto_key", {"name": KEY})
    assert caught.value.reason is GapReason.DENIED


def test_an_error_without_an_answer_is_one_all_the_same(line: Line) -> None:
    from google.api_core import exceptions

    failure: Any = exceptions.InternalServerError

    class Broken:
        def get_crypto_key(self, **_: object) -> None:
            raise failure("no response")

    broken: Any = Broken()
    with pytest.raises(CannotRunError, match="HTTP 500"):
        Line(client=broken, outside=line.outside).call("get_crypto_key", {})


def test_plain_http_goes_to_this_machine_alone() -> None:
    with pytest.raises(CallError, match="PlainHttpRefused"):
        client(Login(SCOPES), "http://kms.example.com", KeyGate("http://kms.example.com", frozenset()))


def test_without_the_library_the_hint_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.kms_v1", None)
    with pytest.raises(CallError, match=r'pip install "keyaudit\[gcp\]"'):
        client(Login(SCOPES), "", KeyGate(BASE, frozenset()))


def test_the_key_file_is_for_its_owner_alone(gcp: GcpSimulator, tmp_path: Path) -> None:
    assert gcp.credentials_file(tmp_path).stat().st_mode & 0o777 == 0o600
