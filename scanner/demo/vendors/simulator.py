"""Start and stop the simulated AI vendors: one server on loopback, a part of the path for each vendor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.serving import serving
from scanner.demo.vendors import anthropic, deepgram, elevenlabs, openai
from scanner.demo.vendors.routes import Asked, Body, Refusal, Route, refusal
from scanner.demo.vendors.world import Vendors

_ROUTES: Mapping[str, tuple[Route, ...]] = {
    "openai": openai.ROUTES,
    "anthropic": anthropic.ROUTES,
    "elevenlabs": elevenlabs.ROUTES,
    "deepgram": deepgram.ROUTES,
}
_BASES: Mapping[str, str] = {"openai": "/v1"}
_STATUS = {"deny": 403, "throttle": 429, "error": 503, "unsupported": 404}
WAIT_SECONDS = 7
"""What a throttled answer says in `Retry-After`."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that arrived."""

    method: str
    path: str
    operation: str
    """Empty: there is no such path."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VendorSimulator:
    """Running simulators."""

    url: str
    faults: Faults = field(default_factory=Faults)
    requests: list[Recorded] = field(default_factory=list)

    def endpoint(self, vendor: str) -> str:
        """Return the base URL of a vendor, as its SDK takes it."""
        return f"{self.url}/{vendor}{_BASES.get(vendor, '')}"


@contextmanager
def vendor_simulator(world: Vendors, now: datetime, *, page_size: int = 50) -> Iterator[VendorSimulator]:
    """Run simulated AI vendors that hold ``world`` as it stands at ``now``."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        _serve(handler, simulator, world, now, page_size)

    with serving(answer) as url:
        simulator = VendorSimulator(url)
        yield simulator


def _serve(
    handler: BaseHTTPRequestHandler, simulator: VendorSimulator, world: Vendors, now: datetime, page_size: int
) -> None:
    parts = urlsplit(handler.path)
    vendor, _, rest = parts.path.removeprefix("/").partition("/")
    headers = {name.lower(): value for name, value in handler.headers.items()}
    found = _find(vendor, f"/{rest}") if handler.command == "GET" else None
    operation = found[0].operation if found else ""
    simulator.requests.append(Recorded(handler.command, handler.path, operation, headers))
    key = _key(headers)
    fault = simulator.faults.hit(operation, handler.path, "", "") if found else None
    if fault is not None and fault.kind == "disconnect":
        handler.close_connection = True
        return
    part: Any = getattr(world, vendor, None)
    if found is None or part is None:
        _send(handler, 404, refusal(vendor, 404, key))
        return
    one, names = found
    asked = Asked(part, now, names, parse_qs(parts.query), key, page_size)
    if operation in part.denied:
        _send(handler, 403, refusal(vendor, 403, key))
        return
    _answer(handler, vendor, one, asked, fault)


def _answer(handler: BaseHTTPRequestHandler, vendor: str, one: Route, asked: Asked, fault: Fault | None) -> None:
    if fault is not None and fault.kind in _STATUS:
        status = _STATUS[fault.kind]
        more = {"Retry-After": str(WAIT_SECONDS)} if status == 429 else {}
        _send(handler, status, refusal(vendor, status, asked.key), more)
        return
    try:
        body = one.answer(asked)
    except Refusal as refused:
        _send(handler, refused.status, refusal(vendor, refused.status, asked.key))
        return
    if fault is not None and fault.kind == "malformed":
        _write(handler, 200, b"<html>maintenance</html>", {})
        return
    if fault is not None and fault.kind == "wrong_types":
        body = dict.fromkeys(body, 7)
    if fault is not None and fault.kind == "endless":
        body = {**body, "has_more": True, "next_page": "again", "next_cursor": "again"}
    of_project = vendor == "openai" and asked.key == asked.vendor.project_key
    _send(handler, 200, body, {"openai-project": asked.vendor.project_of_key} if of_project else {})


def _find(vendor: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    for one in _ROUTES.get(vendor, ()):
        match = one.path.fullmatch(path)
        if match:
            return one, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def _key(headers: Mapping[str, str]) -> str:
    bearer = headers.get("authorization", "").removeprefix("Bearer ").removeprefix("Token ")
    return headers.get("x-api-key") or headers.get("xi-api-key") or bearer


def _send(handler: BaseHTTPRequestHandler, status: int, body: Body, more: Mapping[str, str] | None = None) -> None:
    _write(handler, status, json.dumps(body).encode(), more or {})


def _write(handler: BaseHTTPRequestHandler, status: int, content: bytes, more: Mapping[str, str]) -> None:
    handler.send_response(status)
    told = {"Content-Type": "application/json", "Content-Length": str(len(content)), "x-request-id": "req-simulated"}
    for name, value in {**told, **more}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
