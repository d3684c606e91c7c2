"""How self-tests call Azure Key Vault: azure-core's pipeline behind a gate, and a record of every call.

The gate stands first in the pipeline, before a token is fetched, and lets through the calls that are listed here, in
one vault, for the keys that the estate names; what changes a key goes to canaries alone. A purge is not listed. The
SDK's own client of cryptography is not used: with the public half of an RSA key it wraps on this machine, which would
test this machine.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    HeadersPolicy,
    HTTPPolicy,
    ProxyPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from scanner import __version__
from scanner.collect.ask import Outside, stamp
from scanner.collect.azure.errors import answered, request_id, understand
from scanner.collect.azure.transport import Client, Hub
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.interface import Call, CannotRunError, DeniedError, RefusedError

VERSION = "2025-07-01"
"""``api-version`` of every request."""
GET, WRAP, UNWRAP = "keyvault:GetKey", "keyvault:wrapKey", "keyvault:unwrapKey"
ROTATE, UPDATE, DELETE = "keyvault:RotateKey", "keyvault:UpdateKey", "keyvault:DeleteKey"
DELETED, RECOVER = "keyvault:GetDeletedKey", "keyvault:RecoverDeletedKey"
USES: Mapping[str, tuple[str, str]] = {
    GET: ("GET", "/keys/{key}"),
    WRAP: ("POST", "/keys/{key}/{version}/wrapkey"),
    UNWRAP: ("POST", "/keys/{key}/{version}/unwrapkey"),
}
"""What a key that the estate names may be asked: method and path."""
CHANGES: Mapping[str, tuple[str, str]] = {
    ROTATE: ("POST", "/keys/{key}/rotate"),
    UPDATE: ("PATCH", "/keys/{key}/{version}"),
    DELETE: ("DELETE", "/keys/{key}"),
    DELETED: ("GET", "/deletedkeys/{key}"),
    RECOVER: ("POST", "/deletedkeys/{key}/recover"),
}
"""The same for canaries."""
GONE, DISABLED = "KeyNotFound", "KeyDisabled"
OF_KEY = frozenset({DISABLED, "KeyOperationForbidden"})
"""Inner codes of a 403 by which Key Vault says that the key may not be used so, whoever asks."""
WALLS = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
"""… and that it lets nobody in from here: that says nothing of a key. Any other 403 is about the caller's rights."""
BUSY = 409
"""The key is being deleted or recovered; that passes (inner codes ObjectIsBeingDeleted, ObjectIsBeingRecovered)."""
ATTEMPTS = 6
FIRST_WAIT = 1.0
"""Seconds before the second attempt, twice as many before each further one: Key Vault's advice when it throttles."""
_VERSION = "[0-9A-Za-z]{1,64}"


@dataclass(slots=True)
class KeyGate(HTTPPolicy[HttpRequest, HttpResponse]):
    """Refuses every call but those on the named keys, whoever makes it."""

    host: str
    """Of the vault or managed HSM."""
    used: frozenset[str]
    """Names of keys that may be used."""
    changed: frozenset[str] = frozenset()
    """… and of canaries."""

    def allows(self, method: str, url: str, body: str = "") -> bool:
        """Tell whether a request may leave."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc, parts.query) != ("https", self.host, f"api-version={VERSION}"):
            return False
        lists = ((self.used, USES), (self.changed, CHANGES))
        fits = any(
            method == asked and re.fullmatch(_path(path, re.escape(key), _VERSION), parts.path)
            for keys, calls in lists
            for key in keys
            for asked, path in calls.values()
        )
        return fits and (method != "PATCH" or body in (_body(enabling(True)), _body(enabling(False))))

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        """Send an allowed request on. Raises ForbiddenOperationError for any other."""
        asked = request.http_request
        if not self.allows(asked.method, asked.url, str(asked.content or "")):
            path = asked.url.partition("?")[0]
            raise ForbiddenOperationError(f"{asked.method} {path} for a key that the estate does not name for it")
        return self.next.send(request)


def enabling(enabled: bool) -> dict[str, Json]:
    """Return the one change of a key's attributes that may leave."""
    return {"attributes": {"enabled": enabled}}


