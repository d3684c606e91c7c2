"""What the simulated EHR holds. Days count back from the demo's clock, or forward where the name says so."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Days = Annotated[int, Field(ge=0, le=36500)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ServerCertificate(_Strict):
    """The certificate of a server."""

    key: Literal["P-256", "P-384", "RSA-1024", "RSA-2048", "RSA-3072"] = "P-256"
    age_days: Days = 30
    ends_in_days: Annotated[int, Field(ge=-36500, le=36500)] = 60
    """Below 0: it has ended."""
    names: list[str] = ["localhost", "127.0.0.1"]
    self_signed: bool = False
    asked_by: Literal["", "ocsp", "crl"] = ""
    """How its authority tells whether it is revoked; empty: not at all."""
    revoked: bool = False
    """Its authority has withdrawn it, because its key got known."""


class ClientKey(_Strict):
    """A key that a client publishes. Its numbers are made up: nobody signs with it."""

    kid: str = ""
    kind: Literal["RSA", "P-256", "P-384", "P-521", "oct"] = "P-384"
    bits: int = 3072
    """Of RSA and oct."""
    alg: str = ""
    use: str = "sig"
    age_days: Days | None = None
    """A certificate beside it tells that it is as old; None: there is none."""
    private: bool = False
    """The set gives out the private part as well."""


class Client(_Strict):
    """A client that is registered at a server, with the keys it publishes there."""

    name: Id
    keys: list[ClientKey] = []


class Smart(_Strict):
    """What a server says of logging in."""

    login: list[str] = ["private_key_jwt"]
    algorithms: list[str] = ["RS384", "ES384"]
    challenges: list[str] = ["S256"]
    capabilities: list[str] = ["launch-ehr", "client-confidential-asymmetric", "permission-v2", "sso-openid-connect"]
    plain_token_endpoint: bool = False
    """The address that gives out tokens begins with http."""


class Server(_Strict):
    """One server with a port of its own."""

    name: Id
    old: bool = False
    """It speaks TLS 1.0 to 1.2 with every suite that the library has; others speak 1.2 and 1.3 with AEAD suites."""
    certificate: ServerCertificate = ServerCertificate()
    smart: Smart | None = Smart()
    services: list[str] | None = ["SMART-on-FHIR"]
    """Codes of its security services; None: there is no `rest.security`."""
    clients: list[Client] = []
    defect: str = ""
    """What is wrong with it, for the answer key."""


class Ehr(_Strict):
    """The servers."""

    servers: list[Server] = []
