"""The transport under every AWS client: one attempt per call, and only declared operations leave this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from scanner.collect.ask import stamp
from scanner.collect.aws.errors import understand
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Capture = Callable[[Mapping[str, Json], Mapping[str, Any]], None]
"""Takes (parameters, raw answer) of a call whose answer holds credentials, before redaction."""


def guard_client(client: BaseClient, allowed: Collection[str]) -> None:
    """Make ``client`` refuse every operation that is not in ``allowed`` (``kms:ListKeys``), before it is sent."""
    service = client.meta.service_model.service_name

    def refuse(model: OperationModel, **_: object) -> None:
        name = f"{service}:{model.name}"
        if name not in allowed:
            raise ForbiddenOperationError(f"{name} is not a declared read-only operation")

    client.meta.events.register("before-call", refuse, unique_id="keyaudit-read-only")


def check_endpoint(url: str, *, insecure: bool) -> None:
    """Refuse plain HTTP to anything but loopback, whoever configured it. Raises CallError."""
    parts = urlsplit(url)
    if parts.scheme == "https" or insecure or parts.hostname in LOOPBACK:
        return
    raise CallError(
        GapReason.UNREACHABLE,
        code="PlainHttpRefused",
        detail=f"{url} is plain http to a host that is not this machine; use https, or `insecure: true` for the source",
    )


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
        service, _, name = operation.partition(":")
        try:
            method = getattr(self._client(service), xform_name(name))
            answer: dict[str, Any] = method(**params)
        except (BotoCoreError, ClientError) as error:
            raise understand(error) from error
        meta = answer.pop("ResponseMetadata", {})
        if self._capture is not None:
            self._capture(params, answer)
        return Reply(int(meta.get("HTTPStatusCode", 0)), str(meta.get("RequestId", "")), plain(answer))

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
