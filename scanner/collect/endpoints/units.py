"""Endpoints of one's own and of vendors: TLS of each, and the login of those that speak SMART on FHIR."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial

from scanner.collect.endpoints.hello import VERSIONS
from scanner.collect.endpoints.operations import (
    ENDPOINT,
    HANDSHAKE,
    JWKS,
    METADATA,
    OFFERS,
    OPERATIONS,
    REVOCATION,
    SMART,
    TRUST,
)
from scanner.collect.interface import Asking, CallError, Transport, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import EndpointSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason

NAME = "endpoints.endpoint"
ABSENT = ("HTTP 404", "HTTP 410")
"""A server that has no such document: that is knowledge."""
_REVOCATION = (
    "not reachable here: whether a certificate is revoked tells its authority (OCSP, CRL), and a scan asks only the "
    "hosts of the estate; ask with `openssl s_client -status` or at the authority"
)


def unit(source: EndpointSource, deadline: float) -> Unit:
    """Return the unit that reads one endpoint. ``deadline`` is on the monotonic clock, in seconds."""
    return Unit(
        id=f"endpoints/{source.name}",
        source=source_id("endpoints", source.name),
        source_name=source.name,
        account="",
        region="",
        collector=NAME,
        principal="",
        operations=OPERATIONS,
        collect=partial(collect, source=source),
        transport=lambda: connect(source, deadline),
        deadline=deadline,
        # One question at a time: a server at work is not to feel it.
        concurrency=1,
    )


def connect(source: EndpointSource, deadline: float) -> Transport:
    """Return the transport of an endpoint."""
    from scanner.collect.endpoints.transport import Endpoint

    return Endpoint(source, lambda: time.monotonic() > deadline)


def collect(asking: Asking, source: EndpointSource) -> Iterator[Unit]:
    """Ask one endpoint everything that is wanted."""
    subject = f"endpoint:{source.name}"
    asking.call(ENDPOINT, {})
    for version in VERSIONS:
        asking.call(OFFERS, {"version": version}, subject=subject)
    asking.call(HANDSHAKE, {}, subject=subject)
    asking.call(TRUST, {}, subject=subject)
    if asking.wants(REVOCATION):
        error = CallError(GapReason.UNSUPPORTED, code="Revocation", detail=_REVOCATION)
        asking.note(REVOCATION, error, subject=subject)
    if source.kind == "fhir":
        asking.call(SMART, {}, subject=subject, known=ABSENT)
        asking.call(METADATA, {}, subject=subject, known=ABSENT, check=_is_statement)
    for url in source.jwks:
        asking.call(JWKS, {"url": url}, subject=subject)
    yield from ()


def _is_statement(body: Mapping[str, Json]) -> str:
    kind = body.get("resourceType")
    return "" if kind == "CapabilityStatement" else f"`resourceType` is not CapabilityStatement but {kind}"
