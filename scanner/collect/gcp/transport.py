"""The transport under every call to Google Cloud: one attempt, and only declared methods leave this machine.

Two locks. :meth:`GcpTransport.send` refuses an operation that is not declared. Below it, where a request leaves the
HTTP library, :class:`Gate` refuses every verb and URL that is not that of a declared method, whoever made the request.
"""

from __future__ import annotations

import ipaddress
import json
import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scanner.collect.gcp.errors import no_line, refused
from scanner.collect.gcp.login import Login, missing
from scanner.collect.gcp.methods import METHODS, permits
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

WHO = "oauth2:token"
"""Answered on this machine, from the credential and the token that it got."""
DOMAIN = "googleapis.com"
TIMEOUTS = (10.0, 60.0)
"""Seconds to connect, and between two bytes."""
AGENT = {"Accept": "application/json", "User-Agent": "keyaudit"}


def check_endpoint(url: str) -> None:
    """Refuse plain HTTP to anything but this machine. Raises CallError."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    detail = f"{url} is not https, and its host is not this machine"
    raise CallError(GapReason.UNREACHABLE, code="PlainHttpRefused", detail=detail)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Gate:
    """The last thing that a request passes: an adapter of ``requests`` around the one that sends."""

    def __init__(self, inner: Any, allows: Callable[[str, str], bool]) -> None:  # noqa: ANN401 - an adapter
        self._inner = inner
        self._allows = allows

    def send(self, request: PreparedRequest, **given: Any) -> Response:  # noqa: ANN401 - as requests calls it
        """Send what is allowed. Raises ForbiddenOperationError for everything else."""
        if not self._allows(str(request.method), str(request.url)):
            raise ForbiddenOperationError(f"{request.method} {request.url} is not a declared read-only call")
        answer: Response = self._inner.send(request, **given)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def fence(session: Session, allows: Callable[[str, str], bool], connections: int) -> None:
    """Put a gate before everything that a session sends. Nothing is sent twice."""
    from requests.adapters import HTTPAdapter

    session.adapters.clear()
    for scheme in ("https://", "http://"):
        gate: Any = Gate(HTTPAdapter(pool_maxsize=connections, max_retries=0), allows)
        session.mount(scheme, gate)


class GcpTransport:
    """Sends to Google Cloud with the credentials of one source."""

    def __init__(self, login: Login, *, allowed: Collection[str], endpoint: str = "", connections: int = 16) -> None:
        self._login = login
        self._allowed = frozenset(allowed)
        self._base = endpoint.rstrip("/")
        self._connections = connections
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._asked = threading.local()

    @property
    def endpoint(self) -> str:
        """Base URL that the last call of this thread went to."""
        return str(getattr(self._asked, "base", self._base or f"https://{DOMAIN}"))

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Send once. Raises CallError, or ForbiddenOperationError for an operation that is not declared."""
        if operation not in self._allowed:
            raise ForbiddenOperationError(f"{operation} is not a declared read-only operation")
        if operation == WHO:
            return Reply(200, "", self._login.who())
        method = METHODS[operation]
        base = self._base or f"https://{method.service}.{DOMAIN}"
        check_endpoint(base)
        self._asked.base = base
        address = base + method.address(params)
        session = self._connected()
        answer = self._ask(session, method.verb, address, method.body)
        body = _parsed(answer)
        if answer.status_code >= 300:
            raise refused(answer.status_code, body)
        if body is None:
            raise CallError(GapReason.MALFORMED, code="NotJson", detail="the answer is not JSON", status=200)
        return Reply(answer.status_code, "", body)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _ask(self, session: Session, verb: str, address: str, body: Mapping[str, Json] | None) -> Response:
        from requests import RequestException

        def signed(request: PreparedRequest) -> PreparedRequest:
            # By a function: else `requests` looks for a login of its own in ~/.netrc.
            self._login.sign(request.headers)
            return request

        try:
            return session.request(
                verb, address, json=body, headers=AGENT, auth=signed, timeout=TIMEOUTS, allow_redirects=False
            )
        except RequestException as error:
            raise no_line(error) from error

    def _connected(self) -> Session:
        with self._lock:
            if self._session is None:
                try:
                    import requests
                except ImportError as error:
                    raise missing(error) from error
                self._session = requests.Session()
                fence(self._session, self._allows, self._connections)
            return self._session

    def _allows(self, verb: str, url: str) -> bool:
        parts = urlsplit(url)
        names = [name for name in self._allowed if name in METHODS]
        if self._base:
            prefix = urlsplit(self._base)
            here = (parts.scheme, parts.netloc) == (prefix.scheme, prefix.netloc)
            return here and permits(names, verb, parts.path.removeprefix(prefix.path))
        host, _, domain = parts.netloc.partition(".")
        of_host = [name for name in names if METHODS[name].service == host]
        return (parts.scheme, domain) == ("https", DOMAIN) and permits(of_host, verb, parts.path)


def _parsed(answer: Response) -> Json:
    try:
        body: Json = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return body
