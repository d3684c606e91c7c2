"""Credentials and clients of one AWS source: profile, role chain, roles of an Organization's accounts.

Credentials live in memory only. A role is assumed through the same guarded transport as every other call.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader

from scanner import __version__
from scanner.collect.aws.errors import understand
from scanner.collect.aws.transport import AwsTransport
from scanner.collect.interface import CallError
from scanner.model.estate import AwsSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from botocore.client import BaseClient

CONNECT_SECONDS = 10
READ_SECONDS = 30
FALLBACK_REGION = "us-east-1"
"""For STS and Organizations when nothing names a region."""


@dataclass(slots=True)
class Hub:
    """Makes transports for one source. ``allowed`` are the declared operations."""

    source: AwsSource
    allowed: Collection[str]
    _roles: dict[str, Credentials] = field(default_factory=dict)
    _loader: Loader = field(default_factory=Loader)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def default_region(self) -> str:
        """Return the region that the caller's configuration names. Raises CallError for an unknown profile."""
        region = self._session("").get_config_variable("region")
        return str(region) if region else FALLBACK_REGION

    def transport(self, role: str, region: str) -> AwsTransport:
        """Return a transport that uses the credentials of ``role`` (empty: the source's own)."""
        session = self._session(role)

        def client(service: str) -> BaseClient:
            with self._lock:  # botocore's session is not safe for making clients in several threads
                return self._client(session, service, region)

        return AwsTransport(
            client,
            allowed=self.allowed,
            insecure=self.source.insecure,
            endpoint=self.source.endpoint_url,
            capture=self._keep_credentials,
        )

    def _session(self, role: str) -> botocore.session.Session:
        session = botocore.session.Session(profile=self.source.profile or None)
        session.register_component("data_loader", self._loader)
        try:
            session.get_scoped_config()
        except BotoCoreError as error:
            raise understand(error) from error
        if role:
            try:
                credentials = self._roles[role]
            except KeyError:
                raise CallError(GapReason.DENIED, code="RoleNotAssumed", detail=f"{role} was not assumed") from None
            session.set_credentials(credentials.access_key, credentials.secret_key, credentials.token)
        return session

    def _client(self, session: botocore.session.Session, service: str, region: str) -> BaseClient:
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=max(10, self.source.concurrency),
            user_agent_extra=f"keyaudit/{__version__}",
            parameter_validation=False,
        )
        try:
            return session.create_client(
                service,
                region_name=region,
                endpoint_url=self.source.endpoint_url or None,
                verify=self.source.ca_bundle or None,
                config=config,
            )
        except (BotoCoreError, ValueError) as error:
            if isinstance(error, BotoCoreError):
                raise understand(error) from error
            raise CallError(GapReason.UNREACHABLE, code="InvalidEndpoint", detail=str(error)) from error

    def _keep_credentials(self, params: Mapping[str, Json], answer: Mapping[str, Any]) -> None:
        given = answer.get("Credentials")
        role = params.get("RoleArn")
        if isinstance(given, dict) and isinstance(role, str):
            self._roles[role] = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