def client(hub: Hub, gate: KeyGate, scope: str) -> Client:
    """Return a pipeline to one vault, behind the gate. It asks once, and follows no redirection."""
    return PipelineClient(
        f"https://{gate.host}",
        policies=[
            gate,
            HeadersPolicy(),
            UserAgentPolicy(f"keyaudit/{__version__}", user_agent_overwrite=True),
            ProxyPolicy(hub.proxies or None),
            BearerTokenCredentialPolicy(hub.credential, scope),
        ],
        transport=RequestsTransport(
            connection_verify=hub.verify,
            connection_timeout=hub.timeouts.connect,
            read_timeout=hub.timeouts.read,
        ),
    )


@dataclass(slots=True, kw_only=True)
class Line:
    """One pipeline behind a gate, with a record of every call through it."""

    client: Client
    host: str
    outside: Outside
    calls: list[Call] = field(default_factory=list)
    sleep: Callable[[float], object] = time.sleep
    """For what must not be stopped."""

    def call(
        self,
        operation: str,
        key: str,
        version: str = "",
        body: Mapping[str, Json] | None = None,
        *,
        always: bool = False,
    ) -> dict[str, Json]:
        """Call, again where that may help; ``always``: even when the run is stopped.

        Raises RefusedError, DeniedError, or CannotRunError.
        """
        sleep = self.sleep if always else None
        return patiently(operation, lambda: self._once(operation, key, version, body), self.outside, sleep)

    def _once(self, operation: str, key: str, version: str, body: Mapping[str, Json] | None) -> dict[str, Json]:
        started = stamp(self.outside.now())
        try:
            found, answer = self._sent(operation, key, version, body)
        except CallError as error:
            self._keep(operation, started, error.request_id, error.code, logged=refuses(error))
            raise
        self._keep(operation, started, found, "", logged=True)
        return answer

    def _sent(
        self, operation: str, key: str, version: str, body: Mapping[str, Json] | None
    ) -> tuple[str, dict[str, Json]]:
        method, path = {**USES, **CHANGES}[operation]
        url = f"https://{self.host}{_path(path, key, version)}?api-version={VERSION}"
        headers = {"Accept": "application/json"}
        content = None if body is None else _body(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self.client.send_request(HttpRequest(method, url, headers=headers, content=content))
            text = response.text(encoding="utf-8-sig")
        except AzureError as error:
            raise understand(error) from error
        except OSError as error:
            # A PEM file that is not there, or a program that a credential runs.
            raise CallError(GapReason.FAILED, code=type(error).__name__, detail=str(error)) from error
        if not 200 <= response.status_code < 300:
            raise answered(response.status_code, text, response.headers)
        identity = request_id(response.headers)
        try:
            parsed: Json = json.loads(text)
        except (ValueError, RecursionError):
            # What the parser says may quote the answer, which may hold a plain key.
            parsed = None
        if not isinstance(parsed, dict):
            detail = "the answer is no JSON object"
            raise CallError(GapReason.MALFORMED, code="NotJson", detail=detail, request_id=identity)
        return identity, parsed

    def _keep(self, operation: str, started: str, identity: str, code: str, *, logged: bool) -> None:
        # A list's append is whole, whichever thread does it.
        self.calls.append(Call(operation, identity, code, started, logged=logged))


def patiently(
    operation: str,
    once: Callable[[], dict[str, Json]],
    outside: Outside,
    sleep: Callable[[float], object] | None = None,
) -> dict[str, Json]:
    """Call, again where that may help. With ``sleep`` even when the run is stopped.

    Raises RefusedError, DeniedError, or CannotRunError.
    """
    attempt = 1
    while True:
        try:
            return once()
        except CallError as error:
            if refuses(error):
                kind = DeniedError if error.status == 403 and error.code not in OF_KEY else RefusedError
                raise kind(error.code, error.detail) from error
            if not (error.retry or error.status == BUSY) or attempt == ATTEMPTS:
                raise CannotRunError(f"{operation}: {error}", error.reason) from error
        delay = FIRST_WAIT * 2 ** (attempt - 1)
        attempt += 1
        if sleep is not None:
            sleep(delay)
        elif outside.wait(delay):
            raise CannotRunError("stopped", GapReason.LIMIT)


def refuses(error: CallError) -> bool:
    """Tell whether Key Vault said no to what it was asked. All else tells of something else: line, login, a limit."""
    if error.status == 404:
        return error.code == GONE
    return error.status == 400 or (error.status == 403 and error.code not in WALLS)


def _path(path: str, key: str, version: str) -> str:
    return path.replace("{key}", key).replace("{version}", version)


def _body(body: Mapping[str, Json]) -> str:
    return json.dumps(body)
