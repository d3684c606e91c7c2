"""The part of the estate file about endpoints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from scanner.estate.forms import Name, Once, Strict, Text, like
from scanner.estate.urls import check_url
from scanner.model.estate import EndpointSource


def _https(value: str) -> str:
    checked = check_url(value, insecure=True)
    if not checked.startswith("https://"):
        raise ValueError("the URL must begin with https://")
    return checked


_Url = Annotated[
    str,
    AfterValidator(_https),
    WithJsonSchema({"type": "string", "pattern": r"^https://[^\s/?#@]+(/[^\s?#@]*)?$"}),
]


_Host = Annotated[str, *like(r"^[a-z0-9.:-]+$", "be a host in lower case, without port: ocsp.example.internal")]

_Hosts = Annotated[list[_Host], Once, Field(min_length=1, json_schema_extra={"uniqueItems": True})]


class Endpoint(Strict):
    """One host and port that is reached by TLS."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"owner": {"const": "vendor"}}, "required": ["owner"]},
            "then": {"required": ["vendor"]},
            "else": {"not": {"required": ["vendor"]}},
            "anyOf": [
                {"not": {"required": ["revocation_hosts"]}},
                {"properties": {"revocation": {"const": "ask"}}, "required": ["revocation"]},
            ],
        }
    )

    name: Name = Field(description="name of the source in reports")
    url: _Url = Field(description="https address; of a FHIR server its base, without /metadata")
    kind: Literal["tls", "fhir"] = Field("tls", description="fhir: read its SMART configuration and metadata as well")
    owner: Literal["own", "vendor"] = Field("own", description="who runs it")
    vendor: Text | None = Field(None, description="which vendor does, with `owner: vendor`")
    ca_bundle: Text | None = Field(
        None, description="PEM file of the authorities to trust instead of the machine's own"
    )
    jwks: Annotated[list[_Url], Once, Field(min_length=1, json_schema_extra={"uniqueItems": True})] = Field(
        [], description="key sets of the clients that are registered there"
    )
    revocation: Literal["stapled", "ask"] = Field(
        "stapled", description="ask: ask the authorities of its certificates as well; they learn what is audited"
    )
    revocation_hosts: _Hosts = Field(
        [], description="with `revocation: ask`: authorities that may be asked although they are in no public network"
    )
    time_limit: int = Field(300, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @model_validator(mode="after")
    def _owned(self) -> Endpoint:
        if self.owner == "vendor" and self.vendor is None:
            raise PydanticCustomError("endpoint", "does not say which vendor", {"hint": "add `vendor: NAME`"})
        if self.owner == "own" and self.vendor is not None:
            context = {"at": ("vendor",), "hint": "add `owner: vendor`, or remove `vendor:`"}
            raise PydanticCustomError("endpoint", "names a vendor and is not a vendor's", context)
        if self.revocation_hosts and self.revocation != "ask":
            context = {"at": ("revocation_hosts",), "hint": "add `revocation: ask`, or remove `revocation_hosts:`"}
            raise PydanticCustomError("endpoint", "names hosts to ask, and nobody is asked", context)
        return self


def endpoint_source(given: Endpoint) -> EndpointSource:
    """Return the source as the estate has it."""
    return EndpointSource(
        name=given.name,
        url=given.url,
        kind=given.kind,
        owner=given.owner,
        vendor=given.vendor or "none",
        ca_bundle=given.ca_bundle or "",
        jwks=tuple(given.jwks),
        revocation=given.revocation,
        revocation_hosts=tuple(given.revocation_hosts),
        time_limit=given.time_limit,
    )
