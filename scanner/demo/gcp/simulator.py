"""Start and stop the simulated Google Cloud: plain HTTP on loopback, for every service and for the login."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.gcp.refusals import RefusalError, broken
from scanner.demo.gcp.routes import SCOPES, Route, find
from scanner.demo.gcp.state import State
from scanner.demo.gcp.tokens import LoginError, Tokens
from scanner.demo.gcp.world import GoogleCloud
from scanner.demo.serving import serving

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that arrived."""

    operation: str
    verb: str
    resource: str
    query: Mapping[str, str]


@dataclass(slots=True)
class GcpSimulator:
    """A running simulator."""

    state: State
    page_size: int
    url: str = ""
    faults: Faults = field(default_factory=Faults)
    requests: list[Recorded] = field(default_factory=list)
    tokens: Tokens = field(init=False)

    def credentials_file(self, folder: Path) -> Path:
        """Write the key file of the service account into ``folder``; it opens nothing but this simulator."""
        path = folder / "gcp-credentials.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.tokens.credentials()), encoding="ascii")
        return path

    def environ(self, folder: Path) -> dict[str, str]:
        """Return the variables by which the application default credentials are those of this simulator."""
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.credentials_file(folder)),
            "GOOGLE_CLOUD_PROJECT": self.state.world.first,
            "NO_GCE_CHECK": "true",
            "GOOGLE_API_USE_CLIENT_CERTIFICATE": "false",
        }

    def answer(self, verb: str, address: str, authorization: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer. Raises ConnectionAbortedError where it is to hang up."""
        parts = urlsplit(address)
        if (verb, parts.path) == ("POST", "/token"):
            return self._log_in(body)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            found = find(verb, unquote(parts.path))
            if found is None:
                raise RefusalError("NOT_FOUND", f"no method for {verb} {parts.path}")
            route, resource = found
            with self.state.lock:
                self.requests.append(Recorded(route.operation, verb, resource, query))
            self._authorize(route, authorization)
            return 200, self._body(route, resource, query, body)
        except RefusalError as error:
            return error.status, _encoded(error.body())

    def _log_in(self, body: bytes) -> tuple[int, bytes]:
        try:
            return 200, _encoded(self.tokens.issue(body))
        except LoginError as error:
            return 400, _encoded(error.body())

    def _authorize(self, route: Route, authorization: str) -> None:
        scopes = self.tokens.scopes(authorization)
        if not scopes:
            raise RefusalError(
                "UNAUTHENTICATED", "Request had invalid authentication credentials.", "CREDENTIALS_MISSING"
            )
        if scopes.isdisjoint(SCOPES[route.operation.partition(":")[0]]):
            text = "Request had insufficient authentication scopes."
            raise RefusalError("PERMISSION_DENIED", text, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")

    def _body(self, route: Route, resource: str, query: Mapping[str, str], body: bytes) -> bytes:
        location = resource.split("/")[3] if resource.count("/") > 2 else ""
        project = resource.split("/")[1] if resource.startswith("projects/") else ""
        fault = self.faults.hit(route.operation, f"{resource}\n", project, location)
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            raise RefusalError("INVALID_ARGUMENT", "Invalid JSON payload received.") from None
        if fault is not None and fault.kind in {"deny", "throttle", "error", "unsupported", "expired", "stale_page"}:
            broken(fault, {})
        with self.state.lock:
            answer = route.answer(self.state, resource, given)
        wrong = broken(fault, answer) if fault is not None else None
        return _encoded(self._page(route, answer, query, fault)) if wrong is None else wrong

    def _page(self, route: Route, answer: Json, query: Mapping[str, str], fault: Fault | None) -> Json:
        """Return the page of a listing that is asked for; what is empty is left out."""
        if not route.items:
            return answer
        every = answer[route.items]
        token = query.get("pageToken", "page-0").removeprefix("page-")
        if not token.isdecimal() or int(token) > len(every):
            raise RefusalError("INVALID_ARGUMENT", "The page token is invalid.")
        first, size = int(token), min(self.page_size, int(query.get("pageSize", "100")) or 100)
        endless = fault is not None and fault.kind == "endless"
        found: Json = {route.items: every[first : first + size]} if every[first : first + size] else {}
        if endless or first + size < len(every):
            found["nextPageToken"] = f"page-{first if endless else first + size}"
        if every and route.operation.startswith("cloudkms:") and route.items != "locations":
            found["totalSize"] = len(every)
        return found


def _encoded(body: Json) -> bytes:
    return json.dumps(body, indent=2).encode()


@contextmanager
def gcp_simulator(world: GoogleCloud, now: datetime, *, page_size: int = 100) -> Iterator[GcpSimulator]:
    """Run a simulated Google Cloud that holds ``world`` as it stands at ``now``."""
    simulator = GcpSimulator(State(world, now), page_size)
    for denial in simulator.state.denials():
        simulator.faults.add(denial)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        authorization = handler.headers.get("Authorization", "")
        try:
            status, content = simulator.answer(handler.command, handler.path, authorization, body)
        except ConnectionAbortedError:
            handler.close_connection = True
            return
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json; charset=UTF-8")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    with serving(answer) as url:
        simulator.url = url
        simulator.tokens = Tokens(world.first, f"{url}/token")
        yield simulator
