"""The proxy: where it opens tunnels, what it refuses, and that it ends when it is told to."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scanner.demo.azure.clouds import Plane, plane_of
from scanner.demo.azure.server import MAX_BODY, Cut, Server, serving
from scanner.demo.azure.tls import Authority, authority
from scanner.demo.azure.wire import Answer, Request
from tests.demo.azure.composing import NOW

HOST = "kv.vault.azure.net"


class Echo:
    """A service that tells what it was asked."""

    def plane(self, host: str) -> Plane | None:
        return plane_of(host)

    def answer(self, request: Request) -> Answer:
        answer = Answer(200, {"path": request.path, "body": request.body.decode(), "host": request.host})
        if request.path == "/cut":
            raise Cut(answer)
        return answer


@pytest.fixture(scope="module")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server(vouched: Authority) -> Iterator[Server]:
    with serving(vouched.context, Echo(), NOW) as running:
        yield running


@contextmanager
def tunnel(server: Server, ca: Path, host: str = HOST) -> Iterator[http.client.HTTPSConnection]:
    where = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(ca))
    connection = http.client.HTTPSConnection(str(where.hostname), where.port, context=context, timeout=10)
    connection.set_tunnel(host, 443)
    try:
        yield connection
    finally:
        connection.close()


def test_many_requests_go_through_one_tunnel(server: Server, vouched: Authority) -> None:
    with tunnel(server, vouched.certificate) as connection:
        for number in range(3):
            connection.request("POST", f"/keys/{number}", body="x" * number)
            response = connection.getresponse()
            text = response.read().decode()
            assert (response.status, text.count("x")) == (200, number)
            assert f'"path":"/keys/{number}"' in text
        assert response.getheader("Date") == "Wed, 25 Nov 2026 12:00:00 GMT"


def test_a_host_that_is_not_azures_is_refused(server: Server, vouched: Authority) -> None:
    with tunnel(server, vouched.certificate, "example.com") as connection, pytest.raises(OSError, match="403"):
        connection.request("GET", "/")
    assert "example.com:443" in server.refused


def raw(server: Server, text: str) -> bytes:
    """Return what comes back for a request outside of a tunnel."""
    where = urlsplit(server.url)
    with socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=10) as connection:
        connection.sendall(text.encode())
        told = b""
        while part := connection.recv(4096):
            told += part
        return told


@pytest.mark.parametrize(
    "text",
    [
        "GET http://management.azure.com/subscriptions HTTP/1.1\r\nHost: management.azure.com\r\n\r\n",
        "CONNECT management.azure.com:80 HTTP/1.1\r\nHost: management.azure.com:80\r\n\r\n",
        "GET /latest/meta-data HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
    ],
)
def test_outside_of_a_tunnel_to_azure_everything_is_refused(server: Server, text: str) -> None:
    told = raw(server, text)
    assert told.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"SimulatorRefuses" in told


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Host": "other.vault.azure.net"}, 421),
        ("GET", {"Host": f"{HOST}:443"}, 200),
        ("POST", {"Content-Length": str(MAX_BODY + 1)}, 403),
    ],
)
def test_what_is_refused_inside_a_tunnel(
    server: Server, vouched: Authority, method: str, headers: dict[str, str], status: int
) -> None:
    with tunnel(server, vouched.certificate) as connection:
        connection.request(method, "/keys", headers=headers)
        assert connection.getresponse().status == status


def test_a_tunnel_inside_a_tunnel_is_refused(server: Server, vouched: Authority) -> None:
    with tunnel(server, vouched.certificate) as connection:
        connection.request("CONNECT", "management.azure.com:443")
        assert connection.getresponse().status == 403


def test_an_answer_can_be_cut_off_in_the_middle(server: Server, vouched: Authority) -> None:
    with tunnel(server, vouched.certificate) as connection:
        connection.request("GET", "/cut")
        response = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            response.read()


def test_who_does_not_trust_the_authority_gets_nothing(server: Server) -> None:
    where = urlsplit(server.url)
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(str(where.hostname), where.port, context=context, timeout=10)
    connection.set_tunnel(HOST, 443)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()


def test_it_ends_while_clients_hold_on(vouched: Authority) -> None:
    before = set(threading.enumerate())
    with ExitStack() as held:
        with serving(vouched.context, Echo(), NOW) as running:
            where = (str(urlsplit(running.url).hostname), int(urlsplit(running.url).port or 0))
            held.enter_context(socket.create_connection(where))
            silent = held.enter_context(socket.create_connection(where))
            silent.sendall(b"CONNECT management.azure.com:443 HTTP/1.1\r\n\r\n")
            assert silent.recv(100).startswith(b"HTTP/1.1 200")
            connection = held.enter_context(tunnel(running, vouched.certificate))
            connection.request("GET", "/keys")
            assert connection.getresponse().status == 200
        # Threads of tests before this one may end by now.
        assert set(threading.enumerate()) - before == set()


def test_who_comes_while_it_ends_is_hung_up_on(vouched: Authority) -> None:
    server = Server(vouched.context, Echo(), NOW)
    server.end()
    here, there = socket.socketpair()
    with here, there:
        server.keep(there)
        assert here.recv(1) == b""
    server.keep(there)  # closed already: nothing to hang up on
