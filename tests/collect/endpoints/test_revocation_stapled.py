"""Stapled answers, from OpenSSL's own server, and from servers that say something else."""

from __future__ import annotations

import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus

from scanner.collect.endpoints import revocation_stapled
from scanner.collect.endpoints.hello import messages
from scanner.collect.endpoints.revocation_stapled import stapled
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.endpoints.revoking import (
    ROOT,
    Says,
    Stapling,
    answer,
    delegate,
    issued,
    leaf,
    other_key,
    stapling,
)
from tests.collect.endpoints.test_hello import record, server_hello
from tests.demo.ehr.running import RESET, raw_server

HOST = "127.0.0.1"
FEATURE = x509.TLSFeature([x509.TLSFeatureType.status_request])
HELLO = server_hello(0x0303, 0xC02F)


def told(server: Stapling, content: bytes) -> dict[str, Json]:
    server.staple(content)
    return stapled(HOST, server.port, str(server.bundle))


def test_a_good_answer_is_told() -> None:
    found = told(stapling(), answer(Says()))
    assert (found["spoken"], found["stapled"], found["must_staple"]) == (True, True, False)
    assert found["answer"] == {
        "status": "good",
        "this_update": "2026-06-14T12:00:00Z",
        "next_update": "2026-06-16T12:00:00Z",
        "signer": "issuer",
    }
    assert "problem" not in found


def test_an_answer_that_it_is_revoked_and_one_of_a_responder() -> None:
    revoked = told(stapling(), answer(Says(status=OCSPCertStatus.REVOKED)))["answer"]
    assert isinstance(revoked, dict)
    assert revoked["status"] == "revoked"
    named = told(stapling(), answer(Says(signer=other_key(2), by=delegate(), beside=(delegate(),))))["answer"]
    assert isinstance(named, dict)
    assert named["signer"] == "responder"


def test_an_answer_of_somebody_else_says_nothing() -> None:
    impostor = issued("Root", other_key(), "Root", other_key(), ca=True)
    found = told(stapling(), answer(Says(signer=other_key(), by=impostor)))
    assert (found["stapled"], "answer" in found) == (True, False)
    assert found["problem"] == "neither its authority nor a responder that this named signed the answer"


def test_a_certificate_that_demands_an_answer_and_a_server_that_has_none() -> None:
    found = told(stapling(extensions=(FEATURE,), staples=False), b"")
    assert (found["must_staple"], found["stapled"], "answer" in found) == (True, False, False)


def test_a_server_of_the_newest_version_alone_shows_nothing() -> None:
    assert told(stapling("-tls1_3"), answer(Says())) == {"spoken": False}


def test_an_authority_of_the_bundle_is_found_when_the_server_does_not_send_it() -> None:
    assert "answer" in told(stapling(chain=False), answer(Says()))


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def certificates(*ders: bytes) -> bytes:
    listed = b"".join(len(one).to_bytes(3, "big") + one for one in ders)
    return message(11, len(listed).to_bytes(3, "big") + listed)


def status(content: bytes, kind: int = 1) -> bytes:
    return message(22, bytes([kind]) + len(content).to_bytes(3, "big") + content)


OWN, TOP = (one.public_bytes(Encoding.DER) for one in (leaf(), ROOT))
DONE = message(14, b"")


def says(content: bytes | None) -> dict[str, Json]:
    port, stop = raw_server(lambda _: content)
    try:
        return stapled(HOST, port, str(stapling().bundle))
    finally:
        stop()


def test_messages_may_be_cut_into_records_anywhere() -> None:
    content = HELLO + certificates(OWN, TOP) + status(answer(Says())) + DONE
    cut = b"".join(record(22, content[at : at + 100]) for at in range(0, len(content), 100))
    assert len(messages(cut)) == 4
    found = says(cut)
    assert found["stapled"]
    assert "answer" in found


@pytest.mark.parametrize(
    "content",
    [record(21, b"\x02\x46"), record(21, b"\x02\x28"), record(22, server_hello(0x0302, 0xC013))],
    ids=["protocol_version", "handshake_failure", "another version"],
)
def test_a_server_that_does_not_speak_the_version(content: bytes) -> None:
    assert says(content) == {"spoken": False}


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"HTTP/1.1 400 Bad Request", GapReason.MALFORMED, "not TLS"),
        (None, GapReason.UNREACHABLE, "hung up amid its hello"),
        (RESET, GapReason.UNREACHABLE, "hung up amid its hello"),
        (record(22, HELLO + certificates(OWN)), GapReason.UNREACHABLE, "hung up amid its hello"),
        (record(21, b"\x02\x50"), GapReason.FAILED, "alert 80"),
        (record(22, HELLO + DONE), GapReason.MALFORMED, "sends no certificate"),
        (record(22, HELLO + certificates() + DONE), GapReason.MALFORMED, "sends no certificate"),
        (record(22, HELLO + certificates(b"") + DONE), GapReason.MALFORMED, "list of certificates is broken"),
        (record(22, HELLO + certificates(*[b"x"] * 21) + DONE), GapReason.MALFORMED, "or too long"),
        (record(22, HELLO + message(11, b"\0\0\x09\0\0\x09x") + DONE), GapReason.MALFORMED, "is broken"),
        (record(22, HELLO + certificates(b"x") + DONE), GapReason.MALFORMED, "the certificate cannot be understood"),
        (record(22, HELLO + certificates(OWN) + status(b"x", 2) + DONE), GapReason.MALFORMED, "answer is broken"),
        (record(22, HELLO + certificates(OWN) + message(22, b"\1\0\0\7x") + DONE), GapReason.MALFORMED, "broken"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_a_gap(content: bytes | None, reason: GapReason, detail: str) -> None:
    with pytest.raises(CallError, match=detail) as caught:
        says(content)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"<html>", "the answer cannot be understood"), (answer(Says())[:-9], "the answer cannot be understood")],
)
def test_a_broken_answer_says_nothing(content: bytes, problem: str) -> None:
    found = says(record(22, HELLO + certificates(OWN, TOP) + status(content) + DONE))
    assert found["stapled"]
    assert "answer" not in found
    assert str(found["problem"]).startswith(problem)


def test_an_endless_answer_is_cut() -> None:
    endless = record(22, HELLO + message(99, bytes(200))) + record(22, message(99, bytes(16_000))) * 20
    with pytest.raises(CallError, match="hung up amid its hello"):
        says(endless)


def test_a_port_that_nobody_listens_at() -> None:
    port, stop = raw_server(lambda _: None)
    stop()
    with pytest.raises(CallError, match="no connection"):
        stapled(HOST, port, "")


def test_a_server_that_says_nothing_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation_stapled, "SECONDS", 0.05)
    with socket.create_server((HOST, 0)) as listener, pytest.raises(CallError, match="no connection"):
        stapled(HOST, listener.getsockname()[1], "")
