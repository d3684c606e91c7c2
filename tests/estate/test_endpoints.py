"""Endpoints, from the estate file to the estate."""

from __future__ import annotations

import jsonschema
import pytest

from scanner.errors import ConfigError
from scanner.estate.load import check_needs, parse_estate
from scanner.estate.schema import estate_schema
from scanner.model.estate import EndpointSource, Estate
from scanner.yamlfile import parse
from tests.estate.faulty import HEAD

EVERY = f"""\
{HEAD}sources:
  endpoints:
    - {{name: api, url: "https://api.example:8443"}}
    - {{name: ehr, url: "https://ehr.example/fhir/", kind: fhir, owner: vendor, vendor: Example EHR, ca_bundle: no.pem,
       jwks: ["https://app.example/jwks.json"], time_limit: 60, revocation: ask, revocation_hosts: [ocsp.internal]}}
"""


def loaded(text: str) -> Estate:
    return parse_estate(text.encode(), "estate.yaml").estate


def test_every_key_is_taken() -> None:
    estate = loaded(EVERY)
    jsonschema.validate(parse(EVERY.encode(), "estate.yaml").data, estate_schema())
    assert estate.endpoints == (
        EndpointSource(name="api", url="https://api.example:8443"),
        EndpointSource(
            name="ehr",
            url="https://ehr.example/fhir",
            kind="fhir",
            owner="vendor",
            vendor="Example EHR",
            ca_bundle="no.pem",
            jwks=("https://app.example/jwks.json",),
            time_limit=60,
            revocation="ask",
            revocation_hosts=("ocsp.internal",),
        ),
    )
    assert estate.source_names == ("api", "ehr")


def test_a_bundle_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match=r"no\.pem"):
        check_needs(parse_estate(EVERY.encode(), "estate.yaml"), lambda _: "")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{name: a}", "url"),
        ('{name: a, url: "http://localhost"}', "must begin with https://"),
        ('{name: a, url: "https://a@ehr.example"}', "must not hold a user name"),
        ('{name: a, url: "https://a.example", owner: vendor}', "does not say which vendor"),
        ('{name: a, url: "https://a.example", vendor: b}', "names a vendor and is not a vendor's"),
        ('{name: a, url: "https://a.example", jwks: []}', "at least 1"),
        ('{name: a, url: "https://a.example", revocation: always}', "stapled"),
        (
            '{name: a, url: "https://a.example", revocation_hosts: [b.example]}',
            "names hosts to ask, and nobody is asked",
        ),
        (
            '{name: a, url: "https://a.example", revocation: ask, revocation_hosts: ["http://b"]}',
            "be a host in lower case",
        ),
        ('{name: a, url: "https://a.example", jwks: ["http://localhost/a"]}', "must begin with https://"),
        ('{name: a, url: "https://a.example", kind: web}', "kind"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(entry: str, words: str) -> None:
    text = f"{HEAD}sources:\n  endpoints:\n    - {entry}\n"
    line = text.split("\n").index(f"    - {entry}") + 1
    with pytest.raises(ConfigError, match=words) as caught:
        loaded(text)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parse(text.encode(), "estate.yaml").data, estate_schema())
