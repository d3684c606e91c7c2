"""Authorities that are asked: by OCSP, else by their lists; and whom a certificate cannot make us ask."""

from __future__ import annotations

import hashlib
import socket
from base64 import b64decode
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.ocsp import OCSPCertStatus, load_der_ocsp_request
from cryptography.x509.oid import AuthorityInformationAccessOID

from scanner.collect.endpoints import lines
from scanner.collect.endpoints.revocation_asked import (
    MOST_CRL_BYTES,
    Leave,
    _first,
    addresses,
    asked,
    fetched,
    is_public,
    question,
)
from scanner.collect.interface import CallError
from scanner.model.observation import GapReason
from tests.collect.endpoints.revoking import (
    ROOT,
    Says,
    a_list,
    answer,
    issued,
    leaf,
    lists,
    other_key,
    responder,
    stapling,
    web,
)
from tests.demo.ehr.running import RESET, raw_server, running

HOST = "127.0.0.1"
FREE = Leave(frozenset({HOST}), "")
OWN = leaf()


def page(path: str, content: bytes, status: int = 200) -> str:
    """Return the address at which the tests' server gives this."""
    web().pages[path] = (status, content)
    return f"{web().url}{path}"


def said(*ways: tuple[str, str]) -> dict[str, object]:
    return dict(_first(list(ways), OWN, ROOT, FREE))


def test_a_responder_is_asked_of_this_certificate() -> None:
    url = page("/good/", answer(Says()))
    found = said(("ocsp", url))
    assert (found["way"], found["asked"]) == ("ocsp", HOST)
    assert isinstance(found["answer"], dict)
    assert found["answer"]["status"] == "good"
    request = load_der_ocsp_request(b64decode(unquote(web().asked[-1].rpartition("/")[2])))
    assert request.serial_number == OWN.serial_number
    assert question("http://a", OWN, ROOT) == question("http://a/", OWN, ROOT)


@pytest.mark.parametrize(
    ("status", "content"), [(500, b""), (200, b"<html>"), (200, answer(Says(status=OCSPCertStatus.UNKNOWN)))]
)
def test_a_list_answers_when_the_responder_does_not(status: int, content: bytes) -> None:
    found = said(("ocsp", page("/bad/", content, status)), ("crl", page("/root.crl", a_list(OWN))))
    assert found["way"] == "crl"
    assert isinstance(found["answer"], dict)
    assert found["answer"]["status"] == "revoked"


def test_an_answer_that_it_is_not_known_is_told_when_nobody_knows_more() -> None:
    url = page("/unknown/", answer(Says(status=OCSPCertStatus.UNKNOWN)))
    found = said(("ocsp", url), ("crl", page("/none.crl", b"", 404)))
    assert found["way"] == "ocsp"
    assert isinstance(found["answer"], dict)
    assert found["answer"]["status"] == "unknown"


def test_when_nobody_answers_every_reason_is_told() -> None:
    with pytest.raises(CallError) as caught:
        said(("ocsp", page("/down/", b"", 503)), ("crl", page("/odd.crl", b"<html>")))
    assert (caught.value.reason, caught.value.retry) == (GapReason.FAILED, True)
    assert caught.value.detail.startswith(f"ocsp: HTTP status 503 of {HOST}; crl: the list cannot be understood")


def test_a_certificate_that_names_nobody() -> None:
    with pytest.raises(CallError, match="names nobody to ask") as caught:
        said()
    assert caught.value.reason is GapReason.UNSUPPORTED


def test_what_a_certificate_names() -> None:
    partial = lists("http://c/part.crl", reasons=frozenset({x509.ReasonFlags.key_compromise}))
    names = [x509.UniformResourceIdentifier(one) for one in ("ldap://c/x", "HTTP://c/1", "http://c/2", "http://c/3")]
    others = x509.DistributionPoint(names[2:3], None, None, [x509.DirectoryName(ROOT.subject)])
    relative = x509.DistributionPoint(None, ROOT.subject.rdns[0], None, None)
    points = x509.CRLDistributionPoints([*partial, others, relative, x509.DistributionPoint(names, None, None, None)])
    own = issued("server", other_key(1), "Root", other_key(), extensions=[responder("http://o/"), points])
    assert list(addresses(own)) == [("ocsp", "http://o/"), ("crl", "HTTP://c/1"), ("crl", "http://c/2")]


