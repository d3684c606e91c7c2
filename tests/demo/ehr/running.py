"""The simulated EHR of the tests: a good server, an old one, and what its clients publish."""

from __future__ import annotations

import atexit
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache

from scanner.demo.ehr.simulator import EhrSimulator, ehr_simulator
from scanner.demo.ehr.world import Client, ClientKey, Ehr, Server, ServerCertificate, Smart
from scanner.model.estate import EndpointSource
from tests.support import NOW

RESET = b"reset"
"""A scripted answer: the line is torn, not closed."""

KEYS = [
    ClientKey(kid="curve", kind="P-384", alg="ES384", age_days=100),
    ClientKey(kid="long", kind="RSA", bits=3072, alg="RS384"),
    ClientKey(kid="short", kind="RSA", bits=2048, alg="RS256", age_days=2000, private=True),
    ClientKey(kind="oct", bits=256),
]
WORLD = Ehr(
    servers=[
        Server(name="good", clients=[Client(name="voice", keys=KEYS)]),
        Server(
            name="old",
            old=True,
            certificate=ServerCertificate(key="RSA-1024", ends_in_days=-5, names=["ehr.example"], self_signed=True),
        ),
        Server(
            name="lax",
            certificate=ServerCertificate(key="P-384"),
            smart=Smart(login=["client_secret_basic"], challenges=["plain"], plain_token_endpoint=True),
            services=None,
        ),
        Server(name="bare", smart=None, services=[]),
    ]
)


@cache
def running() -> EhrSimulator:
    """Return the simulated EHR, started once for all tests of a process."""
    stack = ExitStack()
    simulator = stack.enter_context(ehr_simulator(WORLD, NOW))
    atexit.register(stack.close)
    return simulator


def a_source(server: str, **given: object) -> EndpointSource:
    """Return the source over a server."""
    simulator = running()
    fields: dict[str, object] = {
        "name": server,
        "url": simulator.fhir(server),
        "kind": "fhir",
        "ca_bundle": str(simulator.ca_bundle),
    }
    return EndpointSource(**{**fields, **given})  # type: ignore[arg-type]


def raw_server(answer: Callable[[bytes], bytes | None]) -> tuple[int, Callable[[], None]]:
    """Return port and stop of a server that gives scripted bytes; None: it hangs up without a word."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                said = answer(line.recv(65_536))
                if said == RESET:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif said:
                    line.sendall(said)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def stop() -> None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

    return listener.getsockname()[1], stop
