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
    STAPLING,
    TRUST,
)
from scanner.collect.interface import Asking, CallError, Transport, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import EndpointSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason

Object = Mapping[str, Json]
NAME = "endpoints.endpoint"
ABSENT = ("HTTP 404", "HTTP 410")
"""A server that has no such document: that is knowledge."""
_ASK = "if its authority may learn what is audited, add `revocation: ask` to the endpoint"
_NOT_STAPLED = f"the server staples no answer that tells it (OCSP stapling, TLS 1.2); {_ASK}"
_NOT_OWN = f"a server staples an answer to its own certificate alone; {_ASK}"


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
    shaken = asking.call(HANDSHAKE, {}, subject=subject)
    asking.call(TRUST, {}, subject=subject)
    stapled = asking.call(STAPLING, {}, subject=subject)
    if shaken is not None and asking.wants(REVOCATION):
        _revocation(asking, source, shaken.body, stapled.body if stapled is not None else {})
    if source.kind == "fhir":
        asking.call(SMART, {}, subject=subject, known=ABSENT)
        asking.call(METADATA, {}, subject=subject, known=ABSENT, check=_is_statement)
    for url in source.jwks:
        asking.call(JWKS, {"url": url}, subject=subject)
    yield from ()


def _revocation(asking: Asking, source: EndpointSource, shaken: Object, stapled: Object) -> None:
    """Ask of each certificate whether it is revoked, by leave; without, note of which nobody said so.

    Of one that its own key signed nobody can: it has no authority beside itself.
    """
    chain = shaken.get("chain")
    told = stapled.get("fingerprint") if "answer" in stapled else None
    seen: set[Json] = set()
    for place, one in enumerate(chain if isinstance(chain, list) else []):
        if not isinstance(one, dict) or one["subject_hash"] == one["issuer_hash"] or one["fingerprint"] in seen:
            continue
        seen.add(one["fingerprint"])
        subject = f"endpoint:{source.name} {one['fingerprint']}"
        if source.revocation == "ask":
            asking.call(REVOCATION, {"fingerprint": one["fingerprint"]}, subject=subject)
        elif one["fingerprint"] != told:
            detail = _NOT_OWN if place else _NOT_STAPLED
            asking.note(REVOCATION, CallError(GapReason.NOT_ALLOWED, code="Revocation", detail=detail), subject=subject)


def _is_statement(body: Mapping[str, Json]) -> str:
    kind = body.get("resourceType")
    return "" if kind == "CapabilityStatement" else f"`resourceType` is not CapabilityStatement but {kind}"
