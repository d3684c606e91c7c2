"""The transport under every AWS client: one attempt per call, and only declared operations leave this machine."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from scanner.collect.ask import stamp
from scanner.collect.aws.bodies import keep
from scanner.collect.aws.bounds import bound
from scanner.collect.aws.errors import understand
from scanner.collect.aws.regions import missing_endpoint
from scanner.collect.aws.shapes import must_be_whole
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_UNREADABLE = (
    ResponseParserError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What botocore's parsers raise for an answer of a wrong shape: a list for an object, a date of the year 10000, …"""

Capture = Callable[[Mapping[str, Json], Mapping[str, Any]], None]
"""Takes (parameters, raw answer) of a call whose answer holds credentials, before redaction."""


def guard_client(client: BaseClient, allowed: Collection[str]) -> None:
    """Make ``client`` refuse every operation that is not in ``allowed`` (``kms:ListKeys``), before it is sent.

    And answers that are not whole, before they are read; those that are too large or never end are cut off.
    """
    bound(client)
    service = client.meta.service_model.service_name

    def refuse(model: OperationModel, **_: object) -> None:
        name = f"{service}:{model.name}"
        if name not in allowed:
            raise ForbiddenOperationError(f"{name} is not a declared read-only operation")

    client.meta.events.register("before-call", refuse, unique_id="keyaudit-read-only")
    if service == "s3":
        client.meta.events.register_first("before-call.s3", _stay, unique_id="keyaudit-one-endpoint")
    if client.meta.service_model.resolved_protocol in {"json", "rest-json"}:
        client.meta.events.register("before-parse", must_be_whole, unique_id="keyaudit-whole-answers")


def _stay(params: Mapping[str, Any], **_: object) -> None:
    """Keep botocore from asking S3 again in another region: it would send calls that nobody declared or recorded."""
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def check_endpoint(url: str, *, insecure: bool) -> None:
    """Refuse plain HTTP to anything but this machine, whoever configured it. Raises CallError."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and (insecure or is_loopback(parts.hostname or ""))):
        return
    raise CallError(
        GapReason.UNREACHABLE,
        code="PlainHttpRefused",
        detail=f"{url} is not https, and its host is not this machine; use https, or `insecure: true` for the source",
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class AwsTransport:
    """Sends to the services of one account and region with one set of credentials."""

    def __init__(
        self,
        client: Callable[[str], BaseClient],
        *,
        allowed: Collection[str],
        insecure: bool,
        endpoint: str,
        capture: Capture | None = None,
    ) -> None:
        self._make = client
        self._allowed = frozenset(allowed)
        self._insecure = insecure
        self._capture = capture
        self._clients: dict[str, BaseClient] = {}
        self._lock = threading.Lock()
        self._endpoint = endpoint

    @property
    def endpoint(self) -> str:
        """Base URL that calls go to."""
        return self._endpoint

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Send once. Raises CallError, or ForbiddenOperationError for an operation that is not declared."""
        if operation not in self._allowed:
            raise ForbiddenOperationError(f"{operation} is not a declared read-only operation")
        service, _, name = operation.partition(":")
        client = self._client(service)
        method = getattr(client, xform_name(name), None)
        if method is None:
            raise CallError(GapReason.UNSUPPORTED, code="UnknownToSdk", detail=f"this botocore has no {operation}")
        try:
            answer: dict[str, Any] = method(**params)
            meta = answer.pop("ResponseMetadata", {})
            body = plain(keep(operation, params, answer, meta.get("HTTPHeaders", {})))
        except BotoCoreError as error:
            raise missing_endpoint(error, service, client.meta) or understand(error) from error
        except ClientError as error:
            raise understand(error) from error
        except OSError as error:
            # Credentials that are refreshed on the way can need a program or a file that is not there.
            raise CallError(GapReason.FAILED, code=type(error).__name__, detail=str(error)) from error
        except _UNREADABLE as error:
            detail = f"the answer could not be understood: {error}"
            raise CallError(GapReason.MALFORMED, code=type(error).__name__, detail=detail) from error
        if self._capture is not None:
            self._capture(params, answer)
        return Reply(int(meta.get("HTTPStatusCode", 0)), str(meta.get("RequestId", "")), body)

    def close(self) -> None:
        """Close the clients and with them their connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, service: str) -> BaseClient:
        with self._lock:
            client = self._clients.get(service)
            if client is None:
                client = self._make(service)
                check_endpoint(client.meta.endpoint_url, insecure=self._insecure)
                guard_client(client, self._allowed)
                self._endpoint = client.meta.endpoint_url
                self._clients[service] = client
        return client


def plain(value: object) -> Json:
    """Return a botocore answer as JSON: instants as RFC 3339 text in UTC, bytes as their length (never kept)."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return _scalar(value)


def _scalar(value: object) -> str | int:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, (bytes, bytearray)):
        return f"[{len(value)} bytes]"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value)
