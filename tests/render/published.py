"""The published schemas of other people's formats, ready to validate with."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import xmlschema
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from scanner.render.ocsf import VERSION

SCHEMAS = Path(__file__).parent / "schemas"


@cache
def _sarif() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")))


@cache
def _oscal() -> jsonschema.Draft7Validator:
    """NIST writes Unicode classes that Python's ``re`` does not have; these two say the same of every letter and digit.

    Its definitions carry an ``$id`` that is a JSON pointer, which is no anchor; without them ``$ref`` finds the same.
    """
    text = (SCHEMAS / "oscal_complete_schema.json").read_text(encoding="utf-8")
    schema = json.loads(text.replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d"))
    for definition in schema["definitions"].values():
        definition.pop("$id", None)
    return jsonschema.Draft7Validator(schema)


@cache
def _ocsf() -> jsonschema.Draft202012Validator:
    made = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    return jsonschema.Draft202012Validator(made.get_class_schema(class_name="compliance_finding"))


@cache
def _junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


def sarif(data: bytes) -> dict[str, Any]:
    """Return the one run of a SARIF log that OASIS' schema accepts."""
    loaded = json.loads(data)
    _sarif().validate(loaded)
    (run,) = loaded["runs"]
    return dict(run)


def oscal(data: bytes) -> dict[str, Any]:
    """Return the assessment results that NIST's schema accepts."""
    loaded = json.loads(data)
    _oscal().validate(loaded)
    return dict(loaded["assessment-results"])


def ocsf(data: bytes) -> list[dict[str, Any]]:
    """Return the events, each of which the schema of its class accepts."""
    events = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    for event in events:
        _ocsf().validate(event)
    return events


def junit(data: bytes) -> Any:  # noqa: ANN401 - an element of the XML library
    """Return the root of a test report that the schema of Jenkins' plugin accepts."""
    resource = xmlschema.XMLResource(data.decode())
    _junit().validate(resource)
    return resource.root


def cyclonedx(data: bytes) -> dict[str, Any]:
    """Return a bill of materials that OWASP's schema accepts, unknown properties refused."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode())
    assert error is None, error
    return dict(json.loads(data))
