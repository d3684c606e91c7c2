"""The transport under every Azure unit: one attempt per call, and only declared requests leave this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HeadersPolicy, ProxyPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from scanner import __version__
from scanner.collect.azure.clouds import CLOUDS, Cloud
from scanner.collect.azure.credential import Credential, claims
from scanner.collect.azure.endpoints import ENDPOINTS, BadRequestError
from scanner.collect.azure.errors import answered, request_id, understand
from scanner.collect.azure.guard import ReadOnlyPolicy
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.model.estate import AzureSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason

TOKEN = "identity:GetToken"  # noqa: S105 - the name of an operation
"""Not a request of its own: who the token for Azure Resource Manager is of."""

Client = PipelineClient[HttpRequest, HttpResponse]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a connection or an answer is given up."""

    connect: float = 10
    read: float = 30


@dataclass(slots=True)
class Hub:
    """What every transport of a source shares: the cloud, the credential, and what is declared."""

    source: AzureSource
    allowed: Collection[str]
    timeouts: Timeouts = Timeouts()
    credential: Credential = field(init=False)

    def __post_init__(self) -> None:
        """Make the credential; it asks for nothing before the first call."""
        self.credential = Credential(self.cloud, self.source.tenant, self.proxies, self.verify)

    @property
    def cloud(self) -> Cloud:
        """The cloud of the source."""
        return CLOUDS[self.source.cloud]

    @property
    def proxies(self) -> dict[str, str]:
        """The source's proxy, as requests takes it."""
        return {"https": self.source.proxy, "http": self.source.proxy} if self.source.proxy else {}

    @property
    def verify(self) -> str | bool:
        """What certificates are verified against."""
        return self.source.ca_bundle or True

    def transport(self) -> AzureTransport:
        """Return a new transport."""
        return AzureTransport(self)


class AzureTransport:
    """Sends to Azure Resource Manager and to vaults, each with a token for it alone."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._allowed = frozenset(hub.allowed)
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()
        self._endpoint = f"https://{hub.cloud.arm}"

    @property
    def endpoint(self) -> str:
        """Base URL that the last call went to."""
        return self._endpoint

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Send once. Raises CallError, or ForbiddenOperationError for an operation that is not declared."""
        if operation not in self._allowed:
            raise ForbiddenOperationError(f"{operation} is not a declared read-only operation")
        try:
            if operation == TOKEN:
                return self._who()
            url = ENDPOINTS[operation].url(self._hub.cloud, params)
            return self._get(url)
        except BadRequestError as error:
            raise CallError(GapReason.MALFORMED, code="NotSent", detail=str(error)) from error
        except AzureError as error:
            raise understand(error) from error
        except OSError as error:
            # A PEM file that is not there, or a program that a credential runs.
            raise CallError(GapReason.FAILED, code=type(error).__name__, detail=str(error)) from error

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _get(self, url: str) -> Reply:
        host = url.removeprefix("https://").partition("/")[0]
        self._endpoint = f"https://{host}"
        name = host.partition(":")[0]
        scope = self._hub.cloud.vault_scope(name) or self._hub.cloud.arm_scope
        response = self._client(scope).send_request(HttpRequest("GET", url, headers={"Accept": "application/json"}))
        body = response.text(encoding="utf-8-sig")
        if not 200 <= response.status_code < 300:
            raise answered(response.status_code, body, response.headers)
        request = request_id(response.headers)
        return Reply(response.status_code, request, parsed(body, response.status_code, request))

    def _client(self, scope: str) -> Client:
        with self._lock:
            if scope not in self._clients:
                self._clients[scope] = self._new_client(scope)
            return self._clients[scope]

    def _new_client(self, scope: str) -> Client:
        hub = self._hub
        return PipelineClient(
            f"https://{hub.cloud.arm}",
            # First what refuses; no policy that asks again or follows a redirection.
            policies=[
                ReadOnlyPolicy(hub.cloud, self._allowed),
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

    def _who(self) -> Reply:
        hub = self._hub
        token = hub.credential.get_token(hub.cloud.arm_scope)
        said = claims(token.token)
        if hub.source.tenant and said.get("tenant") != hub.source.tenant:
            detail = f"the credential is of tenant {said.get('tenant')}, and the estate file names {hub.source.tenant}"
            raise CallError(GapReason.DENIED, code="OtherTenant", detail=detail)
        return Reply(200, "", {"way": hub.credential.way, **said})


def parsed(body: str, status: int, request: str) -> Json:
    """Return an answer's JSON. Raises CallError for what is none."""
    try:
        found: Json = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        detail = f"the answer is not JSON: {error}"
        raise CallError(
            GapReason.MALFORMED, code="NotJson", detail=detail, status=status, request_id=request
        ) from error
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
