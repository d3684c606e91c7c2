"""A part of the simulated AWS on a real server: its answers, paged and with faults, and moto behind for the rest."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.aws.wire import understand
from scanner.demo.embedded import environment
from tests.support import ACCOUNT, REGION

CREDENTIAL = re.compile(r"Credential=[^/]+/[0-9]+/([^/]+)/([^/]+)/")
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    operation: str
    account: str = ACCOUNT
    region: str = REGION
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Composed:
    """A WSGI application around moto's, as the layer of the simulator will be."""

    answer: Callable[[Request], Answer | None]
    lists: Mapping[str, tuple[str, str, str, str]]
    page_size: int = 50
    faults: Faults = field(default_factory=Faults)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    _moto: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        request = self._understand(environ)
        self.requests.append(request)
        fault = self.faults.hit(request.operation, json.dumps(request.params), request.account, request.region)
        answer = self.answer(request)
        if answer is None:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
            answered: Iterable[bytes] = self._moto(environ, start)
            return answered
        status, body = self._spoil(request, answer, fault)
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _understand(self, environ: dict[str, Any]) -> Request:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        region, service = match.groups() if match else ("", "")
        headers = {
            "x-amz-target": environ.get("HTTP_X_AMZ_TARGET", ""),
            "content-type": environ.get("CONTENT_TYPE", ""),
        }
        # As it was sent: a server decodes the slashes of an ARN in PATH_INFO.
        path = environ["RAW_URI"].partition("?")[0]
        asked = understand(service, environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], headers, body)
        return Request(f"{asked.service}:{asked.name}", ACCOUNT, region, asked.params)

    def _spoil(self, request: Request, answer: Answer, fault: Fault | None) -> tuple[str, bytes]:
        kind = fault.kind if fault else ""
        if kind == "deny":
            return "403 Forbidden", json.dumps({"__type": "AccessDeniedException", "message": "no"}).encode()
        if kind == "malformed":
            return "200 OK", b'{"cut off": ['
        if kind == "wrong_types":
            answer = dict.fromkeys(answer, "surprise")
        elif request.operation in self.lists and "__type" not in answer:
            answer = self._page(request, answer)
        status = "404 Not Found" if "__type" in answer else "200 OK"
        return status, json.dumps(answer).encode()

    def _page(self, request: Request, answer: Answer) -> Answer:
        items, takes, gives, most = self.lists[request.operation]
        first = int(request.params.get(takes) or 0)
        after = first + min(self.page_size, int(request.params.get(most) or self.page_size))
        more = {gives: str(after)} if after < len(answer[items]) else {}
        return {**answer, items: answer[items][first:after], **more}


@contextmanager
def composed(
    answer: Callable[[Request], Answer | None], lists: Mapping[str, tuple[str, str, str, str]], *, page_size: int = 50
) -> Iterator[Composed]:
    """Run a part on loopback, with credentials for it in the environment."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Keep the terminal clean."""

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = Composed(answer, lists, page_size)
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
