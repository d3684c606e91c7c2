"""Which suites a server takes: real servers, and those that say something else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from scanner.collect.endpoints.hello import VERSIONS
from scanner.collect.endpoints.offers import offers
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.endpoints.test_hello import record, server_hello
from tests.demo.ehr.running import RESET, raw_server, running

CHOSEN = record(22, server_hello(0x0303, 0xC02F))


@contextmanager
def saying(answer: Callable[[bytes], bytes | None]) -> Iterator[int]:
    port, stop = raw_server(answer)
    try:
        yield port
    finally:
        stop()


def in_turn(*answers: bytes | None) -> Callable[[bytes], bytes | None]:
    left = iter(answers)
    return lambda _: next(left)


def asked(version: str, port: int) -> dict[str, Json]:
    return offers(version, "127.0.0.1", port, lambda: False)


def taken(server: str, version: str) -> dict[str, Json]:
    return asked(version, urlsplit(running().urls[server]).port or 0)


def test_a_good_server_takes_new_versions_and_their_suites() -> None:
    found = {version: taken("good", version) for version in VERSIONS}
    assert [name for name, one in found.items() if one["offered"]] == ["TLS 1.2", "TLS 1.3"]
    assert found["TLS 1.2"]["suites"] == [
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
    assert found["TLS 1.0"] == {"version": "TLS 1.0", "offered": False, "suites": [], "ended": "protocol_version"}


def test_an_old_server_takes_what_this_machine_would_not_speak_by_itself() -> None:
    found = {version: taken("old", version) for version in VERSIONS}
    assert [name for name, one in found.items() if one["offered"]] == ["TLS 1.0", "TLS 1.1", "TLS 1.2"]
    suites = found["TLS 1.0"]["suites"]
    assert isinstance(suites, list)
    assert {"TLS_RSA_WITH_NULL_MD5", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"} <= set(suites)


@pytest.mark.parametrize(
    ("version", "answers", "offered", "ended"),
    [
        ("TLS 1.2", (CHOSEN, record(21, b"\x02\x47")), True, "insufficient_security"),
        ("SSL 3.0", (record(22, server_hello(0x0300, 0x0005)), record(21, b"\x02\x28")), True, "handshake_failure"),
        # A server that knows only an older version says so.
        ("TLS 1.2", (record(22, server_hello(0x0301, 0x002F)),), False, "another version"),
        ("TLS 1.0", (record(21, b"\x02\x46"),), False, "protocol_version"),
        ("TLS 1.0", (None,), False, "closed"),
        ("TLS 1.0", (RESET,), False, "closed"),
    ],
)
def test_versions_and_refusals(version: str, answers: tuple[bytes | None, ...], offered: bool, ended: str) -> None:
    with saying(in_turn(*answers)) as port:
        found = asked(version, port)
    assert (found["offered"], found["ended"]) == (offered, ended)


def test_one_that_takes_everything_is_asked_for_everything() -> None:
    suites = iter(range(0x1301, 0x1306))

    def answer(_: bytes) -> bytes:
        return record(22, server_hello(0x0303, next(suites), selected=0x0304))

    with saying(answer) as port:
        found = asked("TLS 1.3", port)
    assert (found["offered"], found["ended"]) == (True, "none left")


@pytest.mark.parametrize(
    ("answers", "reason", "words"),
    [
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), GapReason.MALFORMED, "not TLS"),
        ((CHOSEN[:20],), GapReason.MALFORMED, "amid its hello"),
        ((CHOSEN, CHOSEN), GapReason.MALFORMED, "not offered: 0xC02F"),
        ((record(22, server_hello(0x0307, 0xC02F)),), GapReason.MALFORMED, "a version that there is not: 0x0307"),
        ((record(21, b"\x02\x50"),), GapReason.FAILED, "alert 80"),
        ((CHOSEN, None), GapReason.UNREACHABLE, "hung up amid the suites"),
        ((record(21, b"\x01\x70") * 10_000,), GapReason.MALFORMED, "amid its hello"),
    ],
)
def test_what_says_nothing_is_a_gap(answers: tuple[bytes | None, ...], reason: GapReason, words: str) -> None:
    with saying(in_turn(*answers)) as port, pytest.raises(CallError, match=words) as caught:
        asked("TLS 1.2", port)
    assert caught.value.reason is reason


def test_without_a_server_there_is_no_answer() -> None:
    with saying(in_turn()) as port:
        pass
    with pytest.raises(CallError, match=f"no connection to 127.0.0.1 port {port}: ") as caught:
        asked("TLS 1.2", port)
    assert (caught.value.reason, caught.value.retry) == (GapReason.UNREACHABLE, True)


def test_time_is_up_before_every_suite_was_tried() -> None:
    with saying(in_turn()) as port, pytest.raises(CallError, match="time limit") as caught:
        offers("TLS 1.2", "127.0.0.1", port, lambda: True)
    assert caught.value.reason is GapReason.LIMIT


def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.endpoints.offers.SECONDS", 0.05)
    done = threading.Event()

    def answer(_: bytes) -> None:
        done.wait(30)

    with saying(answer) as port:
        try:
            with pytest.raises(CallError, match="no connection to") as caught:
                asked("TLS 1.2", port)
        finally:
            done.set()
    assert caught.value.code == "TimeoutError"
