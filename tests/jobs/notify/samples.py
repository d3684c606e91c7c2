"""Notifications, and the servers on loopback that receive them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scanner.errors import ConfigError
from scanner.history.diff import compare
from scanner.jobs.notify.deliver import Outside
from scanner.jobs.notify.message import Notification, Package, Run, notification
from scanner.model.estate import SecretRef
from scanner.model.history import FindingState
from tests.history.snapshots import JULY, a_finding, a_record, a_snapshot

NOW = datetime(2026, 7, 15, 12, 30, tzinfo=UTC)
SECRETS = {"HOOK_SECRET": "correct horse battery staple", "SMTP_PASSWORD": "a-password"}
PACKAGE = Package(file="20260715T120000Z.zip", checkpoint="sha256:" + "0" * 64, number=2)


def told(*findings: FindingState, first: bool = False, organization: str = "Test Health", **run: Any) -> Notification:  # noqa: ANN401
    """Return what is told of a scan with these findings, after one without any."""
    new = a_snapshot(*findings, scan=a_record("scan-2", as_of=JULY, organization=organization))
    given: dict[str, Any] = {"profile": "nightly", "code": 10, "report": "/var/nightly/scans/x", "package": PACKAGE}
    return notification(new, None if first else compare(a_snapshot(), new), Run(**{**given, **run}))


HOSTILE = told(
    a_finding("<!here> <script>alert(1)</script>\r\nBcc: eve@example.com `x` @channel \u202e\x1b[31m", label="<@U1>&"),
    organization="Evil\r\nBcc: eve@example.com\r\n\r\n<b>& @here",
    problems=("package: \x1b]0;x\x07 <!channel>",),
)
"""What an estate with the worst names would tell."""


@dataclass
class Clock:
    """A clock that sleeping puts forward."""

    time: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Put it forward."""
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)

    def outside(self, secrets: dict[str, str] | None = None, *, seconds: float = 5.0) -> Outside:
        """Return what sending takes from outside, without chance."""
        known = SECRETS | (secrets or {})

        def resolve(ref: SecretRef) -> str:
            if ref.name not in known:
                raise ConfigError(f"the environment variable {ref.name} is not set")
            return known[ref.name]

        return Outside(lambda: self.time, self.sleep, lambda: 0.0, resolve, seconds)


@dataclass(frozen=True)
class Request:
    """What a receiver was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server that gives the answers of a script, and then 200."""

    url: str
    script: list[tuple[int, dict[str, str]]]
    requests: list[Request] = field(default_factory=list)


@contextmanager
def receiver(
    script: Sequence[tuple[int, dict[str, str]]] = (), tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Run a receiver. The answer 0 is none: it hangs up."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append(Request(self.path, dict(self.headers), body))
            status, headers = found.script.pop(0) if found.script else (200, {})
            if status == 1:
                self.wfile.write(b"SSH-2.0-what\r\n")
            elif status:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

        do_GET = do_POST  # noqa: N815 - http.server's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    found = Receiver(f"{scheme}://127.0.0.1:{server.server_port}/hooks/T0P-5ECRET", list(script))
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Certificate:
    """A server's certificate, which is its own authority."""

    pem: Path
    context: ssl.SSLContext


def certificate(folder: Path, name: str = "127.0.0.1") -> Certificate:
    """Make a certificate for an address of this machine."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    pem, private = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, private)
    return Certificate(pem, context)


@dataclass
class Mailbox:
    """A mail server's answers, and what it took."""

    port: int = 0
    answer: str = "250 OK"
    refused: frozenset[str] = frozenset()
    refusal: str = "550 no such person"
    taken: list[Envelope] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, envelope: Envelope, address: str, __: list[str]
    ) -> str:
        """Take an address, or refuse it."""
        if address in self.refused:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take a message."""
        self.encrypted.append(session.ssl is not None)
        if self.answer.startswith("250"):
            self.taken.append(envelope)
        return self.answer

    def check(self, _: SMTP, __: Session, ___: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        """Let one person in."""
        self.logins.append(mechanism)
        return AuthResult(success=data == LoginPassword(b"keyaudit", b"a-password"), handled=False)


@contextmanager
def mail_server(tls: ssl.SSLContext | None, *, implicit: bool = False, **given: Any) -> Iterator[Mailbox]:  # noqa: ANN401
    """Run a mail server that asks for STARTTLS (``implicit``: begins with TLS; None: offers no TLS)."""
    box = Mailbox(**given)
    options: dict[str, Any] = {"authenticator": box.check, "auth_require_tls": tls is not None}
    if implicit:
        options["ssl_context"] = tls
    elif tls:
        options |= {"tls_context": tls, "require_starttls": True}
    with _free_port() as port:
        controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    box.port = port
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]
