"""The proxy in front of the simulated Azure: it opens tunnels to Azure's hosts, and ends them in this process.

Whoever is told to use the proxy reaches the simulator under the real names of the hosts, over TLS. Every other host is
refused, and so is every request outside a tunnel: nothing leaves the machine.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from scanner.demo.azure.clouds import Plane
from scanner.demo.azure.wire import Answer, Request

PORT = "443"
MAX_BODY = 1 << 20
REFUSED = b'{"error":{"code":"SimulatorRefuses","message":"only tunnels to hosts of Azure are opened here"}}'


class Service(Protocol):
    """What is behind the proxy."""

    def plane(self, host: str) -> Plane | None:
        """Return what answers at a host, or None for a host that is not there."""

    def answer(self, request: Request) -> Answer:
        """Answer a request. Raises Cut."""


class Cut(ConnectionError):  # noqa: N818 - an answer, not an error of ours
    """Hang up in the middle of an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the simulator hung up, as it was told to")
        self.answer = answer


class Server(ThreadingHTTPServer):
    """A listening proxy."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, context: ssl.SSLContext, service: Service, now: datetime) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context, self.service, self.now = context, service, now
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        self._ending = False
        self.refused: list[str] = []
        """Hosts that no tunnel was opened to."""

    @property
    def url(self) -> str:
        """Return the proxy's URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def keep(self, connection: socket.socket) -> None:
        """Remember a connection, to end it when the server ends."""
        with self._lock:
            self._open.add(connection)
            ending = self._ending
        if ending:
            _hang_up(connection)

    def forget(self, connection: socket.socket) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._open.discard(connection)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Serve one connection, on a thread that is joined at the end."""
        worker = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self.keep(request)
        with self._lock:
            self._workers = [*(one for one in self._workers if one.is_alive()), worker]
        worker.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep the terminal for the scan: a client that hung up is no news."""

    def end(self) -> None:
        """Hang up on everybody, and wait for the threads."""
        with self._lock:
            self._ending = True
            left, workers = list(self._open), list(self._workers)
        for connection in left:
            _hang_up(connection)
        for worker in workers:
            worker.join()
        self.server_close()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


class Handler(BaseHTTPRequestHandler):
    """One connection: a CONNECT, and then the requests inside the tunnel."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 60.0
    host = ""
    plane: Plane | None = None

    def finish(self) -> None:
        """End a connection, and the tunnel in it."""
        self.server.forget(self.connection)
        try:
            super().finish()
        finally:
            self.connection.close()

    def do_CONNECT(self) -> None:
        """Open a tunnel to a host of Azure, and end it here."""
        host, _, port = self.path.lower().partition(":")
        self.plane = self.server.service.plane(host) if port == PORT and not self.host else None
        if self.plane is None:
            self.server.refused.append(self.path)
            self._send(Answer(403, REFUSED))
            self.close_connection = True
            return
        self.host = host
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.rfile.close()
        self.server.forget(self.connection)
        wrapped = self.server.context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        self.connection = wrapped
        self.server.keep(wrapped)  # before the handshake, which a client may never begin
        wrapped.do_handshake()
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = _Writer(self.connection)  # type: ignore[assignment]  # a writer needs no more than this
        self.close_connection = False

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.plane is None or length > MAX_BODY:
            self.server.refused.append(self.path)
            self._send(Answer(403, REFUSED))
            self.close_connection = True
            return
        named = (self.headers.get("Host") or "").lower().removesuffix(f":{PORT}")
        if named != self.host:
            self._send(Answer(421, REFUSED))
            return
        body = self.rfile.read(length)
        request = Request.parse(self.command, self.host, self.plane, self.path, dict(self.headers), body)
        try:
            self._send(self.server.service.answer(request))
        except Cut as cut:
            self._send(cut.answer, cut=True)
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server names them

    def _send(self, answer: Answer, *, cut: bool = False) -> None:
        body = answer.encoded()
        told = {"Content-Type": "application/json; charset=utf-8", **answer.headers, "Content-Length": str(len(body))}
        told |= {"Date": self.date_time_string(), "Server": self.server_version}
        lines = [
            f"HTTP/1.1 {answer.status} {self.responses[answer.status][0]}",
            *(f"{k}: {v}" for k, v in told.items()),
        ]
        head = "\r\n".join(lines) + "\r\n\r\n"
        whole = head.encode("latin-1") + body
        self.wfile.write(whole[: len(whole) - len(body) // 2] if cut else whole)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Say what time it is in the world, whatever the time is here."""
        del timestamp
        return format_datetime(self.server.now.astimezone(UTC), usegmt=True)

    def log_message(self, *_: object) -> None:
        """Keep the terminal for the scan."""


class _Writer:
    """What answers are written to inside a tunnel."""

    closed = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, data: bytes) -> int:
        """Send all of it."""
        self._connection.sendall(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Leave the connection to whoever owns it."""


@contextmanager
def serving(context: ssl.SSLContext, service: Service, now: datetime) -> Iterator[Server]:
    """Run a proxy on a port of loopback that is free."""
    server = Server(context, service, now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.end()
