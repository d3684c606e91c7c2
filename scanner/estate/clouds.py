"""The parts of the estate file about Azure and Google Cloud, and the keys of theirs that self-tests may use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, field_validator

from scanner.estate.forms import Name, Once, Strict, Text, like
from scanner.estate.urls import check_url

_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_UNIQUE = {"uniqueItems": True}

SubscriptionId = Annotated[
    str, *like(_UUID, "be a subscription id: 00000000-0000-0000-0000-000000000000, in lower case")
]
TenantId = Annotated[str, *like(_UUID, "be a tenant id: 00000000-0000-0000-0000-000000000000, in lower case")]
ProjectId = Annotated[
    str, *like(r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", "be the id of a project, such as example-analytics")
]
Location = Annotated[str, *like(r"^[a-z][a-z0-9-]{1,40}$", "be a location of Cloud KMS, such as us-east1 or global")]
CryptoKey = Annotated[
    str,
    *like(
        r"^projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+$",
        "be the resource name of a key: projects/P/locations/L/keyRings/R/cryptoKeys/K",
    ),
]
VaultName = Annotated[str, *like(r"^[A-Za-z][A-Za-z0-9-]{2,23}$", "be the name of a vault or of a managed HSM")]
KeyName = Annotated[str, *like(r"^[A-Za-z0-9-]{1,127}$", "be the name of a key in the vault")]
_URL = WithJsonSchema({"type": "string", "pattern": r"^[Hh][Tt]{2}[Pp][Ss]?://[^\s/?#@]+(/[^\s?#]*)?$"})


class Azure(Strict):
    """One way into Azure."""

    name: Name = Field(description="name of the source in reports")
    subscriptions: Annotated[list[SubscriptionId], Once, Field(json_schema_extra=_UNIQUE)] = Field(
        [], description="subscription ids; empty: all that the credential sees"
    )
    tenant: TenantId | None = Field(None, description="tenant to sign in to")
    cloud: Literal["public", "usgovernment", "china"] = Field("public", description="which of the clouds")
    proxy: Annotated[str | None, _URL] = Field(None, description="HTTP proxy that calls go through")
    ca_bundle: Text | None = Field(None, description="PEM file of private certificate authorities")
    concurrency: int = Field(8, ge=1, le=256, description="calls at once per subscription and vault")
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("proxy")
    @classmethod
    def _allowed(cls, value: str) -> str:
        # What passes through a proxy is TLS from end to end, so the way to it may be plain.
        return check_url(value, insecure=True)


class Gcp(Strict):
    """One way into Google Cloud."""

    name: Name = Field(description="name of the source in reports")
    projects: Annotated[list[ProjectId], Once, Field(json_schema_extra=_UNIQUE)] = Field(
        min_length=1, description="project ids"
    )
    locations: Annotated[list[Location], Once, Field(json_schema_extra=_UNIQUE)] = Field(
        [], description="locations of Cloud KMS; empty: all"
    )
    endpoint_url: Annotated[str | None, _URL] = Field(None, description="emulator or private endpoint")
    concurrency: int = Field(16, ge=1, le=256, description="calls at once per project and location")
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("endpoint_url")
    @classmethod
    def _allowed(cls, value: str) -> str:
        return check_url(value, insecure=False)


class OfAzure(Strict):
    """A key of Azure Key Vault for self-tests."""

    source: Name = Field(description="Azure source whose credential is used")
    vault: VaultName = Field(description="name of the vault or of the managed HSM")
    key: KeyName = Field(description="name of the key")
    second_key: KeyName | None = Field(None, description="another one of the vault, for rewrapping")
    managed_hsm: bool = Field(False, description="it is a managed HSM")
    canary: bool = Field(False, description="both exist for this alone: they may be rotated, disabled and recovered")


class OfGcp(Strict):
    """A key of Cloud KMS for self-tests."""

    source: Name = Field(description="Google Cloud source whose credential is used")
    key: CryptoKey = Field(description="resource name of the key")
    second_key: CryptoKey | None = Field(None, description="another one, for rewrapping")
    canary: bool = Field(False, description="both exist for this alone: their versions may be made and disabled")
