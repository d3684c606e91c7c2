"""Who asks: the default credential of azure-identity, without what would open a browser, and what its token says.

Tokens live in memory only. What is recorded is which credential of the chain gave one, and the token's claims that
name the caller.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DefaultAzureCredential

from scanner.collect.azure.clouds import Cloud
from scanner.model.ids import Json

EARLY = 300
"""Seconds before its end at which a token is fetched anew."""
_CLAIMS = {"tid": "tenant", "oid": "object", "appid": "application", "idtyp": "kind"}
"""Claims of a token that name the caller, and what they are called here. None opens anything."""


@dataclass(slots=True)
class _Noted:
    """One credential of the chain, which notes when it was the one that gave a token."""

    inner: Any
    note: Callable[[str], None]

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - as azure-core declares it
        """Return a token of the inner credential."""
        token: AccessToken = self.inner.get_token(*scopes, **options)
        self.note(type(self.inner).__name__)
        return token


@dataclass(slots=True)
class Credential:
    """Implements azure-core's TokenCredential over the default chain. One for a source; several threads may ask."""

    cloud: Cloud
    tenant: str = ""
    proxies: dict[str, str] = field(default_factory=dict)
    verify: str | bool = True
    """A PEM file of certificate authorities, or the usual ones."""
    way: str = ""
    """Class of the credential that gave the last token."""
    clock: Callable[[], float] = time.time
    _chain: DefaultAzureCredential | None = None
    _session: requests.Session = field(default_factory=requests.Session)
    _tokens: dict[str, AccessToken] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # noqa: ANN401 - as azure-core declares it
        """Return a token for one scope. Raises azure.core.exceptions.ClientAuthenticationError."""
        (scope,) = scopes
        with self._lock:
            held = self._tokens.get(scope)
            if held is None or held.expires_on - self.clock() < EARLY:
                held = self._tokens[scope] = self._ask(scope)
            return held

    def _ask(self, scope: str) -> AccessToken:
        if self._chain is None:
            self._chain = self._new_chain()
        try:
            return self._chain.get_token(scope, tenant_id=self.tenant or None)
        finally:
            self._session.close()  # tokens are asked for so rarely that no connection is kept for them

    def _new_chain(self) -> DefaultAzureCredential:
        chain = DefaultAzureCredential(
            authority=self.cloud.login,
            additionally_allowed_tenants=[self.tenant] if self.tenant else [],
            # What may open a browser or a window, or signs in whoever sat at this machine last.
            exclude_interactive_browser_credential=True,
            exclude_visual_studio_code_credential=True,
            exclude_shared_token_cache_credential=True,
            exclude_broker_credential=True,
            transport=RequestsTransport(
                session=self._session,
                session_owner=False,
                connection_verify=self.verify,
                connection_timeout=10,
                read_timeout=30,
            ),
            retry_total=1,
            **({"proxies": self.proxies} if self.proxies else {}),
        )
        chain.credentials = tuple(_Noted(one, self._note) for one in chain.credentials)
        return chain

    def _note(self, way: str) -> None:
        self.way = way


def claims(token: str) -> dict[str, Json]:
    """Return who a token is of, by its own words; empty for a token that does not say. Nothing is verified here.

    Azure verifies its own tokens; here they only tell the reader of a report who asked.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        body: Json = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    return {name: value for claim, name in _CLAIMS.items() if isinstance(value := body.get(claim), str) and value}
