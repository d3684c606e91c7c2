"""POST to real servers on loopback: what is taken, refused, tried again; and no address in any message."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from scanner.jobs.notify.post import SendError, check, post, reason, tls_context
from tests.jobs.notify.samples import NOW, certificate, receiver


def failed(url: str, *, ca_bundle: str = "", seconds: float = 5.0) -> SendError:
    with pytest.raises(SendError) as caught:
        post(url, b"{}", {}, now=NOW, ca_bundle=ca_bundle, seconds=seconds)
    assert "5ECRET" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


def test_a_body_is_sent_as_it_is() -> None:
    with receiver() as server:
        post(server.url, b'{"a":1}', {"Keyaudit-Id": "x"}, now=NOW, seconds=5)
    (request,) = server.requests
    assert (request.path, request.body) == ("/hooks/T0P-5ECRET", b'{"a":1}')
    assert request.headers["Keyaudit-Id"] == "x"


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "wait"),
    [
        (429, {"Retry-After": "7"}, False, 7.0),
        (429, {"Retry-After": format_datetime(NOW + timedelta(seconds=9), usegmt=True)}, False, 9.0),
        (503, {"Retry-After": "Wed, 15 Jul 2026 12:00:00 -0000"}, False, 0.0),
        (503, {"Retry-After": "soon"}, False, None),
        (500, {}, False, None),
        (408, {}, False, None),
        (404, {"Retry-After": "7"}, True, None),
        (410, {}, True, None),
    ],
)
def test_a_refusal(status: int, headers: dict[str, str], permanent: bool, wait: float | None) -> None:
    with receiver([(status, headers)]) as server:
        error = failed(server.url)
    assert str(error) == f"it was refused: HTTP {status}"
    assert (error.permanent, error.wait) == (permanent, wait)


def test_no_redirect_is_followed() -> None:
    with receiver() as other, receiver([(302, {"Location": other.url}), (307, {"Location": other.url})]) as server:
        for status in (302, 307):
            assert str(failed(server.url)) == f"it was redirected, and redirects are not followed: HTTP {status}"
    assert other.requests == []


def test_who_is_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failed(f"http://127.0.0.1:{silent.getsockname()[1]}/5ECRET", seconds=0.05)
    assert str(error) == "it did not answer: it was silent too long"
    assert not error.permanent


def test_nobody_there_and_no_http() -> None:
    with receiver([(0, {}), (1, {})]) as server:
        assert "it did not answer" in str(failed(server.url)) or "not HTTP" in str(failed(server.url))
        assert "not HTTP (BadStatusLine)" in str(failed(server.url))
    assert str(failed(server.url)) == "it did not answer: Connection refused"


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with receiver(tls=made.context) as server:
        assert "its certificate is not trusted (self-signed certificate" in str(failed(server.url))
        post(server.url, b"{}", {}, now=NOW, ca_bundle=str(made.pem), seconds=5)
        name = server.url.replace("127.0.0.1", "localhost")
        assert "its certificate is not trusted (Hostname mismatch" in str(failed(name, ca_bundle=str(made.pem)))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.com/5ECRET", "does not begin with https://"),
        ("ftp://127.0.0.1/5ECRET", "does not begin with https://"),
        ("file:///5ECRET", "names no host"),
        ("https://user:5ECRET@hooks.example.com/", "holds a user name"),
        ("https:///5ECRET", "names no host"),
        ("https://[5ECRET/", "is not a URL"),
        ("https://host:99999/5ECRET", "is not a URL"),
        ("https://host/5ECRET\r\nX: y", "is not a URL"),
        ("https://h\u00f6st/5ECRET", "is not a URL"),
        ("https://host/5 ECRET", "is not a URL"),
    ],
)
def test_where_nothing_is_sent_to(url: str, why: str) -> None:
    with pytest.raises(SendError, match=why) as caught:
        check(url)
    assert caught.value.permanent
    assert "5ECRET" not in str(caught.value)


def test_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="cannot read the ca_bundle: No such file"):
        tls_context(str(tmp_path / "nothing.pem"))


def test_a_failure_without_a_reason() -> None:
    assert reason(OSError("https://hooks.example.com/5ECRET")) == "there is no connection"


def test_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    with receiver():
        assert set(threading.enumerate()) - before
    assert set(threading.enumerate()) - before == set()
