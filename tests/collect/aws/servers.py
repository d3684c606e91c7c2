"""Real servers on loopback that misbehave as told: over TLS, as a proxy, or with any bytes at all."""

from __future__ import annotations

import datetime as dt
import ipaddress
import select
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

JSON = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "scripted"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def operation(self) -> str:
        """The operation's name, without its service."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back. ``length`` other than the body's is a lie; ``hang`` seconds pass before it."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    length: int | None = None
    raw: bytes | None = None
    """Sent in place of an HTTP answer; empty: the server just hangs up."""
    hang: threading.Event | None = None
    """Wait for it before anything is sent."""


Behavior = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    requests: list[Request]


@contextmanager
def serving(behavior: Behavior, *, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server that answers as ``behavior`` says, over TLS with a ``context``."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            requests.append(request)
            answer = behavior(request)
            if answer.hang is not None:
                answer.hang.wait(60)
            self.close_connection = True
            if answer.raw is not None:
                self.wfile.write(answer.raw)
                return
            self.send_response(answer.status)
            self.send_header("Connection", "close")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST  # noqa: N815 - as above

        def do_CONNECT(self) -> None:
            requests.append(Request("CONNECT", self.path, {k.lower(): v for k, v in self.headers.items()}, b""))
            host, _, port = self.path.rpartition(":")
            self.close_connection = True
            with socket.create_connection((host, int(port))) as other:
                self.send_response(200)
                self.end_headers()
                _tunnel(self.connection, other)

        def log_message(self, *_: object) -> None:
            """Keep the terminal clean."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what these tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        scheme = "http" if context is None else "https"
        yield Server(f"{scheme}://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _tunnel(one: socket.socket, other: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([one, other], [], [], 60)
        for side in ready:
            data = side.recv(65536)
            if not data:
                return
            (other if side is one else one).sendall(data)
        if not ready:
            return


def forwarding(target: str) -> Behavior:
    """Return a behavior that hands everything on to ``target``: a reverse proxy, or a forward one for absolute URIs."""

    def behave(request: Request) -> Answer:
        url = request.path if urlsplit(request.path).scheme else target + request.path
        headers = {name: value for name, value in request.headers.items() if not name.startswith("proxy-")}
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(urllib.request.Request(url, data=request.body, headers=headers)) as answer:
                return Answer(answer.read(), answer.status, dict(_kept(answer.headers.items())))
        except HTTPError as error:
            with error:
                return Answer(error.read(), error.code, dict(_kept(error.headers.items())))

    return behave


def _kept(headers: object) -> Iterator[tuple[str, str]]:
    assert hasattr(headers, "__iter__")
    for name, value in headers:
        if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
            yield name, value


@dataclass(frozen=True, slots=True)
class Authority:
    """A private certificate authority and a server's context with a certificate of it for 127.0.0.1."""

    bundle: Path
    context: ssl.SSLContext


def authority(folder: Path) -> Authority:
    """Make a certificate authority."""
    now = dt.datetime.now(dt.UTC)
    root = ec.generate_private_key(ec.SECP256R1())
    leaf = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])

    def certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(root, hashes.SHA256())
        )

    bundle, chain = folder / "ca.pem", folder / "server.pem"
    pem = serialization.Encoding.PEM
    bundle.write_bytes(certificate(issuer, root, ca=True).public_bytes(pem))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    private = leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(certificate(subject, leaf, ca=False).public_bytes(pem) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return Authority(bundle, context)
