"""The simulated data stores on a real server: what the part answers in each service's protocol, moto behind it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from werkzeug.serving import WSGIRequestHandler, make_server

from scanner.demo.aws import stores
from scanner.demo.aws.encode import encode
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.aws.stores_world import Stores
from scanner.demo.embedded import environment
from tests.demo.aws.composing import Composed, Request
from tests.support import ACCOUNT, NOW, REGION

KEYS = {"tenant": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
"""Aliases of the tests' world to their keys."""


def key_arn(alias: str) -> str:
    """Return the ARN of a key of the tests' world."""
    return KEYS[alias]


@dataclass(slots=True)
class Spoken(Composed):
    """The application of :class:`Composed` for services that do not all speak JSON."""

    errors: dict[str, str] = field(default_factory=dict)
    """Operation to the code of the error that it answers with."""

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        request = self._understand(environ)
        self.requests.append(request)
        fault = self.faults.hit(request.operation, json.dumps(request.params), request.account, request.region)
        code = "AccessDenied" if fault and fault.kind == "deny" else self.errors.get(request.operation)
        answer = {"__type": code, "message": "no & <no>"} if code else self.answer(request)
        if answer is None and fault is None:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
            passed: Iterable[bytes] = self._moto(environ, start)
            return passed
        if answer and request.operation in self.lists and "__type" not in answer:
            answer = self._page(request, answer)
        status, headers, body = encode(request.operation, answer or {})
        if fault is not None and fault.kind == "malformed":
            status, body = "200 OK", b"<cut" + body[:20]
        start(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


@contextmanager
def spoken(part: Stores, *, page_size: int = 1000) -> Iterator[Spoken]:
    """Run the data stores of a world on loopback, with credentials for it in the environment."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Keep the terminal clean."""

    def answer(request: Request) -> dict[str, Any] | None:
        return stores.answer(part, request, NOW, key_arn)

    moto_api_backend.reset()
    stores.seed(part, NOW, key_arn)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = Spoken(answer, stores.LISTS, page_size)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_port}"
    try:
        with environment(ENVIRON):
            yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
