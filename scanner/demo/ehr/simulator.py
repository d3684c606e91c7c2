"""Start and stop the simulated EHR: one port on loopback for each server, and an authority of their own."""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scanner.demo.aws.faults import Faults
from scanner.demo.ehr.authority import Authority
from scanner.demo.ehr.documents import document
from scanner.demo.ehr.revocation import served
from scanner.demo.ehr.world import Ehr, Server

_STATUS = {"deny": 403, "expired": 401, "throttle": 429, "error": 503, "unsupported": 404, "stale_page": 302}
"""``expired``: it wants a login; ``stale_page``: it leads elsewhere."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that arrived."""

    server: str
    method: str
    path: str
    operation: str
    """Empty: there is no such document."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EhrSimulator:
    """A running simulator."""

    ca_bundle: Path
    """PEM file of the authority that signed most servers."""
    urls: dict[str, str] = field(default_factory=dict)
    """Server to its address, without a path."""
    faults: Faults = field(default_factory=Faults)
    requests: list[Recorded] = field(default_factory=list)

    def fhir(self, server: str) -> str:
        """Return the base URL of a server."""
        return f"{self.urls[server]}/fhir"

    def jwks(self, server: str, client: str) -> str:
        """Return the address of a client's key set."""
        return f"{self.urls[server]}/clients/{client}/jwks.json"


@contextmanager
def ehr_simulator(world: Ehr, now: datetime) -> Iterator[EhrSimulator]:
    """Run a simulated EHR that holds ``world`` as it stands at ``now``."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        authority = Authority(Path(folder), now)
        stack.enter_context(served(authority.revocations))
        simulator = EhrSimulator(authority.bundle)
        for server in world.servers:
            stack.enter_context(_running(server, simulator, authority))
        yield simulator


@contextmanager
def _running(server: Server, simulator: EhrSimulator, authority: Authority) -> Iterator[None]:
    tls = authority.server(server.name, server.certificate, old=server.old)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer."""
            _serve(self, server, simulator, authority)

        # What would write is recorded too, and refused: a test would see it.
        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Keep the terminal for the scan."""

    running = _TlsServer(("127.0.0.1", 0), Handler, tls)
    simulator.urls[server.name] = f"https://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


class _TlsServer(ThreadingHTTPServer):
    """Agrees on TLS in the thread of each connection, so that one that hangs holds up no other."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext) -> None:
        super().__init__(address, handler)
        self._tls = tls

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection."""
        plain, peer = super().get_request()
        plain.settimeout(10.0)
        return self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), peer

    def handle_error(self, *_: object) -> None:
        """Keep the terminal for the scan: those who only say hello break off."""


def _serve(handler: BaseHTTPRequestHandler, server: Server, simulator: EhrSimulator, authority: Authority) -> None:
    url = simulator.urls[server.name]
    operation, body = document(server, handler.path, url, authority) if handler.command == "GET" else ("", None)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    simulator.requests.append(Recorded(server.name, handler.command, handler.path, operation, headers))
    fault = simulator.faults.hit(operation, f"{server.name} {handler.path}", "", "") if operation else None
    kind = fault.kind if fault is not None else ""
    if kind == "disconnect":
        handler.close_connection = True
    elif kind in _STATUS:
        _write(handler, _STATUS[kind], _outcome("the server does not answer this"))
    elif kind == "malformed":
        _write(handler, 200, b"<html>maintenance</html>")
    elif kind == "wrong_types" and body is not None:
        _write(handler, 200, json.dumps(dict.fromkeys(body, 7)).encode())
    elif body is None:
        _write(handler, 404, _outcome("there is no such document"))
    else:
        _write(handler, 200, json.dumps(body).encode())


def _outcome(words: str) -> bytes:
    issue = [{"severity": "error", "code": "processing", "diagnostics": words}]
    return json.dumps({"resourceType": "OperationOutcome", "issue": issue}).encode()


def _write(handler: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/fhir+json")
    handler.send_header("Content-Length", str(len(content)))
    if status == 302:
        handler.send_header("Location", "https://login.example/fhir")
    handler.end_headers()
    handler.wfile.write(content)
