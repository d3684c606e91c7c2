"""What is kept of a FHIR server's documents."""

from __future__ import annotations

import pytest

from scanner.collect.endpoints.fhir import capabilities, smart
from scanner.model.ids import Json


def test_of_the_configuration_the_login_is_kept() -> None:
    body: dict[str, Json] = {
        "issuer": "https://ehr.example",
        "capabilities": ["launch-ehr"],
        "scopes_supported": ["openid"],
    }
    assert smart(body) == {"issuer": "https://ehr.example", "capabilities": ["launch-ehr"]}


def statement(*rest: Json) -> dict[str, Json]:
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "contact": "Jane Roe", "rest": list(rest)}


def test_of_the_statement_the_security_is_kept() -> None:
    service: Json = [{"coding": [{"code": "SMART-on-FHIR"}, 7]}, {"text": "words"}, 7, {"coding": 7}]
    found = capabilities(
        statement({"mode": "server", "security": {"cors": True, "service": service}}, {"mode": "client"}, 7)
    )
    assert found == {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "security": {"cors": True, "services": ["SMART-on-FHIR"]}}],
    }


@pytest.mark.parametrize(
    ("security", "kept"),
    [
        ({}, {"cors": None, "services": []}),
        ({"service": "SMART-on-FHIR"}, {"cors": None, "services": None}),
        (None, None),
        ("none", None),
    ],
)
def test_security_of_another_shape_is_not_guessed(security: Json, kept: Json) -> None:
    assert capabilities(statement({"mode": "server", "security": security}))["rest"] == [
        {"mode": "server", "security": kept}
    ]


def test_without_rest_there_is_none() -> None:
    assert capabilities({"rest": "none"}) == {}
