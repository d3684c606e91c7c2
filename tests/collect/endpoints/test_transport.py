"""The transport: what is declared is asked, and nothing else leaves."""

from __future__ import annotations

import pytest

from scanner.collect.endpoints.operations import OPERATIONS
from scanner.collect.endpoints.transport import Endpoint
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.model.ids import Json
from tests.demo.ehr.running import a_source, running

KEYS = running().jwks("good", "voice")


def sent(operation: str, **params: Json) -> dict[str, Json]:
    transport = Endpoint(a_source("good", jwks=(KEYS,)), lambda: False)
    body = transport.send(f"endpoints:{operation}", params).body
    transport.close()
    assert isinstance(body, dict)
    return body


def test_what_the_estate_says_is_told() -> None:
    told = sent("Endpoint")
    assert {name: told[name] for name in ("name", "host", "kind", "owner", "vendor", "jwks")} == {
        "name": "good",
        "host": "127.0.0.1",
        "kind": "fhir",
        "owner": "own",
        "vendor": "none",
        "jwks": [KEYS],
    }


def test_without_a_port_it_is_that_of_https() -> None:
    body = Endpoint(a_source("good", url="https://ehr.example/fhir"), lambda: False).send("endpoints:Endpoint", {}).body
    assert isinstance(body, dict)
    assert (body["host"], body["port"]) == ("ehr.example", 443)


@pytest.mark.parametrize(
    ("operation", "params", "member"),
    [
        ("Offers", {"version": "TLS 1.2"}, "suites"),
        ("Handshake", {}, "chain"),
        ("Trust", {}, "trusted"),
        ("Stapling", {}, "fingerprint"),
        ("SmartConfiguration", {}, "capabilities"),
        ("CapabilityStatement", {}, "rest"),
        ("Jwks", {"url": KEYS}, "keys"),
    ],
)
def test_every_operation_has_an_answer(operation: str, params: dict[str, Json], member: str) -> None:
    assert sent(operation, **params)[member]


def test_the_time_of_the_source_counts() -> None:
    with pytest.raises(CallError, match="time limit"):
        Endpoint(a_source("good"), lambda: True).send("endpoints:Offers", {"version": "TLS 1.2"})


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("Patient", {}),
        ("Revocation", {}),
        ("Revocation", {"fingerprint": "00"}),
        ("Stapling", {"host": "elsewhere.example"}),
        ("Handshake", {"host": "elsewhere.example"}),
        ("Offers", {}),
        ("Offers", {"version": "TLS 9"}),
        ("Jwks", {}),
        ("Jwks", {"url": "https://elsewhere.example/jwks.json"}),
    ],
)
def test_what_is_not_declared_never_leaves(operation: str, params: dict[str, Json]) -> None:
    before = len(running().requests)
    with pytest.raises(ForbiddenOperationError, match="is not declared"):
        sent(operation, **params)
    assert len(running().requests) == before


def test_every_declared_operation_is_one_that_is_asked_or_a_gap() -> None:
    assert {one.name.partition(":")[2] for one in OPERATIONS} == {
        *("Endpoint", "Offers", "Handshake", "Trust", "Stapling", "Revocation"),
        *("SmartConfiguration", "CapabilityStatement", "Jwks"),
    }
