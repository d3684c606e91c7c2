"""The policy that stands first in every pipeline to Azure: only declared, read-only requests go on."""

from __future__ import annotations

from collections.abc import Collection

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse

from scanner.collect.azure.clouds import Cloud
from scanner.collect.azure.endpoints import declared
from scanner.collect.interface import ForbiddenOperationError


class ReadOnlyPolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """Refuses what is not declared, whoever asks for it: before a token is fetched, and before anything is sent."""

    def __init__(self, cloud: Cloud, allowed: Collection[str]) -> None:
        super().__init__()
        self._cloud = cloud
        self._allowed = frozenset(allowed)

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        """Send a declared request on. Raises ForbiddenOperationError for any other."""
        asked = request.http_request
        if not declared(asked.method, asked.url, self._cloud, self._allowed) or asked.content:
            path = asked.url.partition("?")[0]
            raise ForbiddenOperationError(f"{asked.method} {path} is not a declared read-only request")
        return self.next.send(request)
