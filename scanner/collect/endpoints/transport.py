"""Asks an endpoint: first messages of TLS, handshakes, and GETs without credentials of what is public there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from scanner.collect.endpoints import fhir, jwks, lines, operations, revocation_asked, revocation_stapled, web
from scanner.collect.endpoints.hello import VERSIONS
from scanner.collect.endpoints.offers import offers
from scanner.collect.interface import ForbiddenOperationError, Reply
from scanner.model.estate import EndpointSource
from scanner.model.ids import Json

_BARE = {
    *(operations.ENDPOINT, operations.HANDSHAKE, operations.TRUST, operations.STAPLING),
    *(operations.SMART, operations.METADATA),
}


class Endpoint:
    """One endpoint. Thread-safe: every question has a line of its own."""

    def __init__(self, source: EndpointSource, late: Callable[[], bool]) -> None:
        self.endpoint = source.url
        self._source = source
        self._late = late
        parts = urlsplit(source.url)
        self._host, self._port = parts.hostname or "", parts.port or 443

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Ask once. Raises CallError, and ForbiddenOperationError for what is not declared."""
        if operation in _BARE and not params:
            return self._bare(operation)
        if operation == operations.OFFERS and params.keys() == {"version"} and params["version"] in VERSIONS:
            return Reply(0, "", offers(str(params["version"]), self._host, self._port, self._late))
        if operation == operations.JWKS and params.keys() == {"url"} and params["url"] in self._source.jwks:
            return self._get(str(params["url"]), jwks.described_set)
        if operation == operations.REVOCATION and params.keys() == {"fingerprint"} and self._source.revocation == "ask":
            # Whom it asks stands in the certificate with that fingerprint, and nowhere else.
            leave = revocation_asked.Leave(frozenset(self._source.revocation_hosts), self._source.ca_bundle)
            return Reply(0, "", revocation_asked.asked(self._host, self._port, str(params["fingerprint"]), leave))
        raise ForbiddenOperationError(f"{operation} is not declared with these parameters")

    def close(self) -> None:
        """Give up nothing: every line is closed already."""

    def _bare(self, operation: str) -> Reply:
        if operation == operations.SMART:
            return self._get(f"{self.endpoint}/.well-known/smart-configuration", fhir.smart)
        if operation == operations.METADATA:
            return self._get(f"{self.endpoint}/metadata", fhir.capabilities)
        if operation == operations.HANDSHAKE:
            return Reply(0, "", lines.handshake(self._host, self._port))
        if operation == operations.TRUST:
            return Reply(0, "", lines.trust(self._host, self._port, self._source.ca_bundle))
        if operation == operations.STAPLING:
            return Reply(0, "", revocation_stapled.stapled(self._host, self._port, self._source.ca_bundle))
        one = self._source
        return Reply(
            0,
            "",
            {
                "name": one.name,
                "host": self._host,
                "port": self._port,
                "kind": one.kind,
                "owner": one.owner,
                "vendor": one.vendor,
                "jwks": list[Json](one.jwks),
            },
        )

    def _get(self, url: str, keep: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> Reply:
        return web.get(url, lines.context(self._source.ca_bundle, host_too=True), keep)
