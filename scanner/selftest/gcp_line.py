"""How self-tests call Cloud KMS: Google's own client behind a gate, and a record of every call.

The gate stands where requests leave the HTTP library, and lets through the calls that are listed here, for the keys
that the estate names; what makes, rests or destroys versions goes to canaries alone. Nothing else leaves this machine.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scanner.collect.ask import Outside, stamp
from scanner.collect.gcp.errors import no_line, no_login, refused
from scanner.collect.gcp.login import Login, missing
from scanner.collect.gcp.transport import DOMAIN, check_endpoint, fence
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.interface import Call, CannotRunError, DeniedError, RefusedError

if TYPE_CHECKING:
    from google.cloud.kms_v1 import KeyManagementServiceClient

SCOPES = ("https://www.googleapis.com/auth/cloudkms",)
REFUSALS = frozenset({"FAILED_PRECONDITION", "INVALID_ARGUMENT", "NOT_FOUND"})
"""Codes by which Cloud KMS says no to what it was asked. Others tell of something else: line, login, a limit."""
DENIED = frozenset({"PERMISSION_DENIED"})
ATTEMPTS = 6
SECONDS = 60.0
_V = r"/cryptoKeyVersions"
USES = (("GET", ""), ("POST", ":encrypt"), ("POST", ":decrypt"))
"""Verb, and what stands behind the name of a key that may be used."""
CHANGES = (
    ("POST", _V),
    ("GET", rf"{_V}/[0-9]+"),
    ("PATCH", rf"{_V}/[0-9]+"),
    ("POST", rf"{_V}/[0-9]+:destroy"),
    ("POST", rf"{_V}/[0-9]+:restore"),
    ("POST", ":updatePrimaryVersion"),
)
"""The same for canaries."""
_POLYNOMIAL = 0x82F63B78


@dataclass(slots=True)
class KeyGate:
    """Which keys may be named in a call, and how."""

    base: str
    """``https://cloudkms.googleapis.com``."""
    used: frozenset[str]
    """Resource names of keys that may be used."""
    changed: frozenset[str] = frozenset()
    """… and of canaries."""

    def allows(self, verb: str, url: str) -> bool:
        """Tell whether a request may leave."""
        parts, base = urlsplit(url), urlsplit(self.base)
        if (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
            return False
        lists = ((self.used, USES), (self.changed, CHANGES))
        return any(
            verb == asked and re.fullmatch(f"/v1/{re.escape(key)}{rest}", parts.path)
            for keys, shapes in lists
            for key in keys
            for asked, rest in shapes
        )


def crc32c(data: bytes | bytearray) -> int:
    """Return the CRC-32C of ``data`` (RFC 3720, appendix B.4): Cloud KMS guards what travels by it."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL & -(value & 1))
    return value ^ 0xFFFFFFFF


def client(login: Login, endpoint: str, gate: KeyGate) -> KeyManagementServiceClient:
    """Return Google's client of Cloud KMS over REST, behind the gate. Raises CallError."""
    check_endpoint(gate.base)
    try:
        from google.cloud.kms_v1 import KeyManagementServiceClient
        from google.cloud.kms_v1.services.key_management_service.transports.rest import (
            KeyManagementServiceRestTransport,
        )
    except ImportError as error:
        raise missing(error) from error
    login.token()
    parts = urlsplit(endpoint or gate.base)
    made: Any = KeyManagementServiceRestTransport(
        host=parts.netloc, credentials=login.credentials(), url_scheme=parts.scheme
    )
    fence(made._session, gate.allows, 16)  # where its requests leave; a test sees that they do
    return KeyManagementServiceClient(transport=made)


def base_of(endpoint: str) -> str:
    """Return the address of Cloud KMS: the one that the source names, or Google's."""
    return endpoint.rstrip("/") or f"https://cloudkms.{DOMAIN}"


@dataclass(slots=True, kw_only=True)
class Line:
    """One client behind a gate, with a record of every call through it."""

    client: KeyManagementServiceClient
    outside: Outside
    calls: list[Call] = field(default_factory=list)
    sleep: Callable[[float], object] = time.sleep
    """For what must not be stopped."""

    def call(self, method: str, request: Mapping[str, object], *, always: bool = False) -> Any:  # noqa: ANN401 - a proto message
        """Call, again where that may help; ``always``: even when the run is stopped.

        Raises RefusedError, DeniedError, or CannotRunError.
        """
        attempt = 1
        while True:
            try:
                return self._once(method, request)
            except CallError as error:
                if error.code in DENIED:
                    raise DeniedError(error.code, error.detail) from error
                if error.code in REFUSALS:
                    raise RefusedError(error.code, error.detail) from error
                if not error.retry or attempt == ATTEMPTS:
                    raise CannotRunError(f"cloudkms:{method}: {error}", error.reason) from error
            delay = 0.1 * 2**attempt
            attempt += 1
            if always:
                self.sleep(delay)
            elif self.outside.wait(delay):
                raise CannotRunError("stopped", GapReason.LIMIT)

    def _once(self, method: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        unreadable: Any = import_module("google.protobuf.json_format").ParseError  # has no types
        started = stamp(self.outside.now())
        try:
            # One attempt: what is tried again is decided, and recorded, here.
            answer = getattr(self.client, method)(request=request, retry=None, timeout=SECONDS)
        except GoogleAPICallError as error:
            problem = refused(int(error.code or 0), _body(error))
        except GoogleAuthError as error:
            problem = no_login(error)
        except RequestException as error:
            problem = no_line(error)
        except unreadable as error:
            problem = CallError(GapReason.MALFORMED, code="ParseError", detail=str(error))
        else:
            self._keep(method, started, "")
            return answer
        self._keep(method, started, problem.code)
        raise problem

    def _keep(self, method: str, started: str, code: str) -> None:
        # Cloud KMS gives no id of a request by which the audit log could be searched.
        self.calls.append(Call(f"cloudkms:{method}", "", code, started, logged=code in REFUSALS | DENIED | {""}))


def _body(error: Any) -> Json:  # noqa: ANN401 - an exception of the library
    try:
        told: Json = error.response.json()
    except (AttributeError, ValueError):
        return None
    return told
