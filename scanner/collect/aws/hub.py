"""Credentials and clients of one AWS source: profile, role chain, roles of an Organization's accounts.

Credentials live in memory only. A role is assumed through the same guarded transport as every other call.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
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

FALLBACK_REGION = "us-east-1"
"""For STS and Organizations when nothing names a region."""


@cache
def _models() -> Loader:
    # Read once, for they are large. And those of the installed botocore alone: what an operation is must not hang on
    # files in ~/.aws/models.
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a connection or an answer is given up."""

    connect: float = 10
    read: float = 30


@dataclass(frozen=True, slots=True)
class _Login:
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(slots=True)
class Hub:
    """Makes transports for one source. ``allowed`` are the declared operations."""

    source: AwsSource
    allowed: Collection[str]
    timeouts: Timeouts = Timeouts()
    _logins: dict[str, _Login] = field(default_factory=dict)
    _sessions: dict[str, botocore.session.Session] = field(default_factory=dict)
    _loader: Loader = field(default_factory=_models)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def default_region(self) -> str:
        """Return the region that the caller's configuration names. Raises CallError for an unknown profile."""
        with self._lock:
            region = self._session("").get_config_variable("region")
        return str(region) if region else FALLBACK_REGION

    def transport(self, role: str, region: str) -> AwsTransport:
        """Return a transport that uses the credentials of ``role`` (empty: the source's own). Raises CallError."""
        with self._lock:
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
        """Return the session of a role. One is kept for each, so that a profile logs in (and asks for MFA) once."""
        if role not in self._sessions:
            self._sessions[role] = self._new_session(role)
        return self._sessions[role]

    def _new_session(self, role: str) -> botocore.session.Session:
        session = botocore.session.Session(profile=self.source.profile or None)
        session.register_component("data_loader", self._loader)
        try:
            session.get_scoped_config()
        except BotoCoreError as error:
            raise understand(error) from error
        if role:
            login = self._logins.get(role)
            if login is None:
                raise CallError(GapReason.DENIED, code="RoleNotAssumed", detail=f"{role} was not assumed")
            session.set_credentials(login.access_key, login.secret_key, login.token)
            return session
        try:
            session.get_credentials()
        except BotoCoreError as error:
            raise understand(error) from error
        except (OSError, ValueError, KeyError) as error:
            # What a `credential_process` or a token file of the user's configuration can do wrong.
            detail = f"the credentials could not be loaded: {error}"
            raise CallError(GapReason.DENIED, code=type(error).__name__, detail=detail) from error
        return session

    def _client(self, session: botocore.session.Session, service: str, region: str) -> BaseClient:
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=self.timeouts.connect,
            read_timeout=self.timeouts.read,
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
        except BotoCoreError as error:
            raise understand(error) from error
        except ValueError as error:
            raise CallError(GapReason.UNREACHABLE, code="InvalidEndpoint", detail=str(error)) from error

    def _keep_credentials(self, params: Mapping[str, Json], answer: Mapping[str, Any]) -> None:
        """Keep the credentials that an AssumeRole answers with; an answer without them is refused by its check."""
        given, role = answer.get("Credentials"), params.get("RoleArn")
        if not isinstance(given, dict) or not isinstance(role, str):
            return
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        parts = [part for name in names if isinstance(part := given.get(name), str)]
        if len(parts) == len(names):
            with self._lock:
                self._logins[role] = _Login(*parts)
                self._sessions.pop(role, None)
