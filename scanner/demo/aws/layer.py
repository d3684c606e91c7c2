"""The layer before moto: what moto lacks, paging, faults, and a record of every request."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from scanner.demo.aws import crypto
from scanner.demo.aws.encode import Encoded, encode
from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.aws.paging import page
from scanner.demo.aws.parts import Json, Parts
from scanner.demo.aws.refusals import JSON_HEADERS, broken
from scanner.demo.aws.request import Environ, Recorded, received
from scanner.demo.world import World

StartResponse = Callable[[str, list[tuple[str, str]]], object]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
_ASSUMED = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")


@dataclass(slots=True)
class Layer:
    """A WSGI application around moto's."""

    app: App
    world: World
    now: datetime
    page_size: int
    faults: Faults = field(default_factory=Faults)
    requests: list[Recorded] = field(default_factory=list)
    latency: float = 0.0
    """Seconds that every answer waits."""
    parts: Parts = field(init=False)
    _accounts: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.parts = Parts(self.world, self.now)
        for fault in self.parts.denials():
            self.faults.add(fault)

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = received(environ, self._account)
        with self._lock:
            self.requests.append(request)
        if self.latency:
            time.sleep(self.latency)
        fault = self.faults.hit(request.operation, json.dumps(request.params), request.account, request.region)
        answered = broken(fault, request) if fault is not None else None
        encoded = answered or self._answer(environ, request, fault)
        if request.operation in crypto.LOGGED:
            encoded = self.parts.calls.record(request, self.now, encoded)
        status, headers, body = encoded
        kept = [(name, value) for name, value in headers if name.lower() not in {"content-length", "date"}]
        start(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _account(self, access_key: str) -> str:
        return self._accounts.get(access_key, self.world.management_account)

    def _answer(self, environ: Environ, request: Recorded, fault: Fault | None) -> Encoded:
        own = self.parts.answer(request)
        if own is not None:
            return self._encoded(request, own, fault)
        status, headers, body = self._from_moto(environ, request)
        self._learn(request, body)
        if request.service == "kms" and status.startswith("200"):
            return self._encoded(request, self.parts.amend(request, json.loads(body or b"{}")), fault)
        return status, headers, body

    def _from_moto(self, environ: Environ, request: Recorded) -> Encoded:
        said: list[tuple[str, list[tuple[str, str]]]] = []
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
        answer = self.app(environ, lambda line, fields, *_: said.append((line, fields)))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        return *said[-1], body

    def _learn(self, request: Recorded, body: bytes) -> None:
        """Remember whose the assumed credentials are."""
        if request.operation == "sts:AssumeRole" and (match := _ASSUMED.search(body)):
            account = str(request.params.get("RoleArn", "")).split(":")[4]
            with self._lock:
                self._accounts[match.group(1).decode()] = account

    def _encoded(self, request: Recorded, answer: Json, fault: Fault | None) -> Encoded:
        endless = fault is not None and fault.kind == "endless"
        paged = page(request.operation, request.params, answer, self.page_size, endless=endless)
        if request.service in {"kms", "organizations"} and "__type" not in paged:
            # It is JSON already, and these are asked most.
            return "200 OK", JSON_HEADERS, json.dumps(paged).encode()
        return encode(request.operation, paged)
