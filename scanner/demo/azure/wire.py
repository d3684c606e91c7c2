"""Requests and answers of the simulated Azure, and the errors of its planes in their documented shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, unquote

from scanner.demo.azure.clouds import Plane

Json = dict[str, Any]
S = TypeVar("S")
"""What answers a plane's requests."""

TOO_MANY = 429
VAULT_THROTTLED = (
    "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
)
ARM_THROTTLED = "The request is being throttled as the limit has been reached for operation type - Read."


@dataclass(frozen=True, slots=True)
class Request:
    """A request that arrived."""

    method: str
    host: str
    plane: Plane
    path: str
    query: Mapping[str, str]
    """Names in lower case, as Resource Manager reads them."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    @classmethod
    def parse(
        cls, method: str, host: str, plane: Plane, target: str, headers: Mapping[str, str], body: bytes
    ) -> Request:
        """Read a request target."""
        path, _, told = target.partition("?")  # not urlsplit: `//providers` is a path here, the scope `/` before it
        query = {name.lower(): value for name, value in parse_qsl(told, keep_blank_values=True)}
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method, host, plane, unquote(path), query, lowered, body)

    @property
    def text(self) -> str:
        """Return what a fault's subject is looked for in."""
        return f"{self.host}{self.path}?{'&'.join(f'{k}={v}' for k, v in self.query.items())} {self.body!r}"

    def json(self) -> Json:
        """Return the body. Raises Refused for one that is no JSON object."""
        try:
            told = json.loads(self.body or b"{}")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Refused(400, "BadParameter", "The request body is not a JSON object.")
        return told


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: Json | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Return the body's bytes."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, separators=(",", ":")).encode()


class Refused(Exception):  # noqa: N818 - an answer of the service, not an error of ours
    """The service says no, in the error shape that all planes share."""

    def __init__(
        self, status: int, code: str, message: str, *, inner: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.inner = status, code, message, inner
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        """Return the refusal as it goes over the wire."""
        error: Json = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return Answer(self.status, {"error": error}, self.headers)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that was answered, as tests and the demo look at it."""

    operation: str
    """``keyvault:Vaults_ListBySubscription``; ``login:token``; empty for what no operation is."""
    method: str
    host: str
    path: str
    query: Mapping[str, str]
    status: int


@dataclass(frozen=True, slots=True)
class Route(Generic[S]):
    """An operation: its method, the path that is its, and what answers it."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    answer: Callable[[S, Request, Mapping[str, str]], Json]


def route(operation: str, target: str, answer: Callable[[S, Request, Mapping[str, str]], Json]) -> Route[S]:
    """Return a route for ``GET /a/{name}``. Paths are case-insensitive.

    ``{name*}`` spans slashes, ``{name=this}`` is that one name.
    """
    method, _, path = target.partition(" ")
    parts = re.split(r"(\{\w+[^}]*\})", path)
    regex = "".join(_group(part) if part.startswith("{") else re.escape(part) for part in parts)
    return Route(operation, method, re.compile(f"{regex}/?", re.IGNORECASE), answer)


def _group(part: str) -> str:
    name, _, only = part.strip("{}").partition("=")
    if only:
        return f"(?P<{name}>{re.escape(only)})"
    return f"(?P<{name[:-1]}>.*?)" if name.endswith("*") else f"(?P<{name}>[^/]+)"


def find(routes: tuple[Route[S], ...], request: Request) -> tuple[Route[S], Mapping[str, str]] | None:
    """Return the route of a request and the names in its path, or None."""
    for one in routes:
        if one.method == request.method and (match := one.pattern.fullmatch(request.path)):
            return one, match.groupdict()
    return None


def throttled(plane: Plane, seconds: int) -> Refused:
    """Return the refusal of a caller that asks too much, who may ask again in ``seconds``."""
    headers = {"Retry-After": str(seconds)}
    if plane == "arm":
        return Refused(TOO_MANY, "TooManyRequests", ARM_THROTTLED, headers=headers)
    return Refused(TOO_MANY, "Throttled", VAULT_THROTTLED, headers=headers)
