"""Timestamps by a real authority, and answers that are none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.errors import MissingExtraError, UsageError
from scanner.package import timestamp as module
from scanner.package.timestamp import TimestampError, check_url, post, timestamp
from tests.package.authority import Authority, authority

pytest.importorskip("rfc3161_client")


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    with authority(tmp_path) as running:
        yield running


def verified(tsa: Authority, token: bytes, message: bytes) -> bool:
    (tsa.folder / "token").write_bytes(token)
    (tsa.folder / "message").write_bytes(message)
    command = ["openssl", "ts", "-verify", "-in", "token", "-data", "message", "-CAfile", "root.pem"]
    return subprocess.run(command, cwd=tsa.folder, capture_output=True, check=False).returncode == 0


def test_openssl_verifies_what_an_authority_gave(tsa: Authority) -> None:
    token = timestamp(b"signature", check_url(tsa.url))
    assert verified(tsa, token, b"signature")
    assert not verified(tsa, token, b"another")
    assert b"signature" not in tsa.asked[0]  # nothing but its digest leaves the machine


def test_the_timestamp_of_another_message_is_refused(tsa: Authority) -> None:
    tsa.instead = timestamp(b"signature", tsa.url)
    with pytest.raises(TimestampError, match="of another request"):
        timestamp(b"another", tsa.url)


def test_a_timestamp_that_was_given_before_is_refused(tsa: Authority) -> None:
    tsa.instead = timestamp(b"signature", tsa.url)
    with pytest.raises(TimestampError, match="of another request"):
        timestamp(b"signature", tsa.url)


def test_a_refusal_is_told(tsa: Authority) -> None:
    # TimeStampResp: status 2 (rejection), and no token (RFC 3161, 2.4.2).
    tsa.instead = bytes.fromhex("30053003020102")
    with pytest.raises(TimestampError, match="refused with status 2: without a reason"):
        timestamp(b"signature", tsa.url)


@pytest.mark.parametrize("answer", [b"", b"<html>", bytes.fromhex("30053003020100"), b"\x30\x80" * 1000])
def test_what_is_no_timestamp_is_refused(tsa: Authority, answer: bytes) -> None:
    tsa.instead = answer
    with pytest.raises(TimestampError, match="did not answer with a timestamp"):
        timestamp(b"signature", tsa.url)


def test_an_error_is_told(tsa: Authority) -> None:
    tsa.status = 503
    with pytest.raises(TimestampError, match="answered 503 Service Unavailable"):
        timestamp(b"signature", tsa.url)


def test_a_page_is_no_timestamp(tsa: Authority) -> None:
    tsa.kind = "text/html"
    with pytest.raises(TimestampError, match="answered text/html"):
        post(tsa.url, b"")


def test_a_redirect_is_not_followed(tsa: Authority) -> None:
    tsa.status, tsa.location = 302, f"{tsa.url}/elsewhere"
    with pytest.raises(TimestampError, match="answered 302"):
        timestamp(b"signature", tsa.url)
    assert len(tsa.asked) == 1


def test_an_endless_answer_is_cut_off(tsa: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    tsa.instead = b"x" * 101
    with pytest.raises(TimestampError, match="more than 100 bytes"):
        post(tsa.url, b"")


def test_an_authority_that_is_away_is_told() -> None:
    with pytest.raises(TimestampError, match=r"did not answer: .*refused"):
        timestamp(b"signature", "http://127.0.0.1:9/")


@pytest.mark.parametrize(
    "url",
    ["", "tsa.example", "file:///etc/passwd", "ftp://tsa.example/", "http://", "http://[", "https://u:p@tsa.example/"],
)
def test_what_is_no_url_of_an_authority_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not the URL of a timestamp authority"):
        check_url(url)


def test_without_the_extra_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(MissingExtraError, match="rfc3161-client is not installed"):
        check_url("https://tsa.example/")