def test_a_hostile_certificate_does_not_send_us_around() -> None:
    ways = [
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"http://{n}/"))
        for n in range(9)
    ]
    own = issued("server", other_key(1), "Root", other_key(), extensions=[x509.AuthorityInformationAccess(ways)])
    assert list(addresses(own)) == [("ocsp", "http://0/"), ("ocsp", "http://1/")]


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://127.0.0.1/", "names 127.0.0.1, which is not in the public network"),
        ("http://localhost/", "names localhost, which is not in the public network: it was not asked; if it may be, "),
        ("http://169.254.169.254/latest/meta-data/", "not in the public network"),
        ("http://[fe80::1]/", "not in the public network"),
        ("http://[::ffff:10.0.0.1]/", "not in the public network"),
        ("http://2130706433/", "not in the public network"),
        ("http://93.184.216.34:22/", "names port 22 of 93.184.216.34"),
        ("http://93.184.216.34:99999/", "names an address that is none"),
        ("ftp://93.184.216.34/", "names an address that is none, or not of HTTP"),
        ("file:///etc/passwd", "names an address that is none"),
        ("http://user:word@93.184.216.34/", "names an address that is none"),
        ("http://93.184.216.34/\r\nHost: x", "names an address that is none"),
        ("http://", "names an address that is none"),
        (f"http://93.184.216.34/{'a' * 3000}", "names an address that is none"),
    ],
)
def test_whom_a_certificate_cannot_make_us_ask(url: str, detail: str) -> None:
    with pytest.raises(CallError) as caught:
        fetched(url, 100, Leave(frozenset(), ""))
    assert detail in caught.value.detail
    assert caught.value.reason is GapReason.NOT_ALLOWED


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - it is refused
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(CallError, match="no address is known"):
        fetched("http://no..such..host/", 100, FREE)


@pytest.mark.parametrize(
    ("status", "reason", "detail"),
    [
        (302, GapReason.FAILED, "HTTP status 302 of 127.0.0.1, and nobody is followed"),
        (404, GapReason.FAILED, "HTTP status 404"),
        (429, GapReason.THROTTLED, "HTTP status 429"),
    ],
)
def test_other_answers_are_gaps(status: int, reason: GapReason, detail: str) -> None:
    with pytest.raises(CallError, match=detail) as caught:
        fetched(page("/status/", b"", status), 100, FREE)
    assert caught.value.reason is reason


def test_a_list_that_is_too_large_is_a_gap() -> None:
    url = page("/large.crl", bytes(MOST_CRL_BYTES + 1))
    with pytest.raises(CallError, match="too large") as caught:
        fetched(url, MOST_CRL_BYTES, FREE)
    assert caught.value.reason is GapReason.LIMIT
    assert len(fetched(url, MOST_CRL_BYTES + 1, FREE)) == MOST_CRL_BYTES + 1


@pytest.mark.parametrize(
    ("content", "detail"), [(b"SSH-2.0\r\n", "is not HTTP: BadStatusLine"), (RESET, "no connection"), (None, "no conn")]
)
def test_what_is_not_http(content: bytes | None, detail: str) -> None:
    port, stop = raw_server(lambda _: content)
    with pytest.raises(CallError, match=detail):
        fetched(f"http://{HOST}:{port}/?a=b", 100, FREE)
    stop()


def test_nobody_listens() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(CallError, match="no connection") as caught:
        fetched(f"http://{HOST}:{port}/", 100, FREE)
    assert caught.value.retry


def test_by_https_the_host_must_be_trusted() -> None:
    simulator = running()
    leave = Leave(FREE.hosts, str(simulator.ca_bundle))
    assert b"S256" in fetched(f"{simulator.fhir('good')}/.well-known/smart-configuration", 100_000, leave)
    with pytest.raises(CallError, match="is not trusted"):
        fetched(f"{simulator.fhir('good')}/metadata", 100_000, FREE)


def fingerprint(one: x509.Certificate) -> str:
    return one.fingerprint(SHA256()).hex()


def test_from_the_server_to_its_authority() -> None:
    """The server sends its certificate, this names the responder, and the root of the bundle signed both."""
    extension = responder(f"{web().url}/whole/")
    server = stapling(extensions=(extension,), chain=False)
    leave = Leave(FREE.hosts, str(server.bundle))
    page("/whole/", answer(Says(of=leaf(extension))))
    found = asked(HOST, server.port, fingerprint(leaf(extension)), leave)
    assert (found["way"], found["asked"]) == ("ocsp", HOST)
    with pytest.raises(CallError, match=r"of 127\.0\.0\.1: it was not asked") as caught:
        asked(HOST, server.port, fingerprint(leaf(extension)), Leave(frozenset(), leave.ca_bundle))
    assert caught.value.reason is GapReason.NOT_ALLOWED
    with pytest.raises(CallError, match="neither sent nor trusted here") as caught:
        asked(HOST, server.port, fingerprint(leaf(extension)), FREE)
    assert caught.value.reason is GapReason.UNSUPPORTED
    with pytest.raises(CallError, match="another certificate now"):
        asked(HOST, server.port, fingerprint(ROOT), leave)


def test_a_certificate_that_cannot_be_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    # A library for TLS refuses one before it is seen here: so the chain is given.
    monkeypatch.setattr(lines, "chain_of", lambda *_: [b"broken"])
    with pytest.raises(CallError, match="the certificate cannot be understood") as caught:
        asked(HOST, 1, hashlib.sha256(b"broken").hexdigest(), FREE)
    assert caught.value.reason is GapReason.MALFORMED
